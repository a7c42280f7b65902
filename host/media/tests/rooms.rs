//! More than two parties: who hears whom in a room.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

extern crate cordboard_media as media;

mod world;

use std::f64::consts::TAU;
use std::time::Duration;

use media::{Codec, Command, Part, PlayEnd, PlayId, PortId, RoomId, TICK};
use world::{World, phone_address, sine};

const ROOM: RoomId = RoomId(7);

/// Phones 1, 2, 3, … in one room, with these parts. The second speaks the other law.
fn room(parts: &[Part]) -> World {
    let mut world = World::new();
    for (number, part) in (1..).zip(parts) {
        let codec = if number == 2 { Codec::Pcmu } else { Codec::Pcma };
        world.phone(number, codec);
        join(&mut world, number, *part);
    }
    world.clear();
    world
}

fn join(world: &mut World, number: u64, part: Part) {
    world.command(Command::Join {
        port: PortId(number),
        room: ROOM,
        part,
    });
}

/// Everybody speaks for half a second, phone `n` at `n` times 300 Hz.
fn all_speak(world: &mut World, phones: u64) {
    let voices: Vec<_> = (1..=phones)
        .map(|number| sine(300.0 * number as f64, 6_000.0, 4_000))
        .collect();
    for start in (0..4_000).step_by(160) {
        for (number, voice) in (1..).zip(&voices) {
            world.say(phone_address(number), &voice[start..start + 160]);
        }
        world.wait(TICK);
    }
}

/// The phones that a phone hears, by the frequencies in what came.
fn hears(world: &World, phone: u64, of: u64) -> Vec<u64> {
    let audio = world.audio(phone_address(phone));
    let heard = &audio[audio.len() - 2_400..];
    (1..=of)
        .filter(|number| level(heard, 300.0 * *number as f64) > 2_000.0)
        .collect()
}

/// The peak of a frequency in a signal, by one term of its Fourier transform.
fn level(signal: &[i16], frequency: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in signal.iter().enumerate() {
        let angle = TAU * frequency * n as f64 / 8_000.0;
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    2.0 * re.hypot(im) / signal.len() as f64
}

#[test]
fn everybody_hears_all_others_and_nobody_itself() {
    let mut world = room(&[Part::Speaker, Part::Speaker, Part::Speaker]);
    all_speak(&mut world, 3);
    assert_eq!(hears(&world, 1, 3), [2, 3]);
    assert_eq!(hears(&world, 2, 3), [1, 3]);
    assert_eq!(hears(&world, 3, 3), [1, 2]);
}

#[test]
fn a_supervisor_listens_then_whispers_to_the_agent_then_speaks_to_both() {
    let (caller, agent, supervisor) = (1, 2, 3);
    let mut world = room(&[Part::Speaker, Part::Speaker, Part::Listener]);
    all_speak(&mut world, 3);
    assert_eq!(hears(&world, caller, 3), [agent]);
    assert_eq!(hears(&world, agent, 3), [caller]);
    assert_eq!(hears(&world, supervisor, 3), [caller, agent]);

    join(&mut world, supervisor, Part::Whisperer(PortId(agent)));
    all_speak(&mut world, 3);
    assert_eq!(hears(&world, caller, 3), [agent]);
    assert_eq!(hears(&world, agent, 3), [caller, supervisor]);
    assert_eq!(hears(&world, supervisor, 3), [caller, agent]);

    join(&mut world, supervisor, Part::Speaker);
    all_speak(&mut world, 3);
    assert_eq!(hears(&world, caller, 3), [agent, supervisor]);
}

#[test]
fn who_leaves_for_a_talk_of_two_is_heard_there_alone() {
    let mut world = room(&[Part::Speaker, Part::Speaker, Part::Speaker]);
    world.command(Command::Connect {
        a: PortId(1),
        b: PortId(2),
    });
    all_speak(&mut world, 3);
    assert_eq!(hears(&world, 1, 3), [2]);
    assert_eq!(hears(&world, 2, 3), [1]);
    assert_eq!(hears(&world, 3, 3), [] as [u64; 0]);
}

#[test]
fn a_prompt_to_one_party_is_heard_in_place_of_the_room() {
    let mut world = room(&[Part::Speaker, Part::Speaker, Part::Speaker]);
    let prompts = media::Prompts::shipped();
    world.command(Command::Play {
        port: PortId(1),
        play: PlayId(1),
        sounds: vec![media::Sound::Prompt(prompts.get("welcome").unwrap())],
        times: 0,
        barge_in: false,
    });
    all_speak(&mut world, 3);
    assert_eq!(hears(&world, 1, 3), [] as [u64; 0]);
    assert_eq!(hears(&world, 2, 3), [1, 3]);
    world.command(Command::Stop { port: PortId(1) });
    all_speak(&mut world, 3);
    assert_eq!(hears(&world, 1, 3), [2, 3]);
    let stopped = |event: &media::Event| {
        matches!(
            event,
            media::Event::PlayDone {
                end: PlayEnd::Stopped,
                ..
            }
        )
    };
    assert!(world.events.iter().any(stopped));
}

#[test]
fn each_party_gets_one_unbroken_stream_of_a_packet_a_tick() {
    let mut world = room(&[Part::Speaker, Part::Speaker, Part::Listener]);
    all_speak(&mut world, 2);
    world.wait(Duration::from_millis(200));
    for phone in 1..=3 {
        let heard = world.heard(phone_address(phone));
        assert_eq!(heard.len(), 35);
        let goes_on = |pair: &[world::Heard]| {
            pair[1].sequence == pair[0].sequence.wrapping_add(1)
                && pair[1].timestamp == pair[0].timestamp.wrapping_add(160)
                && pair[1].ssrc == pair[0].ssrc
        };
        assert!(heard.windows(2).all(goes_on));
    }
}

#[test]
fn a_key_pressed_in_a_room_is_told_and_not_heard() {
    let mut world = room(&[Part::Speaker, Part::Speaker, Part::Listener]);
    world.press(phone_address(3), 2);
    assert_eq!(world.digits(3), "2");
    assert!(
        world
            .audio(phone_address(1))
            .iter()
            .all(|sample| sample.abs() < 16)
    );
}
