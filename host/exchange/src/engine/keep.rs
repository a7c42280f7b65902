//! What is stored of calls and sessions, so that they survive the process.
//!
//! Changes of one input are noted and written together once it is done.

use contract::{LegId, SessionId};

use super::Exchange;
use super::leg::Leg;
use super::session::Session;

impl Exchange {
    pub(super) fn keep_session(&mut self, _id: SessionId) {}

    pub(super) fn forget_session(&mut self, id: SessionId, session: &Session) {
        let (tenant, settings) = (session.tenant.clone(), session.settings.clone());
        self.unwatch_lines(id, &tenant, &settings);
    }

    pub(super) fn keep_leg(&mut self, _id: LegId) {}

    pub(super) fn forget_leg_record(&mut self, _leg: &Leg) {}
}
