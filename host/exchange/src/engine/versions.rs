//! Which version a session runs on, how versions do, and trials that end by themselves.
//!
//! ```text
//!  candidate ──event failed too often──▶ withdrawn ──▶ its sessions go back at their next event
//!      └──────held for so long─────────▶ promoted
//! ```
//!
//! Figures are since the start of the process, or of the trial.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use base::Moment;
use contract::{Failure, ModuleDigest, SessionId, SessionScope, Spent};
use rustc_hash::{FxHashMap, FxHasher};

use super::lookup::{Version, version_of};
use super::session::Session;
use super::timers::TimerKey;
use super::{Exchange, OfTenant};
use crate::admin::{self, VersionChange};
use crate::directory::{Behaviour, CanaryRule, Candidate};
use crate::ids::CallId;
use crate::io::Output;
use crate::live::{self, Counters, Difference};
use crate::report::Fact;

/// Differences of a shadow that are kept to be looked at.
const MAX_DIFFERENCES: usize = 50;

/// How the versions of a tenant's behaviours do.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    counters: FxHashMap<(Arc<str>, ModuleDigest), Counters>,
    differences: FxHashMap<Arc<str>, Vec<Difference>>,
    promotions: FxHashMap<Arc<str>, TimerKey>,
    /// Sessions that moved to a version.
    moved: FxHashMap<(Arc<str>, ModuleDigest), u64>,
}

/// Choosing.
impl Exchange {
    /// The candidate that a session is on trial with, from its start on.
    pub(super) fn trial_of(
        &self,
        tenant: &str,
        behaviour: &str,
        number: &str,
        call: Option<CallId>,
    ) -> Option<ModuleDigest> {
        let behaviour = self.tenant(tenant)?.behaviour(behaviour)?;
        let candidate = behaviour.candidate.as_deref()?;
        let gets = candidate.runs_at(self.now.as_millis()) && self.falls_to(tenant, candidate, number, call);
        gets.then_some(candidate.digest)
    }

    fn falls_to(&self, tenant: &str, candidate: &Candidate, number: &str, call: Option<CallId>) -> bool {
        let call = call.and_then(|call| self.calls.get(&call));
        match &candidate.rule {
            CanaryRule::Shadow => false,
            CanaryRule::Percent(share) => {
                let whom =
                    call.and_then(|call| call.caller.line.as_deref().or(call.caller.number.as_deref()));
                bucket(candidate.digest, whom.unwrap_or(number)) < u64::from(*share)
            }
            CanaryRule::Called(numbers) => {
                let dialled = call.map(|call| &*call.called);
                numbers
                    .iter()
                    .any(|one| one == number || Some(one.as_str()) == dialled)
            }
            CanaryRule::Callers(callers) => call.is_some_and(|call| {
                let line = call.caller_line.as_deref();
                let is = |name: &String| {
                    let names_line = || {
                        let found = self.tenant(tenant).and_then(|view| view.find_line(name));
                        line.is_some() && found.map(|line| line.id.as_str()) == line
                    };
                    call.caller.number.as_ref() == Some(name) || names_line()
                };
                callers.iter().any(is)
            }),
        }
    }

    /// The version that a session's next event is for.
    pub(super) fn wanted_version(&self, session: &Session) -> Option<Version> {
        let active = self.active_version(&session.tenant, &session.behaviour)?;
        let trial = match session.scope {
            SessionScope::PerCall => session.trial.as_deref().copied(),
            SessionScope::PerNumber => {
                self.trial_of(&session.tenant, &session.behaviour, &session.number, None)
            }
        };
        let on_trial = trial.and_then(|digest| {
            let behaviour = self.tenant(&session.tenant)?.behaviour(&session.behaviour)?;
            let candidate = behaviour.candidate.as_deref()?;
            (candidate.digest == digest).then(|| version_of(candidate))
        });
        Some(on_trial.unwrap_or(active))
    }
}

/// One of a hundred: always the same for the same caller and candidate.
fn bucket(digest: ModuleDigest, whom: &str) -> u64 {
    let mut hasher = FxHasher::default();
    (digest.0, whom).hash(&mut hasher);
    // The upper bits are the ones that this hash mixes well.
    (hasher.finish() >> 32) % 100
}

