//! Carrying out commands.

use std::time::Duration;

use base::Moment;

use super::{Engine, inbound, links, outbound};
use crate::digits::Happened;
use crate::player::Player;
use crate::port::{Port, Slot};
use crate::{Command, DigitSource, Event, PlayEnd, PlayId, PortId, PortOptions, Stats, Stream};

/// How long a port may wait for something to send before it opens the way to its party with silence: most calls' own sound,
/// or the other party's, is there by then.
const FIRST_WORD: Duration = Duration::from_millis(40);

pub(super) fn carry_out(engine: &mut Engine, now: Moment, command: Command) {
    match command {
        Command::Open { port, options } => open(engine, now, port, options),
        Command::Update { port, stream } => {
            with(engine, port, |engine, slot| update(engine, now, slot, stream))
        }
        Command::Close { port } => match engine.slots.get(&port).copied() {
            Some(slot) => close(engine, now, slot),
            // Whoever waits for the last word before using the sockets again must get one.
            None => engine.emit(Event::Stats {
                port,
                stats: Stats::default(),
            }),
        },
        Command::Connect { a, b } => links::connect(engine, a, b),
        Command::Listen { to, from } => links::listen(engine, to, from),
        Command::Join { port, room, part } => with(engine, port, |engine, slot| {
            links::join(engine, slot, room, part);
        }),
        Command::Disconnect { port } => with(engine, port, links::disconnect),
        Command::Play {
            port,
            play,
            sounds,
            times,
            barge_in,
        } => start_playing(engine, port, play, Player::new(play, sounds, times, barge_in)),
        Command::Stop { port } => with(engine, port, |engine, slot| {
            links::end_playing(engine, slot, PlayEnd::Stopped)
        }),
        Command::SendDigits { port, play, digits } => send_digits(engine, port, play, &digits),
        Command::InjectDigit { port, digit, held } => with(engine, port, |engine, slot| {
            let digit = digit.to_ascii_uppercase();
            if crate::digits::code(digit).is_some() {
                inbound::key(
                    engine,
                    now,
                    slot,
                    Happened::Pressed(digit),
                    DigitSource::Signalling,
                );
                inbound::key(
                    engine,
                    now,
                    slot,
                    Happened::Released(digit, held),
                    DigitSource::Signalling,
                );
            }
        }),
        Command::Report { port } => with(engine, port, report),
    }
}

fn with(engine: &mut Engine, port: PortId, act: impl FnOnce(&mut Engine, Slot)) {
    if let Some(slot) = engine.slots.get(&port).copied() {
        act(engine, slot);
    }
}

fn open(engine: &mut Engine, now: Moment, id: PortId, options: PortOptions) {
    with(engine, id, |engine, slot| close(engine, now, slot));
    let port = Port::new(id, options, &mut engine.random);
    let slot = engine.ports.insert(port);
    engine.slots.insert(id, slot);
}

fn update(engine: &mut Engine, now: Moment, slot: Slot, stream: Stream) {
    let Some(port) = engine.ports.get_mut(slot) else {
        return;
    };
    port.latch.negotiated(stream.remote);
    // Silence is counted anew: a party that was held needs its time to speak again.
    port.awaited_since = stream.direction.receives().then_some(now);
    port.is_silent = false;
    port.stream = Some(stream);
    port.patient_until = now + FIRST_WORD;
    engine.fresh.push_back((now + FIRST_WORD, slot));
}

fn close(engine: &mut Engine, now: Moment, slot: Slot) {
    links::end_playing(engine, slot, PlayEnd::Gone);
    outbound::say_bye(engine, now, slot);
    links::disconnect(engine, slot);
    let Some(mut port) = engine.ports.try_remove(slot) else {
        return;
    };
    engine.slots.remove(&port.id);
    engine.busy.retain(|busy| *busy != slot);
    for play in port.digits.abandon() {
        engine.emit(Event::DigitsSent {
            port: port.id,
            play,
            end: PlayEnd::Gone,
        });
    }
    engine.emit(Event::Stats {
        port: port.id,
        stats: port.stats(),
    });
}

fn start_playing(engine: &mut Engine, id: PortId, play: PlayId, player: Option<Player>) {
    let Some(slot) = engine.slots.get(&id).copied() else {
        return engine.emit(Event::PlayDone {
            port: id,
            play,
            end: PlayEnd::Gone,
        });
    };
    links::end_playing(engine, slot, PlayEnd::Stopped);
    let Some(player) = player else {
        return engine.emit(Event::PlayDone {
            port: id,
            play,
            end: PlayEnd::Finished,
        });
    };
    if let Some(port) = engine.ports.get_mut(slot) {
        port.player = Some(player);
    }
    engine.make_busy(slot);
}

fn send_digits(engine: &mut Engine, id: PortId, play: PlayId, digits: &str) {
    let Some(slot) = engine.slots.get(&id).copied() else {
        return engine.emit(Event::DigitsSent {
            port: id,
            play,
            end: PlayEnd::Gone,
        });
    };
    if engine
        .ports
        .get_mut(slot)
        .is_some_and(|port| port.digits.push(play, digits))
    {
        engine.make_busy(slot);
    } else {
        engine.emit(Event::DigitsSent {
            port: id,
            play,
            end: PlayEnd::Stopped,
        });
    }
}

fn report(engine: &mut Engine, slot: Slot) {
    if let Some(port) = engine.ports.get(slot) {
        let event = Event::Stats {
            port: port.id,
            stats: port.stats(),
        };
        engine.emit(event);
    }
}
