//! One unbroken outgoing stream, whatever feeds it (RFC 3550 §5.1).
//!
//! Prompts, digits and the packets of whoever the party hears take turns. The party sees
//! one SSRC, sequence numbers that only show losses that there were, and timestamps that follow
//! the time: a jitter buffer never has to start over.

use base::Moment;

use crate::g711::FRAME;
use crate::prompt::RATE;
use crate::reception::MAX_DROPOUT;

/// A fixed RTP header: version 2, no padding, no extension, no CSRC.
pub(crate) type Header = [u8; 12];

/// The fields of a packet that is passed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming {
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    pub marker: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender {
    ssrc: u32,
    /// Highest used.
    sequence: u16,
    timestamp: u32,
    /// When `timestamp` was sent; none before the first packet.
    at: Option<Moment>,
    relay: Option<Relay>,
    pub packets: u64,
    pub bytes: u64,
}

/// How a source's numbers become ours.
#[derive(Clone, Copy, Debug)]
struct Relay {
    ssrc: u32,
    highest: u16,
    sequence_offset: u16,
    timestamp_offset: u32,
}

impl Sender {
    pub fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        Self {
            ssrc,
            sequence,
            timestamp,
            at: None,
            relay: None,
            packets: 0,
            bytes: 0,
        }
    }

    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub fn is_started(&self) -> bool {
        self.at.is_some()
    }

    /// The timestamp of audio that is sent now.
    pub fn timestamp_at(&self, now: Moment) -> u32 {
        match self.at {
            Some(at) => self.timestamp.wrapping_add(elapsed(at, now)),
            None => self.timestamp,
        }
    }

    /// A header for audio of our own.
    pub fn own(&mut self, now: Moment, payload_type: u8, length: usize) -> Header {
        // The first after something else, or after a pause, starts a talk spurt (RFC 3551 §4.1).
        let pause = self.at.is_none_or(|at| elapsed(at, now) > 2 * FRAME as u32);
        let marker = self.relay.take().is_some() || pause;
        self.timestamp = self.following(now);
        self.at = Some(now);
        self.next(payload_type, marker, self.timestamp, length)
    }

    /// Reserves the timestamp of an event that starts now (RFC 4733 §2.2.2).
    pub fn start_event(&mut self, now: Moment) -> u32 {
        self.relay = None;
        self.timestamp = self.following(now);
        self.at = Some(now);
        self.timestamp
    }

    /// A header for one packet of an event.
    pub fn event(&mut self, payload_type: u8, marker: bool, timestamp: u32) -> Header {
        self.next(payload_type, marker, timestamp, 4)
    }

    /// A header for a packet that is passed on.
    pub fn relay(&mut self, now: Moment, packet: Incoming, payload_type: u8, length: usize) -> Header {
        let (relay, starts) = match self.relay {
            Some(relay) if relay.continues(packet) => (relay, false),
            Some(_) | None => (self.take_up(now, packet), true),
        };
        let sequence = packet.sequence.wrapping_add(relay.sequence_offset);
        let timestamp = packet.timestamp.wrapping_add(relay.timestamp_offset);
        if starts || is_after(packet.sequence, relay.highest) {
            self.relay = Some(Relay {
                highest: packet.sequence,
                ..relay
            });
            self.sequence = sequence;
            self.timestamp = timestamp;
            self.at = Some(now);
        }
        self.count(length);
        header(
            self.ssrc,
            sequence,
            timestamp,
            payload_type,
            packet.marker || starts,
        )
    }

    /// A packet of the source that is not passed on must not look like a lost one.
    pub fn leave_out(&mut self, packet: Incoming) {
        if let Some(relay) = &mut self.relay
            && relay.continues(packet)
            && is_after(packet.sequence, relay.highest)
        {
            relay.highest = packet.sequence;
            relay.sequence_offset = relay.sequence_offset.wrapping_sub(1);
        }
    }

    /// The party it hears changes: the next packet passed on starts anew, even with the same SSRC.
    pub fn part(&mut self) {
        self.relay = None;
    }

    fn take_up(&self, now: Moment, packet: Incoming) -> Relay {
        Relay {
            ssrc: packet.ssrc,
            highest: packet.sequence,
            sequence_offset: self.sequence.wrapping_add(1).wrapping_sub(packet.sequence),
            timestamp_offset: self.following(now).wrapping_sub(packet.timestamp),
        }
    }

    /// The timestamp of what follows: as much later as time has passed, and never over the last packet.
    fn following(&self, now: Moment) -> u32 {
        match self.at {
            Some(at) => self.timestamp.wrapping_add(elapsed(at, now).max(FRAME as u32)),
            None => self.timestamp,
        }
    }

    fn next(&mut self, payload_type: u8, marker: bool, timestamp: u32, length: usize) -> Header {
        self.relay = None;
        self.sequence = self.sequence.wrapping_add(1);
        self.count(length);
        header(self.ssrc, self.sequence, timestamp, payload_type, marker)
    }

    fn count(&mut self, length: usize) {
        self.packets += 1;
        self.bytes += length as u64;
    }
}

