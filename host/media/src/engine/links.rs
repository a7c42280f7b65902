//! What a port hears: another port, a room, a prompt. One at a time.

use super::Engine;
use crate::port::Slot;
use crate::room::Seat;
use crate::{Event, Part, PlayEnd, PortId, RoomId};

pub(super) fn connect(engine: &mut Engine, a: PortId, b: PortId) {
    listen(engine, a, b);
    listen(engine, b, a);
}

pub(super) fn listen(engine: &mut Engine, to: PortId, from: PortId) {
    let (Some(to), Some(from)) = (engine.slots.get(&to).copied(), engine.slots.get(&from).copied()) else {
        return;
    };
    end_playing(engine, to, PlayEnd::Stopped);
    stop_hearing(engine, to);
    leave(engine, to);
    if let Some(port) = engine.ports.get_mut(from) {
        port.listeners.push(to);
    }
    if let Some(port) = engine.ports.get_mut(to) {
        port.hears = Some(from);
    }
}

pub(super) fn disconnect(engine: &mut Engine, slot: Slot) {
    leave(engine, slot);
    stop_hearing(engine, slot);
    let listeners = engine
        .ports
        .get_mut(slot)
        .map(|port| std::mem::take(&mut port.listeners));
    for listener in listeners.unwrap_or_default() {
        if let Some(port) = engine.ports.get_mut(listener) {
            port.hears = None;
            port.sender.part();
        }
    }
}

fn stop_hearing(engine: &mut Engine, slot: Slot) {
    let Some(port) = engine.ports.get_mut(slot) else {
        return;
    };
    port.sender.part();
    if let Some(source) = port.hears.take()
        && let Some(source) = engine.ports.get_mut(source)
    {
        source.listeners.retain(|listener| *listener != slot);
    }
}

pub(super) fn end_playing(engine: &mut Engine, slot: Slot, end: PlayEnd) {
    let Some(port) = engine.ports.get_mut(slot) else {
        return;
    };
    if let Some(player) = port.player.take() {
        let port = port.id;
        engine.emit(Event::PlayDone {
            port,
            play: player.play,
            end,
        });
    }
}

/// Brings a port in, or gives it another part.
pub(super) fn join(engine: &mut Engine, slot: Slot, room: RoomId, part: Part) {
    let seat = engine.ports.get_mut(slot).and_then(|port| port.seat.as_mut());
    if let Some(seat) = seat.filter(|seat| seat.room == room) {
        seat.part = part;
        return;
    }
    end_playing(engine, slot, PlayEnd::Stopped);
    disconnect(engine, slot);
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
