//! What is waited for, and what happens when its time has come.

use std::sync::Arc;

use contract::{AskId, LegId, SessionId, Tag};
use sip::endpoint::UsageId;

use super::Exchange;
use crate::ids::{CallId, DialId};

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    StageOver(DialId),
    NoDecision(AskId),
    SessionTimer(SessionId, Tag),
    /// Nobody has answered a page.
    PageOver(Arc<str>),
    /// What a session watches for has not come about.
    WatchOver(SessionId, Tag),
    /// A schedule of a session's manifest, by its place there.
    Schedule(SessionId, usize),
    /// Recordings that are not there now never will be.
    SoundsAgain,
    /// The call is stored from now on.
    Lasting(CallId),
    /// It may be alone in a conference still.
    Lonely(LegId),
    /// The digit that a `gather` waits for.
    DigitOver(LegId),
    /// Our port can perhaps be offered now.
    Anchor(LegId),
    /// The party's offer, which its partner asked for, has perhaps no answer yet.
    Unanswered(LegId),
    OfTenant(Box<OfTenant>),
}

/// The same, of what is known by its tenant and a name. Rare, and larger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OfTenant {
    /// The leg has been hung up: what its party still has to be told is stored, should it not have heard it by now.
    Farewell {
        tenant: Arc<str>,
        leg: LegId,
        usage: UsageId,
    },
    /// Its party knows, or will never hear it.
    FarewellOver { tenant: Arc<str>, leg: LegId },
    /// A binding of this device expires.
    Registration { tenant: Arc<str>, device: Arc<str> },
    /// A candidate has held for so long that it may become the active version.
    Promotion { tenant: Arc<str>, behaviour: Arc<str> },
    /// Sessions on earlier versions move or end.
    Drain { tenant: Arc<str>, behaviour: Arc<str> },
    /// It is time to ask another exchange how a line is, or to ask no more.
    Elsewhere { tenant: Arc<str>, line: Arc<str> },
    /// The registration with a trunk is to be made, or made anew.
    Trunk { tenant: Arc<str>, trunk: Arc<str> },
}

impl From<OfTenant> for Due {
    fn from(due: OfTenant) -> Self {
        Self::OfTenant(Box::new(due))
    }
}

impl Exchange {
    pub(super) fn timeout(&mut self) {
        self.sip.timeout(self.now);
        // A timer may make another one due at once; those wait for the next turn, so that this ends.
        let now = self.now;
        for _ in 0..self.timers.len() {
            let Some(due) = self.timers.pop(now) else {
                break;
            };
            self.fire(due);
            self.settle_all();
        }
    }

    fn fire(&mut self, due: Due) {
        match due {
            Due::StageOver(dial) => self.stage_over(dial),
            Due::NoDecision(ask) => self.no_decision(ask),
            Due::SessionTimer(session, tag) => self.session_timer(session, tag),
            Due::PageOver(token) => self.page_over(&token),
            Due::WatchOver(session, tag) => self.watch_over(session, tag),
            Due::Schedule(session, schedule) => self.schedule_due(session, schedule),
            Due::SoundsAgain => self.play_again(true),
            Due::Lasting(call) => self.call_lasts(call),
            Due::Lonely(leg) => self.look_after_alone(leg),
            Due::DigitOver(leg) => self.digit_over(leg),
            Due::Anchor(leg) => self.offer_port(leg),
            Due::Unanswered(leg) => self.look_after_unanswered(leg),
            Due::OfTenant(due) => self.fire_of_tenant(*due),
        }
    }

    fn fire_of_tenant(&mut self, due: OfTenant) {
        match due {
            OfTenant::Farewell { tenant, leg, usage } => self.keep_farewell(tenant, leg, usage),
            OfTenant::FarewellOver { tenant, leg } => self.forget_farewell(&tenant, leg),
            OfTenant::Registration { tenant, device } => self.registration_expires(&tenant, &device),
            OfTenant::Promotion { tenant, behaviour } => self.promotion_due(&tenant, &behaviour),
            OfTenant::Drain { tenant, behaviour } => self.drain_due(&tenant, &behaviour),
            OfTenant::Elsewhere { tenant, line } => self.elsewhere_due(&tenant, &line),
            OfTenant::Trunk { tenant, trunk } => self.register_trunk(&tenant, &trunk),
        }
    }
}
