//! No tenant sees another's event, leg, module or message.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::{Event, Invocation, Task};
use exchange::Report;
use testkit::World;
use testkit::world::{Seen, What};

use super::{Verdict, broken};
use crate::town::{COMPANIES, Town};

const RULE: &str = "no tenant sees what is another's";

/// Something with a number, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Call(u64),
    Leg(u64),
    Session(u64),
}

#[derive(Default)]
pub(super) struct Tenants {
    owners: BTreeMap<Thing, Arc<str>>,
}

impl Tenants {
    pub fn see(&mut self, world: &World, town: &Town, seen: &Seen) -> Verdict {
        match &seen.what {
            What::Report(report) => self.reported(report),
            What::Asked { invocation, .. } => self.asked(town, invocation),
            What::Sent { to: Some(to), bytes } => {
                let text = String::from_utf8_lossy(bytes);
                let own = world.tenant_of(*to);
                let mut others = COMPANIES.iter().filter(|name| **name != own);
                match others.find(|name| text.contains(&format!("{name}.example"))) {
                    Some(other) => broken(RULE, format!("a phone of {own} reads of {other}: {text}")),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn reported(&mut self, report: &Report) -> Verdict {
        let Some(tenant) = &report.tenant else {
            return Ok(());
        };
        let things = [
            report.call.map(|call| Thing::Call(call.0)),
            report.leg.map(|leg| Thing::Leg(leg.0)),
            report.session.map(|session| Thing::Session(session.0)),
        ];
        for thing in things.into_iter().flatten() {
            let owner = self.owners.entry(thing).or_insert_with(|| tenant.clone());
            if owner != tenant {
                let how = format!("{thing:?} is {owner}'s and {tenant}'s: {}", report.fact.name());
                return broken(RULE, how);
            }
        }
        Ok(())
    }

    fn asked(&self, town: &Town, invocation: &Invocation) -> Verdict {
        let session = Thing::Session(invocation.session.id.0);
        let Some(owner) = self.owners.get(&session) else {
            return broken(RULE, format!("{session:?} belongs to nobody"));
        };
        let module = town
            .modules
            .iter()
            .find(|(digest, _)| *digest == invocation.module);
        if module.is_none_or(|(_, tenant)| **tenant != **owner) {
            return broken(RULE, format!("{owner} runs a module of {module:?}"));
        }
        let in_event = match &invocation.task {
            Task::Handle(Event::CallOffered(offer)) => Some(offer.leg),
            Task::Handle(Event::LegEnded(ended)) => Some(ended.leg),
            Task::Handle(Event::LegAnswered(answered)) => Some(answered.leg),
            Task::Handle(_) | Task::Migrate { .. } => None,
        };
        let legs = invocation.held.iter().map(|held| held.leg).chain(in_event);
        for leg in legs {
            let of = self.owners.get(&Thing::Leg(leg.0));
            if of.is_some_and(|of| of != owner) {
                return broken(RULE, format!("{owner} is shown {leg} of {of:?}"));
            }
        }
        Ok(())
    }
}
