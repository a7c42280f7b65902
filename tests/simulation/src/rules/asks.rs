//! Each question to a behaviour is answered or expires, in time.

use std::collections::BTreeMap;
use std::time::Duration;

use base::Moment;
use contract::{AskId, SessionId};
use exchange::Fact;
use testkit::World;
use testkit::world::{Seen, What};

use super::{Verdict, broken};

const RULE: &str = "each question is answered or expires";

#[derive(Default)]
pub(super) struct Asks {
    out: BTreeMap<AskId, (SessionId, Moment)>,
}

impl Asks {
    pub fn see(&mut self, world: &World, seen: &Seen) -> Verdict {
        match &seen.what {
            What::Died => self.out.clear(),
            What::Asked { invocation, .. } => {
                let session = invocation.session.id;
                if self.out.values().any(|(other, _)| *other == session) {
                    return broken(
                        "a session handles one event at a time",
                        format!("{session} is asked twice"),
                    );
                }
                self.out.insert(invocation.ask, (session, world.now()));
            }
            What::Report(report) => match (&report.fact, report.session) {
                (Fact::Decided { ask, .. } | Fact::NotDecided { ask, .. }, _)
                    if self.out.remove(ask).is_none() =>
                {
                    return broken(RULE, format!("{ask:?} is answered, and was not asked"));
                }
                (Fact::Swapped { .. } | Fact::SessionEnded, Some(session)) => {
                    self.out.retain(|_, (of, _)| *of != session);
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    pub fn look(&self, world: &World) -> Verdict {
        if !world.is_up() {
            return Ok(());
        }
        let patience = world.patience() + Duration::from_millis(1);
        let late = self.out.iter().find(|(_, (_, at))| *at + patience < world.now());
        if let Some((ask, (session, _))) = late {
            return broken(RULE, format!("{ask:?} of {session} is out for too long"));
        }
        let counted = world.exchange().census().asks;
        if counted != self.out.len() {
            return broken(
                RULE,
                format!("{} are out, the exchange waits for {counted}", self.out.len()),
            );
        }
        Ok(())
    }
}
