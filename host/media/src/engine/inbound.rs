//! Packets that come in, and what is passed on at once.

use base::Moment;
use rtp_types::RtpPacket;

use super::{Engine, links};
use crate::digits::Happened;
use crate::latch::Verdict;
use crate::packet::Body;
use crate::port::{Kind, Port, Slot};
use crate::sender::Incoming;
use crate::{Channel, DigitSource, Event, Packet, PlayEnd};

pub(super) fn receive(engine: &mut Engine, now: Moment, slot: Slot, packet: Packet<'_>) {
    if packet.channel == Channel::Rtcp || is_rtcp(packet.bytes) {
        receive_rtcp(engine, now, slot, packet);
    } else {
        receive_rtp(engine, now, slot, packet);
    }
}

/// RTCP on the RTP port is told apart by its second byte (RFC 5761 §4).
fn is_rtcp(bytes: &[u8]) -> bool {
    matches!(bytes, [_, 192..=223, ..])
}

fn receive_rtcp(engine: &mut Engine, now: Moment, slot: Slot, packet: Packet<'_>) {
    let Some(port) = engine.ports.get_mut(slot) else {
        return;
    };
    if !port.latch.is_host(packet.source) {
        port.foreign += 1;
    } else if !port.reports.receive(now, port.sender.ssrc(), packet.bytes) {
        port.malformed += 1;
    } else if packet.channel == Channel::Rtcp {
        port.rtcp_source = Some(packet.source);
    }
}

fn receive_rtp(engine: &mut Engine, now: Moment, slot: Slot, packet: Packet<'_>) {
    let Some(port) = engine.ports.get_mut(slot) else {
        return;
    };
    let Ok(rtp) = RtpPacket::parse(packet.bytes) else {
        port.malformed += 1;
        return;
    };
    let Some(kind) = port.kind(rtp.payload_type()) else {
        port.unknown_payload += 1;
        return;
    };
    let id = port.id;
    match port.latch.admit(now, packet.source) {
        Verdict::Foreign => {
            port.foreign += 1;
            return;
        }
        Verdict::Latched if port.stream.and_then(|stream| stream.remote) != Some(packet.source) => {
            // Another host's RTCP address says nothing about this one's.
            port.rtcp_source = None;
            engine.events.push_back(Event::Latched {
                port: id,
                remote: packet.source,
            });
        }
        Verdict::Latched | Verdict::Known => {}
    }
    port.reception.record(
        now,
        rtp.ssrc(),
        rtp.sequence_number(),
        rtp.timestamp(),
        rtp.payload_len(),
    );
    if port.awaited_since.is_none() {
        // It is held or told to listen: what it still sends is not heard.
        return;
    }
    port.awaited_since = Some(now);
    if std::mem::take(&mut port.is_silent) {
        engine.events.push_back(Event::Heard { port: id });
    }
    take(engine, now, slot, kind, &rtp);
}

fn take(engine: &mut Engine, now: Moment, slot: Slot, kind: Kind, rtp: &RtpPacket<'_>) {
    match kind {
        Kind::Audio => {
            pass_on(engine, now, slot, kind, rtp);
            if let Some(port) = engine.ports.get_mut(slot) {
                let codec = port.codec();
                if let Some(seat) = &mut port.seat {
                    seat.hear(rtp.sequence_number(), codec, rtp.payload());
                }
            }
            listen_for_tones(engine, now, slot, rtp.payload());
        }
        Kind::Event => {
            pass_on(engine, now, slot, kind, rtp);
            let Some(port) = engine.ports.get_mut(slot) else {
                return;
            };
            let happened = port.events.receive(now, rtp.timestamp(), rtp.payload());
            if port.events.is_down() {
                engine.make_busy(slot);
            }
            for happened in happened.into_iter().flatten() {
                key(engine, now, slot, happened, DigitSource::Rtp);
            }
        }
        Kind::ComfortNoise => pass_on(engine, now, slot, kind, rtp),
    }
}

fn listen_for_tones(engine: &mut Engine, now: Moment, slot: Slot, payload: &[u8]) {
    let Some(port) = engine.ports.get_mut(slot) else {
        return;
    };
    let codec = port.codec();
    // Taken out while it speaks to the engine; put back below.
    let detector = port.detector.take();
    if !port.listens_for_tones() {
        return;
    }
    let mut detector = detector.unwrap_or_default();
    detector.hear(payload.iter().map(|byte| codec.decode(*byte)), |happened| {
        key(engine, now, slot, happened, DigitSource::InBand);
    });
    if let Some(port) = engine.ports.get_mut(slot) {
        port.detector = Some(detector);
    }
}