/// Counting.
impl Exchange {
    pub(super) fn count_version(
        &mut self,
        id: SessionId,
        module: ModuleDigest,
        count: impl FnOnce(&mut Counters),
    ) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let (tenant, behaviour) = (session.tenant.clone(), session.behaviour.clone());
        let figures = self.figures.entry(tenant).or_default();
        count(figures.counters.entry((behaviour, module)).or_default());
    }

    pub(super) fn count_decision(&mut self, id: SessionId, module: ModuleDigest, spent: Spent) {
        self.count_version(id, module, |counters| {
            counters.events += 1;
            counters.micros += spent.micros;
            counters.slowest = counters.slowest.max(spent.micros);
        });
    }

    /// A failed event; a candidate that fails too often is withdrawn.
    pub(super) fn count_failure(&mut self, id: SessionId, module: ModuleDigest, failure: &Failure) {
        self.count_version(id, module, |counters| {
            counters.events += 1;
            match failure {
                Failure::Trapped(_) => counters.traps += 1,
                Failure::Refused(_) => counters.refusals += 1,
                Failure::Overrun | Failure::OutOfFuel => counters.overruns += 1,
                Failure::StateTooLarge { .. } | Failure::TooManyCommands { .. } | Failure::NotLoaded(_) => {
                    counters.other_failures += 1;
                }
            }
        });
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let (tenant, behaviour) = (session.tenant.clone(), session.behaviour.clone());
        let Some(guard) = self
            .candidate(&tenant, &behaviour, module)
            .map(|candidate| candidate.guard)
        else {
            return;
        };
        let counters = self.counters(&tenant, &behaviour, module);
        let (failed, events) = (counters.failures(), counters.events);
        if events >= u64::from(guard.least.max(1))
            && failed * 100 >= events * u64::from(guard.failures.max(1))
        {
            let why = format!("{failed} of {events} events failed, the last because {failure}");
            self.change_version(&tenant, &behaviour, VersionChange::Withdraw, why);
        }
    }

    /// A session went on with another version.
    pub(super) fn count_moved(&mut self, id: SessionId, to: ModuleDigest) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let (tenant, behaviour) = (session.tenant.clone(), session.behaviour.clone());
        *self
            .figures
            .entry(tenant)
            .or_default()
            .moved
            .entry((behaviour, to))
            .or_default() += 1;
    }

    /// Somebody answered, or a behaviour did: the sessions that decide about the caller count it.
    pub(super) fn count_answer(&mut self, call: CallId) {
        let legs = self
            .calls
            .get(&call)
            .map(|call| call.legs.clone())
            .unwrap_or_default();
        for leg in legs {
            for session in self.holders_of(leg) {
                let module = self.sessions.get(&session).map(|session| session.running.digest);
                if let Some(module) = module {
                    self.count_version(session, module, |counters| counters.answered += 1);
                }
            }
        }
    }

    pub(super) fn note_difference(&mut self, id: SessionId, module: ModuleDigest, difference: Difference) {
        self.count_version(id, module, |counters| counters.differed += 1);
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let (tenant, behaviour) = (session.tenant.clone(), session.behaviour.clone());
        let list = self
            .figures
            .entry(tenant)
            .or_default()
            .differences
            .entry(behaviour)
            .or_default();
        if list.len() < MAX_DIFFERENCES {
            list.push(difference);
        }
    }

    fn counters(&self, tenant: &str, behaviour: &Arc<str>, module: ModuleDigest) -> Counters {
        let figures = self.figures.get(tenant);
        figures
            .and_then(|figures| figures.counters.get(&(behaviour.clone(), module)))
            .copied()
            .unwrap_or_default()
    }

    fn candidate(&self, tenant: &str, behaviour: &str, digest: ModuleDigest) -> Option<&Candidate> {
        let behaviour = self.tenant(tenant)?.behaviour(behaviour)?;
        behaviour
            .candidate
            .as_deref()
            .filter(|candidate| candidate.digest == digest)
    }
}

/// Changes.
impl Exchange {
    /// Changes versions without being asked.
    fn change_version(
        &mut self,
        tenant: &Arc<str>,
        behaviour: &Arc<str>,
        change: VersionChange,
        why: String,
    ) {
        let request = admin::Request::Version {
            tenant: (&**tenant).into(),
            behaviour: (&**behaviour).into(),
            change,
            by: "exchange".to_owned(),
            why,
        };
        match admin::handle(&mut self.directory, self.now, request) {
            Ok(admin::Answer::Changed(applied)) => self.put_in_force(&applied.changes, None),
            Ok(_) => {}
            Err(refusal) => tracing::error!(%refusal, "a version could not be changed"),
        }
    }

    /// A behaviour's versions were changed: told to whoever listens, and a new trial begins with new figures.
    pub(super) fn versions_changed(&mut self, tenant: &Arc<str>, behaviour: &Behaviour) {
        let now = self.now.as_millis();
        let name = behaviour.name.text().clone();
        let begun = behaviour
            .candidate
            .as_deref()
            .filter(|candidate| candidate.since == now);
        if let Some(candidate) = begun {
            let figures = self.figures.entry(tenant.clone()).or_default();
            figures.counters.remove(&(name.clone(), candidate.digest));
            figures.differences.remove(&name);
        }
        if let Some(audit) = behaviour.audit.first().filter(|audit| audit.at == now) {
            let fact = Fact::Version {
                behaviour: name.clone(),
                audit: Box::new(audit.clone()),
            };
            self.report_for(tenant, None, None, None, fact);
        }
        self.await_promotion(tenant, &name);
        self.await_drain(tenant, &name);
    }

