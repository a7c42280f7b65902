//! What was acknowledged is never lost: registrations and configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use base::Moment;
use exchange::directory::{Document, Key, Versioned};
use exchange::live;
use testkit::wire::Glance;
use testkit::world::{Seen, What};
use testkit::{PhoneId, World};

use super::{Verdict, broken};
use crate::town::{COMPANIES, Town};

/// What a phone was told about its registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Until(Moment),
    Gone,
}

#[derive(Default)]
pub(super) struct Kept {
    told: BTreeMap<PhoneId, Told>,
    asked: BTreeMap<PhoneId, Asked>,
    /// Documents as somebody was told that they are from now on.
    changed: BTreeMap<Key, Option<Versioned<Document>>>,
    since: Moment,
}

/// The newest REGISTER of a phone.
#[derive(Debug)]
struct Asked {
    call_id: String,
    cseq: u32,
    /// When it came first.
    at: Moment,
    /// For how long.
    seconds: u64,
}

impl Kept {
    pub fn see(&mut self, world: &World, seen: &Seen) -> Verdict {
        match &seen.what {
            What::Arrived { from, bytes } if bytes.starts_with(b"REGISTER") => {
                self.registering(world, *from, bytes);
            }
            What::Replied { changes, .. } => {
                let kept = changes
                    .iter()
                    .map(|change| (change.key.clone(), change.document.clone()));
                self.changed.extend(kept);
            }
            What::Sent { to: Some(to), bytes } if bytes.starts_with(b"SIP/2.0 200") => {
                self.registered(*to, bytes);
            }
            _ => {}
        }
        Ok(())
    }

    /// Until it is answered nobody knows what holds. What a phone repeats after it asked for something else changes
    /// nothing.
    fn registering(&mut self, world: &World, from: PhoneId, bytes: &[u8]) {
        let Some(glance) = Glance::at(bytes) else {
            return;
        };
        let before = self.asked.get(&from);
        if before.is_some_and(|before| before.call_id == glance.call_id && glance.cseq <= before.cseq) {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let expires = text.lines().find_map(|line| line.strip_prefix("Expires: "));
        self.told.remove(&from);
        let asked = Asked {
            call_id: glance.call_id,
            cseq: glance.cseq,
            at: world.now(),
            seconds: expires.and_then(|text| text.trim().parse().ok()).unwrap_or(0),
        };
        self.asked.insert(from, asked);
    }

    /// The 200 is the promise, whether it arrives or not.
    fn registered(&mut self, to: PhoneId, bytes: &[u8]) {
        let Some(glance) = Glance::at(bytes).filter(|glance| glance.method == "REGISTER") else {
            return;
        };
        let asked = self.asked.get(&to);
        let fits = |asked: &&Asked| asked.call_id == glance.call_id && asked.cseq == glance.cseq;
        if let Some(asked) = asked.filter(fits) {
            let told = match asked.seconds {
                0 => Told::Gone,
                seconds => Told::Until(asked.at + Duration::from_secs(seconds)),
            };
            self.told.insert(to, told);
        }
    }

    /// Compares what was promised with what there is.
    pub fn compare(&mut self, world: &mut World, town: &Town) -> Verdict {
        if !world.is_up() {
            return Ok(());
        }
        self.configuration(world, town)?;
        if world.now().since(self.since) < Duration::from_secs(5) {
            return Ok(());
        }
        self.since = world.now();
        self.registrations(world)
    }

    /// A document may be newer than what was acknowledged, never older or another one of the same revision. One that
    /// somebody asked to delete may be gone before that is acknowledged.
    fn configuration(&self, world: &World, town: &Town) -> Verdict {
        let rule = "acknowledged configuration is kept";
        for (key, promised) in &self.changed {
            let there = world.exchange().directory().document(key);
            let (Some(promised), there) = (promised, there) else {
                continue;
            };
            let kept = match &there {
                Some(there) => there.revision > promised.revision || there == promised,
                None => town.memory.borrow().is_deleted(key),
            };
            if !kept {
                let there = there.map_or(0, |there| there.revision);
                let how = format!("{key} was at revision {}, and is at {there}", promised.revision);
                return broken(rule, how);
            }
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use base::Random;
    use exchange::admin::Change;
    use exchange::{AdminId, directory::Kind};

    use super::*;
    use crate::plan::Size;

    /// A change that was acknowledged and is not there breaks the rule; the one that is there does not.
    #[test]
    fn configuration_that_is_lost_is_noticed() {
        let mut town = Town::default();
        let offices = town.offices(&mut Random::from_seed(1), Size::Plain);
        let mut world = World::new(1, offices);
        let tenant = COMPANIES[0].into();
        let key = Key::new(&tenant, Kind::Line, "201");
        for (later, holds) in [(0, true), (1, false)] {
            let mut document = world.exchange().directory().document(&key).unwrap();
            document.revision += later;
            let change = Change {
                key: key.clone(),
                document: Some(document),
            };
            let what = What::Replied {
                id: AdminId(1),
                refused: None,
                changes: vec![change],
            };
            let at = world.now();
            let mut kept = Kept::default();
            kept.see(&world, &Seen { at, what }).unwrap();
            assert_eq!(kept.compare(&mut world, &town).is_ok(), holds);
        }
    }
}
