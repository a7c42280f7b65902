//! What arrives: loss and jitter (RFC 3550 §6.4.1, appendices A.1, A.3 and A.8).

use std::time::Duration;

use base::Moment;
use rtcp_types::{ReportBlock, ReportBlockBuilder};

use crate::prompt::RATE;

/// A larger step than this in sequence numbers is a new start, not a loss (RFC 3550 appendix A.1).
pub(crate) const MAX_DROPOUT: u16 = 3_000;

/// Sample time: wraps around like the timestamps it is compared with.
pub(crate) fn samples(now: Moment) -> u32 {
    (u128::from(now.as_micros()) * RATE as u128 / 1_000_000) as u32
}

/// Statistics of the stream that a party sends us, over all its SSRCs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reception {
    source: Option<Source>,
    /// Lost of sources that were replaced.
    lost_before: i64,
    pub packets: u64,
    pub bytes: u64,
}

/// One SSRC.
#[derive(Clone, Copy, Debug)]
struct Source {
    ssrc: u32,
    /// Extended with its cycles.
    first: u32,
    highest: u32,
    received: u32,
    expected_before: u32,
    received_before: u32,
    transit: u32,
    /// Scaled by 16 (appendix A.8).
    jitter: u32,
}

impl Reception {
    /// Counts a packet.
    pub fn record(&mut self, now: Moment, ssrc: u32, sequence: u16, timestamp: u32, length: usize) {
        self.packets += 1;
        self.bytes += length as u64;
        let transit = samples(now).wrapping_sub(timestamp);
        if let Some(source) = &mut self.source
            && source.ssrc == ssrc
            && source.advance(sequence)
        {
            return source.spacing(transit);
        }
        self.lost_before = self.lost();
        self.source = Some(Source::new(ssrc, sequence, transit));
    }

    /// Expected and not received; below zero when duplicates came.
    pub fn lost(&self) -> i64 {
        let current = self.source.map_or(0, |source| source.lost());
        self.lost_before + current
    }

    pub fn jitter(&self) -> Duration {
        let scaled = self.source.map_or(0, |source| source.jitter);
        Duration::from_micros(u64::from(scaled) * 1_000_000 / (16 * RATE as u64))
    }

    /// The report block of what came since the last one; `heard` is the middle of the party's last
    /// SR timestamp and the delay since, in 1/65536 s.
    pub fn report(&mut self, heard: Option<(u32, u32)>) -> Option<ReportBlockBuilder> {
        let source = self.source.as_mut()?;
        let (last, delay) = heard.unwrap_or_default();
        Some(
            ReportBlock::builder(source.ssrc)
                .fraction_lost(source.fraction_lost())
                // 24 bits, signed; negative counts are shown as none since the writer takes unsigned.
                .cumulative_lost(source.lost().clamp(0, 0x7f_ffff) as u32)
                .extended_sequence_number(source.highest)
                .interarrival_jitter(source.jitter >> 4)
                .last_sender_report_timestamp(last)
                .delay_since_last_sender_report_timestamp(delay),
        )
    }
}

impl Source {
    fn new(ssrc: u32, sequence: u16, transit: u32) -> Self {
        let sequence = u32::from(sequence);
        Self {
            ssrc,
            first: sequence,
            highest: sequence,
            received: 1,
            expected_before: 0,
            received_before: 0,
            transit,
            jitter: 0,
        }
    }

    /// False when the sequence number has nothing to do with those before.
    fn advance(&mut self, sequence: u16) -> bool {
        let step = sequence.wrapping_sub(self.highest as u16);
        if step < MAX_DROPOUT {
            self.highest = self.highest.wrapping_add(u32::from(step));
        } else if step < u16::MAX - MAX_DROPOUT {
            return false;
        }
        self.received += 1;
        true
    }

