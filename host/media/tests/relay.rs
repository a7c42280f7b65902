//! Two parties hear each other: relay, transcoding, latching, holding.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

extern crate cordboard_media as media;

mod world;

use std::time::Duration;

use media::{Codec, Command, Direction, Event, PlayId, PortId, PortOptions, Prompts, Sound};
use rtcp_types::{Compound, Packet};
use world::{World, address, phone_address, sine, snr, stream, without_events};

fn connected(a: Codec, b: Codec) -> World {
    let mut world = World::new();
    world.phone(1, a);
    world.phone(2, b);
    world.command(Command::Connect {
        a: PortId(1),
        b: PortId(2),
    });
    world.let_open();
    world
}

#[test]
fn what_one_says_the_other_hears_at_once_and_unchanged() {
    let mut world = connected(Codec::Pcma, Codec::Pcma);
    let (alice, bob) = (phone_address(1), phone_address(2));
    for frame in sine(440.0, 8_000.0, 1_600).chunks(160) {
        world.say(alice, frame);
        assert_eq!(
            world.heard(bob).last().unwrap().at,
            world.now,
            "no tick in between"
        );
        world.wait(media::TICK);
    }
    let heard = world.heard(bob);
    assert_eq!(heard.len(), 10);
    assert!(
        heard
            .iter()
            .all(|packet| packet.ssrc == heard[0].ssrc && packet.ssrc != (4_000 << 8 | 7))
    );
    assert!(
        heard
            .windows(2)
            .all(|pair| pair[1].sequence == pair[0].sequence + 1)
    );
    assert!(
        heard
            .windows(2)
            .all(|pair| pair[1].timestamp == pair[0].timestamp + 160)
    );
    assert_eq!(heard.iter().filter(|packet| packet.marker).count(), 1);
    assert!(world.heard(alice).is_empty());
}

#[test]
fn transcoding_keeps_the_signal_thirty_five_decibels_over_its_noise() {
    for (from, to) in [(Codec::Pcma, Codec::Pcmu), (Codec::Pcmu, Codec::Pcma)] {
        let mut world = connected(from, to);
        let voice = sine(1_020.0, 10_000.0, 16_000);
        world.speak(phone_address(1), &voice);
        let ratio = snr(&voice, &world.audio(phone_address(2)));
        // ITU-T G.712 asks 33.9 dB of one codec pair at this level; two in a row lose about 3 dB.
        assert!(ratio > 33.0, "{from:?} to {to:?}: {ratio:.1} dB");
    }
}

#[test]
fn a_stream_goes_on_unbroken_from_prompt_to_talk_and_back() {
    let mut world = connected(Codec::Pcma, Codec::Pcma);
    let (alice, bob) = (phone_address(1), phone_address(2));
    let prompt = Sound::Prompt(Prompts::shipped().get("welcome").unwrap());
    for round in 0..3 {
        world.command(Command::Play {
            port: PortId(2),
            play: PlayId(round),
            sounds: vec![prompt.clone()],
            times: 1,
            barge_in: false,
        });
        world.speak(alice, &vec![100; 160 * 100]);
    }
    let heard = world.heard(bob);
    assert!(heard.len() > 295, "{}", heard.len());
    for pair in heard.windows(2) {
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        assert!((160..=320).contains(&step), "a step of {step} samples");
    }
}

#[test]
fn a_third_party_is_neither_heard_nor_sent_to() {
    let mut world = connected(Codec::Pcma, Codec::Pcma);
    let (alice, bob, mallory) = (phone_address(1), phone_address(2), address("203.0.113.66:6666"));
    world.add(mallory, PortId(1), Codec::Pcma);
    world.speak(alice, &[500; 1_600]);
    let before = world.heard(bob).len();
    world.speak(mallory, &[20_000; 1_600]);
    world.speak(bob, &[700; 1_600]);
    assert_eq!(world.heard(bob).len(), before);
    assert!(world.heard(mallory).is_empty());
    assert_eq!(world.heard(alice).len(), 10);

    world.clear();
    world.command(Command::Report { port: PortId(1) });
    let [Event::Stats { stats, .. }] = world.events[..] else {
        panic!("{:?}", world.events)
    };
    assert_eq!((stats.foreign, stats.packets_received), (10, 10));
}

