//! Printing our descriptions (RFC 8866): the few lines that they have. Every call needs two or three of them, and a model
//! of all that SDP can say, built for being printed, costs more than the rest of an offer.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::remote::{Format, Section};
use super::{Direction, Local};

/// What most descriptions take.
const TYPICAL: usize = 320;

/// A description under way. It never holds a line break that it did not write.
pub(super) struct Description(String);

/// One of our streams as an `m=` section says it.
pub(super) struct Stream<'a> {
    pub local: &'a Local,
    pub formats: &'a [Format],
    pub events: Option<u8>,
    pub direction: Direction,
    pub profile: &'a str,
    pub rtcp_mux: bool,
}

impl Description {
    /// The lines of the session, as version 0.
    pub fn new(id: u64, address: IpAddr) -> Self {
        let family = family(address);
        let mut text = String::with_capacity(TYPICAL);
        // Writing into a string cannot fail, here and below.
        let _ = write!(
            text,
            "v=0\r\no=- {id} 0 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n"
        );
        Self(text)
    }

    /// The value of `o=`, as version 0.
    pub fn origin(id: u64, address: IpAddr) -> String {
        format!("- {id} 0 IN {} {address}", family(address))
    }

    pub fn stream(&mut self, stream: &Stream<'_>) {
        let text = &mut self.0;
        let _ = write!(text, "m=audio {} ", stream.local.address.port());
        plain(text, stream.profile);
        let numbers = stream.formats.iter().map(|format| format.payload_type);
        for number in numbers.chain(stream.events) {
            let _ = write!(text, " {number}");
        }
        text.push_str("\r\n");
        for Format { codec, payload_type } in stream.formats {
            let _ = write!(text, "a=rtpmap:{payload_type} {}/8000\r\n", codec.name());
        }
        if let Some(events) = stream.events {
            let _ = write!(
                text,
                "a=rtpmap:{events} telephone-event/8000\r\na=fmtp:{events} 0-16\r\n"
            );
        }
        let _ = write!(text, "a=ptime:20\r\na={}\r\n", stream.direction.name());
        if stream.rtcp_mux {
            text.push_str("a=rtcp-mux\r\n");
        }
    }

    /// A stream of the peer's that we do not want (RFC 3264 §6).
    pub fn refused(&mut self, section: &Section) {
        let text = &mut self.0;
        text.push_str("m=");
        plain(text, &section.media);
        text.push_str(" 0 ");
        plain(text, &section.profile);
        text.push(' ');
        plain(text, &section.formats);
        text.push_str("\r\n");
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IP4" } else { "IP6" }
}

/// A description, or its origin alone, with its version.
pub(super) fn with_version(text: &str, version: u64) -> String {
    // The first that stands between these is the version: only the id, a number, is before it.
    match text.split_once(" 0 IN ") {
        Some((before, after)) => format!("{before} {version} IN {after}"),
        None => text.to_owned(),
    }
}

/// What a peer wrote, without characters that an SDP line must not have.
fn plain(text: &mut String, theirs: &str) {
    if theirs.contains(['\r', '\n', '\0']) {
        text.extend(theirs.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')));
    } else {
        text.push_str(theirs);
    }
}
