//! Who wants to be called back, first come first served (RFC 6910 §6).

use cordboard::prelude::*;

use crate::line::{forwards_all, is_free};
use crate::refusal::Refused;
use crate::settings::CallBackSettings;

/// Between two attempts for the same caller.
const PAUSE: u64 = 60_000;

/// The requests for one line, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    waiting: Vec<Request>,
    /// The next one's.
    id: u32,
}

/// One caller's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub caller: String,
    /// Tells it apart from others, also from later ones of the same caller.
    pub id: u32,
    /// When it was made: milliseconds since the epoch.
    asked: u64,
    not_before: u64,
    attempts: u32,
    /// The callee was free and did not answer: nobody may be there until it is used again (RFC 6910 §5, CCNR).
    dormant: bool,
    /// The caller's line is watched until it is free.
    watched: bool,
}

impl Requests {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn is_dormant(&self) -> bool {
        self.waiting.iter().any(|request| request.dormant)
    }

    pub fn is_awake(&self) -> bool {
        self.waiting.iter().any(|request| !request.dormant)
    }

    /// One request for each caller: asking again only makes it last longer.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn ask(
        &mut self,
        caller: &str,
        no_answer: bool,
        settings: &CallBackSettings,
        host: &Host,
    ) -> Result<(), Refused> {
        let line = host.line(caller).filter(|_| caller != host.number());
        let line = line.ok_or(Refused::NotInside)?;
        if forwards_all(settings, host) {
            return Err(Refused::ForwardsAll);
        }
        let asked = host.now();
        if let Some(request) = self.of(&line.name) {
            request.asked = asked;
            return Ok(());
        }
        if self.waiting.len() >= settings.queue_length as usize {
            return Err(Refused::Full);
        }
        self.id = self.id.wrapping_add(1);
        let callee = host.line(host.number());
        self.waiting.push(Request {
            caller: line.name,
            id: self.id,
            asked,
            not_before: 0,
            attempts: 0,
            dormant: no_answer && callee.is_some_and(|line| line.calls == 0),
            watched: false,
        });
        Ok(())
    }

    fn of(&mut self, caller: &str) -> Option<&mut Request> {
        self.waiting.iter_mut().find(|request| request.caller == caller)
    }

    pub fn remove(&mut self, caller: &str) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|request| request.caller != caller);
        self.waiting.len() < before
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Everybody who waits, who does so no more.
    pub fn take(&mut self) -> Vec<String> {
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().map(|request| request.caller).collect()
    }

    /// R61: who is to be called back has asked for the same the other way round, at this moment. The later one stays; when
    /// both are of one moment, the one of the smaller number.
    pub fn reversed(&mut self, caller: &str, at: u64, host: &Host) -> bool {
        let older = |request: &Request| (request.asked, caller) < (at, host.number());
        match self.of(caller) {
            Some(request) if older(request) => self.remove(caller),
            _ => false,
        }
    }

    pub fn expire(&mut self, settings: &CallBackSettings, host: &Host) {
        let now = host.now();
        let before = self.waiting.len();
        self.waiting.retain(|request| request.end(settings) > now);
        if self.waiting.len() < before {
            host.explain("R61", "a request was kept for as long as may be");
        }
    }

    /// The callee's line is in use: whoever waited for that waits for its end from now on.
    pub fn wake(&mut self) {
        for request in &mut self.waiting {
            request.dormant = false;
        }
    }

    /// The first whose caller can take a call now; others keep their place (suspended, RFC 6910 §6.5).
    pub fn ready(&self, host: &Host) -> Option<&Request> {
        let now = host.now();
        let can = |request: &&Request| request.may(now) && is_free(&request.caller, host);
        self.waiting.iter().find(can)
    }

    /// All of those, in their order.
    pub fn all_ready<'a>(&'a self, host: &'a Host) -> impl Iterator<Item = String> + 'a {
        let now = host.now();
        let ready = self
            .waiting
            .iter()
            .filter(move |request| request.may(now) && is_free(&request.caller, host));
        ready.map(|request| request.caller.clone())
    }

    /// The suspended ones whose callers nobody watches yet: each once.
    pub fn watch_suspended(&mut self, host: &Host) -> Vec<(u32, String)> {
        let now = host.now();
        let suspended = self
            .waiting
            .iter_mut()
            .filter(|request| request.may(now) && !request.watched);
        let watch = |request: &mut Request| {
            request.watched = true;
            (request.id, request.caller.clone())
        };
        suspended.map(watch).collect()
    }

    /// A caller is free, or cannot be watched: then it is looked at now and then, unless its line is no more.
    pub fn watch_is_over(&mut self, id: u32, came_about: bool, host: &Host) {
        let now = host.now();
        if let Some(request) = self.waiting.iter_mut().find(|request| request.id == id) {
            request.watched = false;
            if !came_about {
                request.not_before = now + PAUSE;
            }
        }
        if !came_about {
            self.waiting
                .retain(|request| request.id != id || host.line(&request.caller).is_some());
        }
    }

    /// The recall came to nothing: the request keeps its place, for so many attempts.
    pub fn failed(&mut self, caller: &str, settings: &CallBackSettings, host: &Host) {
        let now = host.now();
        if let Some(request) = self.of(caller) {
            request.attempts = request.attempts.saturating_add(1);
            request.not_before = now + PAUSE;
            if request.attempts >= settings.attempts {
                host.explain("R61", "the call back was tried as often as may be");
                self.remove(caller);
            }
        }
    }

    /// When to look again: the next end of a pause or of a request.
    pub fn next_due(&self, settings: &CallBackSettings, now: u64) -> Option<u64> {
        let pauses = self.waiting.iter().map(|request| request.not_before);
        let ends = self.waiting.iter().map(|request| request.end(settings));
        pauses.chain(ends).filter(|at| *at > now).min()
    }

    /// When time ends the first of them.
    pub fn first_end(&self, settings: &CallBackSettings) -> Option<u64> {
        self.waiting.iter().map(|request| request.end(settings)).min()
    }
}

impl Request {
    fn end(&self, settings: &CallBackSettings) -> u64 {
        self.asked + u64::from(settings.keep) * 60_000
    }

    fn may(&self, now: u64) -> bool {
        !self.dormant && self.not_before <= now
    }
}
