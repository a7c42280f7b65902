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

    /// Whether a 2xx was given to an INVITE, which its owner repeats (RFC 6026 §7.1).
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Invite(machine) if machine.state() == invite_server::State::Accepted)
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
    /// None once a final response has gone to a datagram's sender: whatever is left to do needs it no more.
    pub request: Option<Arc<Request>>,
    /// Where the request came from: what `received` and `rport` say.
    pub source: Path,
    /// Where responses go.
    pub path: Path,
    /// The newest response, repeated as it is. Empty once that is somebody else's task.
    pub response: Bytes,
}

impl<O> Server<O> {
    /// Lets go of what an answered request left: all of them are remembered for half a minute. One that came on a connection
    /// keeps its request, which says where the response goes when the connection is gone.
    pub fn let_go(&mut self) {
        if self.machine.is_open() || self.path.transport.is_reliable() {
            return;
        }
        self.request = None;
        if self.machine.is_accepted() {
            self.response = Bytes::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::ZERO;

    /// What is left of a request that was answered with 200.
    fn answered(
        method: &str,
        path: impl Fn(std::net::SocketAddr, std::net::SocketAddr) -> Path,
    ) -> (bool, bool) {
        let text = format!(
            "{method} sip:bob@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bKx1\r\n\
             From: <sip:alice@a.example>;tag=a\r\nTo: <sip:bob@b.example>\r\nCall-ID: c1\r\n\
             CSeq: 1 {method}\r\nMax-Forwards: 70\r\n\r\n"
        );
        let request = Request::parse(Bytes::from(text)).unwrap();
        let path = path(
            "192.0.2.1:5060".parse().unwrap(),
            "192.0.2.2:5060".parse().unwrap(),
        );
        let mut server = Server {
            machine: ServerMachine::new(
                &request.method,
                NOW,
                Timers::default(),
                path.transport.is_reliable(),
            ),
            owner: (),
            request: Some(Arc::new(request)),
            source: path,
            path,
            response: Bytes::from_static(b"SIP/2.0 200 OK"),
        };
        server.let_go();
        assert!(server.request.is_some(), "it has no final response yet");
        let _ = server.machine.respond(NOW, Class::Success);
        server.let_go();
        (server.request.is_some(), !server.response.is_empty())
    }

    #[test]
    fn an_answered_request_is_let_go_and_its_response_where_nobody_repeats_it() {
        assert_eq!(answered("BYE", Path::udp), (false, true));
        assert_eq!(answered("INVITE", Path::udp), (false, false));
        assert_eq!(answered("INVITE", Path::tcp), (true, true));
    }
}
