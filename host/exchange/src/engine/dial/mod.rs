//! A dial: stages of targets that ring until somebody answers.
//!
//! ```text
//!  begin stage ──▶ each target: legs to devices or a trunk, or a custody inside
//!       ▲                │ every target of the stage is done, or the stage's time is over
//!       └── next stage ◀─┤
//!                        └─ no stage left ──▶ failed(most telling cause)
//!  an answer at any moment ──▶ the others end with answered-elsewhere ──▶ answered
//! ```
//!
//! What a target becomes lies in `targets`, legs to devices and trunks in `branch`, what whoever answers hears before
//! the caller is connected in `whisper`. A target that ends only marks
//! itself; whether that ends the stage is looked at once everything else of the input is done.

mod answers;
mod branch;
mod identity;
mod record;
mod ringing;
mod targets;
mod whisper;

use std::sync::Arc;

use contract::{
    Cause, DialAnswer, DialOptions, DialOutcome, DialResult, Event, LegAnswered, LegId, Outcome, OutcomeKind,
    SessionId, Stage, Tag, Target, TargetOutcome,
};
use smallvec::SmallVec;

use super::timers::TimerKey;
use super::{Due, Exchange, Step};
use crate::cause;
use crate::ids::{CallId, CustodyId, DialId, DialOwner};

#[derive(Debug)]
pub(crate) struct Dial {
    pub call: CallId,
    pub tenant: Arc<str>,
    pub owner: DialOwner,
    pub caller: Option<LegId>,
    pub custody: Option<CustodyId>,
    pub options: DialOptions,
    stages: std::vec::IntoIter<Stage>,
    /// Targets of all stages so far.
    runs: Vec<Run>,
    /// The first of the stage that rings now.
    stage_from: usize,
    stage_over: Option<TimerKey>,
    /// How often phones have sent the call on.
    redirected: u32,
}

/// One target, as far as it got.
#[derive(Debug)]
struct Run {
    target: Target,
    state: RunState,
    rang: bool,
}

#[derive(Debug)]
enum RunState {
    /// Legs that ring for it, and the most telling cause of those that failed.
    Legs {
        live: SmallVec<[LegId; 2]>,
        worst: Option<Cause>,
    },
    /// Another behaviour decides.
    Inside(CustodyId),
    Done(Cause),
    Won,
}

impl Run {
    fn is_live(&self) -> bool {
        match &self.state {
            RunState::Legs { .. } | RunState::Inside(_) => true,
            RunState::Done(_) | RunState::Won => false,
        }
    }
}

impl Dial {
    /// How many targets may still answer.
    pub(crate) fn live_targets(&self) -> usize {
        self.runs.iter().filter(|run| run.is_live()).count()
    }

    /// Whether one leg alone rings in all of it, so that its early media is what the caller should hear.
    pub(crate) fn rings_alone(&self) -> bool {
        self.ringing_alone().is_some()
    }

    /// The only leg that rings.
    fn ringing_alone(&self) -> Option<LegId> {
        let mut live = self.runs.iter().filter(|run| run.is_live());
        let (first, others) = (live.next()?, live.next());
        match (&first.state, others) {
            (RunState::Legs { live, .. }, None) => match live.as_slice() {
                [only] => Some(*only),
                _ => None,
            },
            _ => None,
        }
    }

    fn outcomes(&self) -> Vec<TargetOutcome> {
        let outcome = |(target, run): (usize, &Run)| TargetOutcome {
            target: u32::try_from(target).unwrap_or(u32::MAX),
            rang: run.rang,
            cause: match run.state {
                RunState::Done(cause) => cause,
                RunState::Won => Cause::Normal,
                RunState::Legs { .. } | RunState::Inside(_) => Cause::Cancelled,
            },
        };
        self.runs.iter().enumerate().map(outcome).collect()
    }

    /// The cause that tells most about why nobody answered.
    fn verdict(&self) -> Cause {
        let causes = self.runs.iter().filter_map(|run| match run.state {
            RunState::Done(cause) => Some(cause),
            RunState::Legs { .. } | RunState::Inside(_) | RunState::Won => None,
        });
        causes
            .max_by_key(|cause| cause::weight(*cause))
            .unwrap_or(Cause::Failed)
    }
}

