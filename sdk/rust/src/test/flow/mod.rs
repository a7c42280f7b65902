//! One session of a behaviour and the calls it holds.

mod effects;
mod happens;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use base::Moment;
use contract::{
    AskId, Condition, Decided, Decision, Event, Failure, HeldLeg, Identity, Invocation, LegId, Limits, Offer,
    Session, SessionId, Stage, Tag, Target, Task,
};

use super::Tenant;
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

    /// Lines whose displays show a page.
    pub fn showing(&self) -> Vec<&str> {
        self.pages.values().map(|(line, _)| line.as_str()).collect()
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
}

#[allow(clippy::panic, reason = "a test whose behaviour refuses has failed")]
fn panic_refused(event: &Event, failure: &Failure) -> ! {
    panic!("the behaviour failed at {event:?}: {failure}")
}
