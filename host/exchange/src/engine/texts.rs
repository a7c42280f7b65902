//! Texts between lines of one tenant, and between those who talk: MESSAGE (RFC 3428).
//!
//! ```text
//!  MESSAGE ─▶ who sends it (401, 403) ─▶ which line (404) ─▶ a copy to each of its contacts (480 without any)
//!                                   first 2xx ─▶ 200        all refused ─▶ the first refusal
//! ```
//!
//! Inside of a call a text goes to whom the sender talks with, a telephone or a trunk, and to nobody else (480).
//!
//! Nothing is stored: a line that is not registered gets no text, and its sender is told so. Texts do not go to
//! behaviours, but for answers to what they show ([`screens`](super::screens)), and outside of calls not to trunks.

use std::sync::Arc;

use contract::LegId;
use rustc_hash::FxHashMap;
use sip::endpoint::{Body, ExtraHeaders, Failure, Large, OutOfDialog, Party, Path, Reply, RequestId};
use sip::uri::Uri;
use sip::{Name, Request, Response};

use super::Exchange;
use super::invited::refuse;
use super::lookup::Contact;
use super::requests::Account;
use super::screens;
use crate::directory::{OwnIdentity, TenantView};

/// RFC 3428 §8 keeps whole messages below 1 300 bytes, because they are not paced.
const LONGEST: usize = 1_300;

/// Texts on their way at once; a sender beyond them tries again later.
const ON_THE_WAY: usize = 10_000;

/// What is on its way.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// By the sender's request.
    open: FxHashMap<RequestId, Text>,
    /// The sender's request by that of a copy.
    copies: FxHashMap<RequestId, RequestId>,
}

/// One text that waits for its answers.
#[derive(Debug, Default)]
struct Text {
    copies: usize,
    delivered: bool,
    /// The first status that refused a copy.
    refused: Option<u16>,
}

impl Exchange {
    /// A MESSAGE outside of any dialog.
    pub(super) fn text(&mut self, id: RequestId, request: &Request, path: Path) {
        if let Err(reply) = self.send_text(id, request, path) {
            // An error means that the sender gave up waiting.
            let _ = self.sip.respond(self.now, id, *reply);
        }
    }

    fn send_text(&mut self, id: RequestId, request: &Request, path: Path) -> Result<(), Box<Reply>> {
        let tenant = self.tenant_of(request).ok_or_else(|| refuse(404))?;
        let sender = match self.authenticate(request, path, &tenant)? {
            Account::Device(device) => device,
            Account::Trunk(_) => return Err(refuse(403)),
        };
        if request.body.len() > LONGEST {
            return Err(refuse(413));
        }
        if self.texts.open.len() >= ON_THE_WAY {
            return Err(Box::new(Reply::new(480).header("Retry-After", "10")));
        }
        let to = request
            .uri()
            .ok()
            .and_then(|uri| uri.user().map(|user| user.into_owned()));
        if let Some(token) = to.as_deref().and_then(|to| to.strip_prefix(screens::PREFIX)) {
            let status = self.page_replied(token, &tenant, &sender, &request.body);
            self.respond(id, status);
            return Ok(());
        }
        let line = to
            .as_deref()
            .and_then(|to| line_called(&tenant, to))
            .ok_or_else(|| refuse(404))?;
        let copy = copy_of(request, &tenant, &sender, &line).ok_or_else(|| refuse(403))?;
        let contacts = self.contacts_of_line(tenant.id(), &line);
        let mut text = Text::default();
        for contact in contacts {
            let copy = OutOfDialog {
                target: contact.uri,
                path: contact.path,
                routes: contact.routes,
                ..copy.clone()
            };
            if let Ok(sent) = self.sip.request(self.now, copy) {
                self.texts.copies.insert(sent, id);
                text.copies += 1;
            }
        }
        if text.copies == 0 {
            return Err(refuse(480));
        }
        self.texts.open.insert(id, text);
        Ok(())
    }

    /// A MESSAGE inside of a leg's dialog.
    pub(super) fn text_in_call(&mut self, leg: LegId, id: RequestId, request: &Request) {
        if let Err(status) = self.pass_text(leg, id, request) {
            self.respond(id, status);
        }
    }

