//! What was acknowledged is never lost: registrations and configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use base::Moment;
use exchange::live;
use testkit::wire::Glance;
use testkit::world::{Seen, What};
use testkit::{PhoneId, World};

use super::{Verdict, broken};
use crate::town::COMPANIES;

/// What a phone was told about its registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Until(Moment),
    Gone,
}

#[derive(Default)]
pub(super) struct Kept {
    told: BTreeMap<PhoneId, Told>,
    /// The REGISTER that came last: its CSeq, when it came first, and for how long.
    asked: BTreeMap<PhoneId, (u32, Moment, u32)>,
    since: Moment,
}

impl Kept {
    pub fn see(&mut self, world: &World, seen: &Seen) -> Verdict {
        match &seen.what {
            What::Arrived { from, bytes } if bytes.starts_with(b"REGISTER") => {
                self.registering(world, *from, bytes);
            }
            What::Phone(id, phone::Event::Registered { .. }) => {
                if let Some((_, at, seconds)) = self.asked.get(id) {
                    let told = match seconds {
                        0 => Told::Gone,
                        seconds => Told::Until(*at + Duration::from_secs(u64::from(*seconds))),
                    };
                    self.told.insert(*id, told);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Until it is answered nobody knows what holds.
    fn registering(&mut self, world: &World, from: PhoneId, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let expires = text.lines().find_map(|line| line.strip_prefix("Expires: "));
        let seconds = expires.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        let cseq = Glance::at(bytes).map_or(0, |glance| glance.cseq);
        if self.asked.get(&from).is_some_and(|(last, _, _)| *last == cseq) {
            return;
        }
        self.told.remove(&from);
        self.asked.insert(from, (cseq, world.now(), seconds));
    }

    /// Compares what was promised with what there is.
    pub fn compare(&mut self, world: &mut World) -> Verdict {
        if !world.is_up() || world.now().since(self.since) < Duration::from_secs(5) {
            return Ok(());
        }
        self.since = world.now();
        self.registrations(world)
    }

    fn registrations(&self, world: &mut World) -> Verdict {
        let rule = "acknowledged registrations are kept";
        let now = world.now();
        for tenant in COMPANIES {
            let request = live::Request::Registrations {
                tenant: tenant.into(),
            };
            let Some(live::Answer::Registrations(list)) = world.live(request) else {
                continue;
            };
            for (id, told) in &self.told {
                // A connection that breaks takes its registration with it.
                let over_tcp = world.phone(*id).is_some_and(|phone| phone.config().tcp);
                if world.tenant_of(*id) != tenant || over_tcp {
                    continue;
                }
                let there = list.iter().any(|entry| *entry.device == *world.name(*id));
                let name = world.name(*id);
                match told {
                    Told::Until(until) if now + Duration::from_secs(1) < *until && !there => {
                        return broken(
                            rule,
                            format!("{tenant}/{name} is registered until {until}, and is not there"),
                        );
                    }
                    Told::Gone if there => {
                        return broken(
                            rule,
                            format!("{tenant}/{name} took its registration back, and is there"),
                        );
                    }
                    Told::Until(_) | Told::Gone => {}
                }
            }
        }
        Ok(())
    }
}
