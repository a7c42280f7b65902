//! Client transactions with their messages: what is repeated, and who waits for the outcome.

use base::Moment;
use bytes::Bytes;

use super::{Class, InviteClient, OtherClient, Step, invite_client, other_client};
use crate::Method;
use crate::endpoint::{Path, Timers};

/// One of the two client machines.
#[derive(Clone, Debug)]
pub enum ClientMachine {
    Invite(InviteClient),
    Other(OtherClient),
}

impl ClientMachine {
    pub fn new(method: &Method, now: Moment, timers: Timers, reliable: bool) -> Self {
        if *method == Method::Invite {
            Self::Invite(InviteClient::new(now, timers, reliable))
        } else {
            Self::Other(OtherClient::new(now, timers, reliable))
        }
    }

    /// That of an INVITE which nobody waits for any more, though an answer has come.
    pub fn given_up(now: Moment, timers: Timers, reliable: bool) -> Self {
        Self::Invite(InviteClient::given_up(now, timers, reliable))
    }

    /// An INVITE that has not got its final response.
    pub fn is_unanswered_invite(&self) -> bool {
        match self {
            Self::Invite(machine) => !machine.is_answered(),
            Self::Other(_) => false,
        }
    }

    /// A provisional response has come to an earlier process.
    pub fn resume(&mut self, now: Moment) {
        let _ = self.respond(now, Class::Provisional);
    }

    pub fn respond(&mut self, now: Moment, class: Class) -> Step {
        match self {
            Self::Invite(machine) => machine.handle(now, invite_client::Input::Response(class)),
            Self::Other(machine) => machine.handle(now, other_client::Input::Response(class)),
        }
    }

    pub fn transport_error(&mut self, now: Moment) -> Step {
        match self {
            Self::Invite(machine) => machine.handle(now, invite_client::Input::TransportError),
            Self::Other(machine) => machine.handle(now, other_client::Input::TransportError),
        }
    }

    /// Nobody waits for the outcome any more.
    pub fn abandon(&mut self, now: Moment) {
        match self {
            Self::Invite(machine) => {
                let _ = machine.handle(now, invite_client::Input::Abandon);
            }
            // Timer F ends it.
            Self::Other(_) => {}
        }
    }

    pub fn timeout(&mut self, now: Moment) -> Option<Step> {
        match self {
            Self::Invite(machine) => machine.handle_timeout(now),
            Self::Other(machine) => machine.handle_timeout(now),
        }
    }

    pub fn next_timeout(&self) -> Option<Moment> {
        match self {
            Self::Invite(machine) => machine.next_timeout(),
            Self::Other(machine) => machine.next_timeout(),
        }
    }

    pub fn is_over(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.state() == invite_client::State::Terminated,
            Self::Other(machine) => machine.state() == other_client::State::Terminated,
        }
    }
}

/// A client transaction. `O` says who waits for the outcome.
#[derive(Debug)]
pub struct Client<O> {
    pub machine: ClientMachine,
    pub owner: O,
    pub method: Method,
    pub path: Path,
    /// As sent, Via and all: repeated as it is, and what ACK, CANCEL and retries are made from.
    pub request: Bytes,
    /// The ACK for a failure (§17.1.1.3), once there was one.
    pub ack: Option<Bytes>,
    /// ACKs for 2xx by To tag, with their paths: a 2xx that comes again is answered with the same (§13.2.2.4).
    pub success_acks: Vec<(String, Path, Bytes)>,
    /// How often it was sent anew after a challenge or another request to try again.
    pub attempts: u8,
}

impl<O> Client<O> {
    /// Keeps an ACK for a 2xx. There is one, unless proxies forked the INVITE.
    pub fn keep_ack(&mut self, tag: String, path: Path, bytes: Bytes) {
        self.success_acks.reserve_exact(1);
        self.success_acks.push((tag, path, bytes));
    }
}
