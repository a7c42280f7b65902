//! The engine: ports, their connections, and what goes in and out.
//!
//! [`commands`] carries out what the exchange asks, [`inbound`] takes packets in and passes them on,
//! [`outbound`] sends what is due at a tick, [`links`] has what each port hears, [`rooms`] mixes.

mod commands;
mod inbound;
mod links;
mod outbound;
mod rooms;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use base::{Moment, Random};
use rustc_hash::FxHashMap;
use slab::Slab;

use crate::port::{Port, Slot};
use crate::{Command, Event, Outbox, Packet, PortId, RoomId};

/// How often [`Engine::tick`] wants to be called: one packet of 20 ms (RFC 3551 §4.2).
pub const TICK: Duration = Duration::from_millis(20);

/// A tick that comes late sends what it missed, but not more than this many packets at once: a
/// burst of more overflows jitter buffers.
const MAX_CATCH_UP: u32 = 5;

/// Each port is looked after (silence, RTCP, keep-alive) in one of so many ticks, so once a second.
const ROUND: usize = 50;

/// Many ports on one thread.
pub struct Engine {
    random: Random,
    ports: Slab<Port>,
    slots: FxHashMap<PortId, Slot>,
    /// Who is in them, in the order in which they came. None is empty.
    rooms: BTreeMap<RoomId, Vec<Slot>>,
    /// Ports that need every tick: they play, send digits, or wait for the end of one.
    busy: Vec<Slot>,
    /// Ports that were updated, and when they send silence if nothing else has left by then; oldest first.
    fresh: VecDeque<(Moment, Slot)>,
    next_tick: Option<Moment>,
    ticks: usize,
    events: VecDeque<Event>,
    outbox: Outbox,
}

impl Engine {
    /// `random` gives SSRCs and first sequence numbers, which must be hard to guess (RFC 3550 §9.1).
    pub fn new(random: Random) -> Self {
        Self {
            random,
            ports: Slab::new(),
            slots: FxHashMap::default(),
            rooms: BTreeMap::new(),
            busy: Vec::new(),
            fresh: VecDeque::new(),
            next_tick: None,
            ticks: 0,
            events: VecDeque::new(),
            outbox: Outbox::default(),
        }
    }

    /// Does what the exchange asks. Drain [`Engine::poll_event`] and [`Engine::outbox`] afterwards.
    pub fn command(&mut self, now: Moment, command: Command) {
        commands::carry_out(self, now, command);
    }

    /// Takes a datagram in; what it sets free is in the outbox at once. Datagrams of unknown ports are dropped.
    pub fn receive(&mut self, now: Moment, packet: Packet<'_>) {
        if let Some(slot) = self.slots.get(&packet.port).copied() {
            inbound::receive(self, now, slot, packet);
        }
    }

    /// Sends what is due: 20 ms of everything that plays, digits, RTCP; notices silence. Call it every
    /// [`TICK`]. A late call sends what it missed, up to 100 ms; what is older is skipped.
    pub fn tick(&mut self, now: Moment) {
        let mut due = self.next_tick.unwrap_or(now);
        if now.since(due) > TICK * MAX_CATCH_UP {
            due = now;
        }
        while due <= now {
            outbound::tick(self, due);
            due += TICK;
        }
        self.next_tick = Some(due);
    }

    /// When the next tick is due; none before the first.
    pub fn next_tick(&self) -> Option<Moment> {
        self.next_tick
    }

    /// The next event, oldest first. Drain it after every call of the other functions.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What is to be sent. Send all of it, then [`Outbox::clear`] it.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// How many ports are open.
    pub fn ports(&self) -> usize {
        self.ports.len()
    }

    fn emit(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// From now on this port gets every tick, until it has nothing left to do.
    fn make_busy(&mut self, slot: Slot) {
        if let Some(port) = self.ports.get_mut(slot)
            && !std::mem::replace(&mut port.is_busy, true)
        {
            self.busy.push(slot);
        }
    }
}
