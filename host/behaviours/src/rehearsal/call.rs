//! One call of the dry run: what the exchange would do with a module's commands, as far as a plan tells.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use contract::{
    AskId, Cause, Command, Decided, DialAnswer, DialOutcome, DialResult, Event, Failure, GatherOutcome,
    HeldLeg, Invocation, LegEnded, LegId, Limits, Message, ModuleDigest, Outcome, OutcomeKind, PlayOutcome,
    Session, SessionId, SessionScope, Sound, Tag, Task,
};

use super::caller::{CALLEES, CALLER, offer, targets};
use super::{Anything, Dials, Plan};

/// A conversation that goes on for longer than this is believed to go on well.
const EVENTS_MAX: u32 = 48;

/// What a leg waits for.
enum Running {
    /// The first announcement that is played.
    Play(Tag, Option<String>),
    Gather(Tag, Option<String>),
    Dial(Tag, u32),
    Watch(Tag),
    /// Nobody has a display.
    Page(Tag),
}

/// What went wrong.
pub(super) enum Fault {
    /// At this event.
    Failed(&'static str, Failure),
    /// The caller hears nothing, and nothing will ever happen.
    Silent,
}

pub(super) struct Call<'a> {
    plan: &'a Plan,
    session: Session,
    limits: Limits,
    now: Moment,
    state: Option<Arc<[u8]>>,
    held: Vec<HeldLeg>,
    running: VecDeque<Running>,
    timers: BTreeMap<Tag, Moment>,
    waiting: VecDeque<Event>,
    /// The event that is out.
    out: &'static str,
    events: u32,
    callees: u64,
}

impl<'a> Call<'a> {
    pub fn new(plan: &'a Plan, scope: SessionScope, settings: &str, limits: Limits) -> Self {
        let mut waiting: VecDeque<Event> = [offer()].into();
        if scope == SessionScope::PerNumber {
            // What a session for a number hears between its calls.
            let message = Message {
                sender: None,
                body: b"hello".to_vec(),
            };
            waiting.extend([Event::Message(message), Event::SettingsChanged]);
        }
        Self {
            plan,
            session: Session {
                id: SessionId(1),
                behaviour: "dry-run".into(),
                number: "300".into(),
                settings: settings.into(),
            },
            limits,
            now: Moment::from_secs(1_000_000_000),
            state: None,
            held: vec![HeldLeg {
                leg: CALLER,
                sole_holder: true,
                answered: false,
            }],
            running: VecDeque::new(),
            timers: BTreeMap::new(),
            waiting,
            out: "",
            events: 0,
            callees: 0,
        }
    }

    /// The next event; none when the call is over.
    pub fn next(&mut self) -> Option<Invocation> {
        self.events += 1;
        if self.events > EVENTS_MAX {
            return None;
        }
        let event = self.waiting.pop_front().or_else(|| self.happens())?;
        self.out = word(&event);
        Some(Invocation {
            ask: AskId(u64::from(self.events)),
            tenant: "rehearsal".into(),
            module: ModuleDigest([0; 32]),
            session: self.session.clone(),
            state: self.state.clone(),
            task: Task::Handle(event),
            now: self.now,
            seed: u64::from(self.events),
            limits: self.limits,
            held: self.held.clone(),
            view: Arc::new(Anything),
        })
    }

    /// Carries out what was decided.
    pub fn go_on(&mut self, result: Result<Decided, Failure>) -> Result<(), Fault> {
        let decided = result.map_err(|failure| Fault::Failed(self.out, failure))?;
        self.state = Some(decided.state.into());
        let offered = self.out == OFFERED;
        if offered && decided.commands.is_empty() {
            return Err(Fault::Silent);
        }
        decided
            .commands
            .into_iter()
            .for_each(|command| self.carry_out(command));
        if offered && self.plan.impatient {
            self.ends(CALLER);
        }
        Ok(())
    }

