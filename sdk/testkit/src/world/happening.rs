//! Time: what is to happen, in order, and who is told when it does.

use std::net::SocketAddr;
use std::time::Duration;

use base::Moment;
use bytes::Bytes;
use exchange::Input;
use sip::endpoint::Packet;

use super::{What, World};
use crate::office::PhoneId;

/// More wake-ups at one moment than this: the exchange goes round in circles.
const MOST_WAKE_UPS: u32 = 10_000;

pub(super) enum Happening {
    /// For the process of that number only: what an earlier one asked for is gone with it.
    ToExchange {
        run: u32,
        input: Box<Input>,
    },
    Datagram {
        from: PhoneId,
        bytes: Bytes,
    },
    ToPhone {
        to: SocketAddr,
        bytes: Bytes,
    },
    Commit {
        run: u32,
    },
    /// Which ports hear nobody?
    Listen,
    Start,
}

impl World {
    /// Lets so much time pass.
    pub fn run_for(&mut self, length: Duration) {
        let until = self.now + length;
        while self.step(until) {}
    }

    /// The next happening, if it is not after `until`; else it is `until`, and nothing happens.
    pub fn step(&mut self, until: Moment) -> bool {
        let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
        let wake = self.exchange.next_timeout().filter(|_| self.is_up);
        let alarm = self.alarms.first().copied();
        let next = [queued, wake, alarm.map(|(at, _)| at)];
        let Some(at) = next.into_iter().flatten().min().filter(|at| *at <= until) else {
            self.now = self.now.max(until);
            return false;
        };
        self.now = self.now.max(at);
        if queued == Some(at) {
            if let Some((_, happening)) = self.queue.pop_first() {
                self.happen(happening);
            }
        } else if wake == Some(at) {
            self.wake();
        } else if let Some((_, id)) = alarm {
            self.with(id, |phone, now| phone.timeout(now));
        }
        true
    }

    pub(super) fn wake(&mut self) {
        let count = if self.wake_ups.0 == self.now {
            self.wake_ups.1 + 1
        } else {
            1
        };
        self.wake_ups = (self.now, count);
        if count > MOST_WAKE_UPS {
            self.tell(What::Wrong(
                "the exchange is woken again and again at one moment".into(),
            ));
            self.now += Duration::from_millis(1);
        }
        self.input(Input::Timeout);
    }

    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::ToExchange { run, input } => self.input_of(run, *input),
            Happening::Datagram { from, bytes } => self.arrive(from, bytes),
            Happening::ToPhone { to, bytes } => {
                if let Some(id) = self.at.get(&to).copied() {
                    self.receive(id, &bytes);
                }
            }
            Happening::Commit { run } if run == self.run && self.is_up => {
                for ticket in self.store.commit() {
                    self.input(Input::Durable(ticket));
                }
            }
            Happening::Commit { .. } => {}
            Happening::Listen => self.listen(),
            Happening::Start => self.start(),
        }
    }

    pub(super) fn arrive(&mut self, from: PhoneId, bytes: Bytes) {
        let Some(path) = self.path_of(from).filter(|_| self.is_up) else {
            return;
        };
        self.tell(What::Arrived {
            from,
            bytes: bytes.clone(),
        });
        self.input(Input::Packet(Packet { path, bytes }));
    }

    pub(super) fn input_of(&mut self, run: u32, input: Input) {
        if run != self.run || !self.is_up {
            return;
        }
        if let Input::Media(event) = &input
            && !self.sound.happens(event)
        {
            return;
        }
        self.input(input);
    }

    pub(super) fn hand_in_after(&mut self, wait: Duration, input: Input) {
        let (run, input) = (self.run, Box::new(input));
        self.soon(wait, Happening::ToExchange { run, input });
    }

    pub(super) fn soon(&mut self, wait: Duration, happening: Happening) {
        self.order += 1;
        self.queue.insert((self.now + wait, self.order), happening);
    }
}
