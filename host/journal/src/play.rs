//! A recorded session, played again on another version.
//!
//! The candidate gets the recorded events with a state of its own. As long as it decides what was decided, what came next would
//! have come next for it, too. At the first step where it decides otherwise the recording ends for it: from there on the
//! call would have gone another way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use contract::{
    AskId, Command, Decision, Event, Failure, Invocation, Limits, ModuleDigest, Session, Task, View,
};

use crate::compare::Tags;
use crate::recall::Recall;
use crate::recorded::{Answer, Recorded, Step};

/// The version that recorded sessions are played on.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub module: ModuleDigest,
    /// What one event may cost.
    pub limits: Limits,
    /// The tenant as it is now: for what was never asked then.
    pub view: Arc<dyn View>,
}

/// What came of playing a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every decision is the same; so many were compared.
    Same(usize),
    Differs(Box<Difference>),
    /// It would not have taken the session over in the middle: such sessions stay with their version.
    Declined(Failure),
}

/// The first step that the candidate decides differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Index into the session's steps.
    pub step: usize,
    pub event: Event,
    pub did: Answer,
    pub would: Result<Vec<Command>, Failure>,
    /// Questions until then that nobody had asked when it was recorded: today's answers were given.
    pub asked_anew: u32,
}

/// Plays a session on the candidate. `settings` are the session's as the candidate would have got them, from those that
/// were recorded.
pub fn play(
    recorded: &Arc<Recorded>,
    candidate: &Candidate,
    settings: &dyn Fn(&Arc<str>) -> Arc<str>,
    invoke: &dyn Fn(Invocation) -> Decision,
) -> Verdict {
    let anew = Arc::new(AtomicU32::new(0));
    let mut player = Player {
        recorded,
        candidate,
        invoke,
        anew: anew.clone(),
        told: settings(&recorded.header.settings),
        state: None,
    };
    if let Err(failure) = player.take_over() {
        return Verdict::Declined(failure);
    }
    let mut tags = Tags::default();
    let mut compared = 0;
    for (index, step) in recorded.steps.iter().enumerate() {
        if let Some(changed) = &step.settings {
            player.told = settings(changed);
        }
        let Task::Handle(event) = &step.task else {
            continue;
        };
        if matches!(step.answer, Answer::None) || was_tried_again(recorded, index) {
            continue;
        }
        let would = player.handle(index, step, tags.rename(event));
        let same = match (&step.answer, &would) {
            (Answer::Decided(did, _), Ok(would)) => tags.same(did, would),
            (Answer::Failed(_), Err(_)) => true,
            _ => false,
        };
        if !same {
            return Verdict::Differs(Box::new(Difference {
                step: index,
                event: event.clone(),
                did: step.answer.clone(),
                would,
                asked_anew: anew.load(Ordering::Relaxed),
            }));
        }
        compared += 1;
    }
    Verdict::Same(compared)
}

/// The version failed, and the last good one got the same event: what counts is what that one did.
fn was_tried_again(recorded: &Recorded, index: usize) -> bool {
    let Some(step) = recorded
        .steps
        .get(index)
        .filter(|step| matches!(step.answer, Answer::Failed(_)))
    else {
        return false;
    };
    let mut later = recorded.steps.iter().skip(index + 1);
    let next = later.find(|later| matches!(later.task, Task::Handle(_)));
    // Another version was asked about the same event at once.
    next.is_some_and(|next| next.task == step.task && next.version.is_some())
}

struct Player<'a> {
    recorded: &'a Arc<Recorded>,
    candidate: &'a Candidate,
    invoke: &'a dyn Fn(Invocation) -> Decision,
    anew: Arc<AtomicU32>,
    /// Settings.
    told: Arc<str>,
    state: Option<Arc<[u8]>>,
}

impl Player<'_> {
    /// A part from the middle begins with the state that the recorded version had: the candidate takes it over.
    fn take_over(&mut self) -> Result<(), Failure> {
        let header = &self.recorded.header;
        let (Some(state), Some(first)) = (&header.state, self.recorded.steps.first()) else {
            return Ok(());
        };
        self.state = Some(state.clone());
        if header.module != self.candidate.module {
            let from_version = header.version.to_string();
            let task = Task::Migrate { from_version };
            let decided = (self.invoke)(self.invocation(0, first, task)).result?;
            self.state = Some(decided.state.into());
        }
        Ok(())
    }

    fn handle(&mut self, index: usize, step: &Step, event: Event) -> Result<Vec<Command>, Failure> {
        let invocation = self.invocation(index, step, Task::Handle(event));
        let decided = (self.invoke)(invocation).result?;
        self.state = Some(decided.state.into());
        Ok(decided.commands)
    }

    fn invocation(&self, index: usize, step: &Step, task: Task) -> Invocation {
        let header = &self.recorded.header;
        Invocation {
            ask: AskId(index as u64),
            tenant: "replay".into(),
            module: self.candidate.module,
            session: Session {
                id: header.session,
                behaviour: header.behaviour.clone(),
                number: header.number.clone(),
                settings: self.told.clone(),
            },
            state: self.state.clone(),
            task,
            now: step.at,
            seed: step.seed,
            limits: self.candidate.limits,
            held: step.held.clone(),
            view: Arc::new(Recall {
                recorded: self.recorded.clone(),
                step: index,
                now: self.candidate.view.clone(),
                anew: self.anew.clone(),
            }),
        }
    }
}
