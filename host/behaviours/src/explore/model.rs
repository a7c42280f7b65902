//! What the exchange would do with a behaviour's commands, as far as races are concerned.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use contract::{
    AskId, Cause, Command, Decided, DialAnswer, DialOutcome, DialResult, Event, GatherOutcome, HeldLeg,
    Invocation, LegEnded, LegId, Outcome, OutcomeKind, PlayOutcome, Session, SessionId, SessionScope, Tag,
    TargetOutcome, Task,
};

use super::{Scenario, Subject, kind};
use crate::rehearsal::{Anything, CALLEES, CALLER, offer, targets};

/// Events that may wait before more happens: enough for a race, and an end to their number.
const WAITING: usize = 3;

/// What somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Running {
    Play(Tag),
    Gather(Tag),
    Dial(Tag, u32),
    /// It comes about, or its time is over.
    Watch(Tag),
    /// A choice, or none in time.
    Page(Tag),
}

/// A call in the middle of things.
#[derive(Clone, Debug)]
pub(super) struct Model {
    per_number: bool,
    now: Moment,
    state: Option<Arc<[u8]>>,
    held: Vec<HeldLeg>,
    running: Vec<Running>,
    timers: BTreeMap<Tag, Moment>,
    waiting: VecDeque<Event>,
    /// Kinds of events that were delivered.
    seen: BTreeSet<String>,
    /// Music that never ends.
    hears: bool,
    /// The caller has talked to somebody: when that is over, the exchange hangs up.
    talked: bool,
    happened: u32,
    callees: u64,
}

impl Hash for Model {
    /// Two situations are the same when the same can come of them: the clock and how one got there do not count.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (
            &self.state,
            &self.running,
            self.hears,
            self.talked,
            self.happened,
            self.callees,
        )
            .hash(hasher);
        for held in &self.held {
            (held.leg, held.sole_holder, held.answered).hash(hasher);
        }
        let timers: Vec<Tag> = self.timers.keys().copied().collect();
        (timers, &self.seen).hash(hasher);
        // Events hold much that cannot be hashed; what they print tells them apart.
        self.waiting
            .iter()
            .for_each(|event| format!("{event:?}").hash(hasher));
    }
}

impl Model {
    /// A call is offered.
    pub fn new(scope: SessionScope) -> Self {
        Self {
            per_number: scope == SessionScope::PerNumber,
            now: Moment::from_secs(1_000_000_000),
            state: None,
            held: vec![HeldLeg {
                leg: CALLER,
                sole_holder: true,
                answered: false,
            }],
            running: Vec::new(),
            timers: BTreeMap::new(),
            waiting: [offer()].into(),
            seen: BTreeSet::new(),
            hears: false,
            talked: false,
            happened: 0,
            callees: 0,
        }
    }

    pub fn has_seen(&self, kind: &str) -> bool {
        self.seen.contains(kind)
    }

