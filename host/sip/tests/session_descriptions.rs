//! Offers and answers as telephones write them (RFC 3264, RFC 4317's manner of examples).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

extern crate cordboard_sip as sip;

use std::net::SocketAddr;
use std::time::Duration;

use sip::sdp::{
    Agreed, Answer, Codec, Direction, Local, Negotiation, Offer, Outline, PayloadTypes, SdpError,
};

const OUR_ADDRESS: &str = "203.0.113.1:20000";

fn local() -> Local {
    Local::new(address(OUR_ADDRESS))
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A session of one caller at 192.0.2.7 with these lines after its `t=` line.
fn session(lines: &[&str]) -> Vec<u8> {
    let head = [
        "v=0",
        "o=alice 1 1 IN IP4 192.0.2.7",
        "s=-",
        "c=IN IP4 192.0.2.7",
        "t=0 0",
    ];
    let mut text = head
        .into_iter()
        .chain(lines.iter().copied())
        .collect::<Vec<_>>()
        .join("\r\n");
    text.push_str("\r\n");
    text.into_bytes()
}

fn offer(lines: &[&str]) -> Result<Offer, SdpError> {
    Offer::parse(&session(lines))
}

/// Our answer as lines, and what is agreed.
fn answer(lines: &[&str], local: &Local) -> (Vec<String>, Agreed) {
    let mut negotiation = Negotiation::new(7);
    let (text, agreed) = negotiation.answer(&offer(lines).unwrap(), local).unwrap();
    (lines_of(&text), agreed)
}

fn lines_of(text: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(text).unwrap();
    assert!(text.ends_with("\r\n"));
    text.lines().map(str::to_owned).collect()
}

fn has(lines: &[String], line: &str) -> bool {
    lines.iter().any(|other| other == line)
}

const USUAL: &[&str] = &[
    "m=audio 4000 RTP/AVP 0 8 101",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-15",
    "a=ptime:20",
];

#[test]
fn a_usual_offer_gets_one_codec_and_events() {
    let (lines, agreed) = answer(USUAL, &local());
    assert_eq!(
        lines,
        [
            "v=0",
            "o=- 7 1 IN IP4 203.0.113.1",
            "s=-",
            "c=IN IP4 203.0.113.1",
            "t=0 0",
            "m=audio 20000 RTP/AVP 8 101",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-16",
            "a=ptime:20",
            "a=sendrecv",
        ]
    );
    assert_eq!(agreed.remote, Some(address("192.0.2.7:4000")));
    assert_eq!(
        (agreed.codec, agreed.held, agreed.direction),
        (Codec::Pcma, false, Direction::SendRecv)
    );
    assert_eq!(
        agreed.send,
        PayloadTypes {
            audio: 8,
            events: Some(101)
        }
    );
    assert_eq!(agreed.packet_time, Some(Duration::from_millis(20)));
}

#[test]
fn the_callers_order_decides_what_the_callee_is_offered() {
    let caller = offer(USUAL).unwrap();
    assert_eq!(caller.codecs(), [Codec::Pcmu, Codec::Pcma]);
    let to_callee = Negotiation::new(8).offer(Local::after(&caller, address("203.0.113.1:20002")));
    assert!(has(&lines_of(&to_callee), "m=audio 20002 RTP/AVP 0 8 101"));
}

#[test]
fn a_call_through_us_needs_no_transcoding_when_both_can_do_the_same() {
    let caller = offer(USUAL).unwrap();
    let mut to_callee = Negotiation::new(8);
    to_callee.offer(Local::after(&caller, address("203.0.113.1:20002")));
    let chosen = Answer::parse(&session(&[
        "m=audio 5000 RTP/AVP 8 101",
        "a=rtpmap:101 telephone-event/8000",
    ]));
    let callee = to_callee.accept_answer(&chosen.unwrap()).unwrap();
    assert_eq!(callee.codec, Codec::Pcma);

    let mut to_caller = Negotiation::new(7);
    let (_, agreed) = to_caller
        .answer(&caller, &local().preferring(callee.codec))
        .unwrap();
    assert_eq!(agreed.codec, Codec::Pcma);
}

#[test]
fn a_dynamic_payload_type_of_the_offer_is_used_both_ways() {
    let lines = [
        "m=audio 4000 RTP/AVP 96 97",
        "a=rtpmap:96 pcma/8000/1",
        "a=rtpmap:97 Telephone-Event/8000",
    ];
    let (lines, agreed) = answer(&lines, &local());
    assert!(has(&lines, "m=audio 20000 RTP/AVP 96 97"));
    let types = PayloadTypes {
        audio: 96,
        events: Some(97),
    };
    assert_eq!((agreed.send, agreed.receive), (types, types));
}

#[test]
fn an_answer_may_number_events_otherwise_than_our_offer() {
    let mut negotiation = Negotiation::new(7);
    negotiation.offer(local());
    let theirs = session(&["m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000"]);
    let agreed = negotiation
        .accept_answer(&Answer::parse(&theirs).unwrap())
        .unwrap();
    assert_eq!((agreed.send.events, agreed.receive.events), (Some(96), Some(101)));
    assert_eq!((agreed.send.audio, agreed.receive.audio), (0, 0));
}

#[test]
fn events_of_a_wide_band_codec_are_not_ours() {
    let lines = [
        "m=audio 4000 RTP/AVP 9 8 110 101",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:101 telephone-event/8000",
    ];
    assert_eq!(answer(&lines, &local()).1.send.events, Some(101));
    assert_eq!(answer(&lines[..2], &local()).1.send.events, None);
}

#[test]
fn other_streams_are_refused_in_their_place() {
    let lines = [
        "m=video 3000 RTP/AVP 31",
        "m=audio 4000 RTP/AVP 8",
        "m=audio 4002 RTP/AVP 8",
        "m=application 5000 UDP/BFCP *",
    ];
    let (lines, agreed) = answer(&lines, &local());
    let medias: Vec<_> = lines.iter().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        medias,
        [
            "m=video 0 RTP/AVP 31",
            "m=audio 20000 RTP/AVP 8",
            "m=audio 0 RTP/AVP 8",
            "m=application 0 UDP/BFCP *"
        ]
    );
    assert_eq!(agreed.remote, Some(address("192.0.2.7:4000")));
}

