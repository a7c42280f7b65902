//! No session runs on a version that it did not accept, but for one event on the last good one.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Invocation, ModuleDigest, SessionId, Task};
use exchange::{Fact, Report, Rung};
use testkit::world::{Seen, What};

use super::{Verdict, broken};

#[derive(Default)]
struct Accepted {
    now: Option<ModuleDigest>,
    /// All so far: a process that died may not have stored the last one.
    ever: BTreeSet<ModuleDigest>,
    /// The next event goes to the last good version.
    falls_back: bool,
}

#[derive(Default)]
pub(super) struct Versions {
    sessions: BTreeMap<SessionId, Accepted>,
}

impl Versions {
    pub fn see(&mut self, seen: &Seen) -> Verdict {
        match &seen.what {
            What::Died => self.sessions.values_mut().for_each(|session| session.now = None),
            What::Report(report) => self.reported(report),
            What::Asked { invocation, .. } => return self.asked(invocation),
            _ => {}
        }
        Ok(())
    }

    fn reported(&mut self, report: &Report) {
        let Some(id) = report.session else {
            return;
        };
        let session = self.sessions.entry(id).or_default();
        match &report.fact {
            Fact::SessionStarted { module, .. } => session.accept(*module),
            Fact::Swapped {
                to, accepted: true, ..
            } => session.accept(*to),
            Fact::Ladder {
                rung: Rung::LastGood, ..
            } => session.falls_back = true,
            Fact::SessionEnded => {
                self.sessions.remove(&id);
            }
            _ => {}
        }
    }

    fn asked(&mut self, invocation: &Invocation) -> Verdict {
        let Task::Handle(_) = &invocation.task else {
            return Ok(());
        };
        let session = self.sessions.entry(invocation.session.id).or_default();
        if std::mem::take(&mut session.falls_back) {
            return Ok(());
        }
        let allowed = match session.now {
            Some(now) => now == invocation.module,
            None => session.ever.is_empty() || session.ever.contains(&invocation.module),
        };
        if allowed {
            return Ok(());
        }
        broken(
            "no session runs on a version that it did not accept",
            format!("{} of {}", invocation.session.id, invocation.session.behaviour),
        )
    }
}

impl Accepted {
    fn accept(&mut self, module: ModuleDigest) {
        self.now = Some(module);
        self.ever.insert(module);
    }
}
