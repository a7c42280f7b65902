//! A hunt group (R29–R40): one session a group, which holds all its calls.
//!
//! After each event [`Turn::distribute`](turn::Turn::distribute) looks at the whole: the first caller in the queue gets the
//! first free member, and so on. A caller has at most one dial at a time and a member is
//! rung for one caller at a time. One timer wakes the group for whatever is due next.
//!
//! What call centres expect besides: announcements of the place, call backs that keep it, priority, skills, weights and
//! figures, supervisors who listen in.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod announce;
mod call;
mod distribute;
mod due;
mod figures;
mod lines;
mod members;
mod offered;
mod outcome;
mod overflow;
mod presence;
mod recall;
mod seats;
mod settings;
mod supervise;
mod turn;

use call::Waiter;
use cordboard::prelude::*;
use figures::Figures;
use members::Members;
pub use settings::{CallBack, GroupSettings, Manner, Mode, Overflow, Place, Skill, Supervision, Weight};
use supervise::Supervisor;
use turn::Turn;

/// The state of a group between events.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Group {
    /// In the order of the queue.
    calls: Vec<Waiter>,
    members: Members,
    supervisors: Vec<Supervisor>,
    figures: Figures,
    /// What the timer is set to.
    wake_at: Option<u64>,
    /// Places of callers who are called back, so far.
    places: u64,
}

/// Hunt group with five ways of distribution and a queue.
#[cordboard::keyed(interests(line_changes), schedule(midnight = "0 0 * * *"))]
impl Behaviour for Group {
    type Settings = GroupSettings;

    const STATE_VERSION: u8 = 4;

    fn handle(&mut self, event: Event, settings: &GroupSettings, host: &Host) -> Result<(), Refusal> {
        let mut turn = Turn::new(self, settings, host);
        // Lines come and go without a word about the group's calls.
        let touches = !matches!(event, Event::LineChanged(_) | Event::Timer(_));
        match event {
            Event::CallOffered(offer) => turn.offered(&offer)?,
            Event::Outcome(outcome) => turn.outcome(outcome)?,
            Event::LegEnded(ended) => turn.ended(ended.leg)?,
            Event::LineChanged(change) => turn.registered(&change.line, change.registered),
            Event::Message(message) => turn.heard(&message)?,
            Event::Timer(_) => turn.group.wake_at = None,
            Event::Schedule(_) => turn.midnight(),
            // A change of the list is seen by itself; who answers a call back is told by the dial's outcome.
            Event::SettingsChanged
            | Event::LegAnswered(_)
            | Event::LegRinging(_)
            | Event::LegHeld(_)
            | Event::LegResumed(_)
            | Event::Digit(_)
            | Event::TransferRequested(_) => {}
        }
        if touches {
            turn.group.figures.touch();
        }
        turn.expire()?;
        turn.distribute()?;
        turn.announce()?;
        turn.publish()?;
        turn.set_timer()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
