//! One session of a behaviour and the calls it holds.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use contract::{
    AskId, Cause, Command, Condition, Decided, Decision, DialAnswer, DialOutcome, DialResult, Event, Failure,
    GatherOutcome, HeldLeg, Identity, Invocation, LegAnswered, LegEnded, LegId, Limits, Offer, Outcome,
    OutcomeKind, PlayOutcome, Session, SessionId, Stage, Tag, Target, TargetOutcome, Task,
};

use super::Tenant;
use super::words::sentence;
use crate::module::Module;
use crate::native;
use crate::settings::Value;

/// Legs of callers count from 1, legs that answered a dial from here.
const CALLEES: u64 = 1_001;

/// Answers an invocation: a native module, or a component in a runtime.
type Decide = dyn Fn(&Invocation) -> Decision;

/// What runs for a leg, and waits for its outcome.
#[derive(Default)]
struct Running {
    audio: Option<Tag>,
    dial: Option<(Tag, Vec<Stage>)>,
}

/// A session of a behaviour under test.
///
/// A caller's `answer` is confirmed at once, and a leg that is hung up ends at once; everything
/// else waits for the test to say what happens.
pub struct Flow {
    decide: Box<Decide>,
    version: String,
    settings: Arc<str>,
    number: Arc<str>,
    tenant: Tenant,
    now: Moment,
    state: Option<Arc<[u8]>>,
    held: Vec<HeldLeg>,
    running: BTreeMap<LegId, Running>,
    timers: BTreeMap<Tag, Moment>,
    /// In the order in which they were set.
    watches: Vec<(Tag, String, Condition, Moment)>,
    /// With the line that shows it, and until when.
    pages: BTreeMap<Tag, (String, Moment)>,
    /// Lines without a display.
    blind: bool,
    next: VecDeque<Event>,
    did: Vec<String>,
    why: Vec<String>,
    sent: Vec<Vec<u8>>,
    reserved: Vec<String>,
    published: Option<String>,
    callers: u64,
    callees: u64,
    silent_cancel: bool,
}

impl Flow {
    /// A session of this behaviour, for the number 300, on a Thursday in 1970.
    pub fn of<M: Module>(settings: &M::Settings) -> Self {
        let module = native::Module::of::<M>();
        let mut json = String::new();
        settings.json(&mut json);
        let flow = Self::through(move |invocation| module.invoke(invocation), &json);
        Self {
            version: module.describe().version,
            ..flow
        }
    }

    /// A session of whatever answers invocations, such as a built component in a runtime, with
    /// settings as JSON.
    pub fn through(decide: impl Fn(&Invocation) -> Decision + 'static, settings: &str) -> Self {
        Self {
            decide: Box::new(decide),
            version: String::new(),
            settings: settings.into(),
            number: "300".into(),
            tenant: Tenant::default(),
            now: Moment::from_secs(3_600),
            state: None,
            held: Vec::new(),
            running: BTreeMap::new(),
            timers: BTreeMap::new(),
            watches: Vec::new(),
            pages: BTreeMap::new(),
            blind: true,
            next: VecDeque::new(),
            did: Vec::new(),
            why: Vec::new(),
            sent: Vec::new(),
            reserved: Vec::new(),
            published: None,
            callers: 0,
            callees: 0,
            silent_cancel: false,
        }
    }

    /// The tenant, to change it: a line becomes busy, a calendar closes.
    pub fn tenant(&mut self) -> &mut Tenant {
        &mut self.tenant
    }

    /// Virtual time, in milliseconds since the epoch.
    pub fn now(&self) -> u64 {
        self.now.as_millis()
    }

    /// Somebody calls from this number, and the session alone holds the leg.
    pub fn call(&mut self, from: &str) -> LegId {
        self.call_with(from, |_| {})
    }

    /// As [`call`](Self::call), with something about the offer changed.
    pub fn call_with(&mut self, from: &str, change: impl FnOnce(&mut Offer)) -> LegId {
        self.callers += 1;
        let mut offer = Offer {
            leg: LegId(self.callers),
            caller: Identity {
                number: Some(from.to_owned()),
                ..Identity::default()
            },
            called: self.number.to_string(),
            number: self.number.to_string(),
            diversions: Vec::new(),
            answered: false,
            sole_holder: true,
            has_next: false,
        };
        change(&mut offer);
        let leg = offer.leg;
        self.held.push(HeldLeg {
            leg,
            sole_holder: offer.sole_holder,
            answered: offer.answered,
        });
        self.happens(Event::CallOffered(offer));
        leg
    }

