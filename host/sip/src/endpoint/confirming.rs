//! Our 2xx to an INVITE, repeated until its ACK comes (RFC 3261 §13.3.1.4).

use base::Moment;
use bytes::Bytes;

use super::screen::body_of;
use super::usage::{Due, Repeat, Unacked, Usage};
use super::{Body, Ending, Endpoint, Event, Renegotiated};
use crate::Request;
use crate::transaction::TransactionId;

impl Endpoint {
    /// §13.3.1.4: a 2xx is repeated, over any transport, until its ACK comes.
    pub(super) fn wait_for_ack(
        &self,
        now: Moment,
        usage: &mut Usage,
        server: TransactionId,
        request: &Request,
        bytes: &Bytes,
        first: bool,
    ) {
        let Some(server) = self.servers.get(server) else {
            return;
        };
        let Ok(cseq) = request.headers.cseq() else { return };
        usage.unacked = Some(Box::new(Unacked {
            cseq: cseq.number,
            first,
            has_offer: request.body.is_empty(),
            early_answer: None,
            repeat: Repeat::new(now, bytes.clone(), self.way_back(server), self.config.timers),
        }));
    }

    /// An ACK that belongs to no failure (§13.3.1.4): for one of our 2xx, or for nothing.
    pub(super) fn on_success_ack(&mut self, now: Moment, ack: &Request) {
        let tag = ack.headers.to_tag().unwrap_or_default();
        let Some(id) = self.usage_of(ack, tag) else { return };
        let Ok(cseq) = ack.headers.cseq() else { return };
        self.with_usage(id, |endpoint, usage| {
            let Some(unacked) = usage.unacked.take_if(|unacked| unacked.cseq == cseq.number) else {
                return;
            };
            endpoint.on_confirmed(now, usage, &unacked, body_of(&ack.headers, &ack.body));
        });
    }

    /// The peer has our 2xx, as an ACK or a newer request of its shows.
    pub(super) fn on_confirmed(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        unacked: &Unacked,
        body: Option<Body>,
    ) {
        let id = usage.id;
        let body = body.or_else(|| unacked.early_answer.clone());
        if let Some(body) = &body {
            usage.remote_body = Some(Bytes::copy_from_slice(&body.bytes));
        }
        if unacked.first {
            self.tell_usage(usage, Event::Confirmed { usage: id, body });
        } else if unacked.has_offer {
            let result = Ok(Renegotiated { response: None, body });
            self.tell_usage(usage, Event::Renegotiated { usage: id, result });
        }
        if let Some(headers) = usage.leaving.take() {
            self.send_bye(now, usage, &headers);
            usage.over = true;
        }
    }

    /// The 2xx again, or the end of waiting for its ACK.
    pub(super) fn timeout_unacked(&mut self, now: Moment, usage: &mut Usage) {
        let Some(unacked) = &mut usage.unacked else { return };
        match unacked.repeat.poll(now, self.config.timers.t2) {
            Due::Nothing => {}
            Due::Send => {
                let (path, bytes) = (unacked.repeat.path, unacked.repeat.bytes.clone());
                self.send(path, bytes);
            }
            Due::GiveUp => {
                usage.unacked = None;
                let headers = usage.leaving.take().unwrap_or_default();
                self.send_bye(now, usage, &headers);
                self.finish(now, usage, Ending::NotConfirmed);
            }
        }
    }
}