    fn spacing(&mut self, transit: u32) {
        let difference = (transit.wrapping_sub(self.transit) as i32).unsigned_abs();
        self.transit = transit;
        // A pause in the stream with timestamps that do not count it is not jitter.
        if difference < RATE as u32 * 10 {
            self.jitter = self
                .jitter
                .saturating_add(difference)
                .saturating_sub((self.jitter + 8) >> 4);
        }
    }

    fn expected(&self) -> u32 {
        self.highest.wrapping_sub(self.first).wrapping_add(1)
    }

    fn lost(&self) -> i64 {
        i64::from(self.expected()) - i64::from(self.received)
    }

    fn fraction_lost(&mut self) -> u8 {
        let expected = self.expected().wrapping_sub(self.expected_before);
        let received = self.received.wrapping_sub(self.received_before);
        self.expected_before = self.expected();
        self.received_before = self.received;
        if expected == 0 || received >= expected {
            return 0;
        }
        ((u64::from(expected - received) << 8) / u64::from(expected)).min(255) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of 20 ms, `late` ms after their time.
    fn arrive(reception: &mut Reception, sequence: u16, late: u64) {
        let now = Moment::from_millis(1_000 + u64::from(sequence) * 20 + late);
        reception.record(now, 7, sequence, u32::from(sequence) * 160, 160);
    }

    #[test]
    fn steady_packets_show_no_loss_and_no_jitter() {
        let mut reception = Reception::default();
        (0..100).for_each(|sequence| arrive(&mut reception, sequence, 0));
        assert_eq!((reception.lost(), reception.jitter()), (0, Duration::ZERO));
    }

    #[test]
    fn every_tenth_packet_lost_is_counted() {
        let mut reception = Reception::default();
        (0..100)
            .filter(|s| s % 10 != 5)
            .for_each(|sequence| arrive(&mut reception, sequence, 0));
        assert_eq!(reception.lost(), 10);
        assert_eq!(reception.source.unwrap().fraction_lost(), 25);
        assert_eq!(reception.source.as_mut().unwrap().fraction_lost(), 25);
        assert_eq!(reception.source.as_mut().unwrap().fraction_lost(), 0);
    }

    #[test]
    fn reordering_is_not_loss_and_wrapping_is_not_a_restart() {
        let mut reception = Reception::default();
        for sequence in [65_533u16, 65_535, 65_534, 0, 2, 1] {
            reception.record(Moment::ZERO, 7, sequence, 0, 160);
        }
        assert_eq!((reception.lost(), reception.packets), (0, 6));
    }

    /// RFC 3550 §6.4.1: the report counts the cycles; the timestamps wrap too and are no jitter.
    #[test]
    fn a_wrap_of_both_numbers_is_a_cycle_and_no_jitter() {
        let mut reception = Reception::default();
        for step in 0..200u32 {
            let now = Moment::from_millis(u64::from(step) * 20);
            let timestamp = (u32::MAX - 8_000).wrapping_add(step * 160);
            reception.record(now, 7, 65_436u16.wrapping_add(step as u16), timestamp, 160);
        }
        let source = reception.source.unwrap();
        assert_eq!((source.highest >> 16, source.highest & 0xffff), (1, 99));
        assert_eq!((reception.lost(), reception.jitter()), (0, Duration::ZERO));
    }

    #[test]
    fn alternating_delay_settles_at_its_difference() {
        let mut reception = Reception::default();
        (0..500).for_each(|sequence| arrive(&mut reception, sequence, u64::from(sequence % 2) * 10));
        let jitter = reception.jitter().as_micros();
        assert!((9_000..=10_500).contains(&jitter), "{jitter} µs");
    }

    #[test]
    fn a_new_source_keeps_the_losses_of_the_old() {
        let mut reception = Reception::default();
        reception.record(Moment::ZERO, 7, 1, 0, 160);
        reception.record(Moment::ZERO, 7, 4, 0, 160);
        reception.record(Moment::ZERO, 8, 9_000, 0, 160);
        assert_eq!(
            (reception.lost(), reception.source.map(|source| source.ssrc)),
            (2, Some(8))
        );
    }
}
