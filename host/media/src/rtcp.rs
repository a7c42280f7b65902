//! Sender and receiver reports of one port (RFC 3550 §6), both ways.
//!
//! A session of two needs none of the group's scaling: a report every 5 s, randomised by half (§6.2, §6.3.1). Each is a
//! compound of SR or RR and SDES with a CNAME that tells nothing (RFC 7022), at the end a BYE.

use std::time::Duration;

use base::{Moment, Random};
use rtcp_types::{
    Bye, Compound, CompoundBuilder, Packet, ReceiverReport, ReportBlock, ReportBlockBuilder,
    RtcpPacketWriterExt, Sdes, SdesChunk, SdesItem, SenderReport,
};

use crate::prompt::RATE;
use crate::reception::Reception;
use crate::sender::Sender;

/// The minimum interval of RFC 3550 §6.2.
const INTERVAL: Duration = Duration::from_secs(5);

/// From 1900 to 1970 (RFC 5905 §6).
const NTP_TO_UNIX: u64 = 2_208_988_800;

/// SR with one block, SDES and BYE are 28 + 24 + 32 + 8 bytes.
pub(crate) const BUFFER: usize = 128;

/// What the party says about our stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    pub fraction_lost: u8,
    pub packets_lost: i32,
    pub jitter: Duration,
    pub round_trip: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(crate) struct Reports {
    due: Option<Moment>,
    cname: String,
    /// Middle of the NTP timestamp of the party's last SR, and when that came.
    last_sender_report: Option<(u32, Moment)>,
    /// Our packets at the last report; more since then make the next one an SR.
    packets_reported: u64,
    pub heard: Heard,
}

impl Reports {
    pub fn new(random: &mut Random) -> Self {
        Self {
            due: None,
            cname: random.token(16),
            last_sender_report: None,
            packets_reported: 0,
            heard: Heard::default(),
        }
    }

    /// Whether a report is due; sets the time of the next.
    pub fn is_due(&mut self, now: Moment, random: &mut Random) -> bool {
        let was_due = self.due.is_some_and(|due| now >= due);
        if was_due || self.due.is_none() {
            let half = INTERVAL / 2;
            let spread = Duration::from_micros(random.below(INTERVAL.as_micros() as u64));
            self.due = Some(now + half + spread);
        }
        was_due
    }

    /// Writes a report, and a BYE at the end of the stream. Returns its length; 0 if it
    /// could not be written.
    pub fn write(
        &mut self,
        now: Moment,
        sender: &Sender,
        reception: &mut Reception,
        is_last: bool,
        buffer: &mut [u8; BUFFER],
    ) -> usize {
        let block = reception.report(self.since_sender_report(now));
        let ssrc = sender.ssrc();
        let compound = if sender.packets > self.packets_reported {
            Compound::builder().add_packet(sender_report(now, sender, block))
        } else {
            Compound::builder().add_packet(receiver_report(ssrc, block))
        };
        self.packets_reported = sender.packets;
        let mut compound = compound.add_packet(self.description(ssrc));
        if is_last {
            compound = compound.add_packet(Bye::builder().add_source(ssrc));
        }
        write_into(&compound, buffer)
    }