    /// What the behaviour did since this was last asked, in plain words. Where several called, the
    /// call's number (from 1) goes before.
    pub fn did(&mut self) -> Vec<String> {
        std::mem::take(&mut self.did)
    }

    /// What it explained since this was last asked: `rule: sentence`.
    pub fn why(&mut self) -> Vec<String> {
        std::mem::take(&mut self.why)
    }

    /// The lines that it keeps; a flow forgets no lease by itself.
    pub fn reserved(&self) -> &[String] {
        &self.reserved
    }

    /// The figures that it published last.
    pub fn published(&self) -> Option<&str> {
        self.published.as_deref()
    }

    /// What it sent to other sessions since this was last asked.
    pub fn sent(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.sent)
    }

    /// Whether one of the explanations so far names this rule; they are kept.
    pub fn cited(&self, rule: &str) -> bool {
        self.why.iter().any(|line| line.split(':').next() == Some(rule))
    }

    /// What plays to the leg has come to its end.
    pub fn played(&mut self, leg: LegId) {
        self.audio(leg, OutcomeKind::Played(PlayOutcome::Finished));
    }

    /// The caller presses what a `gather` or a `play` waits for.
    pub fn presses(&mut self, leg: LegId, digits: &str) {
        self.audio(
            leg,
            OutcomeKind::Gathered(GatherOutcome::Digits(digits.to_owned())),
        );
    }

    /// The caller presses nothing for as long as the `gather` waits.
    pub fn presses_nothing(&mut self, leg: LegId) {
        self.audio(leg, OutcomeKind::Gathered(GatherOutcome::Timeout(String::new())));
    }

    /// The audio that runs for the leg ends like this.
    pub fn audio(&mut self, leg: LegId, kind: OutcomeKind) {
        let tag = self.running.entry(leg).or_default().audio.take();
        let Some(tag) = tag else {
            panic_nothing(leg, "plays")
        };
        self.happens(Event::Outcome(Outcome { tag, kind }));
    }

    /// The target of the leg's dial with this index (through all stages, from 0) answers.
    pub fn answers(&mut self, leg: LegId, target: u32) -> LegId {
        let (tag, stages) = self.dial(leg);
        self.callees += 1;
        let callee = LegId(CALLEES + self.callees);
        let line = stages
            .iter()
            .flat_map(|stage| &stage.targets)
            .nth(target as usize)
            .and_then(|target| match target {
                Target::Line(name) => Some(name.clone()),
                _ => None,
            });
        self.held.push(HeldLeg {
            leg: callee,
            sole_holder: true,
            answered: true,
        });
        for held in self.held.iter_mut().filter(|held| held.leg == leg) {
            held.answered = true;
        }
        if !self.held.iter().any(|held| held.leg == leg) {
            let line = line.clone();
            self.next
                .push_back(Event::LegAnswered(LegAnswered { leg: callee, line }));
        }
        let result = DialResult::Answered(DialAnswer {
            target,
            leg: callee,
            line,
        });
        self.dialled(
            tag,
            DialOutcome {
                result,
                targets: Vec::new(),
            },
        );
        callee
    }

    /// Every target of the leg's dial fails with this cause.
    pub fn fails(&mut self, leg: LegId, cause: Cause) {
        let (tag, stages) = self.dial(leg);
        let count = stages.iter().map(|stage| stage.targets.len() as u32).sum();
        let rang = matches!(cause, Cause::NoAnswer | Cause::Declined | Cause::Cancelled);
        let targets = (0..count)
            .map(|target| TargetOutcome { target, cause, rang })
            .collect();
        self.dialled(
            tag,
            DialOutcome {
                result: DialResult::Failed(cause),
                targets,
            },
        );
    }

    fn dial(&mut self, leg: LegId) -> (Tag, Vec<Stage>) {
        let dial = self.running.entry(leg).or_default().dial.take();
        dial.unwrap_or_else(|| panic_nothing(leg, "dials"))
    }

    fn dialled(&mut self, tag: Tag, outcome: DialOutcome) {
        self.happens(Event::Outcome(Outcome {
            tag,
            kind: OutcomeKind::Dialled(outcome),
        }));
    }

    /// The leg's party hangs up.
    pub fn hangs_up(&mut self, leg: LegId) {
        self.ends(leg, Cause::Normal);
        self.settle();
    }

    fn ends(&mut self, leg: LegId, cause: Cause) {
        let before = self.held.len();
        self.held.retain(|held| held.leg != leg);
        if self.held.len() < before {
            self.running.remove(&leg);
            self.next.push_back(Event::LegEnded(LegEnded { leg, cause }));
        }
    }

    /// Time passes; what falls due fires when it does.
    pub fn passes(&mut self, length: Duration) {
        let end = self.now + length;
        while let Some((due, event)) = self.first_due(end) {
            self.now = self.now.max(due);
            self.happens(event);
        }
        self.now = end;
    }

    /// The timer or the watch whose time is over first, until then.
    fn first_due(&mut self, end: Moment) -> Option<(Moment, Event)> {
        let timers = self.timers.iter().map(|(tag, due)| (*tag, *due));
        let timer = timers.filter(|(_, due)| *due <= end).min_by_key(|(_, due)| *due);
        let pages = self.pages.iter().map(|(tag, (_, due))| (*tag, *due));
        let page = pages.filter(|(_, due)| *due <= end).min_by_key(|(_, due)| *due);
        if let Some((tag, due)) = page.filter(|(_, due)| timer.is_none_or(|(_, other)| *due < other)) {
            self.pages.remove(&tag);
            let kind = OutcomeKind::Gathered(GatherOutcome::Timeout(String::new()));
            return Some((due, Event::Outcome(Outcome { tag, kind })));
        }
        let watches = self.watches.iter().map(|(tag, .., due)| (*tag, *due));
        let watch = watches.filter(|(_, due)| *due <= end).min_by_key(|(_, due)| *due);
        match (timer, watch) {
            (timer, Some((tag, due))) if timer.is_none_or(|(_, other)| due < other) => {
                self.unwatch(tag);
                let kind = OutcomeKind::Failed(Cause::NoAnswer);
                Some((due, Event::Outcome(Outcome { tag, kind })))
            }
            (Some((tag, due)), _) => {
                self.timers.remove(&tag);
                Some((due, Event::Timer(tag)))
            }
            (None, _) => None,
        }
    }

    /// From now on every line has a display.
    pub fn with_displays(&mut self) {
        self.blind = false;
    }

    /// What a line's display shows is answered with this choice, counted from 1; with 0 it is dismissed.
    pub fn chooses(&mut self, line: &str, choice: u32) {
        let shown = self.pages.iter().find(|(_, (on, _))| on == line);
        let Some(tag) = shown.map(|(tag, _)| *tag) else {
            panic_blank(line)
        };
        self.pages.remove(&tag);
        let gathered = match choice {
            0 => GatherOutcome::Stopped(String::new()),
            choice => GatherOutcome::Digits(choice.to_string()),
        };
        let kind = OutcomeKind::Gathered(gathered);
        self.happens(Event::Outcome(Outcome { tag, kind }));
    }

    /// Lines whose displays show a page.
    pub fn showing(&self) -> Vec<&str> {
        self.pages.values().map(|(line, _)| line.as_str()).collect()
    }

    /// A line has so many calls from now on; what watches it hears so.
    pub fn line_has(&mut self, line: &str, registered: bool, calls: u32) {
        let line = self.tenant.line(line);
        (line.registered, line.calls) = (registered, calls);
        self.settle();
    }

    fn unwatch(&mut self, tag: Tag) {
        self.watches.retain(|(other, ..)| *other != tag);
    }

    /// The first watch whose line is in its condition.
    fn watched(&mut self) -> Option<Event> {
        let tenant = &self.tenant;
        let (tag, ..) = *self.watches.iter().find(|(_, line, condition, _)| {
            let line = contract::View::line(tenant, line);
            line.is_some_and(|line| condition.holds(line.registered, line.calls))
        })?;
        self.unwatch(tag);
        let kind = OutcomeKind::Done;
        Some(Event::Outcome(Outcome { tag, kind }))
    }

    /// From now on a cancelled dial reports nothing by itself: the test says what came of it, with `fails` or, for
    /// an answer that crossed the cancel, `answers`.
    pub fn hold_outcomes(&mut self) {
        self.silent_cancel = true;
    }

    /// Legs that are up.
    pub fn legs(&self) -> Vec<LegId> {
        self.held.iter().map(|held| held.leg).collect()
    }

    /// Legs to which something plays, or from which digits are taken.
    pub fn hearing(&self) -> Vec<LegId> {
        let running = self.running.iter().filter(|(_, running)| running.audio.is_some());
        running.map(|(leg, _)| *leg).collect()
    }

    /// Callers for whom somebody is rung, and who: every target of the dial.
    pub fn dialling(&self) -> Vec<(LegId, Vec<Target>)> {
        let targets = |stages: &Vec<Stage>| stages.iter().flat_map(|stage| stage.targets.clone()).collect();
        let dials = self
            .running
            .iter()
            .filter_map(|(leg, running)| Some((*leg, running.dial.as_ref()?)));
        dials.map(|(leg, (_, stages))| (leg, targets(stages))).collect()
    }

    /// Any other event.
    pub fn happens(&mut self, event: Event) {
        self.next.push_back(event);
        self.settle();
    }

    /// Changes the settings; the next event comes with them, after `settings-changed`.
    pub fn settings<S: Value>(&mut self, settings: &S) {
        let mut json = String::new();
        settings.json(&mut json);
        self.settings = json.into();
        self.happens(Event::SettingsChanged);
    }

    /// Another version of the behaviour takes the session over, or declines; the reason then.
    ///
    /// # Errors
    ///
    /// Why it declined: the session stays with the version it runs on.
    pub fn swap<M: Module>(&mut self) -> Result<(), String> {
        let module = native::Module::of::<M>();
        let version = module.describe().version;
        self.swap_through(&version, move |invocation| module.invoke(invocation))
    }

    /// The same, where whatever answers invocations is the other version.
    ///
    /// # Errors
    ///
    /// Why it declined: the session stays with the version it runs on.
    pub fn swap_through(
        &mut self,
        version: &str,
        decide: impl Fn(&Invocation) -> Decision + 'static,
    ) -> Result<(), String> {
        let task = Task::Migrate {
            from_version: self.version.clone(),
        };
        match decide(&self.invocation(task)).result {
            Ok(decided) => {
                self.version = version.to_owned();
                self.decide = Box::new(decide);
                self.state = Some(decided.state.into());
                Ok(())
            }
            Err(Failure::Refused(reason)) => Err(reason),
            Err(failure) => Err(failure.to_string()),
        }
    }

    /// Bytes of the session's state.
    pub fn state_len(&self) -> usize {
        self.state.as_deref().map_or(0, <[u8]>::len)
    }

    fn invocation(&self, task: Task) -> Invocation {
        Invocation {
            ask: AskId(1),
            tenant: "under-test".into(),
            module: contract::ModuleDigest([0; 32]),
            session: Session {
                id: SessionId(1),
                behaviour: "under-test".into(),
                number: Arc::clone(&self.number),
                settings: Arc::clone(&self.settings),
            },
            state: self.state.clone(),
            task,
            now: self.now,
            seed: self.now.as_micros(),
            limits: Limits::default(),
            held: self.held.clone(),
            view: Arc::new(self.tenant.clone()),
        }
    }

    fn settle(&mut self) {
        while let Some(event) = self.next.pop_front().or_else(|| self.watched()) {
            let decision = (self.decide)(&self.invocation(Task::Handle(event.clone())));
            for explanation in decision.record.explanations {
                self.why
                    .push(format!("{}: {}", explanation.rule, explanation.sentence));
            }
            match decision.result {
                Ok(Decided { state, commands }) => {
                    self.state = Some(state.into());
                    commands.into_iter().for_each(|command| self.carry_out(command));
                }
                Err(failure) => panic_refused(&event, &failure),
            }
        }
    }

    fn carry_out(&mut self, command: Command) {
        self.tell(&command);
        match command {
            Command::Answer { tag, leg } => {
                for held in self.held.iter_mut().filter(|held| held.leg == leg) {
                    held.answered = true;
                }
                self.next.push_back(Event::Outcome(Outcome {
                    tag,
                    kind: OutcomeKind::Done,
                }));
            }
            Command::HangUp { leg, cause, .. } => self.ends(leg, cause),
            Command::Reject { leg, .. } => self.held.retain(|held| held.leg != leg),
            Command::Play { tag, leg, .. } | Command::Gather { tag, leg, .. } => self.plays(leg, tag),
            Command::StopAudio { leg } => self.running.entry(leg).or_default().audio = None,
            Command::Dial {
                tag, caller, stages, ..
            } => {
                // Without a caller the tag stands for one.
                let leg = caller.unwrap_or(LegId(tag));
                self.running.entry(leg).or_default().dial = Some((tag, stages));
            }
            Command::CancelDial { tag } => self.cancel(tag),
            Command::SetTimer { tag, at } => drop(self.timers.insert(tag, Moment::from_millis(at))),
            Command::CancelTimer { tag } => drop(self.timers.remove(&tag)),
            Command::Watch {
                tag,
                line,
                condition,
                expiry,
            } => {
                self.unwatch(tag);
                let due = self.now + Duration::from_millis(expiry);
                self.watches.push((tag, line, condition, due));
            }
            Command::CancelWatch { tag } => self.unwatch(tag),
            Command::Show { tag, .. } if self.blind => {
                let kind = OutcomeKind::Gathered(GatherOutcome::Gone);
                self.next.push_back(Event::Outcome(Outcome { tag, kind }));
            }
            Command::Show { tag, line, page } => {
                let until = self.now + Duration::from_millis(page.expiry);
                self.pages.insert(tag, (line, until));
            }
            Command::Dismiss { tag } => drop(self.pages.remove(&tag)),
            Command::Send { body, .. } => self.sent.push(body),
            Command::Reserve { lines, .. } => self.reserved.extend(lines),
            Command::Release { lines } => self.reserved.retain(|line| !lines.contains(line)),
            Command::Publish { json } => self.published = Some(json),
            Command::Ring { .. }
            | Command::Hold { .. }
            | Command::Resume { .. }
            | Command::Bridge { .. }
            | Command::Unbridge { .. }
            | Command::SendDigits { .. }
            | Command::Join { .. }
            | Command::Leave { .. }
            | Command::Finish => {}
        }
    }

    /// One thing plays to a leg at a time: what played before is stopped, and hears so.
    fn plays(&mut self, leg: LegId, tag: Tag) {
        if let Some(before) = self.running.entry(leg).or_default().audio.replace(tag) {
            let kind = OutcomeKind::Played(PlayOutcome::Stopped);
            self.next.push_back(Event::Outcome(Outcome { tag: before, kind }));
        }
    }

    fn cancel(&mut self, tag: Tag) {
        for running in self.running.values_mut() {
            if running.dial.as_ref().is_some_and(|(of, _)| *of == tag) {
                if self.silent_cancel {
                    return; // still rings, as far as anybody here knows
                }
                running.dial = None;
                let outcome = DialOutcome {
                    result: DialResult::Failed(Cause::Cancelled),
                    targets: Vec::new(),
                };
                let kind = OutcomeKind::Dialled(outcome);
                self.next.push_back(Event::Outcome(Outcome { tag, kind }));
            }
        }
    }

    fn tell(&mut self, command: &Command) {
        let Some(sentence) = sentence(command) else { return };
        let leg = match command {
            Command::Ring { leg, .. }
            | Command::Answer { leg, .. }
            | Command::Reject { leg, .. }
            | Command::HangUp { leg, .. }
            | Command::Play { leg, .. }
            | Command::Gather { leg, .. }
            | Command::StopAudio { leg }
            | Command::Join { leg, .. }
            | Command::Leave { leg, .. }
            | Command::Dial {
                caller: Some(leg), ..
            } => Some(leg.0),
            Command::CancelDial { tag } if *tag < CALLEES => Some(*tag),
            _ => None,
        };
        self.did.push(match leg {
            Some(leg) if self.callers > 1 => format!("{leg}: {sentence}"),
            _ => sentence,
        });
    }
}

#[allow(clippy::panic, reason = "a test that expects what does not happen has failed")]
fn panic_nothing(leg: LegId, what: &str) -> ! {
    panic!("nothing {what} for {leg}")
}

#[allow(clippy::panic, reason = "a test that expects what is not shown has failed")]
fn panic_blank(line: &str) -> ! {
    panic!("{line} shows nothing")
}

#[allow(clippy::panic, reason = "a test whose behaviour refuses has failed")]
fn panic_refused(event: &Event, failure: &Failure) -> ! {
    panic!("the behaviour failed at {event:?}: {failure}")
}
