//! What a tick sends.

use std::net::SocketAddr;
use std::time::Duration;

use base::Moment;

use super::{Engine, ROUND, inbound, rooms};
use crate::digits::Step;
use crate::g711::FRAME;
use crate::packet::Body;
use crate::port::{Port, Slot};
use crate::{Channel, DigitSource, Event, Outbox, PlayEnd, Stream, rtcp, tone};

/// A port that has nothing to send still sends 20 ms of silence so often, and soon after an
/// `Update`: it opens and keeps the bindings of NATs in between (RFC 6263 §4.1, §6).
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) fn tick(engine: &mut Engine, now: Moment) {
    play_all(engine, now);
    rooms::mix_all(engine, now);
    while engine.fresh.front().is_some_and(|(due, _)| *due <= now)
        && let Some((_, slot)) = engine.fresh.pop_front()
    {
        keep_alive(engine, now, slot);
    }
    let offset = engine.ticks % ROUND;
    engine.ticks = engine.ticks.wrapping_add(1);
    // Slots are dense: stepping through them touches one port in fifty.
    for slot in (offset..engine.ports.capacity()).step_by(ROUND) {
        look_after(engine, now, slot);
    }
}

/// 20 ms for every port that has something of its own to send.
fn play_all(engine: &mut Engine, now: Moment) {
    let mut busy = std::mem::take(&mut engine.busy);
    busy.retain(|slot| {
        let goes_on = play(engine, now, *slot);
        if let Some(port) = engine.ports.get_mut(*slot) {
            port.is_busy = goes_on;
        }
        goes_on
    });
    // Nothing that plays makes another port busy, except digits that are passed on.
    busy.append(&mut engine.busy);
    engine.busy = busy;
}

/// One port's 20 ms. False when it has nothing left to do.
fn play(engine: &mut Engine, now: Moment, slot: Slot) -> bool {
    let Some(port) = engine.ports.get_mut(slot) else {
        return false;
    };
    if let Some(happened) = port.events.give_up(now) {
        inbound::key(engine, now, slot, happened, DigitSource::Rtp);
    }
    while let Some(Step::Done(play)) = engine.ports.get_mut(slot).and_then(next_done) {
        let Some(port) = engine.ports.get(slot) else {
            return false;
        };
        let event = Event::DigitsSent {
            port: port.id,
            play,
            end: PlayEnd::Finished,
        };
        engine.emit(event);
    }
    let Engine {
        ports,
        outbox,
        events,
        ..
    } = engine;
    let Some(port) = ports.get_mut(slot) else {
        return false;
    };
    // Nothing is agreed with the party yet: what it is to hear waits for that.
    if port.stream.is_none() {
        return port.is_occupied() || port.events.is_down();
    }
    if !port.digits.is_idle() {
        send_digit(port, outbox, now);
    } else if port.player.is_some() {
        send_sound(port, outbox, now);
        if port.player.as_ref().is_some_and(|player| player.is_over())
            && let Some(player) = port.player.take()
        {
            events.push_back(Event::PlayDone {
                port: port.id,
                play: player.play,
                end: PlayEnd::Finished,
            });
        }
    }
    port.is_occupied() || port.events.is_down()
}

fn next_done(port: &mut Port) -> Option<Step> {
    port.digits.next_is_done().then(|| port.digits.step())
}

fn send_sound(port: &mut Port, outbox: &mut Outbox, now: Moment) {
    let codec = port.codec();
    let mut frame = [0; FRAME];
    let filled = port
        .player
        .as_mut()
        .and_then(|player| player.fill(codec, &mut frame));
    if filled.is_some() {
        port.send_frame(outbox, now, &frame);
    }
}

fn send_digit(port: &mut Port, outbox: &mut Outbox, now: Moment) {
    let codec = port.codec();
    let mut frame = [codec.silence(); FRAME];
    match port.digits.step() {
        Step::Digit {
            key,
            tick,
            payload,
            starts,
            sounds,
        } => {
            let outlet = port.outlet();
            let events = outlet.and_then(|(stream, to)| Some((stream.send.events?, to)));
            if let Some((payload_type, destination)) = events {
                if starts {
                    port.event_timestamp = port.sender.start_event(now);
                }
                let header = port.sender.event(payload_type, starts, port.event_timestamp);
                port.sent = Some(now);
                return outbox.push(port.id, Channel::Rtp, destination, &header, Body::Plain(&payload));
            }
            let start = usize::from(tick) * FRAME;
            if sounds
                && let Some(tone) = tone::key(key)
                && let Some(sound) = tone.encoded(codec).get(start..start + FRAME)
            {
                frame.copy_from_slice(sound);
            }
            port.send_frame(outbox, now, &frame);
        }
        Step::Gap => port.send_frame(outbox, now, &frame),
        Step::Idle | Step::Done(_) => {}
    }
}

/// Once a second: silence, RTCP, keep-alive.
fn look_after(engine: &mut Engine, now: Moment, slot: Slot) {
    let Engine {
        ports,
        outbox,
        events,
        random,
        ..
    } = engine;
    let Some(port) = ports.get_mut(slot) else { return };
    if let (Some(since), Some(limit)) = (port.awaited_since, port.options.silence_after)
        && !port.is_silent
        && now.since(since) >= limit.max(Duration::from_secs(1))
    {
        port.is_silent = true;
        events.push_back(Event::Silence {
            port: port.id,
            lasting: now.since(since),
        });
    }
    if port.stream.is_some() && port.reports.is_due(now, random) {
        send_report(port, outbox, now, false);
    }
    keep_alive(engine, now, slot);
}

/// Sends a frame of silence if nothing has left for long, or ever.
fn keep_alive(engine: &mut Engine, now: Moment, slot: Slot) {
    let Some(port) = engine.ports.get_mut(slot) else {
        return;
    };
    let is_due = port.sent.is_none_or(|sent| now.since(sent) >= KEEP_ALIVE);
    if is_due && now >= port.patient_until {
        let frame = [port.codec().silence(); FRAME];
        port.send_frame(&mut engine.outbox, now, &frame);
    }
}

/// The last report, with a BYE, if there ever was a stream.
pub(super) fn say_bye(engine: &mut Engine, now: Moment, slot: Slot) {
    let Some(port) = engine.ports.get_mut(slot) else {
        return;
    };
    if port.sender.is_started() {
        send_report(port, &mut engine.outbox, now, true);
    }
}

fn send_report(port: &mut Port, outbox: &mut Outbox, now: Moment, is_last: bool) {
    let Some((destination, channel)) = report_outlet(port) else {
        return;
    };
    let mut buffer = [0; rtcp::BUFFER];
    let length = port
        .reports
        .write(now, &port.sender, &mut port.reception, is_last, &mut buffer);
    if length > 0 {
        outbox.push(port.id, channel, destination, &[], Body::Plain(&buffer[..length]));
    }
}

/// Reports go on while media is held (RFC 3264 §5.1), but not to an address that was taken away.
fn report_outlet(port: &Port) -> Option<(SocketAddr, Channel)> {
    let Stream { rtcp_mux, remote, .. } = port.stream?;
    remote?;
    Some((
        port.rtcp_remote()?,
        if rtcp_mux { Channel::Rtp } else { Channel::Rtcp },
    ))
}
