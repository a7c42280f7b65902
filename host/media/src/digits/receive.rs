//! Telephone-events that come in (RFC 4733 §2.5.2).
//!
//! A key is many packets: one every 20 or 50 ms with a growing duration and one timestamp, and three
//! at the end. Any of them may be lost or come late. The timestamp is what makes them one.
//!
//! ```text
//! Up --any packet of a new timestamp--> Down --end bit, newer event, or nothing for 200 ms--> Up
//! ```

use std::time::Duration;

use base::Moment;

use super::key;
use crate::prompt::RATE;

/// After this without a packet a key counts as released; phones refresh every 50 ms or faster.
const GIVE_UP: Duration = Duration::from_millis(200);

/// A longer event goes on in a segment of its own (RFC 4733 §2.5.1.3).
const LONGEST: u16 = 0xffff;

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    Pressed(char),
    Released(char, Duration),
}

#[derive(Clone, Copy, Debug)]
struct Down {
    code: u8,
    timestamp: u32,
    duration: u16,
    /// Samples of segments before this one.
    earlier: u32,
    heard: Moment,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EventReceiver {
    down: Option<Down>,
    /// Timestamp of the last event that is over; what is not newer is a repetition.
    over: Option<u32>,
}

impl EventReceiver {
    /// Takes the payload of an event packet. At most three things happen: the end of a key whose own
    /// end was lost, a press, and its release.
    pub fn receive(&mut self, now: Moment, timestamp: u32, payload: &[u8]) -> [Option<Happened>; 3] {
        let [code, flags, high, low, ..] = *payload else {
            return [None; 3];
        };
        let Some(name) = key(code) else { return [None; 3] };
        let (ends, duration) = (flags & 0x80 != 0, u16::from_be_bytes([high, low]));

        let (mut lost_end, mut pressed) = (None, None);
        if !self.belongs(code, timestamp) {
            if !self.is_new(timestamp) {
                return [None; 3];
            }
            lost_end = self.release();
            pressed = Some(Happened::Pressed(name));
            self.down = Some(Down {
                code,
                timestamp,
                duration,
                earlier: 0,
                heard: now,
            });
        }
        self.refresh(now, timestamp, duration);
        let released = if ends { self.release() } else { None };
        [lost_end, pressed, released]
    }

    /// A key whose end never came.
    pub fn give_up(&mut self, now: Moment) -> Option<Happened> {
        let down = self.down?;
        if now.since(down.heard) < GIVE_UP {
            None
        } else {
            self.release()
        }
    }

    pub fn is_down(&self) -> bool {
        self.down.is_some()
    }

    /// Whether a packet is of the key that is down, perhaps of its next segment.
    fn belongs(&mut self, code: u8, timestamp: u32) -> bool {
        let Some(down) = &mut self.down else { return false };
        if down.code == code && timestamp == down.timestamp.wrapping_add(u32::from(LONGEST)) {
            down.earlier = down.earlier.saturating_add(u32::from(LONGEST));
            down.timestamp = timestamp;
            down.duration = 0;
        }
        down.code == code && down.timestamp == timestamp
    }

    fn is_new(&self, timestamp: u32) -> bool {
        let last = self.down.map(|down| down.timestamp).or(self.over);
        last.is_none_or(|last| timestamp != last && timestamp.wrapping_sub(last) < 1 << 31)
    }

    fn refresh(&mut self, now: Moment, timestamp: u32, duration: u16) {
        if let Some(down) = &mut self.down
            && down.timestamp == timestamp
        {
            down.duration = down.duration.max(duration);
            down.heard = now;
        }
    }

