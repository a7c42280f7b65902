//! The desk of the event at hand, for behaviours that run natively: the host's own, so that they are
//! refused what a component would be refused.

use std::cell::RefCell;
use std::sync::Arc;

use base::Moment;
use contract::{Command, CommandError, EmptyView, Invocation, Limits, Record, View};
use desk::{Desk, Stop};

/// A desk, and what a component would have been ended for.
pub(crate) struct Recorder {
    desk: Desk,
    stopped: Option<Stop>,
}

thread_local! {
    static RECORDER: RefCell<Recorder> =
        RefCell::new(Recorder::new(Arc::new(EmptyView), Moment::ZERO));
}

/// Runs something with this recorder in place, and gives it back with what it recorded.
pub(crate) fn during<T>(recorder: Recorder, run: impl FnOnce() -> T) -> (T, Recorder) {
    let before = RECORDER.with_borrow_mut(|slot| std::mem::replace(slot, recorder));
    let result = run();
    let recorder = RECORDER.with_borrow_mut(|slot| std::mem::replace(slot, before));
    (result, recorder)
}

/// Something that cannot fail.
pub(crate) fn tell<T>(say: impl FnOnce(&mut Desk) -> T) -> T {
    RECORDER.with_borrow_mut(|recorder| say(&mut recorder.desk))
}

/// A question. Once there were too many, the event fails in the end, whatever is answered here.
pub(crate) fn ask<T>(question: impl FnOnce(&mut Desk) -> Result<T, Stop>, otherwise: T) -> T {
    RECORDER.with_borrow_mut(|recorder| recorder.guard(question).unwrap_or(otherwise))
}

pub(crate) fn queue(command: Command) -> Result<(), CommandError> {
    RECORDER.with_borrow_mut(|recorder| {
        let queued = recorder.guard(|desk| desk.queue(command));
        queued.unwrap_or(Err(CommandError::TooManyCommands))
    })
}

impl Recorder {
    pub(crate) fn new(view: Arc<dyn View>, now: Moment) -> Self {
        Self {
            desk: Desk::without_session(view, now, Limits::default()),
            stopped: None,
        }
    }

    pub(crate) fn of(invocation: &Invocation) -> Self {
        Self {
            // What it imports is known of a component only.
            desk: Desk::new(invocation, true),
            stopped: None,
        }
    }

    pub(crate) fn into_parts(self) -> (Vec<Command>, Record, Option<Stop>) {
        let (record, commands) = self.desk.clear();
        (commands, record, self.stopped)
    }

    fn guard<T>(&mut self, call: impl FnOnce(&mut Desk) -> Result<T, Stop>) -> Option<T> {
        match call(&mut self.desk) {
            Ok(answer) => Some(answer),
            Err(stop) => {
                self.stopped.get_or_insert(stop);
                None
            }
        }
    }
}
