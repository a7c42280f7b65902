//! The steps of a script: what can be awaited.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use contract::{Cause, CommandError, LegId, OutcomeKind};

use super::first::{Either, First};
use super::tape::{Arrival, Print, StepId, Tape, Waits};
use crate::imports;
use crate::words::to_millis;

/// Something a script can wait for. Nothing is done before it is awaited.
pub trait Step: IntoFuture + Sized {
    #[doc(hidden)]
    fn tape(&self) -> &Rc<Tape>;

    /// Waits for this at most so long; `None` when the time was over first. What had begun is
    /// stopped then.
    ///
    /// ```
    /// # use cordboard::prelude::*;
    /// # async fn example(call: Call) {
    /// if call.play("please-hold").forever().or_after(secs(20)).await.is_none() {
    ///     call.explain("patience", "the caller heard it for 20 s");
    /// }
    /// # }
    /// ```
    fn or_after(self, length: Duration) -> OrAfter<Self::IntoFuture> {
        let wait = Wait::new(Rc::clone(self.tape()), length);
        OrAfter::new(self.into_future(), wait.into_future())
    }
}

/// A step with a time limit. Made by [`Step::or_after`](Step::or_after).
#[must_use = "await it"]
pub struct OrAfter<F>(First<F, Running<Waiting>>);

impl<F> OrAfter<F> {
    fn new(step: F, wait: Running<Waiting>) -> Self {
        Self(First {
            this: step,
            that: wait,
        })
    }
}

impl<F: Future + Unpin> Future for OrAfter<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|first| match first {
            Either::This(output) => Some(output),
            Either::That(()) => None,
        })
    }
}

/// What a kind of step does when it begins, is given up, and gets its outcome.
#[doc(hidden)]
pub trait Act: Unpin {
    type Output;
    const WAITS: Waits;

    fn print(&self) -> Print;
    fn act(&mut self, tag: u64) -> Result<(), CommandError>;
    /// Calls back what `act` began.
    fn call_back(&self, tag: u64) -> Result<(), CommandError>;
    /// The outcome of what needs no command; not even the tape hears of it.
    fn at_once(&self) -> Option<Self::Output> {
        None
    }

    /// None when it cannot go on, because the call is over.
    fn read(&mut self, arrival: Arrival) -> Option<Self::Output>;
}

/// A step under way.
#[doc(hidden)]
pub struct Running<A: Act> {
    act: A,
    tape: Rc<Tape>,
    id: Option<StepId>,
}

impl<A: Act> Running<A> {
    pub(crate) fn new(act: A, tape: Rc<Tape>) -> Self {
        Self { act, tape, id: None }
    }
}

impl<A: Act> Future for Running<A> {
    type Output = A::Output;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<A::Output> {
        let this = &mut *self;
        let id = match this.id {
            Some(id) => id,
            None => {
                if let Some(output) = this.act.at_once() {
                    return Poll::Ready(output);
                }
                let act = &mut this.act;
                let id = this.tape.begin(act.print(), A::WAITS, |tag| act.act(tag));
                this.id = Some(id);
                id
            }
        };
        match this.tape.take(id).and_then(|arrival| this.act.read(arrival)) {
            Some(output) => Poll::Ready(output),
            None => Poll::Pending,
        }
    }
}

impl<A: Act> Drop for Running<A> {
    fn drop(&mut self) {
        if let Some(id) = self.id
            && self.tape.abandon(id)
        {
            // If it is over already there is nothing to call back.
            let _ = self.act.call_back(super::tape::tag_of(id));
        }
    }
}

/// Gives a builder its `IntoFuture` and its `Step`.
macro_rules! awaitable {
    ($step:ident => $act:ident) => {
        impl std::future::IntoFuture for $step {
            type Output = <$act as $crate::script::step::Act>::Output;
            type IntoFuture = $crate::script::step::Running<$act>;

            fn into_future(self) -> Self::IntoFuture {
                $crate::script::step::Running::new(self.act, self.tape)
            }
        }

        impl $crate::script::Step for $step {
            fn tape(&self) -> &std::rc::Rc<$crate::script::tape::Tape> {
                &self.tape
            }
        }
    };
}
pub(crate) use awaitable;

/// Waits for a length of time. Made by [`Call::wait`](super::Call::wait).
#[must_use = "await it"]
pub struct Wait {
    act: Waiting,
    tape: Rc<Tape>,
}

impl Wait {
    pub(crate) fn new(tape: Rc<Tape>, length: Duration) -> Self {
        Self {
            act: Waiting(to_millis(length)),
            tape,
        }
    }
}

#[doc(hidden)]
pub struct Waiting(u64);

impl Act for Waiting {
    type Output = ();
    const WAITS: Waits = Waits::Timer;

    fn print(&self) -> Print {
        Print::of(b"wait").number(self.0)
    }

    fn act(&mut self, tag: u64) -> Result<(), CommandError> {
        imports::timers::after(tag, self.0)
    }

    fn call_back(&self, tag: u64) -> Result<(), CommandError> {
        imports::timers::cancel(tag)
    }

    fn read(&mut self, arrival: Arrival) -> Option<()> {
        matches!(arrival, Arrival::Timer | Arrival::Refused(_)).then_some(())
    }
}

awaitable!(Wait => Waiting);

/// Answers the caller. Made by [`Call::answer`](super::Call::answer).
#[must_use = "await it"]
pub struct Answer {
    act: Answering,
    tape: Rc<Tape>,
}

impl Answer {
    pub(crate) fn new(tape: Rc<Tape>, leg: LegId, already: bool) -> Self {
        Self {
            act: Answering { leg, already },
            tape,
        }
    }
}

#[doc(hidden)]
pub struct Answering {
    leg: LegId,
    already: bool,
}

impl Act for Answering {
    type Output = ();
    const WAITS: Waits = Waits::Outcome;

    fn print(&self) -> Print {
        Print::of(b"answer")
    }

    fn act(&mut self, tag: u64) -> Result<(), CommandError> {
        imports::legs::answer(tag, self.leg)
    }

    fn call_back(&self, _: u64) -> Result<(), CommandError> {
        Ok(()) // an answer cannot be taken back
    }

    fn at_once(&self) -> Option<()> {
        self.already.then_some(())
    }

    fn read(&mut self, arrival: Arrival) -> Option<()> {
        // Failed and refused mean that the caller is gone; the end of the leg follows.
        matches!(arrival, Arrival::Outcome(OutcomeKind::Done)).then_some(())
    }
}

awaitable!(Answer => Answering);

/// Waits until the caller's leg ends, and tells why. Made by [`Call::ended`](super::Call::ended).
#[must_use = "await it"]
pub struct Ended {
    act: Ending,
    tape: Rc<Tape>,
}

impl Ended {
    pub(crate) fn new(tape: Rc<Tape>) -> Self {
        Self { act: Ending, tape }
    }
}

#[doc(hidden)]
pub struct Ending;

impl Act for Ending {
    type Output = Cause;
    const WAITS: Waits = Waits::CallersEnd;

    fn print(&self) -> Print {
        Print::of(b"ended")
    }

    fn act(&mut self, _: u64) -> Result<(), CommandError> {
        Ok(()) // nothing to ask for: the host tells it anyway
    }

    fn call_back(&self, _: u64) -> Result<(), CommandError> {
        Ok(())
    }

    fn read(&mut self, arrival: Arrival) -> Option<Cause> {
        match arrival {
            Arrival::Ended(cause) => Some(cause),
            Arrival::Outcome(_) | Arrival::Timer | Arrival::Refused(_) => None,
        }
    }
}

awaitable!(Ended => Ending);
