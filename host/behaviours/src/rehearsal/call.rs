//! One call of the dry run: what the exchange would do with a module's commands, as far as a plan tells.

use std::sync::Arc;
use std::time::Duration;

use contract::{
    AskId, Cause, Command, Decided, DialOutcome, DialResult, Event, Failure, GatherOutcome, Invocation,
    LegEnded, LegId, Limits, Message, ModuleDigest, Outcome, OutcomeKind, PlayOutcome, Session, SessionId,
    SessionScope, Sound, Tag, Task,
};

use super::caller::CALLER;
use super::situation::{Running, Situation, missed};
use super::{Anything, Dials, Plan};

/// A conversation that goes on for longer than this is believed to go on well.
const EVENTS_MAX: u32 = 48;

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
    at: Situation,
    state: Option<Arc<[u8]>>,
    /// The event that is out.
    out: &'static str,
    events: u32,
}

impl<'a> Call<'a> {
    pub fn new(plan: &'a Plan, scope: SessionScope, settings: &str, limits: Limits) -> Self {
        let mut at = Situation::offered();
        if scope == SessionScope::PerNumber {
            // What a session for a number hears between its calls.
            let message = Message {
                sender: None,
                body: b"hello".to_vec(),
            };
            at.waiting
                .extend([Event::Message(message), Event::SettingsChanged]);
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
            at,
            state: None,
            out: "",
            events: 0,
        }
    }

    /// The next event; none when the call is over.
    pub fn next(&mut self) -> Option<Invocation> {
        self.events += 1;
        if self.events > EVENTS_MAX {
            return None;
        }
        let event = self.at.waiting.pop_front().or_else(|| self.happens())?;
        self.out = word(&event);
        Some(Invocation {
            ask: AskId(u64::from(self.events)),
            tenant: "rehearsal".into(),
            module: ModuleDigest([0; 32]),
            session: self.session.clone(),
            state: self.state.clone(),
            task: Task::Handle(event),
            now: self.at.now,
            seed: u64::from(self.events),
            limits: self.limits,
            held: self.at.held.clone(),
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
            && let Some(event) = self.at.rings()
        {
            return Some(event);
        }
        if let Some(running) = self.at.running.pop_front() {
            self.at.now += Duration::from_secs(5);
            return Some(Event::Outcome(self.outcome(running)));
        }
        if let Some(event) = self.at.rings() {
            return Some(event);
        }
        // The callee hangs up first, where there is one.
        let last = self.at.held.last()?.leg;
        self.ends(last);
        self.at.waiting.pop_front()
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
        match self.plan.dials {
            Dials::Answered => self.at.answered(),
            Dials::Failed(cause) => DialOutcome {
                result: DialResult::Failed(cause),
                targets: (0..targets).map(|target| missed(target, cause)).collect(),
            },
        }
    }

    fn ends(&mut self, leg: LegId) {
        let before = self.at.held.len();
        self.at.held.retain(|held| held.leg != leg);
        if self.at.held.len() < before {
            self.at.running.clear();
            let cause = Cause::Normal;
            self.at
                .waiting
                .push_back(Event::LegEnded(LegEnded { leg, cause }));
        }
    }

    fn done(&mut self, tag: Tag) {
        self.at.outcome(tag, OutcomeKind::Done);
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Answer { tag, leg } => {
                self.at.confirm(leg);
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
                self.at.hush();
                self.done(tag);
            }
            Command::Reject { leg, .. } => {
                self.at.held.retain(|held| held.leg != leg);
                self.at.running.clear();
            }
            Command::HangUp { leg, .. } => self.ends(leg),
            // What plays for ever ends only when something else takes its place.
            Command::Play { options, .. } if options.times == 0 && self.plan.announcements => self.at.hush(),
            Command::Play { tag, sounds, .. } => {
                self.at.hush();
                self.at
                    .running
                    .push_back(Running::Play(tag, announcement(&sounds)));
            }
            Command::Gather { tag, options, .. } => {
                self.at.hush();
                self.at
                    .running
                    .push_back(Running::Gather(tag, announcement(&options.prompt)));
            }
            Command::StopAudio { .. } => self.at.hush(),
            common => self.at.carry_out(common),
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