#[test]
fn a_secured_stream_beside_a_plain_one_is_passed_over() {
    let lines = ["m=audio 4000 RTP/SAVP 8", "m=audio 4002 RTP/AVP 8"];
    let (lines, agreed) = answer(&lines, &local());
    assert!(has(&lines, "m=audio 0 RTP/SAVP 8") && has(&lines, "m=audio 20000 RTP/AVP 8"));
    assert_eq!(agreed.remote.unwrap().port(), 4_002);
}

#[test]
fn feedback_profile_is_answered_as_offered_and_security_is_refused_with_its_name() {
    let (lines, _) = answer(&["m=audio 4000 RTP/AVPF 8"], &local());
    assert!(has(&lines, "m=audio 20000 RTP/AVPF 8"));
    for profile in ["RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVPF"] {
        let error = offer(&[&format!("m=audio 4000 {profile} 8")]).unwrap_err();
        assert_eq!(error, SdpError::Transport(profile.into()));
        assert_eq!((SdpError::STATUS, error.warning()), (488, 302));
    }
}

#[test]
fn every_old_and_new_way_of_holding_is_understood() {
    let ways: [(&[&str], Direction); 5] = [
        (&["m=audio 4000 RTP/AVP 8", "a=sendonly"], Direction::RecvOnly),
        (&["m=audio 4000 RTP/AVP 8", "a=inactive"], Direction::Inactive),
        (&["a=sendonly", "m=audio 4000 RTP/AVP 8"], Direction::RecvOnly),
        (
            &["a=inactive", "m=audio 4000 RTP/AVP 8", "a=sendonly"],
            Direction::RecvOnly,
        ),
        (
            &["m=audio 4000 RTP/AVP 8", "c=IN IP4 0.0.0.0"],
            Direction::RecvOnly,
        ),
    ];
    for (lines, direction) in ways {
        assert!(offer(lines).unwrap().holds(), "{lines:?}");
        let (answer, agreed) = answer(lines, &local());
        assert_eq!((agreed.held, agreed.direction), (true, direction), "{lines:?}");
        assert!(
            has(&answer, &format!("a={}", direction.name())),
            "{lines:?}: {answer:?}"
        );
    }
    assert_eq!(
        answer(&["m=audio 4000 RTP/AVP 8", "c=IN IP4 0.0.0.0"], &local())
            .1
            .remote,
        None
    );
}

#[test]
fn who_only_listens_is_not_holding() {
    let lines = ["m=audio 4000 RTP/AVP 8", "a=recvonly"];
    assert!(!offer(&lines).unwrap().holds());
    let (_, agreed) = answer(&lines, &local());
    assert_eq!((agreed.held, agreed.direction), (false, Direction::SendOnly));
}

