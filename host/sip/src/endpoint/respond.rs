//! Requests of peers that the endpoint's user answers.

use std::sync::Arc;

use base::Moment;

use super::servers::ServerOwner;
use super::uas::checked;
use super::{CommandError, Done, Endpoint, Event, ExtraHeaders, Path, Reply, RequestId, UsageId};
use crate::transaction::TransactionId;
use crate::{Method, Name, Request};

/// A peer's request that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub server: TransactionId,
    pub usage: Option<UsageId>,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Reinvite,
    Update,
    InDialog,
    Outside,
}

impl Endpoint {
    /// Answers [`Event::Reinvited`], [`Event::InDialog`] or [`Event::Request`] with 200 to 699.
    ///
    /// # Errors
    ///
    /// [`CommandError::UnknownRequest`] when it was answered already, or its transaction is over.
    pub fn respond(&mut self, now: Moment, request: RequestId, reply: impl Into<Reply>) -> Done {
        let reply = checked(reply.into(), 200..=699)?;
        let pending = self
            .requests
            .remove(&request)
            .ok_or(CommandError::UnknownRequest)?;
        match (pending.kind, pending.usage) {
            (Kind::Outside, _) | (_, None) => self.answer_outside(now, pending.server, &reply),
            (Kind::InDialog, Some(usage)) => {
                let answered = self.with_usage(usage, |endpoint, usage| {
                    usage.pending.retain(|known| *known != request);
                    let tag = usage.identity.local_tag.to_string();
                    let contact = contact_for(&reply, &usage.identity.contact);
                    endpoint.answer_tagged(now, pending.server, &reply, &tag, &contact);
                });
                answered.ok_or(CommandError::UnknownRequest)
            }
            (Kind::Reinvite | Kind::Update, Some(usage)) => self
                .with_usage(usage, |endpoint, usage| {
                    endpoint.answer_change(now, usage, pending, reply)
                })
                .unwrap_or(Err(CommandError::UnknownRequest)),
        }
    }

    fn answer_outside(&mut self, now: Moment, server: TransactionId, reply: &Reply) -> Done {
        let found = self.servers.get(server).and_then(|found| found.request.clone());
        let request = found.ok_or(CommandError::UnknownRequest)?;
        let mut ours = ExtraHeaders::new();
        if request.method == Method::Options {
            // §11.2.
            ours.push("Allow", &self.words.allow);
            ours.push("Accept", &self.words.accept);
            ours.push("Supported", &self.words.supported);
            if !self.config.packages.is_empty() {
                ours.push("Allow-Events", self.config.packages.join(", "));
            }
        }
        let tag = request.headers.to_tag().map(str::to_owned);
        match tag {
            Some(tag) => self.answer_tagged(now, server, reply, &tag, &ours),
            None => {
                let tag = self.random.token(16);
                self.answer_tagged(now, server, reply, &tag, &ours);
            }
        }
        Ok(())
    }

    /// Hands a request outside of dialogs up.
    pub(super) fn ask_user(&mut self, server: TransactionId, request: Arc<Request>, path: Path) {
        let request_id = self.new_request(Pending {
            server,
            usage: None,
            kind: Kind::Outside,
        });
        if let Some(server) = self.servers.get_mut(server) {
            server.owner = ServerOwner::Request(request_id);
        }
        self.tell(Event::Request {
            request_id,
            request,
            path,
        });
    }

    /// Nobody waits for this answer any more.
    pub(super) fn withdraw(&mut self, request: RequestId) {
        let Some(pending) = self.requests.remove(&request) else {
            return;
        };
        if let Some(usage) = pending.usage.and_then(|usage| self.usages.get_mut(&usage)) {
            Self::withdraw_theirs(usage, request);
        }
    }
}

/// Our Contact, unless the reply has one.
fn contact_for(reply: &Reply, contact: &str) -> ExtraHeaders {
    let has_one = reply
        .headers
        .iter()
        .any(|(name, _)| Name::of(name) == Name::Contact);
    if has_one {
        ExtraHeaders::new()
    } else {
        ExtraHeaders::new().with("Contact", contact)
    }
}
