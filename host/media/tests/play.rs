//! What the exchange plays, and the digits that go both ways.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

extern crate cordboard_media as media;

mod world;

use std::time::Duration;

use media::{
    Codec, Command, Country, DigitSource, Event, Pcm, PlayEnd, PlayId, PortId, PortOptions, Prompt, Sound,
    Tone,
};
use world::{EVENTS, World, phone_address, sine, snr, stream, without_events};

fn play(sounds: Vec<Sound>, times: u32, barge_in: bool) -> Command {
    Command::Play {
        port: PortId(1),
        play: PlayId(9),
        sounds,
        times,
        barge_in,
    }
}

fn done(end: PlayEnd) -> Event {
    Event::PlayDone {
        port: PortId(1),
        play: PlayId(9),
        end,
    }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_prompt_is_heard_as_it_was_recorded() {
    for codec in [Codec::Pcma, Codec::Pcmu] {
        let mut world = World::new();
        let alice = world.phone(1, codec);
        world.clear();
        let recording = sine(700.0, 9_000.0, 12_000);
        world.command(play(
            vec![Sound::Prompt(Prompt::new(&Pcm(recording.clone())))],
            1,
            false,
        ));
        world.wait(millis(1_600));
        let ratio = snr(&recording, &world.audio(alice)[..recording.len()]);
        assert!(ratio > 35.0, "{codec:?}: {ratio:.1} dB");
        assert_eq!(world.events, [done(PlayEnd::Finished)]);
        assert_eq!(world.heard(alice).len(), 75);
    }
}

#[test]
fn packets_leave_one_a_tick_also_when_ticks_come_late() {
    let mut world = World::new();
    let alice = world.phone(1, Codec::Pcma);
    world.wait(millis(20));
    world.clear();
    world.command(play(vec![Sound::Tone(Country::France, Tone::Dial)], 0, false));
    world.wait(millis(200));
    assert_eq!(world.heard(alice).len(), 10);
    world.now += millis(79);
    world.wait(millis(1));
    assert_eq!(world.heard(alice).len(), 14);
    // After a long stop the missed sound is gone: nobody wants a burst of it.
    world.now += Duration::from_secs(10);
    world.wait(millis(20));
    assert_eq!(world.heard(alice).len(), 15);
}

#[test]
fn a_digit_cuts_a_prompt_where_allowed_and_is_told_when_released() {
    for (barge_in, end) in [(true, Some(PlayEnd::Interrupted('4'))), (false, None)] {
        let mut world = World::new();
        let alice = world.phone(1, Codec::Pcma);
        world.command(play(vec![Sound::Silence(Duration::from_secs(5))], 1, barge_in));
        world.wait(millis(100));
        world.press(alice, 4);
        let digit = Event::Digit {
            port: PortId(1),
            digit: '4',
            held: millis(100),
            source: DigitSource::Rtp,
        };
        let expected: Vec<_> = end.map(done).into_iter().chain([digit]).collect();
        assert_eq!(world.events, expected);
    }
}

#[test]
fn an_in_band_digit_cuts_a_prompt_too() {
    let mut world = World::new();
    let alice = world.phone_with(1, without_events(stream(1, Codec::Pcmu)), PortOptions::default());
    world.command(play(
        vec![Sound::Tone(Country::UnitedStates, Tone::Ringback)],
        0,
        true,
    ));
    let nine: Vec<i16> = sine(852.0, 5_000.0, 640)
        .iter()
        .zip(sine(1_477.0, 5_000.0, 640))
        .map(|(a, b)| a + b)
        .collect();
    world.speak(alice, &nine);
    world.speak(alice, &[0; 640]);
    assert_eq!(world.events[0], done(PlayEnd::Interrupted('9')));
    let Event::Digit {
        digit: '9',
        held,
        source: DigitSource::InBand,
        ..
    } = world.events[1]
    else {
        panic!("{:?}", world.events);
    };
    assert!((60..=100).contains(&held.as_millis()), "{held:?}");
}

#[test]
fn digits_from_signalling_count_as_any_other() {
    let mut world = World::new();
    world.phone(1, Codec::Pcma);
    world.command(play(vec![Sound::Tone(Country::Europe, Tone::Ringback)], 0, true));
    world.command(Command::InjectDigit {
        port: PortId(1),
        digit: '#',
        held: millis(160),
    });
    world.command(Command::InjectDigit {
        port: PortId(1),
        digit: 'x',
        held: millis(160),
    });
    assert_eq!(world.events[0], done(PlayEnd::Interrupted('#')));
    assert_eq!(world.digits(1), "#");
}

#[test]
fn a_new_play_takes_the_place_of_the_old() {
    let mut world = World::new();
    world.phone(1, Codec::Pcma);
    world.command(play(vec![Sound::Silence(Duration::from_secs(5))], 0, false));
    world.command(play(vec![Sound::Silence(millis(20))], 1, false));
    world.wait(millis(100));
    assert_eq!(world.events, [done(PlayEnd::Stopped), done(PlayEnd::Finished)]);
}

#[test]
fn every_play_ends_exactly_once() {
    let mut world = World::new();
    world.command(play(vec![], 1, false));
    world.phone(1, Codec::Pcma);
    world.command(play(vec![], 0, false));
    world.command(play(vec![Sound::Silence(Duration::from_secs(5))], 1, false));
    world.command(Command::Stop { port: PortId(1) });
    world.command(Command::Stop { port: PortId(1) });
    world.command(play(vec![Sound::Silence(Duration::from_secs(5))], 1, false));
    world.command(Command::Close { port: PortId(1) });
    let ends = [PlayEnd::Gone, PlayEnd::Finished, PlayEnd::Stopped, PlayEnd::Gone].map(done);
    assert_eq!(world.events[..4], ends);
    assert!(matches!(world.events[4..], [Event::Stats { .. }]));
}

#[test]
fn closing_what_is_not_open_is_answered_too() {
    let mut world = World::new();
    world.command(Command::Close { port: PortId(1) });
    let stats = media::Stats::default();
    assert_eq!(
        world.events,
        [Event::Stats {
            port: PortId(1),
            stats
        }]
    );
}

#[test]
fn a_prompt_on_a_held_leg_ends_in_its_time_unheard() {
    let mut world = World::new();
    let held = media::Stream {
        remote: None,
        ..stream(1, Codec::Pcma)
    };
    world.phone_with(1, held, PortOptions::default());
    world.command(play(vec![Sound::Silence(millis(400))], 1, false));
    world.wait(millis(500));
    assert_eq!(world.events, [done(PlayEnd::Finished)]);
    assert!(world.heard(phone_address(1)).is_empty());
}

#[test]
fn digits_are_sent_as_events_that_a_phone_reads() {
    let mut world = World::new();
    let alice = world.phone(1, Codec::Pcma);
    world.clear();
    world.command(Command::SendDigits {
        port: PortId(1),
        play: PlayId(3),
        digits: "1#".into(),
    });
    world.wait(millis(500));
    let events: Vec<_> = world
        .heard(alice)
        .iter()
        .filter(|heard| heard.payload_type == EVENTS)
        .collect();
    assert_eq!(events.len(), 14);
    let starts: Vec<_> = events
        .iter()
        .filter(|event| event.marker)
        .map(|event| event.timestamp)
        .collect();
    assert_eq!(starts.len(), 2);
    assert_eq!(starts[1].wrapping_sub(starts[0]), 1_600);
    assert_eq!((events[0].payload[0], events[7].payload[0]), (1, 11));
    let sent = Event::DigitsSent {
        port: PortId(1),
        play: PlayId(3),
        end: PlayEnd::Finished,
    };
    assert_eq!(world.events, [sent]);
}

/// Our in-band digits, heard by our detector on another engine: both sides of RFC 4733's absence.
#[test]
fn digits_go_as_tones_where_no_events_are_negotiated() {
    let mut world = World::new();
    let alice = world.phone_with(1, without_events(stream(1, Codec::Pcmu)), PortOptions::default());
    world.clear();
    world.command(Command::SendDigits {
        port: PortId(1),
        play: PlayId(3),
        digits: "19*0D".into(),
    });
    world.wait(Duration::from_secs(2));
    let audio = world.audio(alice);

    let mut far = World::new();
    let bob = far.phone_with(2, without_events(stream(2, Codec::Pcmu)), PortOptions::default());
    far.speak(bob, &audio);
    assert_eq!(far.digits(2), "19*0D");
}

#[test]
fn keys_are_passed_on_with_the_listeners_payload_type() {
    let mut world = World::new();
    let alice = world.phone(1, Codec::Pcma);
    let mut other = stream(2, Codec::Pcma);
    other.send.events = Some(96);
    let bob = world.phone_with(2, other, PortOptions::default());
    world.command(Command::Connect {
        a: PortId(1),
        b: PortId(2),
    });
    world.clear();
    world.speak(alice, &[0; 320]);
    world.press(alice, 7);
    world.speak(alice, &[0; 320]);
    let types: Vec<_> = world.heard(bob).iter().map(|heard| heard.payload_type).collect();
    assert_eq!(types, [8, 8, 96, 96, 96, 96, 96, 96, 96, 8, 8]);
    assert_eq!(world.digits(1), "7");
    assert!(
        world
            .heard(bob)
            .windows(2)
            .all(|pair| pair[1].sequence == pair[0].sequence + 1)
    );
}

#[test]
fn keys_become_tones_for_a_listener_without_events() {
    let mut world = World::new();
    let alice = world.phone(1, Codec::Pcma);
    let bob = world.phone_with(2, without_events(stream(2, Codec::Pcma)), PortOptions::default());
    world.command(Command::Connect {
        a: PortId(1),
        b: PortId(2),
    });
    world.clear();
    world.press(alice, 8);
    world.wait(millis(300));
    let audio = world.audio(bob);

    let mut far = World::new();
    let listener = far.phone_with(3, without_events(stream(3, Codec::Pcma)), PortOptions::default());
    far.speak(listener, &audio);
    assert_eq!(far.digits(3), "8");
}

#[test]
fn lost_and_repeated_event_packets_make_no_difference() {
    let mut world = World::new();
    let alice = world.phone(1, Codec::Pcma);
    for (round, lost) in [0b000_0001u8, 0b011_0000, 0b000_1111, 0b110_0000]
        .into_iter()
        .enumerate()
    {
        let timestamp = 90_000 + round as u32 * 4_000;
        for step in 1..=7u16 {
            let [high, low] = (step.min(5) * 160).to_be_bytes();
            world.phones.get_mut(&alice).unwrap().timestamp = timestamp;
            let flags = if step >= 5 { 0x8a } else { 0x0a };
            let packet = world.packet(alice, EVENTS, step == 1, &[round as u8, flags, high, low]);
            if lost & (1 << (step - 1)) == 0 {
                world.deliver(alice, &packet);
                world.deliver(alice, &packet);
            }
            world.wait(media::TICK);
        }
    }
    assert_eq!(world.digits(1), "0123");
}

#[test]
fn the_end_of_a_key_that_never_comes_is_given_up_on() {
    let mut world = World::new();
    let alice = world.phone(1, Codec::Pcma);
    let packet = world.packet(alice, EVENTS, true, &[5, 10, 0, 160]);
    world.deliver(alice, &packet);
    world.wait(millis(180));
    assert_eq!(world.digits(1), "");
    world.wait(millis(60));
    assert_eq!(world.digits(1), "5");
}
