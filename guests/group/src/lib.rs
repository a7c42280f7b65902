//! A hunt group (R29–R40): one session a group, which holds all its calls.
//!
//! After each event [`Turn::distribute`] looks at the whole: the first caller in the queue gets the
//! first free member, and so on. A caller has at most one dial at a time and a member is
//! rung for one caller at a time. One timer wakes the group for whatever is due next.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod call;
mod members;
mod overflow;
mod settings;
mod turn;

use call::Waiter;
use cordboard::prelude::*;
use members::Members;
pub use settings::{GroupSettings, Mode, Overflow};
use turn::Turn;

/// The state of a group between events.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Group {
    /// In the order in which they came.
    calls: Vec<Waiter>,
    members: Members,
    /// What the timer is set to.
    wake_at: Option<u64>,
}

/// Hunt group with four ways of distribution and a queue.
#[cordboard::keyed(interests(line_changes))]
impl Behaviour for Group {
    type Settings = GroupSettings;

    fn handle(&mut self, event: Event, settings: &GroupSettings, host: &Host) -> Result<(), Refusal> {
        let mut turn = Turn {
            group: self,
            settings,
            host,
            now: host.now(),
        };
        match event {
            Event::CallOffered(offer) => turn.offered(&offer)?,
            Event::Outcome(outcome) => turn.outcome(outcome)?,
            Event::LegEnded(ended) => turn.ended(ended.leg)?,
            Event::LineChanged(change) if change.registered => turn.registered(&change.line),
            Event::Message(message) => turn.heard(&message.body),
            Event::SettingsChanged => turn.group.members.keep_only(&settings.members),
            Event::Timer(_) => turn.group.wake_at = None,
            Event::LineChanged(_)
            | Event::LegRinging(_)
            | Event::LegAnswered(_)
            | Event::LegHeld(_)
            | Event::LegResumed(_)
            | Event::Digit(_)
            | Event::TransferRequested(_)
            | Event::Schedule(_) => {}
        }
        turn.expire()?;
        turn.distribute()?;
        turn.set_timer()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