impl Exchange {
    /// Begins to ring. With a custody, its leg is the caller.
    pub(super) fn start_dial(
        &mut self,
        owner: DialOwner,
        custody: Option<CustodyId>,
        call: CallId,
        stages: Vec<Stage>,
        options: DialOptions,
    ) -> Option<DialId> {
        let of = self.calls.get_mut(&call)?;
        of.dials += 1;
        let tenant = of.tenant.clone();
        let id = DialId(self.ids.next());
        let caller = custody
            .and_then(|id| self.custodies.get(&id))
            .map(|custody| custody.leg);
        self.dials.insert(
            id,
            Dial {
                call,
                tenant,
                owner,
                caller,
                custody,
                options,
                stages: stages.into_iter(),
                runs: Vec::new(),
                stage_from: 0,
                stage_over: None,
                redirected: 0,
            },
        );
        if let Some(custody) = custody.and_then(|id| self.custodies.get_mut(&id)) {
            custody.dial = Some(id);
        }
        if let DialOwner::Session { session, .. } = owner
            && let Some(session) = self.sessions.get_mut(&session)
        {
            session.dials.push(id);
        }
        self.begin_stage(id);
        Some(id)
    }

    /// Rings the next stage; false when there is none.
    fn begin_stage(&mut self, id: DialId) -> bool {
        let Some(dial) = self.dials.get_mut(&id) else {
            return false;
        };
        let Some(stage) = dial.stages.next() else {
            return false;
        };
        dial.stage_from = dial.runs.len();
        let from = dial.runs.len();
        dial.runs.extend(stage.targets.into_iter().map(|target| Run {
            target,
            state: RunState::Legs {
                live: SmallVec::new(),
                worst: None,
            },
            rang: false,
        }));
        let to = dial.runs.len();
        let length = match stage.ring_for {
            // Without a caller nobody else would ever give up.
            0 if dial.caller.is_none() => Some(self.config.ring_for),
            0 => None,
            millis => Some(std::time::Duration::from_millis(millis)),
        };
        if let Some(length) = length {
            let key = self.timers.set(self.now + length, Due::StageOver(id));
            if let Some(dial) = self.dials.get_mut(&id) {
                dial.stage_over = Some(key);
            }
        }
        for target in from..to {
            self.begin_target(id, target);
        }
        self.caller_waits(id);
        self.keep_dial(id);
        self.later(Step::Dial(id));
        true
    }

    /// A target came to nothing.
    pub(super) fn target_done(&mut self, id: DialId, target: usize, why: Cause) {
        let Some(run) = self.dials.get_mut(&id).and_then(|dial| dial.runs.get_mut(target)) else {
            return;
        };
        if run.is_live() {
            run.state = RunState::Done(why);
            self.later(Step::Dial(id));
        }
    }

    /// Looks whether the stage is over, and goes on.
    pub(super) fn check_dial(&mut self, id: DialId) {
        let Some(dial) = self.dials.get(&id) else {
            return;
        };
        if dial.runs.iter().skip(dial.stage_from).any(Run::is_live) {
            return;
        }
        if let Some(timer) = self.dials.get_mut(&id).and_then(|dial| dial.stage_over.take()) {
            self.timers.cancel(timer);
        }
        if !self.begin_stage(id) {
            let verdict = self.dials.get(&id).map_or(Cause::Failed, Dial::verdict);
            self.finish_dial(id, DialResult::Failed(verdict));
        }
    }

    /// The stage has rung for as long as it may.
    pub(super) fn stage_over(&mut self, id: DialId) {
        if let Some(dial) = self.dials.get_mut(&id) {
            dial.stage_over = None;
            self.stop_ringing(id, Cause::NoAnswer, None);
            self.later(Step::Dial(id));
        }
    }

    /// Ends every target that still rings, but for the one that won.
    fn stop_ringing(&mut self, id: DialId, why: Cause, winner: Option<usize>) {
        let Some(dial) = self.dials.get_mut(&id) else {
            return;
        };
        let mut legs: SmallVec<[LegId; 4]> = SmallVec::new();
        let mut inside: SmallVec<[CustodyId; 2]> = SmallVec::new();
        for (target, run) in dial.runs.iter_mut().enumerate() {
            if winner == Some(target) || !run.is_live() {
                continue;
            }
            match std::mem::replace(&mut run.state, RunState::Done(why)) {
                RunState::Legs { live, .. } => legs.extend(live),
                RunState::Inside(custody) => inside.push(custody),
                RunState::Done(_) | RunState::Won => {}
            }
        }
        let to_legs = if why == Cause::NoAnswer {
            Cause::NoAnswer
        } else {
            why
        };
        for leg in legs {
            self.hang_up(leg, to_legs);
        }
        let to_inside = if why == Cause::NoAnswer {
            Cause::Cancelled
        } else {
            why
        };
        for custody in inside {
            self.revoke(custody, to_inside);
        }
    }