    fn release(&mut self) -> Option<Happened> {
        let down = self.down.take()?;
        self.over = Some(down.timestamp);
        let samples = u64::from(down.earlier) + u64::from(down.duration);
        let held = Duration::from_millis(samples * 1_000 / RATE as u64);
        key(down.code).map(|key| Happened::Released(key, held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Phone {
        receiver: EventReceiver,
        now: Moment,
        heard: Vec<Happened>,
    }

    impl Phone {
        fn new() -> Self {
            Self {
                receiver: EventReceiver::default(),
                now: Moment::ZERO,
                heard: vec![],
            }
        }

        fn packet(&mut self, code: u8, timestamp: u32, duration: u16, end: bool) {
            self.now += Duration::from_millis(20);
            let [high, low] = duration.to_be_bytes();
            let payload = [code, if end { 0x8a } else { 0x0a }, high, low];
            self.heard.extend(
                self.receiver
                    .receive(self.now, timestamp, &payload)
                    .into_iter()
                    .flatten(),
            );
        }
    }

    fn released(key: char, millis: u64) -> Happened {
        Happened::Released(key, Duration::from_millis(millis))
    }

    #[test]
    fn repeated_packets_are_one_key() {
        let mut phone = Phone::new();
        for duration in [160, 320, 480, 640] {
            phone.packet(5, 1_000, duration, false);
        }
        (0..3).for_each(|_| phone.packet(5, 1_000, 800, true));
        assert_eq!(phone.heard, [Happened::Pressed('5'), released('5', 100)]);
    }

    #[test]
    fn a_key_pressed_twice_is_two() {
        let mut phone = Phone::new();
        for timestamp in [1_000, 3_000] {
            phone.packet(11, timestamp, 400, false);
            phone.packet(11, timestamp, 800, true);
        }
        let once = [Happened::Pressed('#'), released('#', 100)];
        assert_eq!(phone.heard, [once, once].concat());
    }

    #[test]
    fn a_lost_end_is_told_with_the_next_key() {
        let mut phone = Phone::new();
        phone.packet(1, 1_000, 400, false);
        phone.packet(2, 3_000, 800, true);
        phone.packet(2, 3_000, 800, true);
        assert_eq!(
            phone.heard,
            [
                Happened::Pressed('1'),
                released('1', 50),
                Happened::Pressed('2'),
                released('2', 100)
            ][..]
        );
    }

    #[test]
    fn a_lost_end_is_given_up_after_200_ms() {
        let mut phone = Phone::new();
        phone.packet(1, 1_000, 400, false);
        assert_eq!(
            phone.receiver.give_up(phone.now + Duration::from_millis(199)),
            None
        );
        assert_eq!(
            phone.receiver.give_up(phone.now + GIVE_UP),
            Some(released('1', 50))
        );
        phone.packet(1, 1_000, 800, true);
        assert_eq!(phone.heard, [Happened::Pressed('1')]);
    }

    #[test]
    fn only_the_end_arriving_is_still_a_key() {
        let mut phone = Phone::new();
        phone.packet(15, 1_000, 800, true);
        assert_eq!(phone.heard, [Happened::Pressed('D'), released('D', 100)]);
    }

    #[test]
    fn late_packets_of_an_older_key_are_ignored() {
        let mut phone = Phone::new();
        phone.packet(1, 1_000, 800, true);
        phone.packet(2, 3_000, 160, false);
        phone.packet(1, 1_000, 640, false);
        phone.packet(2, 3_000, 800, true);
        assert_eq!(phone.heard.len(), 4);
    }

    #[test]
    fn a_timestamp_that_wraps_is_a_new_key() {
        let mut phone = Phone::new();
        phone.packet(1, u32::MAX - 100, 800, true);
        phone.packet(1, 4_000, 800, true);
        phone.packet(1, 4_000, 800, true);
        phone.packet(1, u32::MAX - 100, 800, true);
        let once = [Happened::Pressed('1'), released('1', 100)];
        assert_eq!(phone.heard, [once, once].concat());
    }

    /// Every packet but one lost, whichever it is: always one key.
    #[test]
    fn any_single_packet_of_a_key_is_enough() {
        let packets = [
            (160, false),
            (320, false),
            (480, false),
            (640, true),
            (640, true),
            (640, true),
        ];
        for (duration, end) in packets {
            let mut phone = Phone::new();
            phone.packet(7, 1_000, duration, end);
            if let Some(happened) = phone.receiver.give_up(phone.now + GIVE_UP) {
                phone.heard.push(happened);
            }
            assert_eq!(
                phone.heard,
                [Happened::Pressed('7'), released('7', u64::from(duration) / 8)]
            );
        }
    }

    #[test]
    fn a_key_held_for_twelve_seconds_is_one() {
        let mut phone = Phone::new();
        phone.packet(3, 1_000, 0xffff, false);
        phone.packet(3, 1_000 + 0xffff, 30_465, true);
        assert_eq!(phone.heard, [Happened::Pressed('3'), released('3', 12_000)]);
    }

    #[test]
    fn other_events_and_short_payloads_are_nothing() {
        let mut phone = Phone::new();
        phone.packet(16, 1_000, 800, true);
        assert_eq!(phone.receiver.receive(Moment::ZERO, 1, &[5, 0x80]), [None; 3]);
        assert_eq!(phone.heard, []);
    }
}