impl Relay {
    /// Same source, and a sequence number near the last.
    fn continues(&self, packet: Incoming) -> bool {
        let step = packet.sequence.wrapping_sub(self.highest);
        self.ssrc == packet.ssrc && !(MAX_DROPOUT..=u16::MAX - MAX_DROPOUT).contains(&step)
    }
}

fn is_after(sequence: u16, highest: u16) -> bool {
    (1..0x8000).contains(&sequence.wrapping_sub(highest))
}

fn elapsed(since: Moment, now: Moment) -> u32 {
    let micros = now.since(since).as_micros();
    (micros * RATE as u128 / 1_000_000) as u32
}

fn header(ssrc: u32, sequence: u16, timestamp: u32, payload_type: u8, marker: bool) -> Header {
    let mut header = [0; 12];
    header[0] = 0x80;
    header[1] = (u8::from(marker) << 7) | (payload_type & 0x7f);
    header[2..4].copy_from_slice(&sequence.to_be_bytes());
    header[4..8].copy_from_slice(&timestamp.to_be_bytes());
    header[8..12].copy_from_slice(&ssrc.to_be_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(header: Header) -> (u16, u32, bool) {
        let sequence = u16::from_be_bytes([header[2], header[3]]);
        let timestamp = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
        (sequence, timestamp, header[1] & 0x80 != 0)
    }

    fn from(ssrc: u32, sequence: u16, timestamp: u32) -> Incoming {
        Incoming {
            ssrc,
            sequence,
            timestamp,
            marker: false,
        }
    }

    fn ms(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn numbers_go_on_when_the_source_changes() {
        let mut sender = Sender::new(1, 65_534, 1_000);
        assert_eq!(parsed(sender.own(ms(0), 8, 160)), (65_535, 1_000, true));
        assert_eq!(parsed(sender.own(ms(20), 8, 160)), (0, 1_160, false));
        assert_eq!(
            parsed(sender.relay(ms(40), from(9, 500, 77_000), 8, 160)),
            (1, 1_320, true)
        );
        assert_eq!(
            parsed(sender.relay(ms(60), from(9, 501, 77_160), 8, 160)),
            (2, 1_480, false)
        );
        assert_eq!(
            parsed(sender.relay(ms(80), from(10, 9, 5), 8, 160)),
            (3, 1_640, true)
        );
        assert_eq!(parsed(sender.own(ms(180), 8, 160)), (4, 2_440, true));
    }

    #[test]
    fn losses_and_reordering_of_the_source_stay_visible() {
        let mut sender = Sender::new(1, 9, 0);
        let mut sequence = |number| parsed(sender.relay(ms(0), from(9, number, 0), 8, 160)).0;
        assert_eq!([100, 103, 102, 104].map(&mut sequence), [10, 13, 12, 14]);
    }

    /// Both numbers of both sides wrap around in the middle of a stream, and nothing is heard of it.
    #[test]
    fn wrapping_numbers_are_no_new_start() {
        let mut sender = Sender::new(1, 65_530, u32::MAX - 400);
        let (mut last, mut at) = (None, ms(0));
        for step in 0..12u16 {
            let number = 65_528u16.wrapping_add(step);
            let timestamp = (u32::MAX - 1_000).wrapping_add(u32::from(step) * 160);
            let (sequence, stamp, marker) = parsed(sender.relay(at, from(9, number, timestamp), 8, 160));
            if let Some((sequence_before, stamp_before)) = last {
                assert_eq!(sequence, u16::wrapping_add(sequence_before, 1));
                assert_eq!(stamp, u32::wrapping_add(stamp_before, 160));
                assert!(!marker);
            }
            last = Some((sequence, stamp));
            at += std::time::Duration::from_millis(20);
        }
        // Our own audio goes on from there.
        let (sequence, stamp) = last.unwrap();
        assert_eq!(parsed(sender.own(at, 8, 160)).0, sequence.wrapping_add(1));
        assert_eq!(sender.timestamp, stamp.wrapping_add(160));
    }

    #[test]
    fn a_packet_left_out_is_no_loss() {
        let mut sender = Sender::new(1, 9, 0);
        sender.relay(ms(0), from(9, 100, 0), 8, 160);
        sender.leave_out(from(9, 101, 0));
        assert_eq!(parsed(sender.relay(ms(20), from(9, 102, 0), 8, 160)).0, 11);
    }

    #[test]
    fn a_source_that_starts_over_is_taken_up_anew() {
        let mut sender = Sender::new(1, 9, 0);
        sender.relay(ms(0), from(9, 100, 50_000), 8, 160);
        assert_eq!(
            parsed(sender.relay(ms(20), from(9, 40_000, 3), 8, 160)),
            (11, 160, true)
        );
    }

    #[test]
    fn an_event_takes_up_the_time_it_lasts() {
        let mut sender = Sender::new(1, 9, 0);
        sender.own(ms(0), 8, 160);
        let start = sender.start_event(ms(20));
        assert_eq!(parsed(sender.event(101, true, start)), (11, 160, true));
        assert_eq!(parsed(sender.event(101, false, start)), (12, 160, false));
        assert_eq!(parsed(sender.own(ms(120), 8, 160)).1, 160 + 800);
    }
}
