//! What the exchange would do with a behaviour's commands, as far as races are concerned.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use contract::{
    AskId, Cause, Command, Decided, DialOutcome, DialResult, Event, GatherOutcome, Invocation, LegEnded,
    LegId, Outcome, OutcomeKind, PlayOutcome, Session, SessionId, SessionScope, Tag, Task,
};

use super::{Scenario, Subject, kind};
use crate::rehearsal::{Anything, CALLER, Running, Situation, missed};

/// Events that may wait before more happens: enough for a race, and an end to their number.
const WAITING: usize = 3;

/// A call in the middle of things.
#[derive(Clone, Debug)]
pub(super) struct Model {
    per_number: bool,
    at: Situation,
    state: Option<Arc<[u8]>>,
    /// Kinds of events that were delivered.
    seen: BTreeSet<String>,
    /// Music that never ends.
    hears: bool,
    /// The caller has talked to somebody: when that is over, the exchange hangs up.
    talked: bool,
    happened: u32,
}

impl Hash for Model {
    /// Two situations are the same when the same can come of them: the clock and how one got there do not count.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (
            &self.state,
            &self.at.running,
            self.hears,
            self.talked,
            self.happened,
            self.at.callees,
        )
            .hash(hasher);
        for held in &self.at.held {
            (held.leg, held.sole_holder, held.answered).hash(hasher);
        }
        let timers: Vec<Tag> = self.at.timers.keys().copied().collect();
        (timers, &self.seen).hash(hasher);
        // Events hold much that cannot be hashed; what they print tells them apart.
        self.at
            .waiting
            .iter()
            .for_each(|event| format!("{event:?}").hash(hasher));
    }
}

impl Model {
    /// A call is offered.
    pub fn new(scope: SessionScope) -> Self {
        Self {
            per_number: scope == SessionScope::PerNumber,
            at: Situation::offered(),
            state: None,
            seen: BTreeSet::new(),
            hears: false,
            talked: false,
            happened: 0,
        }
    }

    pub fn has_seen(&self, kind: &str) -> bool {
        self.seen.contains(kind)
    }

