//! A call as far as the dry run and the explorer see it alike: its legs, what runs, timers, events that wait.
//!
//! Carries out the commands that mean the same to both. What comes of the others, and how what runs comes to its end, is
//! for a plan or a scenario to say.

use std::collections::{BTreeMap, VecDeque};

use base::Moment;
use contract::{
    Cause, Command, DialAnswer, DialOutcome, DialResult, Event, HeldLeg, LegId, Outcome, OutcomeKind, Tag,
    TargetOutcome,
};

use super::caller::{CALLEES, CALLER, offer, targets};

/// What somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Running {
    /// An announcement, by name where that matters.
    Play(Tag, Option<String>),
    Gather(Tag, Option<String>),
    /// So many targets ring.
    Dial(Tag, u32),
    /// It comes about, or its time is over.
    Watch(Tag),
    /// A choice, or none in time.
    Page(Tag),
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    pub now: Moment,
    pub held: Vec<HeldLeg>,
    pub running: VecDeque<Running>,
    pub timers: BTreeMap<Tag, Moment>,
    pub waiting: VecDeque<Event>,
    /// Who has answered so far.
    pub callees: u64,
}

impl Situation {
    /// A call is offered.
    pub fn offered() -> Self {
        Self {
            now: Moment::from_secs(1_000_000_000),
            held: vec![HeldLeg {
                leg: CALLER,
                sole_holder: true,
                answered: false,
            }],
            running: VecDeque::new(),
            timers: BTreeMap::new(),
            waiting: [offer()].into(),
            callees: 0,
        }
    }

    pub fn holds(&self, leg: LegId) -> bool {
        self.held.iter().any(|held| held.leg == leg)
    }

    pub fn confirm(&mut self, leg: LegId) {
        for held in self.held.iter_mut().filter(|held| held.leg == leg) {
            held.answered = true;
        }
    }

    pub fn outcome(&mut self, tag: Tag, kind: OutcomeKind) {
        self.waiting.push_back(Event::Outcome(Outcome { tag, kind }));
    }

    /// Time passes until the next timer, if there is one.
    pub fn rings(&mut self) -> Option<Event> {
        let (&tag, &due) = self.timers.iter().min_by_key(|(_, due)| **due)?;
        self.timers.remove(&tag);
        self.now = self.now.max(due);
        Some(Event::Timer(tag))
    }

    /// A dial's first target takes the call, and so it is answered.
    pub fn answered(&mut self) -> DialOutcome {
        self.callees += 1;
        let leg = LegId(CALLEES + self.callees);
        self.held.push(HeldLeg {
            leg,
            sole_holder: true,
            answered: true,
        });
        self.confirm(CALLER);
        let result = DialResult::Answered(DialAnswer {
            target: 0,
            leg,
            line: Some("201".into()),
        });
        DialOutcome {
            result,
            targets: Vec::new(),
        }
    }

    /// One thing plays at a time.
    pub fn hush(&mut self) {
        self.running
            .retain(|running| matches!(running, Running::Dial(..) | Running::Watch(_) | Running::Page(_)));
    }

    /// Carries out what needs no plan: dials, timers, watches and pages begin or stop. Nothing comes of any other command.
    pub fn carry_out(&mut self, command: Command) {
        match command {
            Command::Dial { tag, stages, .. } => {
                self.running.push_back(Running::Dial(tag, targets(&stages)));
            }
            Command::CancelDial { tag } => self.cancel(tag),
            Command::SetTimer { tag, at } => drop(self.timers.insert(tag, Moment::from_millis(at))),
            Command::CancelTimer { tag } => drop(self.timers.remove(&tag)),
            Command::Watch { tag, .. } => {
                self.stop(&Running::Watch(tag));
                self.running.push_back(Running::Watch(tag));
            }
            Command::CancelWatch { tag } => self.stop(&Running::Watch(tag)),
            Command::Show { tag, .. } => {
                self.stop(&Running::Page(tag));
                self.running.push_back(Running::Page(tag));
            }
            Command::Dismiss { tag } => self.stop(&Running::Page(tag)),
            // About a leg: whoever plans says what comes of it.
            Command::Ring { .. }
            | Command::Answer { .. }
            | Command::Reject { .. }
            | Command::HangUp { .. }
            | Command::Hold { .. }
            | Command::Resume { .. }
            | Command::Bridge { .. }
            | Command::Unbridge { .. }
            | Command::Join { .. }
            | Command::Leave { .. }
            | Command::SendDigits { .. }
            | Command::Play { .. }
            | Command::Gather { .. }
            | Command::StopAudio { .. }
            // Told to others, or the end.
            | Command::Send { .. }
            | Command::Reserve { .. }
            | Command::Release { .. }
            | Command::Publish { .. }
            | Command::Finish => {}
        }
    }

    fn stop(&mut self, what: &Running) {
        self.running.retain(|running| running != what);
    }

    fn cancel(&mut self, tag: Tag) {
        let before = self.running.len();
        self.running
            .retain(|running| !matches!(running, Running::Dial(dial, _) if *dial == tag));
        if self.running.len() < before {
            let outcome = DialOutcome {
                result: DialResult::Failed(Cause::Cancelled),
                targets: Vec::new(),
            };
            self.outcome(tag, OutcomeKind::Dialled(outcome));
        }
    }
}

/// A target that did not take the call.
pub(crate) fn missed(target: u32, cause: Cause) -> TargetOutcome {
    let rang = cause == Cause::NoAnswer;
    TargetOutcome { target, cause, rang }
}