    /// A branch of the dial answered.
    pub(super) fn dial_won(&mut self, id: DialId, target: usize, answerer: LegId) {
        let Some(dial) = self.dials.get_mut(&id) else {
            return;
        };
        if let Some(run) = dial.runs.get_mut(target) {
            run.state = RunState::Won;
        }
        self.stop_ringing(id, Cause::AnsweredElsewhere, Some(target));
        let line = self
            .legs
            .get(&answerer)
            .and_then(|leg| leg.party.line())
            .map(|line| line.to_string());
        let answer = DialAnswer {
            target: u32::try_from(target).unwrap_or(u32::MAX),
            leg: answerer,
            line: line.filter(|_| {
                self.dials
                    .get(&id)
                    .is_some_and(|dial| dial.caller != Some(answerer))
            }),
        };
        self.finish_dial(id, DialResult::Answered(answer));
    }

    /// Gives the dial up before anybody answered; its owner hears of it.
    pub(super) fn end_dial(&mut self, id: DialId, why: Cause) {
        self.stop_ringing(id, why, None);
        self.finish_dial(id, DialResult::Failed(why));
    }

    /// Takes the dial out of every table and tells its owner.
    fn finish_dial(&mut self, id: DialId, result: DialResult) {
        let Some(dial) = self.dials.remove(&id) else {
            return;
        };
        if let Some(timer) = dial.stage_over {
            self.timers.cancel(timer);
        }
        if let Some(call) = self.calls.get_mut(&dial.call) {
            call.dials = call.dials.saturating_sub(1);
            self.later(Step::Call(dial.call));
        }
        let custody = dial
            .custody
            .filter(|custody| match self.custodies.get_mut(custody) {
                Some(custody) => {
                    custody.dial = None;
                    true
                }
                None => false,
            });
        if let Some(caller) = dial.caller {
            self.stop_ringback(caller, id);
            if matches!(result, DialResult::Failed(_)) {
                self.hear_what_rings(caller);
            }
        }
        match dial.owner {
            DialOwner::Session { session, tag } => self.tell_session(session, tag, &dial, result),
            DialOwner::Host => {
                if let (DialResult::Failed(cause), Some(custody)) = (&result, custody) {
                    self.give_back(custody, *cause);
                }
            }
            DialOwner::ClickToDial => {}
            DialOwner::Transfer { referrer } => self.transfer_done(referrer, custody, &result),
        }
    }

    fn tell_session(&mut self, session: SessionId, tag: Tag, dial: &Dial, result: DialResult) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.dials.retain(|other| self.dials.contains_key(other));
        }
        if let (DialResult::Answered(answer), None) = (&result, dial.caller) {
            let event = LegAnswered {
                leg: answer.leg,
                line: answer.line.clone(),
            };
            self.deliver(session, Event::LegAnswered(event));
        }
        let outcome = DialOutcome {
            result,
            targets: dial.outcomes(),
        };
        self.outcome(session, tag, OutcomeKind::Dialled(outcome));
    }

    /// Ends the running dial of a session with this tag.
    pub(super) fn cancel_dial(&mut self, session: SessionId, tag: Tag) {
        let dials = self
            .sessions
            .get(&session)
            .map(|session| session.dials.clone())
            .unwrap_or_default();
        let running = dials.into_iter().find(|id| {
            self.dials
                .get(id)
                .is_some_and(|dial| dial.owner == DialOwner::Session { session, tag })
        });
        if let Some(id) = running {
            self.end_dial(id, Cause::Cancelled);
        }
    }
}

/// What becomes of a command that had no effect.
pub(super) fn outcome_event(tag: Tag, kind: OutcomeKind) -> Event {
    Event::Outcome(Outcome { tag, kind })
}