#[test]
fn a_phone_behind_a_nat_is_latched_to_and_told() {
    let mut world = connected(Codec::Pcma, Codec::Pcma);
    let (bob, nat) = (phone_address(2), address("198.51.100.7:31000"));
    world.add(nat, PortId(1), Codec::Pcma);
    world.speak(nat, &[500; 320]);
    assert_eq!(
        world.events,
        [Event::Latched {
            port: PortId(1),
            remote: nat
        }]
    );
    world.speak(bob, &[700; 1_600]);
    assert_eq!((world.heard(nat).len(), world.heard(bob).len()), (10, 2));
}

#[test]
fn garbage_and_unknown_payloads_never_latch() {
    let mut world = connected(Codec::Pcma, Codec::Pcma);
    let mallory = address("203.0.113.66:6666");
    world.add(mallory, PortId(1), Codec::Pcma);
    for garbage in [&b""[..], b"\x80", b"GET / HTTP/1.1\r\n", &[0; 300]] {
        world.deliver(mallory, garbage);
    }
    let strange = world.packet(mallory, 96, false, &[0; 160]);
    world.deliver(mallory, &strange);
    assert!(world.events.is_empty());

    world.command(Command::Report { port: PortId(1) });
    let [Event::Stats { stats, .. }] = world.events[..] else {
        panic!("{:?}", world.events)
    };
    assert_eq!(
        (stats.malformed, stats.unknown_payload, stats.packets_received),
        (4, 1, 0)
    );
}

#[test]
fn a_held_party_hears_nothing_and_is_not_heard() {
    let mut world = connected(Codec::Pcma, Codec::Pcma);
    let (alice, bob) = (phone_address(1), phone_address(2));
    let held = media::Stream {
        direction: Direction::Inactive,
        ..stream(1, Codec::Pcma)
    };
    world.command(Command::Update {
        port: PortId(1),
        stream: held,
    });
    world.speak(bob, &[700; 1_600]);
    world.speak(alice, &[700; 1_600]);
    assert!(world.heard(alice).is_empty() && world.heard(bob).is_empty());

    world.command(Command::Update {
        port: PortId(1),
        stream: stream(1, Codec::Pcma),
    });
    world.speak(bob, &[700; 1_600]);
    world.speak(alice, &[700; 1_600]);
    assert_eq!((world.heard(alice).len(), world.heard(bob).len()), (10, 10));
}

#[test]
fn a_codec_that_changes_mid_call_is_followed() {
    let mut world = connected(Codec::Pcma, Codec::Pcma);
    let (alice, bob) = (phone_address(1), phone_address(2));
    world.speak(alice, &sine(500.0, 9_000.0, 1_600));
    world.command(Command::Update {
        port: PortId(2),
        stream: stream(2, Codec::Pcmu),
    });
    world.phones.get_mut(&bob).unwrap().codec = Codec::Pcmu;
    world.clear();
    let voice = sine(500.0, 9_000.0, 8_000);
    world.speak(alice, &voice);
    assert!(world.heard(bob).iter().all(|packet| packet.payload_type == 0));
    assert!(snr(&voice, &world.audio(bob)) > 30.0);
}

#[test]
fn early_media_flows_one_way() {
    let mut world = World::new();
    let (alice, bob) = (world.phone(1, Codec::Pcma), world.phone(2, Codec::Pcma));
    world.command(Command::Listen {
        to: PortId(1),
        from: PortId(2),
    });
    world.let_open();
    world.speak(bob, &[700; 1_600]);
    world.speak(alice, &[700; 1_600]);
    assert_eq!((world.heard(alice).len(), world.heard(bob).len()), (10, 0));
}