    /// Why the caller would hear nothing for ever, if that is so.
    pub fn is_silent(&self) -> Option<&'static str> {
        let caller = self.holds(CALLER);
        let quiet = self.waiting.is_empty() && self.running.is_empty() && self.timers.is_empty();
        let looked_after = self.hears || self.talked || self.held.iter().any(|held| held.leg != CALLER);
        (caller && quiet && !looked_after).then_some("the caller hears silence, and nothing will ever happen")
    }

    /// The next event of the mailbox, and the question that it makes.
    pub fn next(&mut self, subject: &Subject<'_>) -> Option<(Event, Invocation)> {
        let event = self.waiting.pop_front()?;
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
            now: self.now,
            seed: 1,
            limits: subject.limits,
            held: self.held.clone(),
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
        let over = self.held.is_empty() && self.waiting.is_empty();
        if over && !self.per_number {
            // The session ends with its last leg.
            self.timers.clear();
            self.running.clear();
        }
    }

    /// Every situation that one happening leads to.
    pub fn happenings(&self, scenario: &Scenario) -> Vec<Self> {
        let offered = self.state.is_none();
        if offered || self.happened >= scenario.happenings || self.waiting.len() >= WAITING {
            return Vec::new();
        }
        let mut all = Vec::new();
        for (position, running) in self.running.iter().enumerate() {
            for kind in outcomes(running, scenario) {
                all.push(self.after(|model| model.comes_to_its_end(position, kind)));
            }
        }
        if let Some((&tag, &due)) = self.timers.iter().min_by_key(|(_, due)| **due) {
            all.push(self.after(|model| {
                model.timers.remove(&tag);
                model.now = model.now.max(due);
                model.waiting.push_back(Event::Timer(tag));
            }));
        }
        for held in &self.held {
            all.push(self.after(|model| model.ends(held.leg)));
        }
        all
    }

    fn after(&self, happens: impl FnOnce(&mut Self)) -> Self {
        let mut model = self.clone();
        model.happened += 1;
        model.now += Duration::from_secs(1);
        happens(&mut model);
        model
    }

    fn holds(&self, leg: LegId) -> bool {
        self.held.iter().any(|held| held.leg == leg)
    }

    fn comes_to_its_end(&mut self, position: usize, end: End) {
        let running = self.running.remove(position);
        let (tag, kind) = match (running, end) {
            (Running::Play(tag), _) => (tag, OutcomeKind::Played(PlayOutcome::Finished)),
            (Running::Gather(tag) | Running::Page(tag), End::Key(key)) => {
                (tag, OutcomeKind::Gathered(GatherOutcome::Digits(key.to_string())))
            }
            (Running::Gather(tag) | Running::Page(tag), _) => {
                (tag, OutcomeKind::Gathered(GatherOutcome::Timeout(String::new())))
            }
            (Running::Dial(tag, targets), End::Fails(cause)) => {
                (tag, OutcomeKind::Dialled(failed(cause, targets)))
            }
            (Running::Dial(tag, _), _) => (tag, OutcomeKind::Dialled(self.answered())),
            (Running::Watch(tag), End::Fails(cause)) => (tag, OutcomeKind::Failed(cause)),
            (Running::Watch(tag), _) => (tag, OutcomeKind::Done),
        };
        self.waiting.push_back(Event::Outcome(Outcome { tag, kind }));
    }

    fn answered(&mut self) -> DialOutcome {
        self.callees += 1;
        let leg = LegId(CALLEES + self.callees);
        self.held.push(HeldLeg {
            leg,
            sole_holder: true,
            answered: true,
        });
        self.confirm(CALLER);
        self.talked = self.holds(CALLER);
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

    fn confirm(&mut self, leg: LegId) {
        for held in self.held.iter_mut().filter(|held| held.leg == leg) {
            held.answered = true;
        }
    }

    fn ends(&mut self, leg: LegId) {
        if !self.holds(leg) {
            return;
        }
        self.held.retain(|held| held.leg != leg);
        if leg == CALLER {
            self.running
                .retain(|running| matches!(running, Running::Watch(_) | Running::Page(_)));
            self.hears = false;
        }
        let cause = Cause::Normal;
        self.waiting.push_back(Event::LegEnded(LegEnded { leg, cause }));
    }

    fn outcome(&mut self, tag: Tag, kind: OutcomeKind) {
        self.waiting.push_back(Event::Outcome(Outcome { tag, kind }));
    }

    /// A command about a leg that has gone meanwhile fails.
    fn done(&mut self, tag: Tag, leg: LegId) {
        let kind = if self.holds(leg) {
            OutcomeKind::Done
        } else {
            OutcomeKind::Failed(Cause::Cancelled)
        };
        self.outcome(tag, kind);
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Answer { tag, leg } => {
                self.confirm(leg);
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
                self.held.retain(|held| held.leg != leg);
                self.running
                    .retain(|running| matches!(running, Running::Watch(_) | Running::Page(_)));
            }
            Command::HangUp { leg, .. } => self.ends(leg),
            Command::Play {
                tag, leg, options, ..
            } => {
                self.hush();
                match (self.holds(leg), options.times) {
                    (false, _) => self.outcome(tag, OutcomeKind::Played(PlayOutcome::Gone)),
                    (true, 0) => self.hears = true,
                    (true, _) => self.running.push(Running::Play(tag)),
                }
            }
            Command::Gather { tag, leg, .. } => {
                self.hush();
                if self.holds(leg) {
                    self.running.push(Running::Gather(tag));
                } else {
                    self.outcome(tag, OutcomeKind::Gathered(GatherOutcome::Gone));
                }
            }
            Command::StopAudio { .. } => self.hush(),
            Command::Dial { tag, stages, .. } => {
                self.running.push(Running::Dial(tag, targets(&stages)));
            }
            Command::CancelDial { tag } => self.cancel(tag),
            Command::SetTimer { tag, at } => drop(self.timers.insert(tag, Moment::from_millis(at))),
            Command::CancelTimer { tag } => drop(self.timers.remove(&tag)),
            Command::Watch { tag, .. } => {
                self.unwatch(tag);
                self.running.push(Running::Watch(tag));
            }
            Command::CancelWatch { tag } => self.unwatch(tag),
            Command::Show { tag, .. } => {
                self.dismiss(tag);
                self.running.push(Running::Page(tag));
            }
            Command::Dismiss { tag } => self.dismiss(tag),
            Command::Send { .. }
            | Command::Reserve { .. }
            | Command::Release { .. }
            | Command::Publish { .. }
            | Command::Finish => {}
        }
    }

    /// One thing plays at a time.
    fn hush(&mut self) {
        self.hears = false;
        self.running
            .retain(|running| matches!(running, Running::Dial(..) | Running::Watch(_) | Running::Page(_)));
    }

    fn dismiss(&mut self, tag: Tag) {
        self.running
            .retain(|running| !matches!(running, Running::Page(page) if *page == tag));
    }

    fn unwatch(&mut self, tag: Tag) {
        self.running
            .retain(|running| !matches!(running, Running::Watch(watch) if *watch == tag));
    }

    fn cancel(&mut self, tag: Tag) {
        let before = self.running.len();
        self.running
            .retain(|running| !matches!(running, Running::Dial(dial, _) if *dial == tag));
        if self.running.len() < before {
            self.outcome(tag, OutcomeKind::Dialled(failed(Cause::Cancelled, 0)));
        }
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
        Running::Play(_) => vec![End::Well],
        Running::Watch(_) => vec![End::Well, End::Fails(Cause::NoAnswer)],
        Running::Gather(_) | Running::Page(_) => {
            scenario.keys.chars().map(End::Key).chain([End::Well]).collect()
        }
        Running::Dial(..) => {
            let failures = scenario.failures.iter().copied().map(End::Fails);
            failures.chain([End::Well]).collect()
        }
    }
}

fn failed(cause: Cause, targets: u32) -> DialOutcome {
    let rang = cause == Cause::NoAnswer;
    let target = |target| TargetOutcome { target, cause, rang };
    DialOutcome {
        result: DialResult::Failed(cause),
        targets: (0..targets.min(64)).map(target).collect(),
    }
}