#[test]
fn our_hold_and_resume_raise_the_version() {
    let mut negotiation = Negotiation::new(7);
    let version = |text: &[u8]| {
        lines_of(text)[1]
            .split(' ')
            .nth(2)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let first = negotiation.offer(local());
    let again = negotiation.offer(local());
    assert_eq!((version(&first), version(&again)), (1, 1), "nothing changed");

    let hold = negotiation.offer(local().with_direction(Direction::SendOnly));
    assert_eq!(version(&hold), 2);
    assert!(has(&lines_of(&hold), "a=sendonly"));
    let held = session(&["m=audio 4000 RTP/AVP 8", "a=recvonly"]);
    let agreed = negotiation.accept_answer(&Answer::parse(&held).unwrap()).unwrap();
    assert_eq!((agreed.direction, agreed.held), (Direction::SendOnly, false));

    assert_eq!(version(&negotiation.offer(local())), 3);
}

#[test]
fn a_re_offer_to_an_answered_session_goes_on_with_its_numbers() {
    let mut negotiation = Negotiation::new(7);
    let lines = ["m=audio 4000 RTP/AVP 8 96", "a=rtpmap:96 telephone-event/8000"];
    negotiation.answer(&offer(&lines).unwrap(), &local()).unwrap();
    let again = negotiation.offer(local());
    // RFC 3264 §8.3.2: a payload type keeps its meaning for the whole session.
    assert!(has(&lines_of(&again), "m=audio 20000 RTP/AVP 8 0 96"));
    assert!(has(&lines_of(&again), "o=- 7 2 IN IP4 203.0.113.1"));
}

#[test]
fn an_answer_is_only_taken_to_an_offer() {
    let mut negotiation = Negotiation::new(7);
    let theirs = Answer::parse(&session(&["m=audio 4000 RTP/AVP 8"])).unwrap();
    assert!(matches!(
        negotiation.accept_answer(&theirs),
        Err(SdpError::Mismatch(_))
    ));
    negotiation.offer(local());
    assert!(negotiation.is_offering());
    negotiation.accept_answer(&theirs).unwrap();
    // 183 and then 200 of the same or another fork.
    negotiation.accept_answer(&theirs).unwrap();
    negotiation.settle();
    assert!(!negotiation.is_offering());
    assert!(negotiation.accept_answer(&theirs).is_err());
    assert!(negotiation.agreed().is_some());
}

#[test]
fn a_refused_stream_and_a_foreign_codec_are_told_apart() {
    let mut negotiation = Negotiation::new(7);
    negotiation.offer(local());
    assert_eq!(
        Answer::parse(&session(&["m=audio 0 RTP/AVP 8"])),
        Err(SdpError::Refused)
    );
    assert_eq!(
        Answer::parse(&session(&["m=audio 4000 RTP/AVP 18", "a=rtpmap:18 G729/8000"])),
        Err(SdpError::NoCommonCodec("18".into()))
    );
}

#[test]
fn refusals_say_what_would_be_right() {
    let cases: [(&[&str], &str, u16); 7] = [
        (&[], "no audio stream is offered", 304),
        (&["m=video 3000 RTP/AVP 31"], "no audio stream is offered", 304),
        (&["m=audio 0 RTP/AVP 8"], "no audio stream is offered", 304),
        (
            &["m=audio 4000 RTP/AVP 18 4"],
            "no codec in common: offered 18 4, supported are PCMA and PCMU",
            305,
        ),
        (
            &["m=audio 4000 RTP/AVP 8", "c=IN IP4 224.2.1.1/127"],
            "no usable media address: 224.2.1.1 is a multicast address",
            301,
        ),
        (
            &["m=audio 4000 RTP/AVP 8", "c=IN IP6 192.0.2.1"],
            "no usable media address: 192.0.2.1 is not of its address type",
            301,
        ),
        (
            &["m=audio 4000 RTP/AVP 0", "a=rtpmap:0 L16/44100"],
            "no codec in common: offered 0, supported are PCMA and PCMU",
            305,
        ),
    ];
    for (lines, message, warning) in cases {
        let error = offer(lines).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), SdpError::STATUS, error.warning()),
            (message, 488, warning)
        );
    }
}

