//! Call backs (R58, R61, R65–R67), as RFC 6910 does call completion: one session for each callee, which
//! keeps who wants to be called back in the order in which they asked, durably.
//!
//! Not bound to a number: other behaviours send `request LINE`, and a session for the callee's line begins. It watches
//! that line, and is woken once it is free. A request is over when the two have talked, when it is declined, cancelled or
//! reversed, or after its time; a failed recall keeps its place, and one whose caller is in a call waits while the next is
//! served.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod callee;
mod line;
mod notice;
mod recall;
mod refusal;
mod requests;
mod settings;
mod tags;
mod texts;

use callee::Callee;
use cordboard::prelude::*;
use recall::Recall;
use requests::Requests;
pub use settings::{CallBackSettings, First, Notice};

/// The call backs to one line.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CallBack {
    requests: Requests,
    /// The one that is under way: the line is one, and so is this.
    recall: Option<Recall>,
    callee: Callee,
    /// A free line whose user did not answer is watched until it is used.
    awaits_use: bool,
    wake_at: Option<u64>,
    /// A display tells somebody why there is no call back.
    tells: bool,
    /// Calls that are passed on, where somebody has bound this to a number.
    passing: Vec<LegId>,
}

/// Calls back when a line that was busy, did not answer or was not registered is free.
#[cordboard::keyed]
impl Behaviour for CallBack {
    type Settings = CallBackSettings;

    const STATE_VERSION: u8 = 2;

    fn handle(&mut self, event: Event, settings: &CallBackSettings, host: &Host) -> Result<(), Refusal> {
        let now = host.now();
        match event {
            Event::CallOffered(offer) => {
                self.passing.push(offer.leg);
                host.leg(offer.leg).dial(cordboard::next().into())?;
            }
            Event::Message(message) => self.hear(&message.body, settings, host)?,
            Event::Outcome(outcome) => self.outcome(outcome, settings, host)?,
            Event::LegEnded(ended) => self.ended(ended.leg, host)?,
            Event::Timer(_) => self.wake_at = None,
            Event::LegAnswered(_)
            | Event::LineChanged(_)
            | Event::LegRinging(_)
            | Event::LegHeld(_)
            | Event::LegResumed(_)
            | Event::Digit(_)
            | Event::TransferRequested(_)
            | Event::Schedule(_)
            | Event::SettingsChanged => {}
        }
        self.requests.expire(settings, host);
        self.give_up_overdue(now, host);
        self.call_back_next(settings, host)?;
        self.set_timer(settings, host)?;
        if self.requests.is_empty() && self.recall.is_none() && self.passing.is_empty() && !self.tells {
            host.finish()?; // nobody waits: the next request begins another session
        }
        Ok(())
    }
}

impl CallBack {
    /// `request 202`, `request 202 no-answer`, `cancel 202`: 202 wants to be called back when this line is free (when it has
    /// been used, if it was free and did not answer), or no longer. `reversed 202 AT`: this line has asked for the same.
    fn hear(&mut self, body: &[u8], settings: &CallBackSettings, host: &Host) -> Result<(), Refusal> {
        let text = std::str::from_utf8(body).unwrap_or_default();
        let words: Vec<&str> = text.split(' ').collect();
        match words[..] {
            ["request", caller] => self.ask(caller, false, settings, host),
            ["request", caller, why] => self.ask(caller, why == "no-answer", settings, host),
            ["cancel", caller] => {
                self.requests.remove(caller);
                self.cancel(caller, host)
            }
            ["reversed", caller, at] => {
                if self
                    .requests
                    .reversed(caller, at.parse().unwrap_or_default(), host)
                {
                    host.explain("R61", "the callee asks for the same: the request is reversed");
                    self.cancel(caller, host)?;
                }
                Ok(())
            }
            _ => {
                host.log("a message that is neither `request LINE` nor `cancel LINE` was dropped");
                Ok(())
            }
        }
    }

    fn ask(
        &mut self,
        caller: &str,
        no_answer: bool,
        settings: &CallBackSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        match self.requests.ask(caller, no_answer, settings, host) {
            Ok(()) => {
                host.explain("R65", &[caller, " is called back when the line is free"].concat());
                let reversed = ["reversed ", host.number(), " ", &host.now().to_string()].concat();
                Ok(host.send(0, host.behaviour(), caller, reversed.into_bytes())?)
            }
            Err(refused) => self.tell_refused(caller, refused, settings, host),
        }
    }

    fn set_timer(&mut self, settings: &CallBackSettings, host: &Host) -> Result<(), Refusal> {
        let now = host.now();
        let next = match (&self.recall, self.callee) {
            (Some(recall), _) => recall.overdue_at(),
            (None, Callee::Free(from)) if from > now && self.requests.is_awake() => Some(from),
            (None, Callee::Free(_)) => self.requests.next_due(settings, now),
            // The line tells when it is free; until then only time ends requests.
            (None, Callee::Awaited | Callee::Unwatched) => self.requests.first_end(settings),
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
