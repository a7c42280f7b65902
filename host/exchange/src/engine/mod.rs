//! The state machine: what comes in is handed to the part that it is for.

use std::collections::VecDeque;

use base::{Moment, Random};

use crate::config::Config;
use crate::io::{Entry, Input, Output};

/// A whole exchange. See the [crate](crate).
pub struct Exchange {
    #[expect(dead_code, reason = "bodies follow")]
    config: Config,
    #[expect(dead_code, reason = "bodies follow")]
    random: Random,
    outbox: VecDeque<Output>,
}

impl Exchange {
    /// `random` gives tags, nonces and seeds: seed it from the operating system, or from a simulation's seed.
    pub fn new(config: Config, random: Random) -> Self {
        Self {
            config,
            random,
            outbox: VecDeque::new(),
        }
    }

    /// Takes up what another run had stored: directory, registrations, sessions, timers, calls. Once,
    /// before the first input. Entries that cannot be read are reported and left out.
    pub fn restore(&mut self, _now: Moment, _entries: Vec<Entry>) {}

    /// Takes one input in. Take all outputs out with [`poll`](Self::poll) afterwards. `now` never goes backwards.
    pub fn handle(&mut self, _now: Moment, _input: Input) {}

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outbox.pop_front()
    }

    /// When to hand in [`Input::Timeout`]; none when nothing is waited for.
    pub fn next_timeout(&self) -> Option<Moment> {
        None
    }
}