#[test]
fn what_is_no_description_is_a_bad_request() {
    for text in [
        &b""[..],
        b"hello",
        b"v=1\r\n",
        b"v=0\r\no=x\r\n",
        b"v=0\r\nm=audio x RTP/AVP 0\r\n",
        &[0xff; 40],
    ] {
        assert_eq!(Offer::parse(text).unwrap_err().warning(), 399, "{text:?}");
    }
    let large = session(&vec!["a=candidate:x"; 2_000]);
    assert_eq!(Offer::parse(&large), Err(SdpError::TooLarge));
    let many = session(&["m=audio 4000 RTP/AVP 8"; 17]);
    assert_eq!(Offer::parse(&many), Err(SdpError::TooLarge));
    let formats = "96 ".repeat(2_000);
    let long = session(&[&format!("m=video 0 RTP/AVP {formats}"), "m=audio 4000 RTP/AVP 8"]);
    assert_eq!(Offer::parse(&long), Err(SdpError::TooLarge));
}

#[test]
fn careless_phones_are_understood() {
    // No s= or t= line, bare line feeds, a Latin-1 name.
    let text =
        b"v=0\no=- 1 1 IN IP4 192.0.2.7\ni=T\xe9l\xe9phone\nc=IN IP4 192.0.2.7\nm=audio 4000 RTP/AVP 0\n";
    assert_eq!(Offer::parse(text).unwrap().codecs(), [Codec::Pcmu]);
}

#[test]
fn rtcp_addresses_and_multiplexing_are_read() {
    let with_port = ["m=audio 4000 RTP/AVP 8", "a=rtcp:4444"];
    assert_eq!(
        answer(&with_port, &local()).1.remote_rtcp,
        Some(address("192.0.2.7:4444"))
    );
    let with_address = ["m=audio 4000 RTP/AVP 8", "a=rtcp:4444 IN IP4 192.0.2.8"];
    assert_eq!(
        answer(&with_address, &local()).1.remote_rtcp,
        Some(address("192.0.2.8:4444"))
    );
    let (lines, agreed) = answer(&["m=audio 4000 RTP/AVP 8", "a=rtcp-mux"], &local());
    assert!(agreed.rtcp_mux && has(&lines, "a=rtcp-mux"));
}

#[test]
fn ipv6_is_spoken_but_not_mixed() {
    let v6 = b"v=0\r\no=- 1 1 IN IP6 2001:db8::7\r\ns=-\r\nc=IN IP6 2001:db8::7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
    let theirs = Offer::parse(v6).unwrap();
    let ours = Local::new(address("[2001:db8::1]:20000"));
    let (text, agreed) = Negotiation::new(7).answer(&theirs, &ours).unwrap();
    assert!(has(&lines_of(&text), "c=IN IP6 2001:db8::1"));
    assert_eq!(agreed.remote, Some(address("[2001:db8::7]:4000")));
    assert_eq!(
        Negotiation::new(7)
            .answer(&theirs, &local())
            .unwrap_err()
            .warning(),
        301
    );
}

#[test]
fn a_negotiation_survives_being_stored() {
    let mut negotiation = Negotiation::new(7);
    negotiation.answer(&offer(USUAL).unwrap(), &local()).unwrap();
    let stored = serde_json::to_string(&negotiation).unwrap();
    let mut restored: Negotiation = serde_json::from_str(&stored).unwrap();
    assert_eq!(restored, negotiation);
    assert_eq!(restored.offer(local()), negotiation.offer(local()));
}

/// The descriptions inside of RFC 5118's messages.
#[test]
fn rfc_5118_descriptions_are_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/peers/rfc5118");
    let body = |name: &str| {
        let message = std::fs::read_to_string(format!("{folder}/{name}")).ok()?;
        message
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.as_bytes().to_vec())
    };
    let (Some(plain), Some(mixed)) = (body("ipv6-in-sdp"), body("mult-ip-in-sdp")) else {
        println!("skipped: the messages of RFC 5118 are not at {folder}");
        return;
    };
    // G.726 only: readable, but no codec of ours.
    assert_eq!(Offer::parse(&plain), Err(SdpError::NoCommonCodec("2".into())));
    // Audio at an IPv4 address, video at an IPv6 one: the audio is taken.
    let (text, agreed) = Negotiation::new(7)
        .answer(&Offer::parse(&mixed).unwrap(), &local())
        .unwrap();
    assert_eq!(agreed.remote, Some(address("192.0.2.1:22334")));
    assert!(has(&lines_of(&text), "m=video 0 RTP/AVP 107"));
}

