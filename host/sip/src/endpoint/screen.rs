//! Refusals that need no opinion (RFC 3261 §8.2), in the order in which the standard inspects a request.

use super::{Body, Endpoint, Reply};
use crate::header::MediaType;
use crate::{Method, Name, Request, Scheme, split_list};

impl Endpoint {
    /// # Errors
    ///
    /// The answer that refuses the request.
    pub(super) fn screen(&self, request: &Request, is_copy: bool) -> Result<(), Reply> {
        self.screen_method(request)?;
        if request.method == Method::Cancel {
            // §8.2.2.3: what holds for the request holds for its CANCEL.
            return Ok(());
        }
        screen_uri(request)?;
        self.screen_hops(request, is_copy)?;
        self.screen_extensions(request)?;
        self.screen_body(request)
    }

    /// §8.2.1: 405 for a method that is known but not offered here, 501 for one never heard of.
    fn screen_method(&self, request: &Request) -> Result<(), Reply> {
        let name = request.method.as_str();
        if split_list(&self.words.allow).any(|allowed| allowed == name) {
            return Ok(());
        }
        let status = match request.method {
            Method::Extension(_) => 501,
            _ => 405,
        };
        Err(Reply::new(status).header("Allow", &self.words.allow))
    }

    /// Max-Forwards (§16.3 step 3), our own Via (step 4), and copies of one request that came over
    /// different ways (§8.2.2.2). What is inside of a dialog ends here and goes nowhere.
    fn screen_hops(&self, request: &Request, is_copy: bool) -> Result<(), Reply> {
        let headers = &request.headers;
        if is_copy {
            return Err(Reply::new(482).reason("Request Merged"));
        }
        if headers.to_tag().is_some() {
            return Ok(());
        }
        if headers.max_forwards().ok().flatten() == Some(0) {
            return Err(Reply::new(483));
        }
        if self.has_looped(request) {
            return Err(Reply::new(482));
        }
        Ok(())
    }

    /// Whether somebody sent our own request back to us with the same Request-URI.
    fn has_looped(&self, request: &Request) -> bool {
        let ours = self.fingerprints.of(&["uri", request.uri_text()]).short();
        request.headers.vias().skip(1).flatten().any(|via| {
            let port = via.port.unwrap_or(5060);
            let here = |address: &std::net::SocketAddr| {
                via.host.ip() == Some(address.ip()) && port == address.port()
            };
            let mark = via.branch().and_then(|branch| branch.rsplit_once('.'));
            self.config.addresses.iter().any(here) && mark.is_some_and(|(_, mark)| mark == ours)
        })
    }

    /// §8.2.2.3: 420 lists what we do not know.
    fn screen_extensions(&self, request: &Request) -> Result<(), Reply> {
        let known = |tag: &&str| split_list(&self.words.supported).any(|ours| ours.eq_ignore_ascii_case(tag));
        let required = request.headers.values(Name::Require);
        let unknown: Vec<&str> = required.filter(|tag| !known(tag)).take(16).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(Reply::new(420).header("Unsupported", unknown.join(", ")))
    }

    /// §8.2.3: 415 for a body that we must understand and cannot.
    fn screen_body(&self, request: &Request) -> Result<(), Reply> {
        let headers = &request.headers;
        let encoded = headers
            .values(Name::ContentEncoding)
            .any(|encoding| !encoding.eq_ignore_ascii_case("identity"));
        if encoded {
            return Err(Reply::new(415).header("Accept-Encoding", "identity"));
        }
        screen_accept(request)?;
        // Only what asks for a session is ours to judge; other bodies are for whoever gets the request.
        let ours = matches!(request.method, Method::Invite | Method::Update);
        if !ours || request.body.is_empty() || is_optional(request) {
            return Ok(());
        }
        let kind = headers.content_type().ok().flatten();
        let accepted = |kind: MediaType<'_>| {
            self.config
                .accepts
                .iter()
                .any(|accepted| kind.essence.eq_ignore_ascii_case(accepted))
        };
        match kind {
            Some(kind) if accepted(kind) => Ok(()),
            Some(_) => Err(Reply::new(415).header("Accept", &self.words.accept)),
            None => Err(Reply::new(400).reason("Bad Request (Content-Type missing)")),
        }
    }
}

/// §21.4.7: 406 for a caller that would not take a session description.
fn screen_accept(request: &Request) -> Result<(), Reply> {
    let mut kinds = request.headers.values(Name::Accept).peekable();
    if request.method != Method::Invite || kinds.peek().is_none() {
        return Ok(());
    }
    let takes_sdp = |kind: &str| {
        let essence = kind.split(';').next().unwrap_or_default().trim();
        ["application/sdp", "application/*", "*/*"]
            .iter()
            .any(|ours| essence.eq_ignore_ascii_case(ours))
    };
    if kinds.any(takes_sdp) {
        Ok(())
    } else {
        Err(Reply::new(406))
    }
}

/// §20.11: `handling=optional`, or a body that is an icon or the like.
fn is_optional(request: &Request) -> bool {
    let Some(disposition) = request.headers.get(Name::ContentDisposition) else {
        return false;
    };
    let lower = disposition.to_ascii_lowercase();
    lower.contains("handling=optional")
}

/// §8.2.2.1: 416. A tel URI is a number to dial as well.
fn screen_uri(request: &Request) -> Result<(), Reply> {
    match request.uri().map(|uri| uri.scheme()) {
        Ok(Scheme::Sip | Scheme::Sips | Scheme::Tel) => Ok(()),
        Ok(Scheme::Other) | Err(_) => Err(Reply::new(416)),
    }
}

/// The body of a message; of a multipart one the session description, when there is one (RFC 5621).
pub(super) fn body_of(headers: &crate::Headers, bytes: &bytes::Bytes) -> Option<Body> {
    if bytes.is_empty() {
        return None;
    }
    let content_type = headers.get(Name::ContentType)?;
    let media = headers.content_type().ok().flatten()?;
    if media
        .essence
        .get(..10)
        .is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"))
    {
        let boundary = media.params.unquoted("boundary")?;
        return super::multipart::session_part(bytes, &boundary);
    }
    Some(Body {
        content_type: content_type.to_owned(),
        bytes: bytes.clone(),
    })
}
