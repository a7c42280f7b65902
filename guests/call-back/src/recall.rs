//! One call back: the first phone rings, shows the other's number, and once it is answered the other rings.
//!
//! ```text
//! Noticed --"call"--> Rings, on its display
//!
//! Rings --answered--> Connects --answered--> Talks --hung up--> over, request done
//!   | declined: cancelled    | busy, no answer: keeps its place
//!   | no answer: keeps its place
//! ```

use cordboard::contract::DialOptions;
use cordboard::prelude::*;
use cordboard::{CommandOutcome, DialResult, OutcomeKind, Shown, leg_of};

use crate::CallBack;
use crate::callee::Callee;
use crate::settings::{CallBackSettings, First};
use crate::tags::FIRST;

/// No recall takes longer before anybody talks.
const LONGEST: u64 = 180_000;

/// A call back under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    pub caller: String,
    began: u64,
    pub phase: Phase,
    /// Who is on the display, while it asks.
    pub listed: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// A display asks whether to.
    Noticed,
    Rings,
    Connects {
        first: LegId,
    },
    Talks {
        first: LegId,
        second: LegId,
    },
}

impl Recall {
    pub fn noticed(caller: String, listed: Vec<String>, host: &Host) -> Self {
        Self {
            caller,
            began: host.now(),
            phase: Phase::Noticed,
            listed,
        }
    }

    /// When something must have gone wrong.
    pub fn overdue_at(&self) -> Option<u64> {
        (!matches!(self.phase, Phase::Talks { .. })).then_some(self.began + LONGEST)
    }
}

impl CallBack {
    /// The line is free, and so is somebody who waits for it.
    pub fn call_back_next(&mut self, settings: &CallBackSettings, host: &Host) -> Result<(), Refusal> {
        if self.recall.is_some() || !self.await_line(host)? {
            return Ok(());
        }
        let Some(request) = self.requests.ready(host) else {
            return self.await_callers(host);
        };
        let caller = request.caller.clone();
        if self.ask_first(settings, host)? {
            return Ok(());
        }
        self.ring(caller, settings, host)
    }

    /// The first of the two phones rings.
    pub fn ring(&mut self, caller: String, settings: &CallBackSettings, host: &Host) -> Result<(), Refusal> {
        let (rung, shown) = match settings.first {
            First::Caller => (caller.as_str(), host.number()),
            First::Callee => (host.number(), caller.as_str()),
        };
        host.explain(
            "R58",
            &["the line is free: ", rung, " is rung and sees ", shown].concat(),
        );
        let options = DialOptions {
            shown: Shown::Number(shown.to_owned()),
            ..DialOptions::default()
        };
        let stages = Stages::from(cordboard::line(rung)).for_rings(settings.rings);
        host.originate(FIRST, stages, options)?;
        self.recall = Some(Recall {
            caller,
            began: host.now(),
            phase: Phase::Rings,
            listed: Vec::new(),
        });
        Ok(())
    }

    pub fn outcome(
        &mut self,
        outcome: CommandOutcome,
        settings: &CallBackSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        if self.watched(&outcome, settings, host)? || self.read(&outcome, settings, host)? {
            return Ok(());
        }
        let leg = leg_of(&outcome);
        let OutcomeKind::Dialled(dialled) = outcome.kind else {
            return self.failed_to_dial(leg, settings, host, &outcome.kind);
        };
        match (dialled.result, self.recall.as_ref().map(|recall| recall.phase)) {
            (DialResult::Failed(cause), _) if self.passing.contains(&leg) => {
                self.passing.retain(|other| *other != leg);
                Ok(host.leg(leg).reject(cause).unless_gone()?)
            }
            (DialResult::Answered(answer), Some(Phase::Rings)) if leg.0 == FIRST => {
                self.first_answered(answer.leg, settings, host)
            }
            // Cancelled, and answered at the same moment.
            (DialResult::Answered(answer), _) if leg.0 == FIRST => {
                Ok(host.leg(answer.leg).hang_up().unless_gone()?)
            }
            (DialResult::Failed(cause), Some(Phase::Rings)) if leg.0 == FIRST => {
                self.first_failed(cause, settings, host);
                Ok(())
            }
            (DialResult::Answered(answer), Some(Phase::Connects { first })) if leg == first => {
                self.connected(first, answer.leg, host);
                Ok(())
            }
            (DialResult::Failed(cause), Some(Phase::Connects { first })) if leg == first => {
                host.explain("R61", "the other is taken: the request keeps its place");
                self.keeps_place(settings, host);
                Ok(host.leg(first).reject(cause).unless_gone()?)
            }
            _ => Ok(()),
        }
    }