proptest::proptest! {
    #[test]
    fn no_description_panics_or_is_answered_with_another_count_of_streams(
        lines in proptest::collection::vec("[vosctmabir]=[ -~]{0,40}|m=audio [0-9]{1,6} RTP/AVP [0-9 ]{1,8}|c=IN IP4 [0-9.]{1,16}", 0..12)
    ) {
        let text = session(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        if let Ok(offer) = Offer::parse(&text)
            && let Ok((answer, _)) = Negotiation::new(1).answer(&offer, &local())
        {
            let count = |text: &[u8]| text.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"m=")).count();
            proptest::prop_assert_eq!(count(&text), count(&answer));
            proptest::prop_assert!(Offer::parse(&answer).is_ok());
        }
    }
}

/// A description that passes through keeps every byte but those of `o=`, whose version rises with each change.
#[test]
fn a_description_passes_through_with_an_origin_of_ours() {
    let mut negotiation = Negotiation::new(7);
    let at = "203.0.113.1".parse().unwrap();
    let theirs = session(&[
        "m=audio 4000 RTP/SAVP 96",
        "a=crypto:1 X",
        "m=video 4002 RTP/AVP 97",
    ]);
    let theirs = [theirs.as_slice(), b"i=caf\xe9\r\n"].concat();
    let passed = negotiation.relay(&theirs, at).unwrap();
    let expected = String::from_utf8_lossy(&theirs)
        .replace("o=alice 1 1 IN IP4 192.0.2.7", "o=- 7 1 IN IP4 203.0.113.1");
    assert_eq!(String::from_utf8_lossy(&passed), expected);
    assert!(passed.ends_with(b"caf\xe9\r\n"), "not a byte is touched");

    assert_eq!(
        negotiation.relay(&theirs, at).unwrap(),
        passed,
        "nothing has changed"
    );
    let changed = session(&["m=audio 4010 RTP/AVP 0"]);
    let changed = negotiation
        .relay(&changed, "198.51.100.1".parse().unwrap())
        .unwrap();
    assert!(has(&lines_of(&changed), "o=- 7 2 IN IP4 203.0.113.1"));
    assert_eq!(
        negotiation.relay(b"v=0\r\ns=-\r\n", at),
        Err(SdpError::Malformed("there is no o= line".into()))
    );
}

/// Once we take the sound over, our offer goes on where what passed through ended.
#[test]
fn our_offer_after_descriptions_that_passed_through_keeps_their_streams() {
    let mut negotiation = Negotiation::new(7);
    let theirs = session(&[
        "m=video 4002 RTP/AVP 97",
        "m=audio 4000 RTP/SAVP 101",
        "a=rtpmap:101 opus/48000/2",
    ]);
    negotiation
        .relay(&theirs, "198.51.100.9".parse().unwrap())
        .unwrap();
    let lines = lines_of(&negotiation.offer(local()));
    assert!(has(&lines, "o=- 7 2 IN IP4 198.51.100.9"), "{lines:?}");
    let streams: Vec<&String> = lines.iter().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(streams, ["m=video 0 RTP/AVP 97", "m=audio 20000 RTP/AVP 8 0 102"]);
    assert!(
        has(&lines, "a=rtpmap:102 telephone-event/8000"),
        "101 is opus here"
    );

    let reply = session(&[
        "m=video 0 RTP/AVP 97",
        "m=audio 4000 RTP/AVP 8",
        "a=rtpmap:8 PCMA/8000",
    ]);
    let agreed = negotiation
        .accept_answer(&Answer::parse(&reply).unwrap())
        .unwrap();
    assert_eq!(agreed.remote, Some(address("192.0.2.7:4000")));
}

/// What is looked at in a description that passes through: where it points, and whether it holds.
#[test]
fn an_outline_says_where_streams_go_and_who_is_held() {
    let outline = |lines: &[&str]| Outline::read(&session(lines)).unwrap();
    let talk = outline(&[
        "m=audio 4000 RTP/SAVP 96",
        "c=IN IP4 192.0.2.8",
        "m=video 4002 RTP/AVP 97",
    ]);
    assert_eq!(
        talk.addresses,
        [
            "192.0.2.8".parse::<std::net::IpAddr>().unwrap(),
            "192.0.2.7".parse().unwrap()
        ]
    );
    assert!(!talk.holds);
    assert!(outline(&["m=video 4002 RTP/AVP 97", "m=audio 4000 RTP/AVP 0", "a=sendonly"]).holds);
    let zero = outline(&["m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0"]);
    assert_eq!((zero.addresses.len(), zero.holds), (0, true));
    assert!(Outline::read(&session(&["m=audio 4000 RTP/AVP 0", "c=IN IP4 phone.example"])).is_err());
}
