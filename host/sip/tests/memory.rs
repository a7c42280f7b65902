//! How much memory an established call takes, once its transactions are over.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base::{Moment, Random};
use bytes::Bytes;
use cordboard_sip::endpoint::{Config, Endpoint, Event, Output, Packet, Path, Reply, State};
use cordboard_sip::{Message, Response};

struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; only sizes are added up.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CALLS: usize = 2_000;
const MOST_PER_CALL: usize = 8 * 1_024;

fn body() -> String {
    let lines: Vec<_> = (0..12)
        .map(|line| format!("a=rtpmap:{line} codec-number-{line}/8000"))
        .collect();
    format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n{}\r\n",
        lines.join("\r\n")
    )
}

fn message(method: &str, number: usize, branch: &str, tag: &str, body: &str) -> Bytes {
    Bytes::from(format!(
        "{method} sip:300@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK{branch}{number};rport\r\n\
         Record-Route: <sip:192.0.2.9;lr;ftag=some-tag>\r\n\
         From: \"A Caller\" <sip:201@peer.example>;tag=p{number}\r\nTo: <sip:300@us.example>{tag}\r\n\
         Call-ID: {number}-call@192.0.2.9\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n\
         Contact: <sip:201@192.0.2.9:5060;transport=udp>\r\nUser-Agent: Some Telephone 1.2.3\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, UPDATE, REFER, NOTIFY\r\nSupported: timer, 100rel, replaces\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn establish(endpoint: &mut Endpoint, now: Moment, path: Path, number: usize) {
    endpoint.receive(
        now,
        Packet {
            path,
            bytes: message("INVITE", number, "i", "", &body()),
        },
    );
    let mut tag = String::new();
    while let Some(output) = endpoint.poll() {
        match output {
            Output::Event(Event::Invited { usage, .. }) => {
                endpoint.accept(now, usage, Reply::new(200).sdp(body())).unwrap();
            }
            Output::Send { bytes, .. } => {
                let Ok(Message::Response(response)) = Message::parse(bytes) else {
                    panic!()
                };
                tag = tag_of(&response).unwrap_or_default();
            }
            Output::Event(_) | Output::Close { .. } => {}
        }
    }
    endpoint.receive(
        now,
        Packet {
            path,
            bytes: message("ACK", number, "a", &tag, ""),
        },
    );
    while let Some(output) = endpoint.poll() {
        if let Output::Event(Event::Confirmed { usage, .. }) = output {
            assert_eq!(endpoint.usage(usage).unwrap().state, State::Confirmed);
        }
    }
}

fn tag_of(response: &Response) -> Option<String> {
    response.headers.to().ok()?.tag().map(|tag| format!(";tag={tag}"))
}

#[test]
fn an_established_call_takes_less_than_8_kib() {
    let path = Path::udp(
        "192.0.2.1:5060".parse().unwrap(),
        "192.0.2.9:5060".parse().unwrap(),
    );
    let mut endpoint = Endpoint::new(Config::default(), Random::from_seed(1));
    let before = IN_USE.load(Ordering::Relaxed);
    let now = Moment::from_secs(1_000);
    for number in 0..CALLS {
        establish(&mut endpoint, now, path, number);
    }
    endpoint.timeout(now + Duration::from_secs(40));
    assert_eq!((endpoint.live_usages(), endpoint.transactions()), (CALLS, 0));
    let per_call = (IN_USE.load(Ordering::Relaxed) - before) / CALLS;
    println!("{per_call} bytes per established call");
    assert!(per_call <= MOST_PER_CALL, "{per_call} bytes per established call");
}
