//! Which transaction a message belongs to (RFC 3261 §17.1.3, §17.2.3).

use super::{Fingerprint, Fingerprints};
use crate::header::Via;
use crate::{Method, Request, Response};

/// What a branch begins with since RFC 3261; older ones are not unique by themselves.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// The key of a request's server transaction. An ACK has that of its INVITE; a CANCEL has its own, see
/// [`cancelled`].
pub fn of_request(fingerprints: &Fingerprints, request: &Request) -> Option<Fingerprint> {
    let method = match &request.method {
        Method::Ack => &Method::Invite,
        other => other,
    };
    server_key(fingerprints, request, method)
}

/// The key of the INVITE transaction that this CANCEL is for (§9.2).
pub fn cancelled(fingerprints: &Fingerprints, cancel: &Request) -> Option<Fingerprint> {
    server_key(fingerprints, cancel, &Method::Invite)
}

fn server_key(fingerprints: &Fingerprints, request: &Request, method: &Method) -> Option<Fingerprint> {
    let via = request.headers.via().ok()?;
    match via.branch().filter(|branch| has_cookie(branch)) {
        Some(branch) => Some(fingerprints.of(&[branch, &sent_by(&via), method.as_str()])),
        None => rfc_2543(fingerprints, request, method),
    }
}

fn has_cookie(branch: &str) -> bool {
    branch
        .get(..MAGIC_COOKIE.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(MAGIC_COOKIE))
        && branch.len() > MAGIC_COOKIE.len()
}

/// Host and port, the default port written out, in one case.
fn sent_by(via: &Via<'_>) -> String {
    format!("{}:{}", via.host, via.port.unwrap_or(5060)).to_ascii_lowercase()
}

/// §17.2.3 for peers older than RFC 3261. The To tag is left out, so that one key fits the INVITE, which has
/// none, and its ACK and CANCEL; CSeq tells requests of one dialog apart.
fn rfc_2543(fingerprints: &Fingerprints, request: &Request, method: &Method) -> Option<Fingerprint> {
    let headers = &request.headers;
    let via = headers.values(crate::Name::Via).next()?;
    let from_tag = headers.from_tag().unwrap_or_default();
    let number = headers.cseq().ok()?.number.to_string();
    let call_id = headers.call_id().ok()?;
    Some(fingerprints.of(&[
        request.uri_text(),
        from_tag,
        call_id,
        &number,
        via,
        method.as_str(),
    ]))
}

/// Equal for copies of one request that came over different ways (§8.2.2.2); none inside of a dialog.
pub fn merge(fingerprints: &Fingerprints, request: &Request) -> Option<Fingerprint> {
    let headers = &request.headers;
    if headers.to_tag().is_some() {
        return None;
    }
    let from_tag = headers.from_tag()?;
    let cseq = headers.cseq().ok()?;
    let number = cseq.number.to_string();
    Some(fingerprints.of(&["merge", from_tag, headers.call_id().ok()?, &number, cseq.method]))
}

/// The key of a client transaction: our branch and the method.
pub fn of_ours(fingerprints: &Fingerprints, branch: &str, method: &str) -> Fingerprint {
    fingerprints.of(&["ours", branch, method])
}

/// The key of the client transaction that a response is for.
pub fn of_response(fingerprints: &Fingerprints, response: &Response) -> Option<Fingerprint> {
    let via = response.headers.via().ok()?;
    let cseq = response.headers.cseq().ok()?;
    Some(of_ours(fingerprints, via.branch()?, cseq.method))
}

#[cfg(test)]
mod tests {
    use base::Random;
    use bytes::Bytes;

    use super::*;

    fn request(method: &str, via: &str, to_tag: &str, cseq: u32) -> Request {
        let text = format!(
            "{method} sip:bob@b.example SIP/2.0\r\nVia: {via}\r\nFrom: <sip:alice@a.example>;tag=a\r\n\
             To: <sip:bob@b.example>{to_tag}\r\nCall-ID: c1\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n\r\n"
        );
        Request::parse(Bytes::from(text)).unwrap()
    }

    const VIA: &str = "SIP/2.0/UDP a.example:5060;branch=z9hG4bKx1";
    const OLD_VIA: &str = "SIP/2.0/UDP a.example:5060";

    #[test]
    fn branch_sent_by_and_method_make_the_key() {
        let f = Fingerprints::new(&mut Random::from_seed(1));
        let key = |method, via| of_request(&f, &request(method, via, "", 1)).unwrap();
        let invite = key("INVITE", VIA);
        assert_eq!(
            key("INVITE", "SIP/2.0/UDP A.example;branch=z9hG4bKx1;rport"),
            invite
        );
        assert_eq!(
            key("ACK", VIA),
            invite,
            "an ACK on the INVITE's branch is for the INVITE"
        );
        assert_ne!(key("CANCEL", VIA), invite);
        assert_ne!(
            key("INVITE", "SIP/2.0/UDP a.example:5070;branch=z9hG4bKx1"),
            invite
        );
        assert_ne!(key("INVITE", "SIP/2.0/UDP a.example;branch=z9hG4bKx2"), invite);
        assert_eq!(cancelled(&f, &request("CANCEL", VIA, "", 1)), Some(invite));
    }

    /// §17.2.3: without the cookie the whole request counts, but for the To tag that an ACK adds.
    #[test]
    fn old_peers_are_matched_by_what_the_request_says() {
        let f = Fingerprints::new(&mut Random::from_seed(1));
        let key = |method, to_tag, cseq| of_request(&f, &request(method, OLD_VIA, to_tag, cseq)).unwrap();
        assert_eq!(key("ACK", ";tag=b", 1), key("INVITE", "", 1));
        assert_ne!(key("INVITE", "", 2), key("INVITE", "", 1));
        assert_ne!(key("BYE", ";tag=b", 1), key("INVITE", "", 1));
    }

    #[test]
    fn copies_over_two_ways_merge_unless_they_are_in_a_dialog() {
        let f = Fingerprints::new(&mut Random::from_seed(1));
        let other = "SIP/2.0/UDP p.example;branch=z9hG4bKx9";
        assert_eq!(
            merge(&f, &request("INVITE", VIA, "", 1)),
            merge(&f, &request("INVITE", other, "", 1))
        );
        assert_eq!(merge(&f, &request("INVITE", VIA, ";tag=b", 1)), None);
    }
}