    /// What happens by itself: whatever runs comes to its end, else time passes, else somebody hangs up.
    fn happens(&mut self) -> Option<Event> {
        if self.plan.timers_first
            && let Some(event) = self.rings()
        {
            return Some(event);
        }
        if let Some(running) = self.running.pop_front() {
            self.now += Duration::from_secs(5);
            return Some(Event::Outcome(self.outcome(running)));
        }
        if let Some(event) = self.rings() {
            return Some(event);
        }
        // The callee hangs up first, where there is one.
        let last = self.held.last()?.leg;
        self.ends(last);
        self.waiting.pop_front()
    }

    /// The next timer.
    fn rings(&mut self) -> Option<Event> {
        let (&tag, &due) = self.timers.iter().min_by_key(|(_, due)| **due)?;
        self.timers.remove(&tag);
        self.now = self.now.max(due);
        Some(Event::Timer(tag))
    }

    fn outcome(&mut self, running: Running) -> Outcome {
        let missing = |name: Option<String>| name.filter(|_| !self.plan.announcements);
        let (tag, kind) = match running {
            Running::Play(tag, name) => {
                let played = missing(name).map_or(PlayOutcome::Finished, PlayOutcome::Missing);
                (tag, OutcomeKind::Played(played))
            }
            Running::Gather(tag, name) => {
                let gathered = match (missing(name), self.plan.key) {
                    (Some(name), _) => GatherOutcome::Missing(name),
                    (None, Some(key)) => GatherOutcome::Digits(key.into()),
                    (None, None) => GatherOutcome::Timeout(String::new()),
                };
                (tag, OutcomeKind::Gathered(gathered))
            }
            Running::Dial(tag, targets) => (tag, OutcomeKind::Dialled(self.dialled(targets))),
            Running::Watch(tag) => (tag, OutcomeKind::Done),
            Running::Page(tag) => (tag, OutcomeKind::Gathered(GatherOutcome::Gone)),
        };
        Outcome { tag, kind }
    }

    fn dialled(&mut self, targets: u32) -> DialOutcome {
        let result = match self.plan.dials {
            Dials::Answered => {
                self.callees += 1;
                let leg = LegId(CALLEES + self.callees);
                self.held.push(HeldLeg {
                    leg,
                    sole_holder: true,
                    answered: true,
                });
                self.confirm(CALLER);
                DialResult::Answered(DialAnswer {
                    target: 0,
                    leg,
                    line: Some("201".into()),
                })
            }
            Dials::Failed(cause) => DialResult::Failed(cause),
        };
        let targets = match &result {
            DialResult::Answered(_) => Vec::new(),
            DialResult::Failed(cause) => (0..targets)
                .map(|target| contract::TargetOutcome {
                    target,
                    cause: *cause,
                    rang: *cause == Cause::NoAnswer,
                })
                .collect(),
        };
        DialOutcome { result, targets }
    }

    fn confirm(&mut self, leg: LegId) {
        for held in self.held.iter_mut().filter(|held| held.leg == leg) {
            held.answered = true;
        }
    }

    fn ends(&mut self, leg: LegId) {
        let before = self.held.len();
        self.held.retain(|held| held.leg != leg);
        if self.held.len() < before {
            self.running.clear();
            let cause = Cause::Normal;
            self.waiting.push_back(Event::LegEnded(LegEnded { leg, cause }));
        }
    }

