//! A 2xx to an INVITE that a process before this one sent in a call (RFC 3261 §13.2.2.4, §14.1).
//!
//! The process died between its re-INVITE and the ACK. There is no transaction, and the peer repeats its 2xx and goes by a
//! description that nobody here knows of. It gets its ACK, or it would end the call after 64·T1 (§13.3.1.4); and the
//! user is told, who makes the session what it is taken for with an offer of its own.

use super::usage::{Phase, Usage};
use super::{Endpoint, Event, ExtraHeaders, compose};
use crate::{Method, Response};

impl Endpoint {
    /// A response that belongs to no transaction.
    pub(super) fn on_unknown(&mut self, response: &Response) {
        let headers = &response.headers;
        let (Ok(cseq), Ok(call_id), Ok(from), Ok(to)) =
            (headers.cseq(), headers.call_id(), headers.from(), headers.to())
        else {
            return;
        };
        if !response.status.is_success() || cseq.method != "INVITE" {
            return;
        }
        let (Some(local_tag), Some(remote_tag)) = (from.tag(), to.tag()) else {
            return;
        };
        if let Some(id) = self.find_dialog(call_id, local_tag, remote_tag) {
            self.with_usage(id, |endpoint, usage| endpoint.unsettle(usage, cseq.number));
        }
    }

    fn unsettle(&mut self, usage: &mut Usage, cseq: u32) {
        if !matches!(usage.phase, Phase::Confirmed) || cseq > usage.cseq {
            return;
        }
        let Some(dialog) = usage.confirmed() else {
            return;
        };
        let path = dialog.path;
        let (_, via) = self.via(&path, &dialog.target);
        let builder = compose::in_dialog(&usage.identity, dialog, &Method::Ack, cseq, &via);
        let ack = compose::finish_request(builder, &ExtraHeaders::new(), None);
        self.send(path, ack);
        // A change of ours that is under way settles it.
        if usage.ours.is_none() {
            let id = usage.id;
            self.tell_usage(usage, Event::Unsettled { usage: id });
        }
    }
}
