//! What a tenant's calls outside cost, against the cap that it has for a day.
//!
//! Each minute that begins counts. A call that is up counts with what it costs so far, so that many at once cannot slip through; calls
//! that are up when the cap is reached go on.

use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use contract::{Cause, LegId, NumberClass};

use super::Exchange;
use crate::directory::Spend;
use crate::ids::{DialId, DialOwner};
use crate::io::{Output, Write};

const DAY: Duration = Duration::from_secs(86_400);

/// What was spent, in thousandths.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Spent {
    since: Moment,
    amount: u64,
}

/// A call outside that was answered.
#[derive(Debug)]
pub(super) struct Metered {
    tenant: Arc<str>,
    per_minute: u32,
    since: Moment,
}

impl Metered {
    fn cost(&self, now: Moment) -> u64 {
        let minutes = now.since(self.since).as_secs() / 60 + 1;
        minutes.saturating_mul(u64::from(self.per_minute))
    }
}

impl Exchange {
    /// Whether one more call outside stays within the cap.
    pub(super) fn may_spend(&mut self, id: DialId, number: &str) -> Result<(), Cause> {
        let dial = self.dials.get(&id).ok_or(Cause::Cancelled)?;
        let (tenant, call) = (dial.tenant.clone(), dial.call);
        let Some(spend) = self.spend_of(&tenant) else {
            return Ok(());
        };
        let price = u64::from(self.price(&tenant, &spend, number));
        let running = self.metered.values().filter(|metered| metered.tenant == tenant);
        let running: u64 = running.map(|metered| metered.cost(self.now)).sum();
        let spent = self.spent_today(&tenant).amount.saturating_add(running);
        if price > 0 && spent.saturating_add(price) > spend.per_day {
            let sentence = format!(
                "calls outside have cost {}.{:03} since yesterday, {}.{:03} is the cap",
                spent / 1_000,
                spent % 1_000,
                spend.per_day / 1_000,
                spend.per_day % 1_000
            );
            self.because(&tenant, call, "spend.per-day", sentence);
            return Err(Cause::Forbidden);
        }
        Ok(())
    }

    fn spend_of(&self, tenant: &str) -> Option<Spend> {
        self.tenant(tenant)?.tenant().spend.clone()
    }

    /// What cannot be classified costs as much as the dearest.
    fn price(&self, tenant: &str, spend: &Spend, number: &str) -> u32 {
        let class = self.view_of(tenant).classify(number);
        match class {
            NumberClass::Emergency | NumberClass::Internal | NumberClass::Feature => 0,
            NumberClass::Invalid => spend.per_minute.values().copied().max().unwrap_or_default(),
            class => spend.per_minute.get(&class).copied().unwrap_or_default(),
        }
    }

    fn spent_today(&mut self, tenant: &Arc<str>) -> Spent {
        let now = self.now;
        let spent = self.spent.entry(tenant.clone()).or_default();
        if now.since(spent.since) >= DAY {
            *spent = Spent {
                since: now,
                amount: 0,
            };
        }
        *spent
    }

    /// A party outside has answered for this dial: notes who pays. A behaviour's number does when it is one of the tenant's
    /// (R42); a line that dials out by itself does, also through a behaviour for its calls out.
    pub(super) fn note_payer(&mut self, id: LegId, owner: Option<DialOwner>) {
        let Some(leg) = self.legs.get(&id).filter(|leg| leg.party.line().is_none()) else {
            return;
        };
        let (tenant, call) = (leg.tenant.clone(), leg.call);
        let session = match owner {
            Some(DialOwner::Session { session, .. }) => self.sessions.get(&session),
            _ => None,
        };
        let number = session.map(|session| session.number.clone()).filter(|number| {
            let view = self.tenant(&tenant);
            view.is_some_and(|view| view.number(number).is_some() || view.find_line(number).is_some())
        });
        if let Some(call) = self.calls.get_mut(&call) {
            call.charged = number.or_else(|| call.caller_line.clone());
        }
    }

    /// A party outside has answered.
    pub(super) fn meter(&mut self, leg: LegId) {
        let Some((tenant, number)) = self.legs.get(&leg).and_then(|leg| {
            leg.party
                .line()
                .is_none()
                .then(|| (leg.tenant.clone(), leg.number.clone()))
        }) else {
            return;
        };
        let Some(spend) = self.spend_of(&tenant) else {
            return;
        };
        let per_minute = self.price(&tenant, &spend, &number);
        if per_minute > 0 {
            let since = self.now;
            self.metered.insert(
                leg,
                Metered {
                    tenant,
                    per_minute,
                    since,
                },
            );
        }
    }

    /// It is over: what it cost is written down.
    pub(super) fn charge(&mut self, leg: LegId) {
        let Some(metered) = self.metered.remove(&leg) else {
            return;
        };
        let cost = metered.cost(self.now);
        self.spent_today(&metered.tenant);
        let Some(spent) = self.spent.get_mut(&metered.tenant) else {
            return;
        };
        spent.amount = spent.amount.saturating_add(cost);
        if let Ok(value) = postcard::to_stdvec(spent) {
            let key = format!("spent/{}/day", metered.tenant);
            self.outbox.push_back(Output::Persist {
                writes: vec![Write::put(key, value)],
                ticket: None,
            });
        }
    }

    pub(super) fn restore_spent(&mut self, tenant: Arc<str>, spent: Spent) {
        self.spent.insert(tenant, spent);
    }

    /// Nothing of a tenant that is gone stays.
    pub(super) fn forget_spent(&mut self, tenant: &str) {
        self.metered.retain(|_, metered| &*metered.tenant != tenant);
        if self.spent.remove(tenant).is_some() {
            self.outbox.push_back(Output::Persist {
                writes: vec![Write::remove(format!("spent/{tenant}/day"))],
                ticket: None,
            });
        }
    }
}
