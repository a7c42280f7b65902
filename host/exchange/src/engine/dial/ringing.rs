//! What callers and behaviours hear while a dial rings, and how the phones are told to sound.

use contract::{Event, LegRinging};

use super::{Run, RunState};
use crate::engine::Exchange;
use crate::ids::{DialId, DialOwner};

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
