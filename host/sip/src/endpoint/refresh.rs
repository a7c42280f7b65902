//! Keeping the session timer's promise (RFC 4028 §7.4, §10).

use std::time::Duration;

use base::Moment;

use super::usage::{Change, ChangeKind, Phase, Usage};
use super::{Ending, Endpoint, ExtraHeaders, Fork};

impl Endpoint {
    /// Session timer: UPDATE where the peer allows it, else a re-INVITE with what we sent last (RFC 4028 §7.4).
    pub(super) fn refresh_session(&mut self, now: Moment, usage: &mut Usage) {
        if usage.ours.is_some()
            || usage.theirs.is_some()
            || usage.unacked.is_some()
            || usage.ack_due.is_some()
        {
            // Whatever is under way refreshes as well, or fails and ends the call.
            usage.session.refresh_at = Some(now + Duration::from_secs(5));
            return;
        }
        usage.session.refresh_at = None;
        let (kind, offer) = if usage.peer_updates {
            (ChangeKind::Update, None)
        } else {
            (ChangeKind::Reinvite, usage.local_body.clone())
        };
        let mut change = Change::new(kind, Fork(0), offer, ExtraHeaders::new());
        change.refresh = true;
        self.send_change(now, usage, change);
    }

    /// RFC 4028 §10: refresh in time, or end a call that was not refreshed. An UPDATE may have brought a timer before the
    /// call is answered: then nothing comes of it, for a callee says no BYE in an early dialog (RFC 3261 §15), and the answer
    /// brings a timer of its own.
    pub(super) fn timeout_session(&mut self, now: Moment, usage: &mut Usage) {
        if !matches!(usage.phase, Phase::Confirmed) {
            usage.session.stop();
        } else if usage.session.expire_at.is_some_and(|at| at <= now) {
            self.send_bye(
                now,
                usage,
                &ExtraHeaders::new().with("Reason", "SIP;cause=408;text=\"Session expired\""),
            );
            self.finish(now, usage, Ending::SessionExpired);
        } else if usage.session.refresh_at.is_some_and(|at| at <= now) {
            self.refresh_session(now, usage);
        }
    }
}
