//! The line that everybody waits for.
//!
//! ```text
//!  Unwatched ──somebody waits──▶ Awaited ──idle──▶ Free, from a moment on ──taken again──▶ Awaited
//! ```
//!
//! Nothing wakes the session while nothing happens: the exchange tells when the line is free, and when a free line whose
//! user did not answer is used again.

use std::time::Duration;

use cordboard::prelude::*;
use cordboard::{CommandOutcome, Condition, OutcomeKind};

use crate::CallBack;
use crate::line::is_free;
use crate::refusal::Refused;
use crate::settings::{CallBackSettings, First};
use crate::tags::{CALLERS, FIRST, IS_FREE, IS_USED};

/// No request is kept for longer than a day.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// After a call people put the receiver down; a caller's phone, which rings first, is free.
const SETTLE: u64 = 1_500;

/// When a line cannot be watched, it is looked at.
const LOOK_AGAIN: u64 = 60_000;

/// What is known of the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Callee {
    #[default]
    Unwatched,
    /// A watch will tell when it is free.
    Awaited,
    /// It was; and is looked at from this moment on, in milliseconds since the epoch.
    Free(u64),
}

impl CallBack {
    /// Sees to it that somebody tells when the line is free. True when it is now.
    pub fn await_line(&mut self, host: &Host) -> Result<bool, Refusal> {
        if self.requests.is_dormant() && !self.awaits_use {
            self.awaits_use = true;
            host.watch(IS_USED)
                .until(host.number(), Condition::OffHook, LONGEST)?;
        }
        if !self.requests.is_awake() {
            return Ok(false);
        }
        match self.callee {
            Callee::Awaited => Ok(false),
            Callee::Free(from) if from > host.now() => Ok(false),
            Callee::Free(_) if is_free(host.number(), host) => Ok(true),
            Callee::Free(_) | Callee::Unwatched => {
                self.callee = Callee::Awaited;
                host.watch(IS_FREE)
                    .until(host.number(), Condition::Idle, LONGEST)?;
                Ok(false)
            }
        }
    }

    /// The line is free, and nobody who waits for it is: the exchange tells when that changes.
    pub fn await_callers(&mut self, host: &Host) -> Result<(), Refusal> {
        for (id, caller) in self.requests.watch_suspended(host) {
            host.watch(CALLERS + u64::from(id))
                .until(&caller, Condition::Idle, LONGEST)?;
        }
        Ok(())
    }

    /// An outcome of a watch; false when it is something else's.
    pub fn watched(
        &mut self,
        outcome: &CommandOutcome,
        settings: &CallBackSettings,
        host: &Host,
    ) -> Result<bool, Refusal> {
        let came_about = outcome.kind == OutcomeKind::Done;
        match outcome.tag {
            IS_FREE if came_about => {
                let settle = match settings.first {
                    First::Caller => 0,
                    First::Callee => SETTLE,
                };
                self.callee = Callee::Free(host.now() + settle);
            }
            IS_FREE if outcome.kind == OutcomeKind::Failed(Cause::Unreachable) => {
                self.callee = Callee::Unwatched;
                self.tell_all_refused(Refused::NotTold, settings, host)?;
            }
            IS_FREE => self.callee = Callee::Free(host.now() + LOOK_AGAIN),
            // What cannot be watched is taken as used.
            IS_USED => {
                self.awaits_use = false;
                self.requests.wake();
            }
            CALLERS..FIRST => {
                let id = u32::try_from(outcome.tag - CALLERS).unwrap_or_default();
                self.requests.watch_is_over(id, came_about, host);
            }
            _ => return Ok(false),
        }
        if outcome.kind == OutcomeKind::Failed(Cause::UnknownNumber) && outcome.tag < CALLERS {
            host.explain("R61", "the line is no more: nobody is called back");
            self.requests.clear();
        }
        Ok(true)
    }

    /// Nobody is called back any more.
    fn tell_all_refused(
        &mut self,
        why: Refused,
        settings: &CallBackSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        for caller in self.requests.take() {
            self.tell_refused(&caller, why, settings, host)?;
        }
        Ok(())
    }
}
