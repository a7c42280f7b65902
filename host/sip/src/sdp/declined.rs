//! The answer that takes nothing of an offer: a 2xx that brought one gets it in its ACK although the call ends at once
//! (RFC 3261 §13.2.2.4).

use std::net::IpAddr;

use bytes::Bytes;

use super::print::Description;
use super::relay::{around_origin, origin};
use super::remote::{read, sections};

/// Every stream of an offer with port 0 (RFC 3264 §6); none if it cannot be read.
///
/// `before` is what we sent last in the session, whose `o=` goes on (§8); `at` is the address named without one.
pub fn declined(offer: &[u8], before: Option<&[u8]>, at: IpAddr) -> Option<Bytes> {
    let mut description = Description::new(1, at);
    for section in sections(&read(offer).ok()?) {
        description.refused(&section);
    }
    let text = description.into_text();
    let Some(origin) = before.and_then(next_origin) else {
        return Some(Bytes::from(text));
    };
    let (head, tail) = around_origin(text.as_bytes())?;
    Some(Bytes::from([head, origin.as_bytes(), tail].concat()))
}

/// The `o=` of a description of ours, one version on.
fn next_origin(before: &[u8]) -> Option<String> {
    let (owner, address) = origin(std::str::from_utf8(before).ok()?)?.split_once(" IN ")?;
    let (owner, version) = owner.rsplit_once(' ')?;
    let next = version.parse::<u64>().ok()?.saturating_add(1);
    Some(format!("{owner} {next} IN {address}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &[u8] = b"v=0\r\no=- 9 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
        m=audio 4000 RTP/AVP 0 8\r\nm=image 4002 udptl t38\r\n";
    const OURS: &[u8] = b"v=0\r\no=- 77 3 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";

    #[test]
    fn every_stream_is_refused_and_the_session_goes_on() {
        let at = "192.0.2.1".parse().unwrap();
        let text = |before| String::from_utf8(declined(OFFER, before, at).unwrap().to_vec()).unwrap();
        let answer = text(Some(OURS));
        assert!(
            answer.ends_with("m=audio 0 RTP/AVP 0 8\r\nm=image 0 udptl t38\r\n"),
            "{answer}"
        );
        assert!(answer.contains("\r\no=- 77 4 IN IP4 192.0.2.1\r\n"), "{answer}");
        assert!(text(None).contains("\r\no=- 1 0 IN IP4 192.0.2.1\r\n"));
        assert_eq!(declined(b"nonsense", None, at), None);
    }
}
