//! Who is in which room, and what they hear at a tick.

use base::Moment;

use super::{Engine, commands, outbound};
use crate::g711::FRAME;
use crate::port::Slot;
use crate::room::{Mix, Seat};
use crate::{Part, PlayEnd, RoomId};

/// Brings a port in, or gives it another part.
pub(super) fn join(engine: &mut Engine, slot: Slot, room: RoomId, part: Part) {
    let seat = engine.ports.get_mut(slot).and_then(|port| port.seat.as_mut());
    if let Some(seat) = seat.filter(|seat| seat.room == room) {
        seat.part = part;
        return;
    }
    commands::end_playing(engine, slot, PlayEnd::Stopped);
    commands::disconnect(engine, slot);
    if let Some(port) = engine.ports.get_mut(slot) {
        port.seat = Some(Box::new(Seat::new(room, part)));
        engine.rooms.entry(room).or_default().push(slot);
    }
}

/// Takes a port out of its room, if it is in one.
pub(super) fn leave(engine: &mut Engine, slot: Slot) {
    let Some(seat) = engine.ports.get_mut(slot).and_then(|port| port.seat.take()) else {
        return;
    };
    if let Some(seats) = engine.rooms.get_mut(&seat.room) {
        seats.retain(|other| *other != slot);
        if seats.is_empty() {
            engine.rooms.remove(&seat.room);
        }
    }
}

/// 20 ms of every room to everybody in it.
pub(super) fn mix_all(engine: &mut Engine, now: Moment) {
    let Engine {
        rooms, ports, outbox, ..
    } = engine;
    for slots in rooms.values() {
        let mut mix = Mix::default();
        for (place, slot) in slots.iter().enumerate() {
            let seat = ports.get_mut(*slot).and_then(|port| port.seat.as_mut());
            if let Some(seat) = seat
                && let Some(frame) = seat.next()
            {
                mix.add(place, seat.part, frame);
            }
        }
        for (place, slot) in slots.iter().enumerate() {
            let Some(port) = ports.get_mut(*slot) else {
                continue;
            };
            // A prompt, or a digit on its way out, comes first.
            if port.is_occupied() {
                continue;
            }
            let codec = port.codec();
            let heard = mix.heard_by(place, port.id);
            let mut frame = [0; FRAME];
            for (byte, sample) in frame.iter_mut().zip(heard) {
                *byte = codec.encode(sample);
            }
            outbound::send_frame(port, outbox, now, &frame);
        }
    }
}