    /// Takes a compound packet of the party's in. False when it is malformed.
    pub fn receive(&mut self, now: Moment, ours: u32, bytes: &[u8]) -> bool {
        let Ok(compound) = Compound::parse(bytes) else {
            return false;
        };
        for packet in compound {
            match packet {
                Ok(Packet::Sr(report)) => {
                    self.last_sender_report = Some((middle(report.ntp_timestamp()), now));
                    report
                        .report_blocks()
                        .for_each(|block| self.hear(now, ours, &block));
                }
                Ok(Packet::Rr(report)) => report
                    .report_blocks()
                    .for_each(|block| self.hear(now, ours, &block)),
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        true
    }

    fn hear(&mut self, now: Moment, ours: u32, block: &ReportBlock<'_>) {
        if block.ssrc() != ours {
            return;
        }
        let samples = u64::from(block.interarrival_jitter());
        self.heard.fraction_lost = block.fraction_lost();
        // 24 bits with a sign (§6.4.1).
        self.heard.packets_lost = ((block.cumulative_lost() << 8) as i32) >> 8;
        self.heard.jitter = Duration::from_micros(samples * 1_000_000 / RATE as u64);
        let sent = block.last_sender_report_timestamp();
        if sent != 0 {
            let delay = block.delay_since_last_sender_report_timestamp();
            self.heard.round_trip = round_trip(middle(ntp(now)), sent, delay);
        }
    }

    fn since_sender_report(&self, now: Moment) -> Option<(u32, u32)> {
        let (timestamp, came) = self.last_sender_report?;
        let delay = now.since(came).as_micros() * 65_536 / 1_000_000;
        Some((timestamp, u32::try_from(delay).unwrap_or(u32::MAX)))
    }

    fn description(&self, ssrc: u32) -> rtcp_types::SdesBuilder<'_> {
        let item = SdesItem::builder(SdesItem::CNAME, &self.cname);
        Sdes::builder().add_chunk(SdesChunk::builder(ssrc).add_item(item))
    }
}

fn sender_report(
    now: Moment,
    sender: &Sender,
    block: Option<ReportBlockBuilder>,
) -> rtcp_types::SenderReportBuilder {
    let report = SenderReport::builder(sender.ssrc())
        .ntp_timestamp(ntp(now))
        .rtp_timestamp(sender.timestamp_at(now))
        .packet_count(sender.packets as u32)
        .octet_count(sender.bytes as u32);
    match block {
        Some(block) => report.add_report_block(block),
        None => report,
    }
}

fn receiver_report(ssrc: u32, block: Option<ReportBlockBuilder>) -> rtcp_types::ReceiverReportBuilder {
    let report = ReceiverReport::builder(ssrc);
    match block {
        Some(block) => report.add_report_block(block),
        None => report,
    }
}

fn write_into(compound: &CompoundBuilder<'_>, buffer: &mut [u8; BUFFER]) -> usize {
    compound.write_into(buffer).unwrap_or_default()
}

/// Seconds since 1900 in 32.32 bits.
fn ntp(now: Moment) -> u64 {
    let seconds = now.as_secs() + NTP_TO_UNIX;
    let fraction = ((now.as_micros() % 1_000_000) << 32) / 1_000_000;
    (seconds << 32) | fraction
}

/// The middle 32 bits, in 1/65536 s.
fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// A − LSR − DLSR (§6.4.1). None when it is below zero, as with a clock that jumped.
fn round_trip(now: u32, sent: u32, delay: u32) -> Option<Duration> {
    let passed = now.wrapping_sub(sent).checked_sub(delay)?;
    (passed < 1 << 31).then(|| Duration::from_micros(u64::from(passed) * 1_000_000 / 65_536))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two ports that report to each other over a network of 40 ms each way.
    #[test]
    fn round_trip_and_loss_are_told_to_the_sender() {
        let mut random = Random::from_seed(1);
        let (mut near, mut far) = (Reports::new(&mut random), Reports::new(&mut random));
        let mut sender = Sender::new(77, 0, 0);
        let (mut nothing, mut reception) = (Reception::default(), Reception::default());
        let mut buffer = [0; BUFFER];
        let at = |millis: u64| Moment::from_secs(1_700_000_000) + Duration::from_millis(millis);

        for sequence in (0..100u16).filter(|sequence| sequence % 4 != 3) {
            let sent = at(u64::from(sequence) * 20);
            sender.own(sent, 8, 160);
            reception.record(sent, 77, sequence, u32::from(sequence) * 160, 160);
        }
        let length = near.write(at(2_000), &sender, &mut nothing, false, &mut buffer);
        assert!(far.receive(at(2_040), 1, &buffer[..length]));

        let length = far.write(
            at(3_040),
            &Sender::new(88, 0, 0),
            &mut reception,
            true,
            &mut buffer,
        );
        assert!(near.receive(at(3_080), 77, &buffer[..length]));
        let round_trip = near.heard.round_trip.unwrap().as_millis();
        assert!((79..=81).contains(&round_trip), "{round_trip} ms");
        assert_eq!(near.heard.packets_lost, 24);
        assert!((60..=66).contains(&near.heard.fraction_lost));
    }

    #[test]
    fn reports_come_every_two_and_a_half_to_seven_and_a_half_seconds() {
        let mut random = Random::from_seed(1);
        let mut reports = Reports::new(&mut random);
        let due: Vec<u64> = (0..60_000u64)
            .step_by(20)
            .filter(|millis| reports.is_due(Moment::from_millis(*millis), &mut random))
            .collect();
        assert!(
            due.windows(2)
                .all(|pair| (2_500..=7_520).contains(&(pair[1] - pair[0]))),
            "{due:?}"
        );
        assert!(due.len() >= 8);
    }

    #[test]
    fn what_is_no_compound_packet_is_refused() {
        let mut reports = Reports::new(&mut Random::from_seed(1));
        for bytes in [
            &[][..],
            &[0x80, 200],
            &[0x80, 200, 0xff, 0xff, 0, 0, 0, 0],
            &[0x40, 201, 0, 1, 0, 0, 0, 0],
        ] {
            assert!(!reports.receive(Moment::ZERO, 1, bytes), "{bytes:?}");
        }
    }

    /// What the far end says about our stream, as one RR.
    fn told(reports: &mut Reports, now: Moment, block: ReportBlockBuilder) {
        let mut buffer = [0; BUFFER];
        let compound = Compound::builder().add_packet(receiver_report(88, Some(block)));
        let length = write_into(&compound, &mut buffer);
        assert!(reports.receive(now, 77, &buffer[..length]));
    }

    #[test]
    fn what_is_told_of_another_stream_is_passed_over() {
        let mut reports = Reports::new(&mut Random::from_seed(1));
        let now = Moment::from_secs(1_700_000_000);
        told(
            &mut reports,
            now,
            ReportBlock::builder(78).fraction_lost(9).cumulative_lost(5),
        );
        assert_eq!((reports.heard.packets_lost, reports.heard.fraction_lost), (0, 0));
        told(
            &mut reports,
            now,
            ReportBlock::builder(77).fraction_lost(9).cumulative_lost(5),
        );
        assert_eq!((reports.heard.packets_lost, reports.heard.fraction_lost), (5, 9));
    }

    /// §6.4.1: duplicates make the count negative. Jitter is told in samples: 80 of them are 10 ms.
    #[test]
    fn loss_has_a_sign_and_jitter_is_in_samples() {
        let mut reports = Reports::new(&mut Random::from_seed(1));
        let block = ReportBlock::builder(77)
            .cumulative_lost(0xff_fffe)
            .interarrival_jitter(80);
        told(&mut reports, Moment::from_secs(1_700_000_000), block);
        assert_eq!(reports.heard.packets_lost, -2);
        assert_eq!(reports.heard.jitter, Duration::from_millis(10));
    }

    #[test]
    fn a_clock_that_jumped_back_gives_no_round_trip() {
        assert_eq!(
            round_trip(3 << 16, 1 << 16, 1 << 16),
            Some(Duration::from_secs(1))
        );
        assert_eq!(
            round_trip(1 << 16, u32::MAX - 0xffff, 1 << 16),
            Some(Duration::from_secs(1)),
            "wraps"
        );
        assert_eq!(
            round_trip(3 << 16, 1 << 16, 3 << 16),
            None,
            "the delay is longer than the way"
        );
        assert_eq!(round_trip(1 << 16, 3 << 16, 0), None, "sent later than it is now");
    }

    /// The payload types of a compound that we write, and its bytes.
    fn written(reports: &mut Reports, sender: &Sender, is_last: bool) -> (Vec<u8>, [u8; BUFFER]) {
        let (mut buffer, mut types, mut at) = ([0; BUFFER], Vec::new(), 0);
        let now = Moment::from_secs(1_700_000_000);
        let length = reports.write(now, sender, &mut Reception::default(), is_last, &mut buffer);
        while at < length {
            types.push(buffer[at + 1]);
            at += 4 * (1 + usize::from(u16::from_be_bytes([buffer[at + 2], buffer[at + 3]])));
        }
        (types, buffer)
    }

    #[test]
    fn who_has_sent_since_reports_as_a_sender_and_the_last_report_says_good_bye() {
        let mut reports = Reports::new(&mut Random::from_seed(1));
        let mut sender = Sender::new(77, 0, 0);
        sender.own(Moment::from_secs(1_700_000_000), 8, 160);
        let (types, bytes) = written(&mut reports, &sender, false);
        assert_eq!(types, [200, 202], "SR, SDES");
        assert_eq!(bytes[20..28], [0, 0, 0, 1, 0, 0, 0, 160], "packets and octets");
        assert_eq!(written(&mut reports, &sender, false).0, [201, 202], "RR, SDES");
        assert_eq!(
            written(&mut reports, &sender, true).0,
            [201, 202, 203],
            "BYE behind them"
        );
    }
}