    fn pass_text(&mut self, leg: LegId, id: RequestId, request: &Request) -> Result<(), u16> {
        if request.body.len() > LONGEST {
            return Err(413);
        }
        let partner = self.legs.get(&leg).and_then(|leg| leg.bridged);
        let partner = partner
            .and_then(|partner| self.legs.get(&partner))
            .ok_or(480_u16)?;
        if self.texts.open.len() >= ON_THE_WAY {
            return Err(480);
        }
        let usage = partner.usage;
        let kind = request.headers.get(Name::ContentType);
        let body = kind.map(|kind| Body::new(kind, request.body.clone()));
        let sent = self
            .sip
            .request_in_dialog(self.now, usage, "MESSAGE", ExtraHeaders::new(), body)
            .map_err(|_| 480_u16)?;
        self.texts.copies.insert(sent, id);
        let text = Text {
            copies: 1,
            ..Text::default()
        };
        self.texts.open.insert(id, text);
        Ok(())
    }

    fn contacts_of_line(&self, tenant: &str, line: &str) -> Vec<Contact> {
        let devices = self.devices_of(tenant, line).map(|(_, devices)| devices);
        let devices = devices.unwrap_or_default().into_iter();
        devices
            .flat_map(|device| self.contacts_of(tenant, &device.name))
            .collect()
    }

    /// The answer to a copy. False when the request was none.
    pub(super) fn text_answered(&mut self, copy: RequestId, result: &Result<Arc<Response>, Failure>) -> bool {
        let Some(id) = self.texts.copies.remove(&copy) else {
            return false;
        };
        let Some(text) = self.texts.open.get_mut(&id) else {
            return true;
        };
        text.copies -= 1;
        let status = result
            .as_ref()
            .map_or_else(Failure::status, |response| response.status.code());
        let mut answer = None;
        match status {
            200..=299 if !text.delivered => {
                text.delivered = true;
                answer = Some(200);
            }
            200..=299 => {}
            refused => {
                text.refused.get_or_insert(refused);
            }
        }
        if text.copies == 0 {
            if !text.delivered {
                answer = Some(told(text.refused));
            }
            self.texts.open.remove(&id);
        }
        if let Some(status) = answer {
            self.respond(id, status);
        }
        true
    }
}

/// What the sender hears of a refusal: what is between us and the phone (a challenge, a redirection, silence) is
/// none of his concern.
fn told(refused: Option<u16>) -> u16 {
    match refused {
        Some(401 | 407 | 408) | None => 480,
        Some(status) if status < 400 => 480,
        Some(status) => status,
    }
}

/// The line with a name, a number, or a device of this user name.
pub(super) fn line_called(tenant: &TenantView, called: &str) -> Option<Arc<str>> {
    let by_number = || {
        let number = contract::View::normalise(tenant, called)?;
        tenant.find_line(&number)
    };
    let by_device = || tenant.lines_of_device(tenant.device_by_username(called)?).next();
    let line = tenant.find_line(called).or_else(by_number).or_else(by_device)?;
    Some(line.id.text().clone())
}

/// The text as each contact gets it: from the line that sent it, whatever From says.
fn copy_of(request: &Request, tenant: &TenantView, sender: &str, line: &str) -> Option<OutOfDialog> {
    let own = tenant.lines_of_device(tenant.device(sender)?).next()?;
    let domain = tenant.tenant().domains.first()?;
    let to = Uri::sip(Some(tenant.line(line)?.label()), domain, None).ok()?;
    let hides = own.features.caller_id == OwnIdentity::Hidden || request.headers.wants_privacy("id");
    let from = if hides {
        Party::named("Anonymous", Uri::parse("sip:anonymous@anonymous.invalid").ok()?)
    } else {
        Party::named(
            own.name.to_string(),
            Uri::sip(Some(own.label()), domain, None).ok()?,
        )
    };
    let left = request.headers.max_forwards().ok().flatten().unwrap_or(70);
    let nowhere = Path::udp(([0, 0, 0, 0], 0).into(), ([0, 0, 0, 0], 0).into());
    let mut copy = OutOfDialog::new("MESSAGE", to.clone(), nowhere, from, to);
    copy.max_forwards = left.saturating_sub(1);
    // A device that registered over UDP is reached through that very flow.
    copy.large = Large::Udp;
    if let Some(kind) = request.headers.get(Name::ContentType) {
        copy.body = Some(Body::new(kind, request.body.clone()));
    }
    Some(copy)
}
