//! Repeats what may be lost, and knows what was seen (RFC 3261 §17, in the simplest form that is right).

use std::time::Duration;

use base::Moment;

pub const T1: Duration = Duration::from_millis(500);
pub const T2: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(32);

/// A request of ours that waits for its final response.
#[derive(Clone, Debug)]
pub struct Client {
    pub branch: String,
    pub method: String,
    pub call_id: String,
    pub request: String,
    pub state: ClientState,
    gap: Duration,
    repeat: Option<Moment>,
    end: Moment,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientState {
    Calling,
    Proceeding,
    /// Answered; for an INVITE refused, holds the ACK to send again.
    Completed {
        ack: Option<String>,
    },
}

impl Client {
    pub fn new(
        now: Moment,
        branch: &str,
        method: &str,
        call_id: &str,
        request: String,
        reliable: bool,
    ) -> Self {
        Self {
            branch: branch.to_owned(),
            method: method.to_owned(),
            call_id: call_id.to_owned(),
            request,
            state: ClientState::Calling,
            gap: T1,
            repeat: (!reliable).then(|| now + T1),
            end: now + PATIENCE,
        }
    }

    pub fn proceeding(&mut self, now: Moment) {
        if self.state == ClientState::Calling {
            self.state = ClientState::Proceeding;
            if self.method == "INVITE" {
                self.repeat = None;
                // A phone may ring for as long as it likes; tests bound that themselves.
                self.end = now + Duration::from_secs(600);
            }
        }
    }

    /// RFC 3261 §9.1: what was given up and has no final response is over after 64·T1.
    pub fn given_up(&mut self, now: Moment) {
        self.end = self.end.min(now + PATIENCE);
    }

    pub fn complete(&mut self, now: Moment, ack: Option<String>) {
        self.state = ClientState::Completed { ack };
        self.repeat = None;
        self.end = now + PATIENCE;
    }

    pub fn next(&self) -> Moment {
        self.repeat.map_or(self.end, |repeat| repeat.min(self.end))
    }

    pub fn is_over(&self, now: Moment) -> bool {
        self.end <= now
    }

    /// What to send again now, if anything.
    pub fn repeat(&mut self, now: Moment) -> Option<String> {
        if self.repeat? > now {
            return None;
        }
        self.gap = if self.method == "INVITE" {
            self.gap * 2
        } else {
            (self.gap * 2).min(T2)
        };
        self.repeat = Some(now + self.gap);
        Some(self.request.clone())
    }
}

/// A request of the peer's and our last answer to it.
#[derive(Clone, Debug)]
pub struct Server {
    pub branch: String,
    pub method: String,
    pub response: Option<String>,
    gap: Duration,
    /// Final INVITE responses are repeated until the ACK.
    repeat: Option<Moment>,
    end: Moment,
}

impl Server {
    pub fn new(now: Moment, branch: &str, method: &str) -> Self {
        Self {
            branch: branch.to_owned(),
            method: method.to_owned(),
            response: None,
            gap: T1,
            repeat: None,
            end: now + Duration::from_secs(600),
        }
    }

    pub fn respond(&mut self, now: Moment, response: String, is_final: bool) {
        self.response = Some(response);
        if is_final {
            self.end = now + PATIENCE;
            self.repeat = (self.method == "INVITE").then(|| now + T1);
        }
    }

    pub fn acknowledged(&mut self) {
        self.repeat = None;
    }

    pub fn next(&self) -> Moment {
        self.repeat.map_or(self.end, |repeat| repeat.min(self.end))
    }

    pub fn is_over(&self, now: Moment) -> bool {
        self.end <= now
    }

    pub fn repeat(&mut self, now: Moment) -> Option<String> {
        if self.repeat? > now {
            return None;
        }
        self.gap = (self.gap * 2).min(T2);
        self.repeat = Some(now + self.gap);
        self.response.clone()
    }
}
