//! Server transactions with their messages: the request, and the newest response to repeat.

use std::sync::Arc;

use base::Moment;
use bytes::Bytes;

use super::{Class, InviteServer, OtherServer, Step, invite_server, other_server};
use crate::endpoint::{Path, Timers};
use crate::{Method, Request};

/// One of the two server machines.
#[derive(Clone, Debug)]
pub enum ServerMachine {
    Invite(InviteServer),
    Other(OtherServer),
}

impl ServerMachine {
    pub fn new(method: &Method, now: Moment, timers: Timers, reliable: bool) -> Self {
        if *method == Method::Invite {
            Self::Invite(InviteServer::new(now, timers, reliable))
        } else {
            Self::Other(OtherServer::new(now, timers, reliable))
        }
    }

    /// A provisional response has been sent by an earlier process.
    pub fn resume(&mut self, now: Moment) {
        let _ = self.respond(now, Class::Provisional);
    }

    /// The same request again.
    pub fn repeat(&mut self, now: Moment) -> Step {
        match self {
            Self::Invite(machine) => machine.handle(now, invite_server::Input::Invite),
            Self::Other(machine) => machine.handle(now, other_server::Input::Request),
        }
    }

    /// An ACK on the request's branch.
    pub fn ack(&mut self, now: Moment) -> Step {
        match self {
            Self::Invite(machine) => machine.handle(now, invite_server::Input::Ack),
            Self::Other(_) => Step::NOTHING,
        }
    }

    /// 100 for an INVITE that nothing was said to (RFC 3261 §17.2.1).
    pub fn trying(&mut self) -> Step {
        match self {
            Self::Invite(machine) => machine.trying(),
            Self::Other(_) => Step::NOTHING,
        }
    }

    pub fn respond(&mut self, now: Moment, class: Class) -> Step {
        match self {
            Self::Invite(machine) => machine.handle(now, invite_server::Input::Respond(class)),
            Self::Other(machine) => machine.handle(now, other_server::Input::Respond(class)),
        }
    }

    pub fn transport_error(&mut self, now: Moment) -> Step {
        match self {
            Self::Invite(machine) => machine.handle(now, invite_server::Input::TransportError),
            Self::Other(machine) => machine.handle(now, other_server::Input::TransportError),
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
            Self::Invite(machine) => machine.state() == invite_server::State::Terminated,
            Self::Other(machine) => machine.state() == other_server::State::Terminated,
        }
    }

    /// Whether no final response has been given.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.state() == invite_server::State::Proceeding,
            Self::Other(machine) => {
                matches!(
                    machine.state(),
                    other_server::State::Trying | other_server::State::Proceeding
                )
            }
        }
    }
}

/// A server transaction. `O` says who is to answer.
#[derive(Debug)]
pub struct Server<O> {
    pub machine: ServerMachine,
    pub owner: O,
    pub request: Arc<Request>,
    /// Where the request came from: what `received` and `rport` say.
    pub source: Path,
    /// Where responses go.
    pub path: Path,
    /// The newest response, repeated as it is.
    pub response: Bytes,
}
