//! Digits that we send (RFC 4733 §2.5.1): 100 ms each, 100 ms between, the end three times.

use std::collections::VecDeque;

use super::code;
use crate::PlayId;

/// More waiting digits than anybody dials ahead.
const QUEUE: usize = 64;

/// Ticks of 20 ms.
const DIGIT: u16 = 5;
const GAP: u16 = 5;
const PAUSE: u16 = 50;
/// The end is sent this often; the repetitions are part of the gap.
const ENDS: u16 = 3;

/// −10 dBm0, what most phones say (RFC 4733 §2.3.3: without its sign).
const VOLUME: u8 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Digit(char),
    Pause,
    Done(PlayId),
}

/// What one tick sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// No digits: the port is free for others.
    Idle,
    /// Between digits.
    Gap,
    /// 20 ms of a digit: `tick` counts from 0. With telephone-events send `payload`, `starts` at a new timestamp;
    /// without, 20 ms of the key's tone while it `sounds`.
    Digit {
        key: char,
        tick: u16,
        payload: [u8; 4],
        starts: bool,
        sounds: bool,
    },
    /// Everything of this command has left.
    Done(PlayId),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct DigitSender {
    queue: VecDeque<Item>,
    /// Ticks since the front of the queue started.
    tick: u16,
}

impl DigitSender {
    /// Appends digits. False, and nothing is sent, when too many would wait.
    pub fn push(&mut self, play: PlayId, digits: &str) -> bool {
        let items = digits.chars().filter_map(item);
        if self.queue.len() + items.clone().count() > QUEUE {
            return false;
        }
        self.queue.extend(items);
        self.queue.push_back(Item::Done(play));
        true
    }

    /// One digit that belongs to no command: passed on from a party that sends events to one that
    /// takes none. Lost when too many wait.
    pub fn pass(&mut self, key: char) {
        if self.queue.len() < QUEUE {
            self.queue.push_back(Item::Digit(key));
        }
    }

    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// The next step takes no time.
    pub fn next_is_done(&self) -> bool {
        matches!(self.queue.front(), Some(Item::Done(_)))
    }

    /// The commands that will not be finished, because the port closes.
    pub fn abandon(&mut self) -> impl Iterator<Item = PlayId> {
        std::mem::take(&mut self.queue)
            .into_iter()
            .filter_map(|item| match item {
                Item::Done(play) => Some(play),
                Item::Digit(_) | Item::Pause => None,
            })
    }

    /// Goes on by 20 ms, or by nothing if something is done.
    pub fn step(&mut self) -> Step {
        let (step, length) = match self.queue.front() {
            None => return Step::Idle,
            Some(Item::Done(play)) => {
                let play = *play;
                self.queue.pop_front();
                return Step::Done(play);
            }
            Some(Item::Pause) => (Step::Gap, PAUSE),
            Some(Item::Digit(key)) => (digit(*key, self.tick), DIGIT + GAP),
        };
        self.tick += 1;
        if self.tick >= length {
            self.tick = 0;
            self.queue.pop_front();
        }
        step
    }
}

fn item(character: char) -> Option<Item> {
    match character {
        ',' => Some(Item::Pause),
        key => code(key).map(|_| Item::Digit(key.to_ascii_uppercase())),
    }
}

fn digit(key: char, tick: u16) -> Step {
    let last = DIGIT - 1;
    if tick >= last + ENDS {
        return Step::Gap;
    }
    let [high, low] = ((tick.min(last) + 1) * 160).to_be_bytes();
    let end = if tick >= last { 0x80 } else { 0 };
    let payload = [code(key).unwrap_or_default(), end | VOLUME, high, low];
    Step::Digit {
        key,
        tick,
        payload,
        starts: tick == 0,
        sounds: tick < DIGIT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_lasts_100_ms_and_ends_three_times() {
        let mut sender = DigitSender::default();
        assert!(sender.push(PlayId(1), "7"));
        let mut durations = vec![];
        let mut ends = 0;
        for tick in 0..10 {
            match sender.step() {
                Step::Digit {
                    payload: [7, flags, high, low],
                    starts,
                    ..
                } => {
                    assert_eq!(starts, tick == 0);
                    ends += u16::from(flags >> 7);
                    durations.push(u16::from_be_bytes([high, low]));
                }
                step => assert_eq!(step, Step::Gap),
            }
        }
        assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
        assert_eq!(
            (ends, sender.step(), sender.step()),
            (3, Step::Done(PlayId(1)), Step::Idle)
        );
    }

    #[test]
    fn what_is_no_key_is_skipped_and_too_many_are_refused() {
        let mut sender = DigitSender::default();
        assert!(sender.push(PlayId(1), "x y!"));
        assert_eq!(sender.step(), Step::Done(PlayId(1)));
        assert!(!sender.push(PlayId(2), &"1".repeat(65)));
        assert!(sender.is_idle());
        sender.push(PlayId(3), "1,2");
        assert_eq!(sender.abandon().collect::<Vec<_>>(), [PlayId(3)]);
    }
}
