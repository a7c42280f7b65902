//! Rooms: more than two parties who hear each other, mixed at each tick (N-1: nobody hears itself).
//!
//! What a party says is decoded and kept for two ticks, so that packets which come a little late are still in time;
//! at a tick each speaker gives 20 ms, and each party gets the sum of the others in its own codec.
//! A packet older than the last one taken is dropped.

use std::collections::VecDeque;

use crate::g711::FRAME;
use crate::{Codec, PortId};

/// A room, chosen by the exchange; it is there while somebody is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u64);

/// Who hears a port. Every port in a room hears its speakers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Everybody else.
    Speaker,
    /// Nobody.
    Listener,
    /// This port alone, if it is in the room.
    Whisperer(PortId),
}

/// 20 ms of sound, in samples.
pub(crate) type Frame = [i16; FRAME];

/// Kept before a party that begins to speak is heard: what its packets may be late.
const LEAD: usize = 2 * FRAME;

/// Longer than this, and its clock is faster than ours, or it was held up: the oldest is skipped.
const MOST: usize = 5 * FRAME;

/// A port's place in a room.
pub(crate) struct Seat {
    pub room: RoomId,
    pub part: Part,
    said: VecDeque<i16>,
    /// Enough was said to begin with.
    flows: bool,
    /// Sequence number of the last packet taken.
    last: Option<u16>,
}

impl Seat {
    pub fn new(room: RoomId, part: Part) -> Self {
        Self {
            room,
            part,
            said: VecDeque::new(),
            flows: false,
            last: None,
        }
    }

    /// Takes a packet's sound.
    pub fn hear(&mut self, sequence: u16, codec: Codec, payload: &[u8]) {
        let is_late = self
            .last
            .is_some_and(|last| sequence.wrapping_sub(last).wrapping_sub(1) >= 0x8000);
        if self.part == Part::Listener || is_late {
            return;
        }
        self.last = Some(sequence);
        self.said.extend(payload.iter().map(|byte| codec.decode(*byte)));
        let over = self.said.len().saturating_sub(MOST);
        self.said.drain(..over);
        self.flows |= self.said.len() >= LEAD;
    }

    /// The next 20 ms, with silence where there is nothing; none while it says nothing.
    pub fn next(&mut self) -> Option<Frame> {
        if !self.flows {
            return None;
        }
        let mut frame = [0; FRAME];
        for (sample, said) in frame
            .iter_mut()
            .zip(self.said.drain(..FRAME.min(self.said.len())))
        {
            *sample = said;
        }
        self.flows = !self.said.is_empty();
        Some(frame)
    }
}

/// What is said in a room in 20 ms: the sum, and what is not for everybody.
#[derive(Default)]
pub(crate) struct Mix {
    sum: Option<[i32; FRAME]>,
    /// By the place in the room of who says it.
    own: Vec<(usize, Frame)>,
    whispers: Vec<(PortId, Frame)>,
}

impl Mix {
    /// The party at this place says something.
    pub fn add(&mut self, place: usize, part: Part, frame: Frame) {
        match part {
            Part::Speaker => {
                let sum = self.sum.get_or_insert([0; FRAME]);
                for (sum, sample) in sum.iter_mut().zip(frame) {
                    *sum += i32::from(sample);
                }
                self.own.push((place, frame));
            }
            Part::Whisperer(to) => self.whispers.push((to, frame)),
            Part::Listener => {}
        }
    }

    /// What the party at this place hears; louder than can be said is cut.
    pub fn heard_by(&self, place: usize, port: PortId) -> Frame {
        let mut sum = self.sum.unwrap_or([0; FRAME]);
        if let Some((_, own)) = self.own.iter().find(|(other, _)| *other == place) {
            for (sum, sample) in sum.iter_mut().zip(own) {
                *sum -= i32::from(*sample);
            }
        }
        for (_, frame) in self.whispers.iter().filter(|(to, _)| *to == port) {
            for (sum, sample) in sum.iter_mut().zip(frame) {
                *sum += i32::from(*sample);
            }
        }
        sum.map(|sample| i16::try_from(sample).unwrap_or(if sample < 0 { i16::MIN } else { i16::MAX }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(value: i16) -> Vec<u8> {
        vec![Codec::Pcmu.encode(value); FRAME]
    }

    #[test]
    fn a_party_is_heard_from_its_second_packet_on_and_falls_silent_after_its_last() {
        let mut seat = Seat::new(RoomId(1), Part::Speaker);
        seat.hear(1, Codec::Pcmu, &packet(1_000));
        assert!(seat.next().is_none());
        seat.hear(2, Codec::Pcmu, &packet(1_000));
        assert!(seat.next().is_some_and(|frame| frame[0] > 900));
        assert!(seat.next().is_some());
        assert!(seat.next().is_none());
    }

    #[test]
    fn a_packet_that_comes_behind_a_later_one_or_twice_is_dropped() {
        let mut seat = Seat::new(RoomId(1), Part::Speaker);
        for sequence in [u16::MAX, 0, 0, u16::MAX, 1] {
            seat.hear(sequence, Codec::Pcmu, &packet(0));
        }
        assert_eq!(seat.said.len(), 3 * FRAME);
    }

    #[test]
    fn who_speaks_faster_than_time_passes_is_not_heard_later_and_later() {
        let mut seat = Seat::new(RoomId(1), Part::Speaker);
        for sequence in 0..100 {
            seat.hear(sequence, Codec::Pcmu, &packet(0));
        }
        assert_eq!(seat.said.len(), MOST);
    }

    #[test]
    fn two_who_shout_are_cut_and_do_not_wrap_around() {
        let mut mix = Mix::default();
        mix.add(0, Part::Speaker, [30_000; FRAME]);
        mix.add(1, Part::Speaker, [30_000; FRAME]);
        mix.add(2, Part::Speaker, [-30_000; FRAME]);
        assert_eq!(mix.heard_by(2, PortId(2))[0], i16::MAX);
        assert_eq!(mix.heard_by(0, PortId(0))[0], 0);
        assert_eq!(mix.heard_by(9, PortId(9))[0], 30_000);
    }
}
