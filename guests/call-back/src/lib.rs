//! Call backs (R58, R61, R65–R67), as RFC 6910 does call completion: one session for each callee, which
//! keeps who wants to be called back in the order in which they asked, durably.
//!
//! Not bound to a number: other behaviours send `request LINE`, and a session for the callee's line begins. It hears
//! whenever that line changes. A request is over when the two have talked, when it is declined or cancelled, or after its
//! time; a failed recall keeps its place, and one whose caller is in a call waits while the next is served.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod recall;
mod requests;
mod settings;

use cordboard::prelude::*;
use recall::Recall;
use requests::Requests;
pub use settings::{CallBackSettings, First};

/// The call backs to one line.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CallBack {
    requests: Requests,
    /// The one that is under way: the line is one, and so is this.
    recall: Option<Recall>,
    /// The line has been free since, with some time to put the receiver down.
    free_from: Option<u64>,
    wake_at: Option<u64>,
    /// Calls that are passed on, where somebody has bound this to a number.
    passing: Vec<LegId>,
}

/// Calls back when a line that was busy, did not answer or was not registered is free.
#[cordboard::keyed(interests(line_changes))]
impl Behaviour for CallBack {
    type Settings = CallBackSettings;

    fn handle(&mut self, event: Event, settings: &CallBackSettings, host: &Host) -> Result<(), Refusal> {
        let now = host.now();
        match event {
            Event::CallOffered(offer) => {
                self.passing.push(offer.leg);
                host.leg(offer.leg).dial(cordboard::next().into())?;
            }
            Event::Message(message) => self.hear(&message.body, settings, host)?,
            Event::LineChanged(_) => self.line_changed(host),
            Event::Outcome(outcome) => self.outcome(outcome, settings, host)?,
            Event::LegEnded(ended) => self.ended(ended.leg, host)?,
            Event::Timer(_) => self.wake_at = None,
            Event::LegAnswered(_)
            | Event::LegRinging(_)
            | Event::LegHeld(_)
            | Event::LegResumed(_)
            | Event::Digit(_)
            | Event::TransferRequested(_)
            | Event::Schedule(_)
            | Event::SettingsChanged => {}
        }
        self.requests.expire(now, host);
        self.give_up_overdue(now, host);
        self.call_back_next(settings, host)?;
        self.set_timer(host)?;
        if self.requests.is_empty() && self.recall.is_none() && self.passing.is_empty() {
            host.finish()?; // nobody waits: the next request begins another session
        }
        Ok(())
    }
}

impl CallBack {
    /// `request 202`, `cancel 202`: 202 wants to be called back when this line is free, or no longer.
    fn hear(&mut self, body: &[u8], settings: &CallBackSettings, host: &Host) -> Result<(), Refusal> {
        let text = std::str::from_utf8(body).unwrap_or_default();
        match text.split_once(' ') {
            Some(("request", caller)) => {
                self.requests.ask(caller, settings, host);
                // It may be free already: then the time runs from now.
                if self.free_from.is_none() {
                    self.line_changed(host);
                }
            }
            Some(("cancel", caller)) => {
                self.requests.remove(caller);
                self.cancel(caller, host)?;
            }
            _ => host.log("a message that is neither `request LINE` nor `cancel LINE` was dropped"),
        }
        Ok(())
    }

    /// The line this session is for.
    pub(crate) fn line_changed(&mut self, host: &Host) {
        let free = host
            .line(host.number())
            .is_some_and(|line| line.registered && line.calls == 0);
        self.free_from = match (free, self.free_from) {
            (false, _) => None,
            (true, Some(since)) => Some(since),
            // Two lines that want each other do not call at the same moment.
            (true, None) => Some(host.now() + recall::SETTLE + host.random() % recall::SETTLE),
        };
    }

    fn set_timer(&mut self, host: &Host) -> Result<(), Refusal> {
        let now = host.now();
        let next = match (&self.recall, self.free_from) {
            (Some(recall), _) => recall.overdue_at(),
            (None, _) if self.requests.is_empty() => None,
            // Somebody's phone is busy: nobody tells us when it no longer is.
            (None, Some(from)) if from <= now => Some(self.requests.next_due(now, now + recall::LOOK_AGAIN)),
            (None, Some(from)) => Some(from),
            // The line tells when it is free; until then only time ends requests.
            (None, None) => self.requests.first_end(),
        };
        if next != self.wake_at {
            match next {
                Some(at) => host.timer(0).at(at)?,
                None => host.timer(0).cancel()?,
            }
            self.wake_at = next;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
