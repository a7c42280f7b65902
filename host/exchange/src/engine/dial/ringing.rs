//! What callers and behaviours hear while a dial rings, and how the phones are told to sound.

use contract::{Event, Hears, LegId, LegRinging};

use super::{Run, RunState};
use crate::engine::Exchange;
use crate::ids::{CustodyId, DialId, DialOwner};

impl Exchange {
    /// A caller with whom sound flows already hears from the start that somebody is rung: not every phone
    /// says 180, and one that is said may be lost.
    pub(in crate::engine) fn caller_waits(&mut self, id: DialId) {
        let Some(dial) = self.dials.get(&id) else {
            return;
        };
        let legs = |run: &Run| matches!(&run.state, RunState::Legs { live, .. } if !live.is_empty());
        let (Some(caller), true) = (dial.caller, dial.runs.iter().any(legs)) else {
            return;
        };
        let hears = dial.options.hears;
        let waits = self.legs.get(&caller).is_some_and(|leg| {
            leg.sound_flows() && leg.audio.is_none() && leg.bridged.is_none() && leg.room.is_none()
        });
        if waits {
            self.caller_hears_ringing(caller, id, hears);
        }
    }

    /// What the caller heard of the dial: early media of the only phone that rings, else ringback.
    pub(super) fn hear_again(&mut self, id: DialId) {
        let Some(dial) = self.dials.get(&id) else {
            return;
        };
        let (Some(caller), hears) = (dial.caller, dial.options.hears) else {
            return;
        };
        let early = dial.ringing_alone().filter(|leg| self.has_early_media(*leg));
        let (rang, custody) = (
            dial.runs.iter().any(|run| run.is_live() && run.rang),
            dial.custody,
        );
        let alone = custody.is_none_or(|custody| self.is_sole(custody));
        match early.filter(|_| alone && hears == Hears::Ringback) {
            Some(callee) => self.listen(caller, callee),
            None if rang => self.caller_hears_ringing(caller, id, hears),
            None => self.caller_waits(id),
        }
    }

    /// What the caller heard is over, with a dial that came to nothing or a menu: somebody may ring for the same caller
    /// still.
    pub(in crate::engine) fn hear_what_rings(&mut self, caller: LegId) {
        let Some(leg) = self.legs.get(&caller) else {
            return;
        };
        if leg.audio.is_some() || leg.bridged.is_some() || leg.room.is_some() {
            return;
        }
        let dial_of = |custody: &CustodyId| self.custodies.get(custody)?.dial;
        let mut dials = leg.custodies.iter().rev().filter_map(dial_of);
        if let Some(other) = dials.find(|dial| self.dials.contains_key(dial)) {
            self.hear_again(other);
        }
    }

    /// A target rings: the caller hears it, and so do behaviours that want to know.
    pub(in crate::engine) fn target_rings(&mut self, id: DialId, target: usize) {
        let mut at = Some((id, target));
        while let Some((id, target)) = at {
            let Some(dial) = self.dials.get_mut(&id) else {
                return;
            };
            let Some(run) = dial.runs.get_mut(target) else {
                return;
            };
            let first = !std::mem::replace(&mut run.rang, true);
            let (owner, caller, custody, hears) = (dial.owner, dial.caller, dial.custody, dial.options.hears);
            if let (true, DialOwner::Session { session, tag }) = (first, owner) {
                let target = u32::try_from(target).unwrap_or(u32::MAX);
                self.deliver_if(
                    session,
                    |wants| wants.ringing,
                    Event::LegRinging(LegRinging { tag, target }),
                );
            }
            if let Some(caller) = caller {
                self.caller_hears_ringing(caller, id, hears);
            }
            at = custody
                .and_then(|id| self.custodies.get(&id))
                .and_then(|custody| custody.parent);
        }
    }
}

/// The words of the contract as URNs (RFC 7462); anything else is a ring name of the phone's.
pub(super) fn alert_info(alert: &str) -> String {
    match alert {
        "internal" => "<urn:alert:source:internal>".to_owned(),
        "external" => "<urn:alert:source:external>".to_owned(),
        name => format!("<http://127.0.0.1>;info={name}"),
    }
}
