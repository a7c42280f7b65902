//! Parties who have not heard yet that their call is over are told by the next process, too.
//!
//! Most hear it at once. What a party has not acknowledged after a moment is stored for as long as it is repeated;
//! a process that dies earlier leaves it unsaid, as it leaves a call unsaid that has hardly begun.

use std::sync::Arc;
use std::time::Duration;

use contract::LegId;
use sip::endpoint::{Farewell, UsageId};

use crate::engine::{Exchange, OfTenant};
use crate::io::{Output, Write};

/// A party that has not answered our BYE by then may not have heard it.
const STORED_AFTER: Duration = Duration::from_millis(100);
/// How long a BYE is repeated (RFC 3261 §17.1.2.2: 64·T1), and a bit.
const SAID_FOR: Duration = Duration::from_secs(33);

impl Exchange {
    /// The leg has been hung up, and is gone in a moment.
    pub(in crate::engine) fn await_farewell(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(&id) else {
            return;
        };
        if self.calls.get(&leg.call).is_some_and(|call| call.kept) {
            let (tenant, usage) = (leg.tenant.clone(), leg.usage);
            let due = OfTenant::Farewell {
                tenant,
                leg: id,
                usage,
            };
            self.timers.set(self.now + STORED_AFTER, due.into());
        }
    }

    pub(in crate::engine) fn keep_farewell(&mut self, tenant: Arc<str>, leg: LegId, usage: UsageId) {
        let farewell = self.sip.farewell(usage);
        let Some(value) = farewell.and_then(|farewell| postcard::to_allocvec(&farewell).ok()) else {
            return;
        };
        self.persist(Write::put(key(&tenant, leg), value));
        self.timers
            .set(self.now + SAID_FOR, OfTenant::FarewellOver { tenant, leg }.into());
    }

    pub(in crate::engine) fn forget_farewell(&mut self, tenant: &str, leg: LegId) {
        self.persist(Write::remove(key(tenant, leg)));
    }

    /// An earlier process could not say it, as far as is known.
    pub(in crate::engine) fn say_again(&mut self, tenant: Arc<str>, leg: LegId, farewell: Farewell) {
        self.sip.take_leave(self.now, farewell);
        self.timers
            .set(self.now + SAID_FOR, OfTenant::FarewellOver { tenant, leg }.into());
    }

    fn persist(&mut self, write: Write) {
        self.outbox.push_back(Output::Persist {
            writes: vec![write],
            ticket: None,
        });
    }
}

fn key(tenant: &str, leg: LegId) -> String {
    format!("farewell/{tenant}/{}", leg.0)
}
