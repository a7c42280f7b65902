//! Who decides about a leg.
//!
//! A caller's leg is held through its custodies, the innermost first; a callee's by the sessions whose dials it answered, and by those in
//! front of them. A session may hold a leg without having anything left to do with it.

use contract::{LegId, SessionId};
use smallvec::SmallVec;

use super::Exchange;
use super::leg::Leg;
use crate::ids::{CustodyId, Holder};

impl Exchange {
    pub(super) fn holders_of(&self, leg: LegId) -> SmallVec<[SessionId; 2]> {
        let Some(leg) = self.legs.get(&leg) else {
            return SmallVec::new();
        };
        let through_custody = leg
            .custodies
            .iter()
            .filter_map(|id| match self.custodies.get(id)?.holder {
                Holder::Session(session) => Some(session),
                Holder::Host => None,
            });
        through_custody.chain(leg.holders.iter().copied()).collect()
    }

    /// Whether a behaviour decides what happens to a leg.
    pub(super) fn is_decided_about(&self, leg: LegId) -> bool {
        !self.holders_of(leg).is_empty()
    }

    /// The session that decides about a leg at the moment: the innermost of the chain.
    pub(super) fn innermost(&self, leg: LegId) -> Option<SessionId> {
        let leg = self.legs.get(&leg)?;
        let custody = leg.custodies.last().and_then(|id| self.custodies.get(id));
        match custody.map(|custody| custody.holder) {
            Some(Holder::Session(session)) => Some(session),
            Some(Holder::Host) => None,
            None => leg.holders.first().copied(),
        }
    }

    /// The innermost custody of a leg that has something left to do: what the leg hears is up to its holder.
    pub(super) fn decider(&self, leg: &Leg) -> Option<CustodyId> {
        let mut inside_out = leg.custodies.iter().rev().copied();
        inside_out.find(|id| !self.is_at_rest(*id))
    }

    /// A custody of the exchange's own with nothing left to do, such as that of a transfer which was answered.
    pub(super) fn is_at_rest(&self, id: CustodyId) -> bool {
        self.custodies
            .get(&id)
            .is_some_and(|custody| custody.holder == Holder::Host && custody.dial.is_none())
    }

    /// The custody through which a session holds a caller's leg.
    pub(super) fn custody_of(&self, session: SessionId, leg: LegId) -> Option<CustodyId> {
        let leg = self.legs.get(&leg)?;
        leg.custodies.iter().rev().copied().find(|id| {
            self.custodies
                .get(id)
                .is_some_and(|c| c.holder == Holder::Session(session))
        })
    }

    /// Whether no parallel branch holds the leg too: every dial on the way to the root has this one
    /// target left.
    pub(super) fn is_sole(&self, id: CustodyId) -> bool {
        let mut at = id;
        while let Some(custody) = self.custodies.get(&at) {
            let Some((dial, _)) = custody.parent else {
                return true;
            };
            let Some(dial) = self.dials.get(&dial) else {
                return true;
            };
            if custody.won {
                return true;
            }
            if dial.live_targets() > 1 {
                return false;
            }
            match dial.custody {
                Some(parent) => at = parent,
                None => return true,
            }
        }
        false
    }

    /// The sessions that hold a leg through this custody and those in front of it.
    pub(super) fn chain(&self, custody: CustodyId) -> SmallVec<[SessionId; 1]> {
        let mut sessions = SmallVec::new();
        let mut at = Some(custody);
        while let Some(custody) = at.and_then(|id| self.custodies.get(&id)) {
            if let Holder::Session(session) = custody.holder {
                sessions.push(session);
            }
            at = custody
                .parent
                .and_then(|(dial, _)| self.dials.get(&dial))
                .and_then(|dial| dial.custody);
        }
        sessions
    }

    pub(super) fn hold_callee(&mut self, leg_id: LegId, holders: SmallVec<[SessionId; 1]>) {
        for session in &holders {
            if let Some(session) = self.sessions.get_mut(session) {
                session.callees.push(leg_id);
            }
        }
        if let Some(leg) = self.legs.get_mut(&leg_id) {
            leg.holders = holders;
        }
    }
}
