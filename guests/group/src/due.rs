//! What is due: who has waited for long enough (R36, R38), and when the group is to be woken.

use cordboard::prelude::*;

use crate::call::{Phase, Waiter};
use crate::overflow::Why;
use crate::turn::Turn;

/// The group's only timer.
const WAKE: u64 = 0;

impl Turn<'_> {
    /// R36, R38: who has waited for long enough, or for nobody, leaves.
    pub fn expire(&mut self) -> Result<(), Refusal> {
        let mut index = 0;
        while index < self.group.calls.len() {
            let expired = self.group.calls[index].expires <= self.now;
            match self.group.calls[index].phase {
                Phase::Queued { .. } | Phase::Greeting if expired || self.waits_for_nobody(index) => {
                    let call = self.group.calls.remove(index);
                    self.send_away(call, if expired { Why::Expired } else { Why::Nobody })?;
                    // Who was sent away may still be in the list, at its end; nobody there waits.
                    continue;
                }
                Phase::Away { .. } if expired => {
                    self.host
                        .explain("call-back", "the place was kept for as long as may be");
                    self.group.calls.remove(index);
                    continue;
                }
                Phase::Ringing { expired: false, .. } if expired => self.give_up(index)?,
                _ => {}
            }
            index += 1;
        }
        Ok(())
    }

    /// Stops ringing. An answer may come first; the outcome tells.
    fn give_up(&mut self, index: usize) -> Result<(), Refusal> {
        let call = &mut self.group.calls[index];
        if let Phase::Ringing { expired, .. } = &mut call.phase {
            *expired = true;
        }
        Ok(self.host.leg(call.leg).cancel_dial().unless_gone()?)
    }

    fn waits_for_nobody(&self, index: usize) -> bool {
        let call = &self.group.calls[index];
        call.is_queued() && !self.anybody_takes_part(call)
    }

    /// Sets the timer to what is due next.
    pub fn set_timer(&mut self) -> Result<(), Refusal> {
        let calls = self.group.calls.iter();
        let mut next = calls.filter_map(|call| self.due(call)).min();
        if self
            .group
            .calls
            .iter()
            .any(|call| call.is_queued() || call.is_away())
        {
            let rested = self.group.members.next_end_of_rest(self.now);
            next = [next, rested].into_iter().flatten().min();
        }
        next = [next, self.group.figures.due()].into_iter().flatten().min();
        if next != self.group.wake_at {
            let timer = self.host.timer(WAKE);
            match next {
                Some(instant) => timer.at(instant)?,
                None => timer.cancel()?,
            }
            self.group.wake_at = next;
        }
        Ok(())
    }

    /// What is due next for this call. A dial that is being cancelled reports by itself.
    fn due(&self, call: &Waiter) -> Option<u64> {
        if !call.has_place() || matches!(call.phase, Phase::Recalling { .. }) {
            return None;
        }
        let later = |at: &u64| *at > self.now;
        let pause = match call.phase {
            Phase::Queued { not_before } | Phase::Away { not_before, .. } => Some(not_before),
            _ => None,
        };
        let skill = self.any_skill_at(call);
        let told = self.next_announcement(call);
        [pause, Some(call.expires), skill, told]
            .into_iter()
            .flatten()
            .filter(later)
            .min()
    }
}