#[test]
fn silence_opens_the_way_soon_unless_something_else_does() {
    let mut world = World::new();
    let (alice, bob) = (world.phone(1, Codec::Pcma), world.phone(2, Codec::Pcma));
    world.command(Command::Listen {
        to: PortId(1),
        from: PortId(2),
    });
    world.wait(media::TICK);
    assert!(world.heard(alice).is_empty() && world.heard(bob).is_empty());
    world.say(bob, &[700; 160]);
    world.wait(media::TICK * 2);
    assert_eq!((world.heard(alice).len(), world.heard(bob).len()), (1, 1));
}

#[test]
fn a_call_that_ends_before_anybody_spoke_has_sent_nothing() {
    let mut world = World::new();
    let alice = world.phone(1, Codec::Pcma);
    world.wait(media::TICK);
    world.command(Command::Close { port: PortId(1) });
    world.wait(media::TICK * 5);
    assert!(world.heard(alice).is_empty() && world.reports.is_empty());
}

#[test]
fn a_port_connected_with_itself_echoes() {
    let mut world = World::new();
    let alice = world.phone(1, Codec::Pcmu);
    world.command(Command::Connect {
        a: PortId(1),
        b: PortId(1),
    });
    world.clear();
    let voice = sine(440.0, 8_000.0, 1_600);
    world.speak(alice, &voice);
    assert!(snr(&voice, &world.audio(alice)) > 35.0);
}

#[test]
fn silence_is_told_once_and_its_end_too() {
    let mut world = World::new();
    let options = PortOptions {
        silence_after: Some(Duration::from_secs(10)),
        ..PortOptions::default()
    };
    let alice = world.phone_with(1, stream(1, Codec::Pcma), options);
    world.wait(Duration::from_secs(9));
    assert!(world.events.is_empty());
    world.wait(Duration::from_secs(60));
    assert!(
        matches!(world.events[..], [Event::Silence { port: PortId(1), .. }]),
        "{:?}",
        world.events
    );
    world.speak(alice, &[5; 160]);
    assert_eq!(world.events[1..], [Event::Heard { port: PortId(1) }]);
}

#[test]
fn a_held_party_is_not_silent() {
    let mut world = World::new();
    let options = PortOptions {
        silence_after: Some(Duration::from_secs(10)),
        ..PortOptions::default()
    };
    let held = media::Stream {
        direction: Direction::SendOnly,
        ..stream(1, Codec::Pcma)
    };
    world.phone_with(1, held, options);
    world.wait(Duration::from_secs(60));
    assert!(world.events.is_empty());
}

#[test]
fn an_idle_port_opens_the_nat_and_keeps_it_open() {
    let mut world = World::new();
    let alice = world.phone(1, Codec::Pcma);
    world.wait(Duration::from_secs(60));
    // The first packet leaves before the phone is there to hear it.
    assert!(
        (3..=4).contains(&world.heard(alice).len()),
        "{}",
        world.heard(alice).len()
    );
    assert!(
        world
            .heard(alice)
            .iter()
            .all(|packet| packet.payload == [0xd5; 160])
    );
}

#[test]
fn closing_one_leaves_the_other_alone() {
    let mut world = connected(Codec::Pcma, Codec::Pcma);
    let (alice, bob) = (phone_address(1), phone_address(2));
    world.speak(alice, &[500; 320]);
    world.command(Command::Close { port: PortId(2) });
    assert!(matches!(
        world.events.last(),
        Some(Event::Stats { port: PortId(2), .. })
    ));
    world.clear();
    world.speak(alice, &[500; 320]);
    world.speak(bob, &[500; 320]);
    assert!(world.heard(bob).is_empty() && world.heard(alice).is_empty());
    assert_eq!(world.engine.ports(), 1);
}

