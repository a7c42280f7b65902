//! The caller, as a script sees it.

use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use contract::{Cause, CommandError, Condition, Identity, LegId, Offer, Page};

use super::around::{Show, Until};
use super::dial::{self, Dial, Stages};
use super::sound::{Gather, Play, Sounds};
use super::step::{Answer, Ended, Wait};
use super::tape::{Print, Tape, Waits};
use super::{End, Outcome};
use crate::imports;
use crate::view::View;

/// The call that a script tells. Also everything that [`View`] can be asked: `call.calendar("opening")`.
///
/// When the caller hangs up the script ends by itself; only one that waits for
/// [`ended`](Self::ended) hears of it.
#[derive(Clone)]
pub struct Call {
    offer: Rc<Offer>,
    view: View,
    tape: Rc<Tape>,
}

impl Deref for Call {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

impl Call {
    pub(crate) fn new(offer: Offer, tape: Rc<Tape>) -> Self {
        Self {
            offer: Rc::new(offer),
            view: View::taped(Rc::clone(&tape)),
            tape,
        }
    }

    /// Who calls, as far as it is known.
    pub fn caller(&self) -> &Identity {
        &self.offer.caller
    }

    /// The number that was dialled.
    pub fn called(&self) -> &str {
        &self.offer.called
    }

    /// The number this behaviour is bound to; differs from the dialled one after a forward.
    pub fn number(&self) -> &str {
        &self.offer.number
    }

    /// Numbers that the call was sent on from, latest first.
    pub fn diversions(&self) -> &[String] {
        &self.offer.diversions
    }

    /// Whether the caller had been answered when the call came here.
    pub fn came_answered(&self) -> bool {
        self.offer.answered
    }

    /// Whether this behaviour alone holds the caller, and so may play before answer.
    pub fn is_sole_holder(&self) -> bool {
        self.offer.sole_holder
    }

    /// Whether another behaviour stands behind this one on the same number.
    pub fn has_next(&self) -> bool {
        self.offer.has_next
    }

    /// The caller's leg.
    pub fn leg(&self) -> LegId {
        self.offer.leg
    }

    /// Tells the caller that it rings. Nothing to wait for.
    pub fn ring(&self) {
        let leg = self.leg();
        let ring = |tag| imports::legs::ring(tag, leg);
        self.tape.begin(Print::of(b"ring"), Waits::Nothing, ring);
    }

    /// Answers the caller; goes on once the caller has confirmed. A behaviour in front may have done so already.
    pub fn answer(&self) -> Answer {
        Answer::new(Rc::clone(&self.tape), self.leg(), self.offer.answered)
    }

    /// Plays to the caller; early media before the answer.
    ///
    /// ```
    /// # use cordboard::prelude::*;
    /// # async fn example(call: Call) {
    /// call.play("closed-today").times(2).barge_in().await;
    /// # }
    /// ```
    pub fn play(&self, sounds: impl Into<Sounds>) -> Play {
        Play::new(Rc::clone(&self.tape), self.leg(), sounds.into())
    }

    /// Takes digits.
    ///
    /// ```
    /// # use cordboard::prelude::*;
    /// # async fn example(call: Call) {
    /// match call.gather("your-code").digits(4).until("#").within(secs(5)).barge_in().await {
    ///     Gathered::Digits(code) => call.log(&code),
    ///     _ => call.log("nothing"),
    /// }
    /// # }
    /// ```
    pub fn gather(&self, prompt: impl Into<Sounds>) -> Gather {
        Gather::new(Rc::clone(&self.tape), self.leg(), prompt.into())
    }

    /// Rings stage after stage until somebody answers, who is then connected with the caller.
    pub fn dial(&self, stages: impl Into<Stages>) -> Dial {
        Dial::new(Rc::clone(&self.tape), self.leg(), stages.into())
    }

    /// Rings a line's devices, and nothing else.
    ///
    /// ```
    /// # use cordboard::prelude::*;
    /// # async fn example(call: Call) -> Outcome {
    /// match call.ring_line("201").for_rings(3).await {
    ///     Ok(_) => call.connected(),
    ///     Err(nobody) => call.reject(nobody.cause),
    /// }
    /// # }
    /// ```
    pub fn ring_line(&self, name: impl AsRef<str>) -> Dial {
        self.dial(dial::line(name))
    }

    /// Hands the caller to the next behaviour on the same number; unanswered it comes back.
    pub fn next(&self) -> Dial {
        self.dial(dial::next())
    }

    /// Sends the caller on to a number, for good: if nobody answers there, that is how this call ends too.
    pub async fn continue_to(&self, number: impl AsRef<str>) -> Outcome {
        self.for_good(self.dial(dial::number(number))).await
    }

    /// Sends the caller on to the next behaviour on the same number, for good.
    pub async fn continue_next(&self) -> Outcome {
        self.for_good(self.next()).await
    }

    /// Dials, for good: the way the dial ends is the way the call ends.
    pub async fn for_good(&self, dial: Dial) -> Outcome {
        match dial.await {
            Ok(_) => self.connected(),
            Err(nobody) => self.reject(nobody.cause),
        }
    }

    /// Waits.
    pub fn wait(&self, length: Duration) -> Wait {
        Wait::new(Rc::clone(&self.tape), length)
    }

    /// Waits until a line is in a condition; at once when it is already.
    ///
    /// ```
    /// # use cordboard::prelude::*;
    /// # use cordboard::Condition;
    /// # async fn example(call: Call) -> Outcome {
    /// match call.until("201", Condition::Idle).within(minutes(5)).await {
    ///     true => call.for_good(call.ring_line("201")).await,
    ///     false => call.reject(Cause::Busy),
    /// }
    /// # }
    /// ```
    pub fn until(&self, line: impl AsRef<str>, condition: Condition) -> Until {
        Until::new(Rc::clone(&self.tape), line.as_ref(), condition)
    }

    /// Shows a page on the displays of a line, for as long as its `expiry` says; the outcome is as of [`gather`](Self::gather).
    pub fn show(&self, line: impl AsRef<str>, page: Page) -> Show {
        Show::new(Rc::clone(&self.tape), line.as_ref(), page)
    }

    /// Waits until the caller's leg ends. What a script does after that is its last word.
    pub fn ended(&self) -> Ended {
        Ended::new(Rc::clone(&self.tape))
    }

    /// Sends digits into the caller's leg, 100 ms each. Nothing to wait for.
    pub fn send_digits(&self, digits: &str) {
        let leg = self.leg();
        let send =
            |tag| -> Result<(), CommandError> { imports::legs::send_digits(tag, leg, digits.to_owned()) };
        self.tape
            .begin(Print::of(b"send-digits").text(digits), Waits::Nothing, send);
    }

    /// Ends the script: the caller talks to who answered.
    pub fn connected(&self) -> Outcome {
        Outcome(End::Connected)
    }

    /// Like [`connected`](Self::connected), and nobody is told how the talk goes on: the session ends with the script, and the host
    /// looks after the call. That saves the events of its end, and takes the permission `sessions`.
    pub fn let_go(&self) -> Outcome {
        // A refusal means that the session goes on, as it would without.
        let _ = imports::sessions::finish();
        self.connected()
    }

    /// Ends the script and the call.
    pub fn hang_up(&self) -> Outcome {
        Outcome(End::HangUp)
    }

    /// Ends the script and gives the caller back with a cause: to the behaviour in front, else to
    /// the caller's phone; a caller who was answered hears the tone of the cause.
    pub fn reject(&self, cause: Cause) -> Outcome {
        Outcome(End::Reject(cause))
    }
}
