//! Recurring wake-ups of sessions per number, as their manifest asks for.

use contract::{Event, SessionId};

use crate::calendars::Recurrence;
use crate::engine::{Due, Exchange};

/// Schedules of one behaviour that are kept.
const MAX_SCHEDULES: usize = 16;

impl Exchange {
    pub(in crate::engine) fn set_schedules(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let count = self.schedules_of(&session.tenant, &session.behaviour);
        if session.call.is_none() {
            for schedule in 0..count.min(MAX_SCHEDULES) {
                self.set_schedule(id, schedule);
            }
        }
    }

    fn schedules_of(&self, tenant: &str, behaviour: &str) -> usize {
        let behaviour = self.tenant(tenant).and_then(|view| view.behaviour(behaviour));
        behaviour.map_or(0, |behaviour| behaviour.manifest.schedules.len())
    }

    /// The next time that a schedule is due, in the tenant's time zone.
    fn set_schedule(&mut self, id: SessionId, schedule: usize) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let next = self.tenant(&session.tenant).and_then(|view| {
            let schedule = view
                .behaviour(&session.behaviour)?
                .manifest
                .schedules
                .get(schedule)?;
            let recurrence: Recurrence = schedule.cron.parse().ok()?;
            recurrence.next_after(self.now, view.zone())
        });
        if let Some(at) = next {
            let key = self.timers.set(at, Due::Schedule(id, schedule));
            if let Some(session) = self.sessions.get_mut(&id) {
                session.schedules.push(key);
            }
        }
    }

    pub(in crate::engine) fn schedule_due(&mut self, id: SessionId, schedule: usize) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.schedules.retain(|key| key.at() > now);
        let (tenant, behaviour) = (session.tenant.clone(), session.behaviour.clone());
        let name = self
            .tenant(&tenant)
            .and_then(|view| view.behaviour(&behaviour))
            .and_then(|behaviour| behaviour.manifest.schedules.get(schedule))
            .map(|schedule| schedule.name.clone());
        if let Some(name) = name {
            self.deliver(id, Event::Schedule(name));
            self.set_schedule(id, schedule);
        }
    }
}
