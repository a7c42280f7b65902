//! What the exchange wants done, and how the world does it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use exchange::admin::Answer;
use exchange::{Input, Output};
use sip::endpoint::{Path, Transport};

use super::desk::Desk;
use super::{Happening, Presence, What, World};

/// How long the store takes to make a group of writes durable.
const COMMIT: Duration = Duration::from_millis(3);
/// How soon the kernel says that a connection is not to be had.
const REFUSED: Duration = Duration::from_millis(1);

impl World {
    /// Hands an input to the exchange and does what it wants done.
    pub(crate) fn input(&mut self, input: Input) {
        self.exchange.handle(self.now, input);
        self.drain();
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.exchange.poll() {
            self.carry_out(output);
        }
        for wrong in self.sound.wrong() {
            self.tell(What::Wrong(wrong));
        }
    }

    pub(super) fn carry_out(&mut self, output: Output) {
        match output {
            Output::Transmit { path, bytes } => self.transmit(path, bytes),
            Output::CloseConnection(connection) => self.close(connection),
            Output::Invoke(invocation) => {
                let thought = self.modules.think(&invocation, self.config.patience);
                self.tell(What::Asked {
                    invocation,
                    fault: thought.fault,
                });
                if let Some((length, decision)) = thought.decision {
                    self.hand_in_after(length, Input::Decision(decision));
                }
            }
            Output::Bind { port, local } => self.sound.bind(port, local),
            Output::Media(command) => {
                for (length, event) in self.sound.carry_out(command) {
                    self.hand_in_after(length, Input::Media(event));
                }
            }
            Output::Persist { writes, ticket } => {
                if !self.store.is_pending() {
                    self.soon(COMMIT, Happening::Commit { run: self.run });
                }
                self.store.write(writes, ticket);
            }
            Output::Reply { id, response } => {
                self.tell(What::Replied {
                    id,
                    refused: response.as_ref().err().map(ToString::to_string),
                    changes: match &response {
                        Ok(Answer::Changed(applied)) => applied.changes.clone(),
                        Ok(_) | Err(_) => Vec::new(),
                    },
                });
                self.replies.insert(id, response);
            }
            Output::Report(report) => self.tell(What::Report(report)),
            // No telephone here has a browser.
            Output::Push(push) => {
                if push.page.is_some() {
                    let (token, device) = (push.token, push.device);
                    let refused = Input::Pushed {
                        token,
                        device,
                        shown: false,
                    };
                    self.hand_in_after(Duration::from_millis(1), refused);
                }
            }
            // Its trunks have addresses.
            Output::Resolve { .. } => {}
        }
    }

    pub(super) fn transmit(&mut self, path: Path, bytes: Bytes) {
        let to = match path.connection {
            Some(connection) => self.connections.get(&connection).copied(),
            None => self.at.get(&path.remote).copied(),
        };
        self.tell(What::Sent {
            to,
            bytes: bytes.clone(),
        });
        let there = to.and_then(|to| self.desks.get(to.0));
        let reachable = there.is_some_and(|desk| desk.presence == Presence::Here);
        match path.transport {
            Transport::Tcp if !reachable => {
                let run = self.run;
                let input = Box::new(Input::Unreachable(path));
                self.soon(REFUSED, Happening::ToExchange { run, input });
            }
            Transport::Tcp => {
                let length = self.in_order(to, false);
                self.soon(
                    length,
                    Happening::ToPhone {
                        to: there_at(self.desks.get(to.map_or(usize::MAX, |to| to.0)), path.remote),
                        bytes,
                    },
                );
            }
            Transport::Udp => {
                let copies = self.network.send(to);
                if copies.is_empty() {
                    self.tell(What::Lost {
                        phone: to,
                        sent_by_phone: false,
                        bytes: bytes.clone(),
                    });
                }
                for length in copies {
                    self.soon(
                        length,
                        Happening::ToPhone {
                            to: path.remote,
                            bytes: bytes.clone(),
                        },
                    );
                }
            }
        }
    }
}

fn there_at(desk: Option<&Desk>, otherwise: SocketAddr) -> SocketAddr {
    desk.map_or(otherwise, |desk| desk.phone.config().local)
}