    fn done(&mut self, tag: Tag) {
        self.waiting.push_back(Event::Outcome(Outcome {
            tag,
            kind: OutcomeKind::Done,
        }));
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Answer { tag, leg } => {
                self.confirm(leg);
                self.done(tag);
            }
            Command::Ring { tag, .. }
            | Command::Hold { tag, .. }
            | Command::Resume { tag, .. }
            | Command::Bridge { tag, .. }
            | Command::Unbridge { tag, .. }
            | Command::SendDigits { tag, .. }
            | Command::Leave { tag, .. } => self.done(tag),
            Command::Join { tag, .. } => {
                self.hush();
                self.done(tag);
            }
            Command::Reject { leg, .. } => {
                self.held.retain(|held| held.leg != leg);
                self.running.clear();
            }
            Command::HangUp { leg, .. } => self.ends(leg),
            // What plays for ever ends only when something else takes its place.
            Command::Play { options, .. } if options.times == 0 && self.plan.announcements => self.hush(),
            Command::Play { tag, sounds, .. } => {
                self.hush();
                self.running.push_back(Running::Play(tag, announcement(&sounds)));
            }
            Command::Gather { tag, options, .. } => {
                self.hush();
                self.running
                    .push_back(Running::Gather(tag, announcement(&options.prompt)));
            }
            Command::StopAudio { .. } => self.hush(),
            Command::Dial { tag, stages, .. } => {
                self.running.push_back(Running::Dial(tag, targets(&stages)));
            }
            Command::CancelDial { tag } => self.cancel(tag),
            Command::SetTimer { tag, at } => drop(self.timers.insert(tag, Moment::from_millis(at))),
            Command::CancelTimer { tag } => drop(self.timers.remove(&tag)),
            Command::Watch { tag, .. } => {
                self.unwatch(tag);
                self.running.push_back(Running::Watch(tag));
            }
            Command::CancelWatch { tag } => self.unwatch(tag),
            Command::Show { tag, .. } => {
                self.dismiss(tag);
                self.running.push_back(Running::Page(tag));
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
            let result = DialResult::Failed(Cause::Cancelled);
            let kind = OutcomeKind::Dialled(DialOutcome {
                result,
                targets: Vec::new(),
            });
            self.waiting.push_back(Event::Outcome(Outcome { tag, kind }));
        }
    }
}

fn announcement(sounds: &[Sound]) -> Option<String> {
    sounds.iter().find_map(|sound| match sound {
        Sound::Announcement(name) => Some(name.clone()),
        Sound::Tone(_) | Sound::Digits(_) | Sound::Silence(_) => None,
    })
}

const OFFERED: &str = "call-offered";

/// An event as the contract calls it.
fn word(event: &Event) -> &'static str {
    match event {
        Event::CallOffered(_) => OFFERED,
        Event::LegEnded(_) => "leg-ended",
        Event::Timer(_) => "timer",
        Event::Message(_) => "message",
        Event::SettingsChanged => "settings-changed",
        Event::Outcome(outcome) => match outcome.kind {
            OutcomeKind::Done => "outcome done",
            OutcomeKind::Failed(_) => "outcome failed",
            OutcomeKind::Played(_) => "outcome played",
            OutcomeKind::Gathered(_) => "outcome gathered",
            OutcomeKind::Dialled(_) => "outcome dialled",
        },
        Event::LegRinging(_)
        | Event::LegAnswered(_)
        | Event::LegHeld(_)
        | Event::LegResumed(_)
        | Event::Digit(_)
        | Event::TransferRequested(_)
        | Event::Schedule(_)
        | Event::LineChanged(_) => "an event",
    }
}

impl Fault {
    /// What happened, and what to do about it.
    pub fn sentence(&self) -> String {
        let (event, failure) = match self {
            Self::Failed(event, failure) => (event, failure),
            Self::Silent => {
                return format!(
                    "`{OFFERED}` was handled without a command or a timer, so the caller would hear silence: answer, \
                     ring, dial, play, reject, or set a timer"
                );
            }
        };
        let cure = match failure {
            Failure::Trapped(_) => "play this call in a test, and handle what comes there",
            Failure::OutOfFuel | Failure::Overrun => "do less in one event",
            Failure::Refused(_) => {
                "a call must get through with the default settings; refuse only what cannot be handled"
            }
            Failure::StateTooLarge { .. } => "keep less in the state",
            Failure::TooManyCommands { .. } => "queue fewer commands in one event",
            Failure::NotLoaded(_) => "upload it again",
        };
        format!("at `{event}`, {failure}; {cure}")
    }
}
