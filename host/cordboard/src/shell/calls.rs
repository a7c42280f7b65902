//! The calls that are up, followed from the exchange's reports for those who only look.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use api::exchange::{Call, Leg, LegState};
use exchange::{Direction, Fact, Report};

/// Clones share everything.
#[derive(Clone, Default)]
pub struct Calls(Arc<RwLock<BTreeMap<u64, Entry>>>);

struct Entry {
    tenant: String,
    call: Call,
}

impl Calls {
    /// Calls of a tenant, oldest first, behind `after`.
    pub fn list(&self, tenant: &str, after: Option<u64>, limit: usize) -> Vec<Call> {
        let start = after.map_or(0, |after| after.saturating_add(1));
        self.read()
            .range(start..)
            .filter(|(_, entry)| entry.tenant == tenant)
            .take(limit)
            .map(|(_, entry)| entry.call.clone())
            .collect()
    }

    pub fn get(&self, tenant: &str, call: u64) -> Option<Call> {
        self.read()
            .get(&call)
            .filter(|entry| entry.tenant == tenant)
            .map(|entry| entry.call.clone())
    }

    /// Follows one report.
    pub fn follow(&self, report: &Report) {
        let Some(id) = report.call.map(|call| call.0) else {
            return;
        };
        // Most reports change nothing here: do not take the lock for them.
        if !matters(&report.fact) {
            return;
        }
        let mut calls = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Fact::CallEnded(_) = report.fact {
            calls.remove(&id);
            return;
        }
        if let Fact::CallStarted {
            caller,
            called,
            direction,
        } = &report.fact
        {
            let call = Call {
                id,
                started_ms: report.at.as_millis(),
                answered_ms: None,
                direction: direction_name(*direction).to_owned(),
                caller: caller.reveal().clone(),
                called: called.reveal().clone(),
                legs: Vec::new(),
                behaviours: Vec::new(),
            };
            let tenant = report.tenant.as_deref().unwrap_or_default().to_owned();
            calls.insert(id, Entry { tenant, call });
            return;
        }
        if let Some(entry) = calls.get_mut(&id) {
            change(&mut entry.call, report);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<u64, Entry>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn matters(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::CallStarted { .. }
            | Fact::CallEnded(_)
            | Fact::LegStarted { .. }
            | Fact::LegRinging
            | Fact::LegAnswered
            | Fact::Held(_)
            | Fact::LegEnded(_)
            | Fact::Bridged { .. }
            | Fact::Offered { .. }
            | Fact::GivenBack(_)
    )
}

fn change(call: &mut Call, report: &Report) {
    let leg = report.leg.map(|leg| leg.0);
    let mut set = |state: LegState| {
        if let Some(leg) = call.legs.iter_mut().find(|known| Some(known.id) == leg) {
            leg.state = state;
        }
    };
    match &report.fact {
        Fact::LegStarted {
            line,
            device,
            trunk,
            number,
            ..
        } => {
            let name = |name: &Option<Arc<str>>| name.as_deref().map(str::to_owned);
            call.legs.push(Leg {
                id: leg.unwrap_or_default(),
                state: LegState::Trying,
                number: number.reveal().clone(),
                line: name(line),
                device: name(device),
                trunk: name(trunk),
            });
        }
        Fact::LegRinging => set(LegState::Ringing),
        Fact::LegAnswered => set(LegState::Answered),
        Fact::Held(held) => set(if *held { LegState::Held } else { LegState::Answered }),
        Fact::LegEnded(_) => call.legs.retain(|known| Some(known.id) != leg),
        Fact::Bridged { .. } => call.answered_ms = call.answered_ms.or(Some(report.at.as_millis())),
        Fact::Offered { behaviour, .. } => call.behaviours.push(behaviour.to_string()),
        Fact::GivenBack(_) => drop(call.behaviours.pop()),
        _ => {}
    }
}

fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::FromInside => "from-inside",
        Direction::FromOutside => "from-outside",
        Direction::Originated => "originated",
    }
}