/// A key of the port's party, whichever way it came.
pub(super) fn key(engine: &mut Engine, now: Moment, slot: Slot, happened: Happened, source: DigitSource) {
    let Some(port) = engine.ports.get_mut(slot) else {
        return;
    };
    let id = port.id;
    if source != DigitSource::InBand {
        port.keys_come_otherwise = true;
        if port.was_heard_in_band(now, happened) {
            return;
        }
    }
    match happened {
        Happened::Pressed(key) => {
            if port.player.as_ref().is_some_and(|player| player.barge_in) {
                links::end_playing(engine, slot, PlayEnd::Interrupted(key));
            }
        }
        Happened::Released(digit, held) => {
            if source == DigitSource::InBand {
                port.in_band = Some((digit, now));
            }
            engine.emit(Event::Digit {
                port: id,
                digit,
                held,
                source,
            });
            if source != DigitSource::InBand {
                pass_as_tone(engine, slot, digit, source);
            }
        }
    }
}

/// Listeners that take no telephone-events hear the key as a tone; a key from signalling goes to all of them.
fn pass_as_tone(engine: &mut Engine, slot: Slot, digit: char, source: DigitSource) {
    let listeners = engine.ports.get(slot).map_or(0, |port| port.listeners.len());
    for index in 0..listeners {
        let Some(listener) = engine
            .ports
            .get(slot)
            .and_then(|port| port.listeners.get(index))
            .copied()
        else {
            return;
        };
        let Some(port) = engine.ports.get_mut(listener) else {
            continue;
        };
        let heard_it =
            source == DigitSource::Rtp && port.stream.is_some_and(|stream| stream.send.events.is_some());
        if !heard_it {
            port.digits.pass(digit);
            engine.make_busy(listener);
        }
    }
}

/// Passes a packet on to whoever hears the port.
fn pass_on(engine: &mut Engine, now: Moment, slot: Slot, kind: Kind, rtp: &RtpPacket<'_>) {
    let Some(source) = engine.ports.get(slot) else {
        return;
    };
    let codec = source.codec();
    let incoming = Incoming {
        ssrc: rtp.ssrc(),
        sequence: rtp.sequence_number(),
        timestamp: rtp.timestamp(),
        marker: rtp.marker_bit(),
    };
    for index in 0..source.listeners.len() {
        let Some(listener) = engine
            .ports
            .get(slot)
            .and_then(|port| port.listeners.get(index))
            .copied()
        else {
            return;
        };
        let Some(port) = engine.ports.get_mut(listener) else {
            continue;
        };
        let Some((destination, header, body)) = rewrite(port, now, kind, codec, incoming, rtp.payload())
        else {
            continue;
        };
        port.sent = Some(now);
        let id = port.id;
        engine.outbox.push(id, Channel::Rtp, destination, &header, body);
    }
}

type Rewritten<'a> = (std::net::SocketAddr, crate::sender::Header, Body<'a>);

/// A packet as the listener is to get it; none if it is not to get it.
fn rewrite<'a>(
    port: &mut Port,
    now: Moment,
    kind: Kind,
    codec: crate::Codec,
    incoming: Incoming,
    payload: &'a [u8],
) -> Option<Rewritten<'a>> {
    let (stream, destination) = port.outlet()?;
    if port.is_occupied() {
        return None;
    }
    let payload_type = match kind {
        Kind::Audio => Some(stream.send.audio),
        Kind::Event => stream.send.events,
        Kind::ComfortNoise => None,
    };
    let Some(payload_type) = payload_type else {
        port.sender.leave_out(incoming);
        return None;
    };
    let body = match (kind, codec.table_to(stream.codec)) {
        (Kind::Audio, Some(table)) => Body::Mapped(payload, table),
        (Kind::Audio | Kind::Event | Kind::ComfortNoise, _) => Body::Plain(payload),
    };
    Some((
        destination,
        port.sender.relay(now, incoming, payload_type, payload.len()),
        body,
    ))
}
