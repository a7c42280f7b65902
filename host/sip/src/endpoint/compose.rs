//! Putting our messages together.

use base::Random;
use bytes::Bytes;

use super::{Body, Config, ExtraHeaders, Party, Path, Transport};
use crate::dialog::{Dialog, Identity};
use crate::transaction::Fingerprints;
use crate::transaction::key::MAGIC_COOKIE;
use crate::uri::quote;
use crate::{Method, Name, Request, RequestBuilder, ResponseBuilder};

/// Header values that are the same in every message of this endpoint.
#[derive(Debug)]
pub(super) struct Words {
    /// Methods that a peer may send.
    pub allow: String,
    pub accept: String,
    /// Option tags, with `100rel` and `timer`.
    pub supported: String,
    /// The same without `100rel`: for an INVITE that leaves the offer to the peer, whose reliable responses
    /// would bring it before we can answer it.
    pub supported_plain: String,
    pub product: Option<String>,
}

/// Handled here, whatever the configuration says.
const OWN_METHODS: [&str; 6] = ["INVITE", "ACK", "CANCEL", "BYE", "PRACK", "UPDATE"];

impl Words {
    pub fn new(config: &Config) -> Self {
        let mut methods: Vec<&str> = OWN_METHODS.to_vec();
        let configured = config
            .handles
            .iter()
            .chain(&config.handles_in_dialog)
            .map(String::as_str);
        let subscribe = (!config.packages.is_empty()).then_some("SUBSCRIBE");
        for method in configured.chain(["OPTIONS"]).chain(subscribe) {
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        let tags = config.supports.iter().map(String::as_str);
        let plain: Vec<&str> = ["timer"].into_iter().chain(tags).collect();
        let supported_plain = plain.join(", ");
        Self {
            allow: methods.join(", "),
            accept: config.accepts.join(", "),
            supported: format!("100rel, {supported_plain}"),
            supported_plain,
            product: Some(config.product.clone()).filter(|product| !product.is_empty()),
        }
    }
}

/// A Via of ours, and the branch in it.
///
/// The branch ends with a fingerprint of the Request-URI: if the request ever comes back with the same
/// Request-URI, it loops, else it spirals (RFC 3261 §16.6 step 8).
pub(super) fn via(
    random: &mut Random,
    fingerprints: &Fingerprints,
    path: &Path,
    uri: &str,
) -> (String, String) {
    let branch = format!(
        "{MAGIC_COOKIE}{}.{}",
        random.token(16),
        fingerprints.of(&["uri", uri]).short()
    );
    let via = via_value(path, &branch);
    (branch, via)
}

pub(super) fn via_value(path: &Path, branch: &str) -> String {
    format!(
        "SIP/2.0/{} {};branch={branch};rport",
        path.transport.as_str(),
        path.local
    )
}

/// A Contact of ours.
pub(super) fn contact(user: Option<&str>, path: &Path) -> String {
    let at = match user {
        Some(user) => format!("{}@", crate::uri::escape_user(user)),
        None => String::new(),
    };
    match path.transport {
        Transport::Udp => format!("<sip:{at}{}>", path.local),
        Transport::Tcp => format!("<sip:{at}{};transport=tcp>", path.local),
    }
}

/// The Contact of a conference's focus (RFC 3840 §9).
pub(super) fn focus(user: &str, path: &Path) -> String {
    format!("{};isfocus", contact(Some(user), path))
}

/// A From or To value.
pub(super) fn party(party: &Party, tag: Option<&str>) -> String {
    let name = party
        .name
        .as_ref()
        .map(|name| format!("{} ", quote(name)))
        .unwrap_or_default();
    let tag = tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
    format!("{name}<{}>{tag}", party.uri)
}

/// A request inside of a dialog up to and with CSeq (RFC 3261 §12.2.1.1).
pub(super) fn in_dialog(
    identity: &Identity,
    dialog: &Dialog,
    method: &Method,
    cseq: u32,
    via: &str,
) -> RequestBuilder {
    let (uri, routes) = dialog.routes.apply(&dialog.target);
    RequestBuilder::new(method, uri)
        .header(Name::Via, via)
        .header(Name::MaxForwards, "70")
        .headers(Name::Route, routes.iter().map(String::as_str))
        .header(Name::From, &identity.local)
        .header(Name::To, &dialog.remote)
        .header(Name::CallId, &identity.call_id)
        .cseq(cseq, method)
}

/// ACK or CANCEL for a request that was sent: same Request-URI, topmost Via, From, Call-ID, CSeq number and
/// Route (§9.1, §17.1.1.3). `to` is the response's for an ACK, the request's for a CANCEL.
pub(super) fn companion(sent: &Request, method: &Method, to: &str, reason: Option<&str>) -> Option<Bytes> {
    let builder = beside(sent, method, sent.headers.get(Name::Via)?, to)?;
    Some(builder.header_if(Name::Reason, reason).finish())
}

/// The ACK for a 2xx to a re-INVITE whose dialog is gone: a transaction of its own (§13.2.2.4), on the way of the
/// re-INVITE.
pub(super) fn success_ack(sent: &Request, via: &str, to: &str, answer: Option<&Body>) -> Option<Bytes> {
    let builder = beside(sent, &Method::Ack, via, to)?;
    Some(finish_request(builder, &ExtraHeaders::new(), answer))
}

fn beside(sent: &Request, method: &Method, via: &str, to: &str) -> Option<RequestBuilder> {
    let headers = &sent.headers;
    let builder = RequestBuilder::new(method, sent.uri_text())
        .header(Name::Via, via)
        .header(Name::MaxForwards, "70")
        .headers(Name::Route, headers.all(Name::Route).map(|field| field.value()))
        .header(Name::From, headers.get(Name::From)?)
        .header(Name::To, to)
        .header(Name::CallId, headers.get(Name::CallId)?)
        .cseq(headers.cseq().ok()?.number, method);
    Some(builder)
}

/// The rest of a request: what its user adds, then the body.
pub(super) fn finish_request(builder: RequestBuilder, headers: &ExtraHeaders, body: Option<&Body>) -> Bytes {
    let builder = headers
        .iter()
        .fold(builder, |builder, (name, value)| builder.header(name, value));
    match body {
        Some(body) => builder.body(&body.content_type, &body.bytes),
        None => builder.finish(),
    }
}

/// The rest of a response.
pub(super) fn finish_response(
    builder: ResponseBuilder,
    headers: &ExtraHeaders,
    body: Option<&Body>,
) -> Bytes {
    let builder = headers
        .iter()
        .fold(builder, |builder, (name, value)| builder.header(name, value));
    match body {
        Some(body) => builder.body(&body.content_type, &body.bytes),
        None => builder.finish(),
    }
}
