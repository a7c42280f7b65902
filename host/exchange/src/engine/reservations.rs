//! Lines that a session keeps for its own dials, so that no two groups ring the same person (`wit/reservations.wit`).
//!
//! A reservation keeps away those who wanted one too, and nobody else: whoever calls the line itself rings it as ever.
//! Leases end by themselves, looked at when somebody asks; they are not stored, because what rings when the process
//! dies is seen in the line's calls by the next one.

use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use contract::SessionId;
use smallvec::SmallVec;

use super::Exchange;

/// Sessions remembered to have asked in vain.
const MAX_REFUSED: usize = 64;

/// Who has a line, and who wanted it meanwhile.
#[derive(Debug)]
pub(crate) struct Reservation {
    holder: SessionId,
    until: Moment,
    refused: SmallVec<[SessionId; 2]>,
}

impl Exchange {
    pub(super) fn reserve(&mut self, id: SessionId, lines: &[String], lease: Duration) {
        let Some(tenant) = self.sessions.get(&id).map(|session| session.tenant.clone()) else {
            return;
        };
        let now = self.now;
        for line in lines {
            let Some((line, _)) = self.devices_of(&tenant, line) else {
                continue;
            };
            let taken = self.holder_of(&tenant, &line).is_some_and(|holder| holder != id);
            let reserved = &mut self.activity(&tenant, &line).reserved;
            match reserved {
                Some(reservation) if taken => {
                    if reservation.refused.len() < MAX_REFUSED && !reservation.refused.contains(&id) {
                        reservation.refused.push(id);
                    }
                }
                Some(reservation) if reservation.holder == id => reservation.until = now + lease,
                Some(_) | None => {
                    *reserved = Some(Box::new(Reservation {
                        holder: id,
                        until: now + lease,
                        refused: SmallVec::new(),
                    }));
                }
            }
        }
    }

    pub(super) fn release(&mut self, id: SessionId, lines: &[String]) {
        let Some(tenant) = self.sessions.get(&id).map(|session| session.tenant.clone()) else {
            return;
        };
        for line in lines {
            let Some((line, _)) = self.devices_of(&tenant, line) else {
                continue;
            };
            let reserved = &mut self.activity(&tenant, &line).reserved;
            if reserved
                .as_ref()
                .is_some_and(|reservation| reservation.holder == id)
            {
                *reserved = None;
            }
        }
    }

    /// The session that has the line now. A lease ends with its session.
    fn holder_of(&self, tenant: &str, line: &str) -> Option<SessionId> {
        let reservation = self.lines.get(tenant)?.get(line)?.reserved.as_ref()?;
        let lives = reservation.until > self.now && self.sessions.contains_key(&reservation.holder);
        lives.then_some(reservation.holder)
    }

    /// The behaviour and number of whoever keeps this session from ringing the line: it asked for the line in vain.
    pub(super) fn keeps_away(&self, id: SessionId, tenant: &Arc<str>, line: &Arc<str>) -> Option<String> {
        let holder = self.holder_of(tenant, line).filter(|holder| *holder != id)?;
        let reservation = self.lines.get(tenant)?.get(line)?.reserved.as_ref()?;
        if !reservation.refused.contains(&id) {
            return None;
        }
        let holder = self.sessions.get(&holder)?;
        Some(format!("{} of {}", holder.behaviour, holder.number))
    }
}
