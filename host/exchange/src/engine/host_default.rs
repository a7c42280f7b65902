//! What happens to a leg that no behaviour decides about, or not any more: its number's line rings, else a courtesy announcement plays.
//! Nobody who calls is left in silence.

use contract::{Cause, LegId};

use super::Exchange;
use super::leg::AudioOwner;
use crate::ids::{CustodyId, DialOwner, Holder};
use crate::report::{Fact, Rung};

impl Exchange {
    /// What happens to a leg that no behaviour decides about (any more): the line of the number
    /// rings, else a courtesy announcement plays.
    pub(super) fn host_default(&mut self, id: CustodyId) {
        let Some(custody) = self.custodies.get_mut(&id) else {
            return;
        };
        custody.holder = Holder::Host;
        let (tenant, call, leg, number) = (
            custody.tenant.clone(),
            custody.call,
            custody.leg,
            custody.number.clone(),
        );
        match custody.line.clone() {
            Some(line) => {
                let ring_for = u64::try_from(self.config.ring_for.as_millis()).unwrap_or(u64::MAX);
                let stage = contract::Stage {
                    targets: vec![contract::Target::Line(line.to_string())],
                    ring_for,
                };
                self.start_dial(
                    DialOwner::Host,
                    Some(id),
                    call,
                    vec![stage],
                    contract::DialOptions::default(),
                );
            }
            None => {
                let why = format!("nothing decides about {}", base::Pii(number.to_string()));
                self.report_for(
                    &tenant,
                    Some(call),
                    Some(leg),
                    None,
                    Fact::Ladder {
                        rung: Rung::Courtesy,
                        why,
                        behaviour: None,
                        module: None,
                    },
                );
                self.courtesy(id);
            }
        }
    }

    /// Says that something went wrong, then gives the leg back.
    fn courtesy(&mut self, id: CustodyId) {
        let Some(leg) = self.custodies.get(&id).map(|custody| custody.leg) else {
            return;
        };
        if !self.is_sole(id) || self.play_courtesy(leg, id).is_err() {
            self.give_back(id, Cause::Failed);
        }
    }

    /// The innermost custody that a dial waits for and in which nothing happens: its session is gone with an earlier
    /// run, or the courtesy announcement was cut short.
    pub(super) fn left_to_the_host(&self, id: LegId) -> Option<CustodyId> {
        let leg = self.legs.get(&id)?;
        if leg.bridged.is_some() || leg.room.is_some() {
            return None;
        }
        let plays = leg.audio.as_ref().map(|audio| audio.owner);
        let is_left = |id: &CustodyId| {
            let Some(custody) = self.custodies.get(id) else {
                return false;
            };
            let dials = custody.dial.is_some_and(|dial| self.dials.contains_key(&dial));
            let awaited = custody.parent.is_some() && !custody.won;
            let silent = plays != Some(AudioOwner::Courtesy(*id));
            awaited && !dials && silent && custody.holder == Holder::Host
        };
        leg.custodies.iter().rev().copied().find(is_left)
    }

    /// Refuses a caller: with a status, or, when it was answered already, with the tone of the cause.
    pub(super) fn refuse(&mut self, leg: LegId, why: Cause) {
        let Some(state) = self.legs.get(&leg) else {
            return;
        };
        if state.is_answered() && why != Cause::Normal {
            self.play_farewell(leg, why);
        } else {
            self.hang_up(leg, why);
        }
    }
}
