//! A provider at 192.0.2.50 whose messages a test writes itself, line by line.

use std::net::SocketAddr;

use cordboard_exchange::{Fact, Input};
use sip::endpoint::{Packet, Path};

use crate::world::{World, server};

pub const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\n\
     m=audio 9000 RTP/AVP 8 0\r\na=sendrecv\r\n";

/// Where it is; it needs no password.
pub fn address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 50], 5060))
}

/// An INVITE of the provider's; its branch is its Call-ID and tag, too.
pub fn invite(number: &str, branch: &str, headers: &str, body: &str) -> String {
    request("INVITE", 1, number, branch, "", headers, body)
}

/// Any request of a call that began with [`invite`].
pub fn request(
    method: &str,
    cseq: u32,
    number: &str,
    call: &str,
    to_tag: &str,
    headers: &str,
    body: &str,
) -> String {
    let tag = if to_tag.is_empty() {
        String::new()
    } else {
        format!(";tag={to_tag}")
    };
    let branch = if cseq == 1 && method != "ACK" {
        String::new()
    } else {
        format!("{method}{cseq}")
    };
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!(
        "{method} sip:{number}@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK{call}{branch};rport\r\n\
         From: <sip:+33611223344@192.0.2.50>;tag={call}\r\nTo: <sip:{number}@acme.example>{tag}\r\nCall-ID: {call}\r\n\
         CSeq: {cseq} {method}\r\nMax-Forwards: 70\r\nContact: <sip:192.0.2.50:5060>\r\n{headers}{kind}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Its answer to a request of ours.
pub fn answer(request: &str, status: u16, tag: &str, headers: &str, body: &str) -> String {
    let line = |name: &str| header(request, name);
    let tag = if tag.is_empty() || line("To").contains(";tag=") {
        String::new()
    } else {
        format!(";tag={tag}")
    };
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!(
        "SIP/2.0 {status} Answer\r\nVia: {}\r\nFrom: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:192.0.2.50:5060>\r\n{headers}{kind}Content-Length: {}\r\n\r\n{body}",
        line("Via"),
        line("From"),
        line("To"),
        line("Call-ID"),
        line("CSeq"),
        body.len()
    )
}

/// The value of a header, empty when there is none.
pub fn header(message: &str, name: &str) -> String {
    let line = message.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    });
    line.unwrap_or_default()
}

/// The tag that our answer gave the dialog.
pub fn to_tag(message: &str) -> String {
    header(message, "To")
        .split(";tag=")
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}

/// The exchange hears from it, and does what follows within 10 ms.
pub fn receive(world: &mut World, message: String) {
    world.input(Input::Packet(Packet {
        path: Path::udp(server(), address()),
        bytes: message.into(),
    }));
    world.run(std::time::Duration::from_millis(10));
}

/// Everything sent to it so far, whole.
pub fn sent(world: &World) -> Vec<String> {
    let messages = world.reports.iter().filter_map(|report| match &report.fact {
        Fact::Sip(message) if message.sent && message.path.remote == address() => {
            Some(String::from_utf8_lossy(&message.text).into_owned())
        }
        _ => None,
    });
    messages.collect()
}

/// The last message sent to it that starts so.
#[track_caller]
pub fn last(world: &World, start: &str) -> String {
    let sent = sent(world);
    let found = sent.iter().rev().find(|message| message.starts_with(start));
    found
        .cloned()
        .unwrap_or_else(|| panic!("no {start} in {sent:#?}"))
}

/// How many messages that start so were sent to it.
pub fn count(world: &World, start: &str) -> usize {
    sent(world)
        .iter()
        .filter(|message| message.starts_with(start))
        .count()
}