    fn failed_to_dial(
        &mut self,
        leg: LegId,
        settings: &CallBackSettings,
        host: &Host,
        kind: &OutcomeKind,
    ) -> Result<(), Refusal> {
        if let (OutcomeKind::Failed(cause), true) = (kind, leg.0 == FIRST) {
            self.first_failed(*cause, settings, host);
        }
        Ok(())
    }

    fn first_answered(
        &mut self,
        leg: LegId,
        settings: &CallBackSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        let Some(recall) = &mut self.recall else {
            return Ok(());
        };
        recall.phase = Phase::Connects { first: leg };
        let (rung, shown) = match settings.first {
            First::Caller => (host.number(), recall.caller.as_str()),
            First::Callee => (recall.caller.as_str(), host.number()),
        };
        let options = DialOptions {
            shown: Shown::Number(shown.to_owned()),
            ..DialOptions::default()
        };
        // The line itself: its forwards are not what the caller waited for.
        let stages = Stages::from(cordboard::line(rung)).for_rings(settings.rings);
        Ok(host.leg(leg).dial_with(stages, options).unless_gone()?)
    }

    fn first_failed(&mut self, cause: Cause, settings: &CallBackSettings, host: &Host) {
        match (cause, &self.recall) {
            (Cause::Declined, Some(recall)) => {
                host.explain("R61", "the call back was declined: it is cancelled");
                self.requests.remove(&recall.caller);
                self.recall = None;
            }
            _ => self.keeps_place(settings, host),
        }
    }

    fn keeps_place(&mut self, settings: &CallBackSettings, host: &Host) {
        if let Some(recall) = self.recall.take() {
            self.requests.failed(&recall.caller, settings, host);
        }
    }

    fn connected(&mut self, first: LegId, second: LegId, host: &Host) {
        let Some(recall) = &mut self.recall else {
            return;
        };
        recall.phase = Phase::Talks { first, second };
        host.explain("R61", "they talk: the request is done");
        self.requests.remove(&recall.caller);
    }

    /// Somebody hung up.
    pub fn ended(&mut self, leg: LegId, host: &Host) -> Result<(), Refusal> {
        self.passing.retain(|other| *other != leg);
        let Some(recall) = &self.recall else {
            return Ok(());
        };
        match recall.phase {
            Phase::Connects { first } if first == leg => {
                host.explain("R61", "whoever was called back hung up: the request is cancelled");
                self.requests.remove(&recall.caller);
                self.recall = None;
            }
            Phase::Talks { first, second } if first == leg || second == leg => {
                let other = if first == leg { second } else { first };
                self.recall = None;
                self.callee = Callee::Unwatched; // not before the receiver is down
                host.leg(other).hang_up().unless_gone()?;
            }
            Phase::Noticed | Phase::Rings | Phase::Connects { .. } | Phase::Talks { .. } => {}
        }
        Ok(())
    }

    /// The caller no longer wants it.
    pub fn cancel(&mut self, caller: &str, host: &Host) -> Result<(), Refusal> {
        match self
            .recall
            .as_ref()
            .filter(|recall| recall.caller == caller)
            .map(|recall| recall.phase)
        {
            Some(Phase::Rings) => {
                self.recall = None;
                host.cancel_originated(FIRST)?;
            }
            Some(Phase::Noticed) => {
                self.recall = None;
                Self::dismiss_notice(host)?;
            }
            Some(Phase::Connects { .. } | Phase::Talks { .. }) | None => {}
        }
        Ok(())
    }

    /// A recall whose outcome was lost must not keep the others from theirs.
    pub fn give_up_overdue(&mut self, now: u64, host: &Host) {
        let overdue = self.recall.as_ref().and_then(Recall::overdue_at);
        if overdue.is_some_and(|at| at <= now) {
            host.explain(
                "R61",
                "nothing was heard of the call back: it is tried again later",
            );
            self.recall = None;
        }
    }
}
