//! Facts on their way out, each with what it is about.

use std::sync::Arc;

use contract::{LegId, SessionId};

use crate::engine::Exchange;
use crate::ids::CallId;
use crate::io::Output;
use crate::report::{Fact, Report};

impl Exchange {
    pub(in crate::engine) fn report(&mut self, fact: Fact) {
        self.outbox.push_back(Output::Report(Box::new(Report {
            at: self.now,
            tenant: None,
            call: None,
            leg: None,
            session: None,
            fact,
        })));
    }

    pub(in crate::engine) fn report_for(
        &mut self,
        tenant: &Arc<str>,
        call: Option<CallId>,
        leg: Option<LegId>,
        session: Option<SessionId>,
        fact: Fact,
    ) {
        self.outbox.push_back(Output::Report(Box::new(Report {
            at: self.now,
            tenant: Some(tenant.clone()),
            call,
            leg,
            session,
            fact,
        })));
    }

    pub(in crate::engine) fn report_leg(&mut self, leg: LegId, fact: Fact) {
        if let Some((tenant, call)) = self.legs.get(&leg).map(|leg| (leg.tenant.clone(), leg.call)) {
            self.report_for(&tenant, Some(call), Some(leg), None, fact);
        }
    }

    /// A fact about a session belongs to its call, or to that of the leg that it holds alone.
    pub(in crate::engine) fn report_session(&mut self, id: SessionId, fact: Fact) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let tenant = session.tenant.clone();
        let call = session.call.or_else(|| match session.custodies.as_slice() {
            [only] => self.custodies.get(only).map(|custody| custody.call),
            _ => None,
        });
        self.report_for(&tenant, call, None, Some(id), fact);
    }

    pub(in crate::engine) fn because(
        &mut self,
        tenant: &Arc<str>,
        call: CallId,
        rule: &'static str,
        sentence: String,
    ) {
        self.report_for(
            tenant,
            Some(call),
            None,
            None,
            Fact::Because {
                rule: rule.into(),
                sentence,
            },
        );
    }
}
