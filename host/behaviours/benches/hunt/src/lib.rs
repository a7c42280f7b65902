//! One step of a hunt group, as small as it can be and still do what every group does: read its
//! settings and its calls, look members up, ring the next, remember whom.

use cordboard::prelude::*;
use cordboard::{OutcomeKind, stage};

#[derive(Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct HuntSettings {
    /// Who is rung, in this order.
    pub members: Vec<String>,
    /// How long each rings.
    #[settings(default = 20, min = 5, max = 60, unit = "s")]
    pub ring_for: u32,
    /// Heard while waiting.
    #[settings(default = "please-wait", kind = "announcement")]
    pub waiting: String,
    /// Who takes calls that nobody answered.
    #[settings(default = "")]
    pub overflow: String,
}

#[derive(Serialize, Deserialize)]
pub struct Waiting {
    leg: LegId,
    caller: Option<String>,
    since: u64,
    /// Members tried so far.
    tried: Vec<u32>,
}

/// Rings its members one after the other.
#[derive(Default, Serialize, Deserialize)]
pub struct Hunt {
    calls: Vec<Waiting>,
    answered: u64,
    /// Where the next hunt starts.
    next: u32,
}

#[cordboard::keyed]
impl Behaviour for Hunt {
    type Settings = HuntSettings;

    fn handle(&mut self, event: Event, settings: &HuntSettings, host: &Host) -> Result<(), Refusal> {
        match event {
            Event::CallOffered(offer) => {
                self.calls.push(Waiting {
                    leg: offer.leg,
                    caller: offer.caller.number,
                    since: host.now(),
                    tried: Vec::new(),
                });
                self.hunt(offer.leg, settings, host)
            }
            Event::Outcome(outcome) => match &outcome.kind {
                OutcomeKind::Dialled(_) => self.hunt(cordboard::leg_of(&outcome), settings, host),
                _ => Ok(()),
            },
            Event::LegEnded(ended) => {
                self.calls.retain(|call| call.leg != ended.leg);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Hunt {
    fn hunt(&mut self, leg: LegId, settings: &HuntSettings, host: &Host) -> Result<(), Refusal> {
        let Some(call) = self.calls.iter_mut().find(|call| call.leg == leg) else {
            return Ok(());
        };
        for (index, member) in (0u32..).zip(&settings.members) {
            if call.tried.contains(&index) {
                continue;
            }
            call.tried.push(index);
            let free = host
                .line(member)
                .is_some_and(|line| line.registered && line.calls == 0);
            if free {
                self.next = index + 1;
                host.explain("hunt/linear", "the next member that is free rings");
                host.leg(leg).dial(stage![cordboard::line(member)])?;
                return Ok(());
            }
        }
        host.leg(leg).reject(Cause::NoAnswer)?;
        Ok(())
    }
}
