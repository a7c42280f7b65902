//! A dial as it is stored, and as it is taken up again.

use std::sync::Arc;

use contract::{Cause, LegId, Tag};
use smallvec::SmallVec;

use super::{Dial, Run, RunState};
use crate::engine::kept::records::{DialRecord, RunRecord};
use crate::engine::{Due, Exchange, Step};
use crate::ids::{CallId, DialId, DialOwner};

impl Dial {
    /// The tag of the command that began it.
    pub(crate) fn tag(&self) -> Option<Tag> {
        match self.owner {
            DialOwner::Session { tag, .. } => Some(tag),
            DialOwner::Host | DialOwner::ClickToDial | DialOwner::Transfer { .. } => None,
        }
    }

    pub(crate) fn record(&self) -> DialRecord {
        let run = |run: &Run| {
            let state = match &run.state {
                RunState::Inside(custody) => RunRecord::Inside(*custody),
                RunState::Done(cause) => RunRecord::Done(*cause),
                RunState::Won => RunRecord::Won,
                RunState::Legs { live, worst } => RunRecord::Legs {
                    live: live.to_vec(),
                    worst: *worst,
                },
            };
            (run.target.clone(), run.rang, state)
        };
        DialRecord {
            owner: self.owner,
            caller: self.caller,
            custody: self.custody,
            options: self.options.clone(),
            stages: self.stages.as_slice().to_vec(),
            runs: self.runs.iter().map(run).collect(),
            stage_from: self.stage_from,
            stage_over: self.stage_over.map(|key| key.at()),
            redirected: self.redirected,
        }
    }
}

impl Exchange {
    pub(super) fn keep_dial(&mut self, id: DialId) {
        if let Some(call) = self.dials.get(&id).map(|dial| dial.call) {
            self.keep_call(call);
        }
    }

    /// Goes on with a stored dial: phones still ring, targets that another behaviour decides about still
    /// wait, the next stages are still to come. Its legs are there already.
    pub(in crate::engine) fn restore_dial(
        &mut self,
        id: DialId,
        call: CallId,
        tenant: Arc<str>,
        record: DialRecord,
    ) {
        let legs = &self.legs;
        let state = |record| match record {
            RunRecord::Legs { live, worst } => {
                let live: SmallVec<[LegId; 2]> =
                    live.into_iter().filter(|leg| legs.contains_key(leg)).collect();
                match live.is_empty() {
                    true => RunState::Done(worst.unwrap_or(Cause::Failed)),
                    false => RunState::Legs { live, worst },
                }
            }
            RunRecord::Inside(custody) => RunState::Inside(custody),
            RunRecord::Done(cause) => RunState::Done(cause),
            RunRecord::Won => RunState::Won,
        };
        let run = |(target, rang, record)| Run {
            target,
            rang,
            state: state(record),
        };
        let runs: Vec<Run> = record.runs.into_iter().map(run).collect();
        let stage_over = record
            .stage_over
            .map(|at| self.timers.set(at.max(self.now), Due::StageOver(id)));
        let dial = Dial {
            call,
            tenant,
            owner: record.owner,
            caller: record.caller,
            custody: record.custody,
            options: record.options,
            stages: record.stages.into_iter(),
            runs,
            stage_from: record.stage_from,
            stage_over,
            redirected: record.redirected,
        };
        if let DialOwner::Session { session, .. } = dial.owner
            && let Some(session) = self.sessions.get_mut(&session)
        {
            session.dials.push(id);
        }
        if let Some(call) = self.calls.get_mut(&call) {
            call.dials += 1;
        }
        self.dials.insert(id, dial);
        self.hear_again(id);
        self.later(Step::Dial(id));
    }
}
