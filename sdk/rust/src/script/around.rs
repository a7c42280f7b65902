//! What happens around the call: lines that become free, pages on displays.

use std::rc::Rc;
use std::time::Duration;

use contract::{CommandError, Condition, GatherOutcome, OutcomeKind, Page};

use super::step::{Act, awaitable};
use super::tape::{Arrival, Print, Tape, Waits};
use crate::imports;
use crate::words::to_millis;

/// How long a line is waited for when nothing else is said, in milliseconds.
const AN_HOUR: u64 = 3_600_000;

/// Waits until a line is in a condition. Made by [`Call::until`](super::Call::until). The outcome is whether it came about in time.
#[must_use = "await it"]
pub struct Until {
    act: Watching,
    tape: Rc<Tape>,
}

impl Until {
    pub(crate) fn new(tape: Rc<Tape>, line: &str, condition: Condition) -> Self {
        Self {
            act: Watching {
                line: line.to_owned(),
                condition,
                expiry: AN_HOUR,
            },
            tape,
        }
    }

    /// At most so long; an hour when nothing is said.
    pub fn within(mut self, length: Duration) -> Self {
        self.act.expiry = to_millis(length);
        self
    }
}

#[doc(hidden)]
pub struct Watching {
    line: String,
    condition: Condition,
    expiry: u64,
}

impl Act for Watching {
    type Output = bool;
    const WAITS: Waits = Waits::Outcome;

    fn print(&self) -> Print {
        Print::of(b"until")
            .text(&self.line)
            .value(&self.condition)
            .number(self.expiry)
    }

    fn act(&mut self, tag: u64) -> Result<(), CommandError> {
        imports::watches::watch(tag, &self.line, self.condition, self.expiry)
    }

    fn call_back(&self, tag: u64) -> Result<(), CommandError> {
        imports::watches::cancel(tag)
    }

    fn read(&mut self, arrival: Arrival) -> Option<bool> {
        match arrival {
            Arrival::Outcome(kind) => Some(kind == OutcomeKind::Done),
            Arrival::Refused(_) => Some(false),
            Arrival::Timer | Arrival::Ended(_) => None,
        }
    }
}

awaitable!(Until => Watching);

/// Shows a page on the displays of a line. Made by [`Call::show`](super::Call::show). The outcome is as of keys: the number of the
/// choice, counted from 1; [`Gone`](GatherOutcome::Gone) when there is no display, or not any more.
#[must_use = "await it"]
pub struct Show {
    act: Showing,
    tape: Rc<Tape>,
}

impl Show {
    pub(crate) fn new(tape: Rc<Tape>, line: &str, page: Page) -> Self {
        Self {
            act: Showing {
                line: line.to_owned(),
                page,
            },
            tape,
        }
    }
}

#[doc(hidden)]
pub struct Showing {
    line: String,
    page: Page,
}

impl Act for Showing {
    type Output = GatherOutcome;
    const WAITS: Waits = Waits::Outcome;

    fn print(&self) -> Print {
        Print::of(b"show").text(&self.line).value(&self.page)
    }

    fn act(&mut self, tag: u64) -> Result<(), CommandError> {
        imports::screens::show(tag, &self.line, self.page.clone())
    }

    fn call_back(&self, tag: u64) -> Result<(), CommandError> {
        imports::screens::dismiss(tag)
    }

    fn read(&mut self, arrival: Arrival) -> Option<GatherOutcome> {
        match arrival {
            Arrival::Outcome(OutcomeKind::Gathered(gathered)) => Some(gathered),
            Arrival::Outcome(_) | Arrival::Refused(_) => Some(GatherOutcome::Gone),
            Arrival::Timer | Arrival::Ended(_) => None,
        }
    }
}

awaitable!(Show => Showing);
