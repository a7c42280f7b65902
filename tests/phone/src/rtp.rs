//! A phone's sound: G.711 over RTP, and keys as telephone-events (RFC 4733).

use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};

/// Samples in 20 ms at 8 kHz.
pub const FRAME: usize = 160;

/// Writes one party's stream.
#[derive(Clone, Debug)]
pub struct Sender {
    pub payload_type: u8,
    pub ssrc: u32,
    sequence: u16,
    timestamp: u32,
}

impl Sender {
    pub fn new(payload_type: u8, ssrc: u32) -> Self {
        Self {
            payload_type,
            ssrc,
            sequence: 1,
            timestamp: 0,
        }
    }

    /// The next 20 ms.
    pub fn frame(&mut self, samples: &[i16]) -> Vec<u8> {
        let mut packet = self.header(self.payload_type, false, self.timestamp);
        for sample in samples {
            packet.push(if self.payload_type == 8 {
                encode_alaw(*sample)
            } else {
                encode_ulaw(*sample)
            });
        }
        self.timestamp = self.timestamp.wrapping_add(samples.len() as u32);
        packet
    }

    /// A key held for 100 ms: five packets while it is down, three when it comes up.
    pub fn key(&mut self, digit: char, payload_type: u8) -> Vec<Vec<u8>> {
        let code = match digit {
            '0'..='9' => digit as u8 - b'0',
            '*' => 10,
            '#' => 11,
            'A'..='D' => digit as u8 - b'A' + 12,
            _ => return Vec::new(),
        };
        let start = self.timestamp;
        let mut packets = Vec::new();
        for step in 1..=8_u16 {
            let ended = step > 5;
            let duration = step.min(5) * FRAME as u16;
            let mut packet = self.header(payload_type, step == 1, start);
            packet.extend([code, if ended { 0x8a } else { 0x0a }]);
            packet.extend(duration.to_be_bytes());
            packets.push(packet);
        }
        self.timestamp = self.timestamp.wrapping_add(8 * FRAME as u32);
        packets
    }

    fn header(&mut self, payload_type: u8, marker: bool, timestamp: u32) -> Vec<u8> {
        let mut packet = vec![0x80, payload_type | if marker { 0x80 } else { 0 }];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }
}

/// What was heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    pub samples: Vec<i16>,
    pub packets: u64,
    /// Keys, in the order in which they were released.
    pub digits: Vec<char>,
    last_event: Option<u32>,
}

impl Heard {
    /// Takes a datagram of the RTP socket; anything that is no RTP is ignored.
    pub fn receive(&mut self, bytes: &[u8], event_type: Option<u8>) {
        let (Some(&first), Some(&second), Some(payload)) = (bytes.first(), bytes.get(1), bytes.get(12..))
        else {
            return;
        };
        if first >> 6 != 2 {
            return;
        }
        let payload_type = second & 0x7f;
        self.packets += 1;
        match payload_type {
            0 => self.samples.extend(payload.iter().map(|byte| decode_ulaw(*byte))),
            8 => self.samples.extend(payload.iter().map(|byte| decode_alaw(*byte))),
            other if Some(other) == event_type => self.event(bytes, payload),
            _ => {}
        }
    }

    fn event(&mut self, bytes: &[u8], payload: &[u8]) {
        let (Some([code, flags]), Some(stamp)) = (payload.first_chunk::<2>(), bytes.get(4..8)) else {
            return;
        };
        let stamp = stamp.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        if flags & 0x80 == 0 || self.last_event == Some(stamp) {
            return;
        }
        self.last_event = Some(stamp);
        if let Some(digit) = "0123456789*#ABCD".chars().nth(usize::from(*code)) {
            self.digits.push(digit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hears_what_another_phone_says() {
        let mut sender = Sender::new(8, 1);
        let mut heard = Heard::default();
        heard.receive(&sender.frame(&[1_000; FRAME]), Some(101));
        for packet in sender.key('5', 101) {
            heard.receive(&packet, Some(101));
        }
        assert_eq!(
            (heard.samples.len(), heard.digits.as_slice()),
            (FRAME, ['5'].as_slice())
        );
        assert!((heard.samples[0] - 1_000).abs() < 40);
    }
}