#[test]
fn reports_tell_loss_jitter_and_round_trip() {
    let mut world = connected(Codec::Pcma, Codec::Pcma);
    let alice = phone_address(1);
    for number in 0..500u32 {
        let packet = world.packet(alice, 8, false, &[0xd5; 160]);
        if number % 10 != 3 {
            world.deliver(alice, &packet);
        }
        world.wait(media::TICK);
    }
    // Both ports have sent reports; the one to Alice tells of her losses.
    let (_, to, report) = world
        .reports
        .iter()
        .rfind(|(port, ..)| *port == PortId(1))
        .unwrap()
        .clone();
    assert_eq!(to, address("192.0.2.1:4001"));
    let block = Compound::parse(&report)
        .unwrap()
        .find_map(|packet| match packet.unwrap() {
            Packet::Sr(report) => report.report_blocks().next(),
            Packet::Rr(report) => report.report_blocks().next(),
            _ => None,
        });
    // The report is up to 7.5 s old; every tenth packet was lost.
    let block = block.unwrap();
    assert!(
        (10..=50).contains(&block.cumulative_lost()),
        "{}",
        block.cumulative_lost()
    );
    assert!(
        (23..=29).contains(&block.fraction_lost()),
        "{}",
        block.fraction_lost()
    );
    world.clear();
    world.command(Command::Report { port: PortId(1) });
    let [Event::Stats { stats, .. }] = world.events[..] else {
        panic!("{:?}", world.events)
    };
    assert!((49..=50).contains(&stats.packets_lost), "{stats:?}");
    assert_eq!(stats.jitter, Duration::ZERO);
}

#[test]
fn rtcp_on_the_rtp_port_is_told_apart() {
    let mut world = connected(Codec::Pcma, Codec::Pcma);
    let alice = phone_address(1);
    // An empty receiver report (RFC 3550 §6.4.2).
    world.deliver(alice, &[0x80, 201, 0, 1, 0, 0, 0, 9]);
    world.command(Command::Report { port: PortId(1) });
    let [Event::Stats { stats, .. }] = world.events[..] else {
        panic!("{:?}", world.events)
    };
    assert_eq!((stats.malformed, stats.packets_received), (0, 0));
}

/// The tones of the key 5 for 100 ms, and as long a silence.
fn five() -> Vec<i16> {
    sine(770.0, 6_000.0, 800)
        .iter()
        .zip(sine(1_336.0, 6_000.0, 800))
        .map(|(a, b)| a + b)
        .chain([0; 800])
        .collect()
}

/// There are phones that agree to send telephone-events, and send tones all the same.
#[test]
fn a_tone_counts_while_no_event_has_come_though_events_were_negotiated() {
    let mut world = World::new();
    let alice = world.phone(1, Codec::Pcma);
    world.speak(alice, &five());
    assert_eq!(world.digits(1), "5");
    world.press(alice, 7);
    world.speak(alice, &five());
    assert_eq!(
        world.digits(1),
        "57",
        "who sends events is not listened to any more"
    );
}

/// The beginning of the tone leaks before the events, or an INFO follows it.
#[test]
fn a_key_told_both_ways_is_one() {
    let mut world = World::new();
    let (alice, bob) = (world.phone(1, Codec::Pcma), world.phone(2, Codec::Pcma));
    world.speak(alice, &five());
    world.press(alice, 5);
    world.press(alice, 5);
    assert_eq!(world.digits(1), "55");
    world.speak(bob, &five());
    for _ in 0..2 {
        world.command(Command::InjectDigit {
            port: PortId(2),
            digit: '5',
            held: Duration::from_millis(100),
        });
    }
    assert_eq!(world.digits(2), "55");
}

/// Listening costs more than relaying, and the other party hears the tone.
#[test]
fn between_two_parties_tones_count_only_of_whom_cannot_send_events() {
    let mut world = connected(Codec::Pcma, Codec::Pcma);
    let (alice, bob) = (phone_address(1), phone_address(2));
    world.speak(alice, &five());
    assert_eq!(world.digits(1), "");
    world.command(Command::Update {
        port: PortId(2),
        stream: without_events(stream(2, Codec::Pcma)),
    });
    world.speak(bob, &five());
    assert_eq!(world.digits(2), "5");
}
