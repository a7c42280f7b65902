//! What sessions tell of how they are doing (`wit/figures.wit`): the last of each, for people who ask, and a fact for
//! those who listen. Not stored: a session that goes on publishes again.

use std::sync::Arc;

use base::Moment;
use contract::SessionId;

use super::Exchange;
use crate::live;
use crate::report::Fact;

/// What a session published last.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub at: Moment,
    pub json: Arc<str>,
}

impl Exchange {
    pub(super) fn publish(&mut self, id: SessionId, json: String) {
        let json: Arc<str> = json.into();
        let at = self.now;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.published = Some(Box::new(Published {
            at,
            json: json.clone(),
        }));
        let (tenant, behaviour, number) = (
            session.tenant.clone(),
            session.behaviour.clone(),
            session.number.to_string(),
        );
        self.lamps_changed(&tenant, &behaviour, &number);
        let fact = Fact::Figures {
            behaviour,
            number: number.into(),
            json,
        };
        self.report_for(&tenant, None, None, Some(id), fact);
    }

    /// What a tenant's sessions published last, by behaviour and number.
    pub(super) fn list_figures(&self, tenant: &str) -> Vec<live::Figures> {
        let of_tenant = self
            .sessions
            .values()
            .filter(|session| &*session.tenant == tenant);
        let mut all: Vec<_> = of_tenant
            .filter_map(|session| {
                let published = session.published.as_ref()?;
                Some(live::Figures {
                    behaviour: session.behaviour.clone(),
                    number: session.number.clone(),
                    at: published.at,
                    json: published.json.clone(),
                })
            })
            .collect();
        all.sort_by(|a, b| (&a.behaviour, &a.number).cmp(&(&b.behaviour, &b.number)));
        all
    }
}
