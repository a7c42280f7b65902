//! The engine: ports, their connections, and what goes in and out.

use std::collections::VecDeque;
use std::time::Duration;

use base::{Moment, Random};

use crate::{Command, Event, Outbox, Packet};

/// How often [`Engine::tick`] wants to be called: one packet of 20 ms (RFC 3551 §4.2).
pub const TICK: Duration = Duration::from_millis(20);

/// Many ports on one thread.
#[derive(Debug)]
pub struct Engine {
    #[expect(dead_code, reason = "gives out SSRCs")]
    random: Random,
    events: VecDeque<Event>,
    outbox: Outbox,
}

impl Engine {
    /// `random` gives SSRCs and first sequence numbers, which must be hard to guess (RFC 3550 §9.1).
    pub fn new(random: Random) -> Self {
        Self {
            random,
            events: VecDeque::new(),
            outbox: Outbox::default(),
        }
    }

    pub fn command(&mut self, _now: Moment, _command: Command) {}

    /// Takes a datagram in; what it sets free is in the outbox at once.
    pub fn receive(&mut self, _now: Moment, _packet: Packet<'_>) {}

    /// Sends what is due: 20 ms of everything that plays, digits, RTCP; notices silence. Call it every
    /// [`TICK`]. A late call sends what it missed, up to 100 ms; what is older is skipped.
    pub fn tick(&mut self, _now: Moment) {}

    /// The next event, oldest first. Drain it after every call of the other functions.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What is to be sent. Send all of it, then [`Outbox::clear`] it.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }
}