    /// Why the caller would hear nothing for ever, if that is so.
    pub fn is_silent(&self) -> Option<&'static str> {
        let caller = self.at.holds(CALLER);
        let quiet = self.at.waiting.is_empty() && self.at.running.is_empty() && self.at.timers.is_empty();
        let looked_after = self.hears || self.talked || self.at.held.iter().any(|held| held.leg != CALLER);
        (caller && quiet && !looked_after).then_some("the caller hears silence, and nothing will ever happen")
    }

    /// The next event of the mailbox, and the question that it makes.
    pub fn next(&mut self, subject: &Subject<'_>) -> Option<(Event, Invocation)> {
        let event = self.at.waiting.pop_front()?;
        self.seen.insert(kind(&event));
        let invocation = Invocation {
            ask: AskId(0),
            tenant: "explored".into(),
            module: subject.module,
            session: Session {
                id: SessionId(1),
                behaviour: "explored".into(),
                number: "300".into(),
                settings: subject.settings.into(),
            },
            state: self.state.clone(),
            task: Task::Handle(event.clone()),
            now: self.at.now,
            seed: 1,
            limits: subject.limits,
            held: self.at.held.clone(),
            view: Arc::new(Anything),
        };
        Some((event, invocation))
    }

    /// Carries out what was decided.
    pub fn decided(&mut self, decided: Decided) {
        self.state = Some(decided.state.into());
        decided
            .commands
            .into_iter()
            .for_each(|command| self.carry_out(command));
        let over = self.at.held.is_empty() && self.at.waiting.is_empty();
        if over && !self.per_number {
            // The session ends with its last leg.
            self.at.timers.clear();
            self.at.running.clear();
        }
    }

    /// Every situation that one happening leads to.
    pub fn happenings(&self, scenario: &Scenario) -> Vec<Self> {
        let offered = self.state.is_none();
        if offered || self.happened >= scenario.happenings || self.at.waiting.len() >= WAITING {
            return Vec::new();
        }
        let mut all = Vec::new();
        for (position, running) in self.at.running.iter().enumerate() {
            for kind in outcomes(running, scenario) {
                all.push(self.after(|model| model.comes_to_its_end(position, kind)));
            }
        }
        if !self.at.timers.is_empty() {
            all.push(self.after(|model| {
                let event = model.at.rings();
                model.at.waiting.extend(event);
            }));
        }
        for held in &self.at.held {
            all.push(self.after(|model| model.ends(held.leg)));
        }
        all
    }

    fn after(&self, happens: impl FnOnce(&mut Self)) -> Self {
        let mut model = self.clone();
        model.happened += 1;
        model.at.now += Duration::from_secs(1);
        happens(&mut model);
        model
    }

    fn comes_to_its_end(&mut self, position: usize, end: End) {
        let Some(running) = self.at.running.remove(position) else {
            return;
        };
        let (tag, kind) = match (running, end) {
            (Running::Play(tag, _), _) => (tag, OutcomeKind::Played(PlayOutcome::Finished)),
            (Running::Gather(tag, _) | Running::Page(tag), End::Key(key)) => {
                (tag, OutcomeKind::Gathered(GatherOutcome::Digits(key.to_string())))
            }
            (Running::Gather(tag, _) | Running::Page(tag), _) => {
                (tag, OutcomeKind::Gathered(GatherOutcome::Timeout(String::new())))
            }
            (Running::Dial(tag, targets), End::Fails(cause)) => {
                (tag, OutcomeKind::Dialled(failed(cause, targets)))
            }
            (Running::Dial(tag, _), _) => (tag, OutcomeKind::Dialled(self.answered())),
            (Running::Watch(tag), End::Fails(cause)) => (tag, OutcomeKind::Failed(cause)),
            (Running::Watch(tag), _) => (tag, OutcomeKind::Done),
        };
        self.at.waiting.push_back(Event::Outcome(Outcome { tag, kind }));
    }

    fn answered(&mut self) -> DialOutcome {
        let outcome = self.at.answered();
        self.talked = self.at.holds(CALLER);
        outcome
    }

    fn ends(&mut self, leg: LegId) {
        if !self.at.holds(leg) {
            return;
        }
        self.at.held.retain(|held| held.leg != leg);
        if leg == CALLER {
            self.at
                .running
                .retain(|running| matches!(running, Running::Watch(_) | Running::Page(_)));
            self.hears = false;
        }
        let cause = Cause::Normal;
        self.at
            .waiting
            .push_back(Event::LegEnded(LegEnded { leg, cause }));
    }

    /// A command about a leg that has gone meanwhile fails.
    fn done(&mut self, tag: Tag, leg: LegId) {
        let kind = if self.at.holds(leg) {
            OutcomeKind::Done
        } else {
            OutcomeKind::Failed(Cause::Cancelled)
        };
        self.at.outcome(tag, kind);
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Answer { tag, leg } => {
                self.at.confirm(leg);
                self.done(tag, leg);
            }
            Command::Ring { tag, leg }
            | Command::Hold { tag, leg }
            | Command::Resume { tag, leg }
            | Command::Bridge { tag, a: leg, .. }
            | Command::Unbridge { tag, leg }
            | Command::SendDigits { tag, leg, .. }
            | Command::Leave { tag, leg } => self.done(tag, leg),
            Command::Join { tag, leg, .. } => {
                self.hush();
                self.done(tag, leg);
            }
            Command::Reject { leg, .. } => {
                self.at.held.retain(|held| held.leg != leg);
                self.at
                    .running
                    .retain(|running| matches!(running, Running::Watch(_) | Running::Page(_)));
            }
            Command::HangUp { leg, .. } => self.ends(leg),
            Command::Play {
                tag, leg, options, ..
            } => {
                self.hush();
                match (self.at.holds(leg), options.times) {
                    (false, _) => self.at.outcome(tag, OutcomeKind::Played(PlayOutcome::Gone)),
                    (true, 0) => self.hears = true,
                    (true, _) => self.at.running.push_back(Running::Play(tag, None)),
                }
            }
            Command::Gather { tag, leg, .. } => {
                self.hush();
                if self.at.holds(leg) {
                    self.at.running.push_back(Running::Gather(tag, None));
                } else {
                    self.at.outcome(tag, OutcomeKind::Gathered(GatherOutcome::Gone));
                }
            }
            Command::StopAudio { .. } => self.hush(),
            common => self.at.carry_out(common),
        }
    }

    fn hush(&mut self) {
        self.hears = false;
        self.at.hush();
    }
}

/// How something that runs can end.
#[derive(Clone, Copy)]
enum End {
    Well,
    Key(char),
    Fails(Cause),
}

fn outcomes(running: &Running, scenario: &Scenario) -> Vec<End> {
    match running {
        Running::Play(..) => vec![End::Well],
        Running::Watch(_) => vec![End::Well, End::Fails(Cause::NoAnswer)],
        Running::Gather(..) | Running::Page(_) => {
            scenario.keys.chars().map(End::Key).chain([End::Well]).collect()
        }
        Running::Dial(..) => {
            let failures = scenario.failures.iter().copied().map(End::Fails);
            failures.chain([End::Well]).collect()
        }
    }
}

fn failed(cause: Cause, targets: u32) -> DialOutcome {
    DialOutcome {
        result: DialResult::Failed(cause),
        targets: (0..targets.min(64)).map(|target| missed(target, cause)).collect(),
    }
}