    /// Sets the clock for a candidate that is promoted when it has held.
    pub(super) fn await_promotion(&mut self, tenant: &Arc<str>, behaviour: &Arc<str>) {
        let due = self.promotion_of(tenant, behaviour);
        let figures = self.figures.entry(tenant.clone()).or_default();
        if let Some(old) = figures.promotions.remove(behaviour) {
            self.timers.cancel(old);
        }
        if let Some((at, _)) = due {
            let due = OfTenant::Promotion {
                tenant: tenant.clone(),
                behaviour: behaviour.clone(),
            };
            let key = self.timers.set(at.max(self.now), due.into());
            figures.promotions.insert(behaviour.clone(), key);
        }
    }

    /// When a candidate may be promoted, and which.
    fn promotion_of(&self, tenant: &str, behaviour: &str) -> Option<(Moment, ModuleDigest)> {
        let behaviour = self.tenant(tenant)?.behaviour(behaviour)?;
        let candidate = behaviour.candidate.as_deref()?;
        let after = candidate.guard.promote_after?;
        let begins = candidate.from.unwrap_or_default().max(candidate.since);
        Some((
            Moment::from_millis(begins.saturating_add(after)),
            candidate.digest,
        ))
    }

    /// The candidate has held for as long as it had to, if it was used enough to tell.
    pub(super) fn promotion_due(&mut self, tenant: &Arc<str>, behaviour: &Arc<str>) {
        let Some((at, digest)) = self.promotion_of(tenant, behaviour) else {
            return;
        };
        let Some(guard) = self
            .candidate(tenant, behaviour, digest)
            .map(|candidate| candidate.guard)
        else {
            return;
        };
        let counters = self.counters(tenant, behaviour, digest);
        let again = guard.promote_after.unwrap_or_default().max(1_000);
        if at > self.now || counters.events + counters.shadowed < u64::from(guard.least) {
            let due = OfTenant::Promotion {
                tenant: tenant.clone(),
                behaviour: behaviour.clone(),
            };
            let key = self.timers.set(
                at.max(self.now + std::time::Duration::from_millis(again)),
                due.into(),
            );
            let figures = self.figures.entry(tenant.clone()).or_default();
            figures.promotions.insert(behaviour.clone(), key);
            return;
        }
        let why = format!(
            "it held: {} of {} events failed",
            counters.failures(),
            counters.events
        );
        self.change_version(tenant, behaviour, VersionChange::Promote, why);
    }

    pub(super) fn forget_figures(&mut self, tenant: &str) {
        let figures = self.figures.remove(tenant).unwrap_or_default();
        for timer in figures.promotions.into_values() {
            self.timers.cancel(timer);
        }
    }

    /// Writes a change of configuration, and lets what runs go on under it.
    pub(super) fn put_in_force(&mut self, changes: &[admin::Change], ticket: Option<crate::io::Ticket>) {
        self.outbox.push_back(Output::Persist {
            writes: changes.iter().map(super::administer::record).collect(),
            ticket,
        });
        self.adapt(changes);
    }
}

/// Looking.
impl Exchange {
    /// Every version that is, was or may become active, with the sessions that run on it.
    pub(super) fn list_versions(&self, tenant: &str, behaviour: &str) -> Vec<live::Version> {
        let Some(document) = self.tenant(tenant).and_then(|view| view.behaviour(behaviour)) else {
            return Vec::new();
        };
        let name = document.name.text();
        let mut versions = vec![self.told(
            tenant,
            name,
            document.active,
            &document.manifest.version,
            live::VersionRole::Active,
        )];
        if let Some(candidate) = &document.candidate {
            let version = &candidate.manifest.version;
            let mut told = self.told(
                tenant,
                name,
                candidate.digest,
                version,
                live::VersionRole::Candidate,
            );
            let differences = self
                .figures
                .get(tenant)
                .and_then(|figures| figures.differences.get(name));
            told.differences = differences.cloned().unwrap_or_default();
            versions.push(told);
        }
        for earlier in &document.history {
            if versions.iter().all(|known| known.digest != earlier.digest) {
                versions.push(self.told(
                    tenant,
                    name,
                    earlier.digest,
                    &earlier.version,
                    live::VersionRole::Earlier,
                ));
            }
        }
        for session in self
            .sessions
            .values()
            .filter(|session| *session.tenant == *tenant && session.behaviour == *name)
        {
            if let Some(version) = versions
                .iter_mut()
                .find(|version| version.digest == session.running.digest)
            {
                version.sessions += 1;
                version.pinned += usize::from(session.pinned_against.is_some());
            }
        }
        versions
    }

    fn told(
        &self,
        tenant: &str,
        behaviour: &Arc<str>,
        digest: ModuleDigest,
        version: &str,
        role: live::VersionRole,
    ) -> live::Version {
        live::Version {
            digest,
            version: version.to_owned(),
            role,
            sessions: 0,
            pinned: 0,
            moved: self
                .figures
                .get(tenant)
                .and_then(|figures| figures.moved.get(&(behaviour.clone(), digest)))
                .copied()
                .unwrap_or_default(),
            counters: self.counters(tenant, behaviour, digest),
            differences: Vec::new(),
        }
    }
}
