//! Who wants to be called back, first come first served (RFC 6910 §6).

use cordboard::prelude::*;

use crate::settings::CallBackSettings;

/// Between two attempts for the same caller.
const PAUSE: u64 = 60_000;

/// The requests for one line, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests(Vec<Request>);

/// One caller's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub caller: String,
    /// Milliseconds since the epoch.
    expires: u64,
    not_before: u64,
    attempts: u32,
}

impl Requests {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One request for each caller: asking again only makes it last longer.
    pub fn ask(&mut self, caller: &str, settings: &CallBackSettings, host: &Host) {
        let expires = host.now() + u64::from(settings.keep) * 60_000;
        let Some(line) = host.line(caller).filter(|_| caller != host.number()) else {
            host.explain("R65", "only a line of the house can be called back");
            return;
        };
        if let Some(request) = self.0.iter_mut().find(|request| request.caller == line.name) {
            request.expires = expires;
        } else if self.0.len() >= settings.queue_length as usize {
            host.explain("R65", "as many wait for this line as may");
        } else {
            host.explain(
                "R65",
                &[&line.name, " is called back when the line is free"].concat(),
            );
            self.0.push(Request {
                caller: line.name,
                expires,
                not_before: 0,
                attempts: 0,
            });
        }
    }

    pub fn remove(&mut self, caller: &str) {
        self.0.retain(|request| request.caller != caller);
    }

    pub fn expire(&mut self, now: u64, host: &Host) {
        let before = self.0.len();
        self.0.retain(|request| request.expires > now);
        if self.0.len() < before {
            host.explain("R61", "a request was kept for as long as may be");
        }
    }

    /// The first whose caller can take a call now; others keep their place (suspended, RFC 6910 §6.5).
    pub fn ready(&self, now: u64, host: &Host) -> Option<&Request> {
        let can = |request: &&Request| {
            let line = || host.line(&request.caller);
            request.not_before <= now && line().is_some_and(|line| line.registered && line.calls == 0)
        };
        self.0.iter().find(can)
    }

    /// The recall came to nothing: the request keeps its place, for so many attempts.
    pub fn failed(&mut self, caller: &str, settings: &CallBackSettings, host: &Host) {
        let now = host.now();
        if let Some(request) = self.0.iter_mut().find(|request| request.caller == caller) {
            request.attempts = request.attempts.saturating_add(1);
            request.not_before = now + PAUSE;
            if request.attempts >= settings.attempts {
                host.explain("R61", "the call back was tried as often as may be");
                self.remove(caller);
            }
        }
    }

    /// When to look again: the next end of a pause, or `latest`.
    pub fn next_due(&self, now: u64, latest: u64) -> u64 {
        let pauses = self.0.iter().map(|request| request.not_before);
        pauses.filter(|at| *at > now).fold(latest, u64::min)
    }

    pub fn first_end(&self) -> Option<u64> {
        self.0.iter().map(|request| request.expires).min()
    }
}
