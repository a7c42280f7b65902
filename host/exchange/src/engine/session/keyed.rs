//! Which session a number has with a behaviour.

use std::sync::Arc;

use contract::SessionId;
use rustc_hash::FxHashMap;

use crate::engine::ByTenant;

/// Sessions per number, by tenant, behaviour and number. None is empty.
#[derive(Debug, Default)]
pub(crate) struct Keyed(ByTenant<FxHashMap<Arc<str>, SessionId>>);

impl Keyed {
    pub(crate) fn get(&self, tenant: &str, behaviour: &str, number: &str) -> Option<SessionId> {
        self.0.get(tenant)?.get(behaviour)?.get(number).copied()
    }

    pub(crate) fn of_tenant(&self, tenant: &str) -> impl Iterator<Item = SessionId> + '_ {
        let behaviours = self.0.get(tenant).into_iter().flatten();
        behaviours.flat_map(|(_, numbers)| numbers.values().copied())
    }

    pub(crate) fn insert(
        &mut self,
        tenant: &Arc<str>,
        behaviour: &Arc<str>,
        number: &Arc<str>,
        session: SessionId,
    ) {
        let behaviours = self.0.entry(tenant.clone()).or_default();
        let numbers = behaviours.entry(behaviour.clone()).or_default();
        numbers.insert(number.clone(), session);
    }

    pub(crate) fn remove(&mut self, tenant: &str, behaviour: &str, number: &str) {
        let Some(behaviours) = self.0.get_mut(tenant) else {
            return;
        };
        if let Some(numbers) = behaviours.get_mut(behaviour) {
            numbers.remove(number);
            if numbers.is_empty() {
                behaviours.remove(behaviour);
            }
        }
        if behaviours.is_empty() {
            self.0.remove(tenant);
        }
    }
}
