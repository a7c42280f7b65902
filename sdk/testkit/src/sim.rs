//! A call flow with a whole exchange, told as it happens.

use std::time::Duration;

use contract::ModuleDigest;
use exchange::Fact;
use phone::{CallRef, CallState, Event};

use crate::ladder::Ladder;
use crate::office::{Office, PhoneId};
use crate::world::{What, World};

/// Long enough for everything that is under way.
const SOON: Duration = Duration::from_secs(1);

/// One tenant in a world of its own, with every phone registered.
///
/// Each step waits a second of virtual time, so that what follows from it has happened. An expectation that fails
/// prints what happened so far: SIP beside the behaviours' events, commands and explanations.
///
/// ```
/// use cordboard::prelude::*;
/// use cordboard_testkit::{Office, Sim};
///
/// /// Rings 101 for three rings, then 102.
/// #[cordboard::script]
/// pub async fn doorbell(call: Call) -> Outcome {
///     if call.ring_line("101").for_rings(3).await.is_ok() {
///         return call.connected();
///     }
///     call.explain("second", "101 did not answer: 102 rings");
///     call.for_good(call.ring_line("102").for_rings(6)).await
/// }
///
/// # fn main() {
/// let office = Office::new("acme")
///     .lines(&["101", "102", "201"])
///     .behaviour::<doorbell>("doorbell", &Default::default())
///     .number("300", &["doorbell"]);
/// let mut sim = Sim::new(office);
///
/// sim.call("201", "300");
/// sim.ring("101").no_answer();
/// sim.expect_ringing("102");
/// sim.answer("102");
/// sim.expect_talking("201", "102");
/// sim.hang_up("201");
/// sim.expect_ended();
/// assert_eq!(sim.explanations(), ["second: 101 did not answer: 102 rings"]);
/// # }
/// ```
pub struct Sim {
    world: World,
    ladder: Ladder,
    explanations: Vec<String>,
    heard: Vec<(PhoneId, Event)>,
}

/// A phone that rings, and what becomes of it.
pub struct Ringing<'a> {
    sim: &'a mut Sim,
    name: String,
    call: CallRef,
}

impl Sim {
    /// Opens the office, and registers its phones.
    pub fn new(office: Office) -> Self {
        Self::with_seed(1, office)
    }

    /// The same with another seed for everything that is left to chance: the network's faults, identifiers.
    pub fn with_seed(seed: u64, office: Office) -> Self {
        let mut sim = Self {
            world: World::new(seed, vec![office]),
            ladder: Ladder::of_at_most(2_000),
            explanations: Vec::new(),
            heard: Vec::new(),
        };
        for id in sim
            .world
            .phones()
            .filter(|id| !sim.world.is_outside(*id))
            .collect::<Vec<_>>()
        {
            sim.world.with(id, |phone, now| phone.register(now, 3_600));
        }
        sim.pass(SOON);
        sim
    }

    /// The world around, for everything that has no word here: faults of the network, crashes, changes.
    pub fn world(&mut self) -> &mut World {
        &mut self.world
    }

    /// Somebody dials a number.
    #[track_caller]
    pub fn call(&mut self, from: &str, number: &str) {
        self.say(format!("{from} dials {number}"));
        let id = self.phone(from);
        self.world.with(id, |phone, now| phone.call(now, number));
        self.pass(SOON);
    }

    /// The phone rings, as it has to, and says so.
    #[track_caller]
    pub fn ring(&mut self, name: &str) -> Ringing<'_> {
        let call = self.expect_ringing(name);
        let id = self.phone(name);
        self.world.with(id, |phone, now| phone.ring(now, call));
        self.pass(SOON);
        Ringing {
            name: name.to_owned(),
            sim: self,
            call,
        }
    }

    /// The phone rings, and is answered.
    #[track_caller]
    pub fn answer(&mut self, name: &str) {
        self.ring(name).answer();
    }

    /// A key is pressed in the call that is up.
    #[track_caller]
    pub fn press(&mut self, name: &str, keys: &str) {
        self.say(format!("{name} presses {keys}"));
        let (id, call) = (self.phone(name), self.call_of(name, CallState::Up));
        for key in keys.chars() {
            if !self.world.press(id, call, key) {
                self.fail(&format!("{name} has no sound to press a key in"));
            }
            self.pass(SOON);
        }
    }

    /// The phone's calls end, however far they got.
    #[track_caller]
    pub fn hang_up(&mut self, name: &str) {
        self.say(format!("{name} hangs up"));
        let id = self.phone(name);
        let live = self.world.phone(id).map(phone::Phone::live).unwrap_or_default();
        for call in live {
            self.world.with(id, |phone, now| phone.hang_up(now, call));
        }
        self.pass(SOON);
    }

    /// Lets so much time pass.
    pub fn pass(&mut self, length: Duration) {
        let until = self.world.now() + length;
        while self.world.step(until) {
            self.look();
        }
        self.look();
    }

    /// The process dies and starts again at once, with what was durable.
    pub fn restart(&mut self) {
        self.world.crash(Duration::ZERO);
        self.pass(SOON);
    }

    /// A phone rings, or is about to: it is offered one call. Returns that call.
    #[track_caller]
    pub fn expect_ringing(&mut self, name: &str) -> CallRef {
        self.call_of(name, CallState::Offered)
    }

    /// No call is offered to this phone.
    #[track_caller]
    pub fn expect_quiet(&mut self, name: &str) {
        let id = self.phone(name);
        if !self.world.calls_in(id, CallState::Offered).is_empty() {
            self.fail(&format!("{name} rings, and should not"));
        }
    }

    /// Both phones are in a call, and hear each other.
    #[track_caller]
    pub fn expect_talking(&mut self, one: &str, other: &str) {
        for (name, partner) in [(one, other), (other, one)] {
            let (id, call) = (self.phone(name), self.call_of(name, CallState::Up));
            let partner_id = self.phone(partner);
            let partner_call = self.call_of(partner, CallState::Up);
            let theirs = self.world.port_of(partner_id, partner_call);
            let local = self
                .world
                .phone(id)
                .and_then(|phone| Some(phone.theirs(call)?.rtp));
            let hears = local.map(|local| self.world.hears(local));
            let directly = hears == Some(crate::Hearing::Phone(partner_id));
            if !directly && (theirs.is_none() || hears != theirs.map(crate::Hearing::Party)) {
                self.fail(&format!("{name} does not hear {partner}: {hears:?}"));
            }
        }
    }

    /// Whether one phone's party hears what the other's says; both are in a call.
    #[track_caller]
    pub fn hears(&mut self, name: &str, speaker: &str) -> bool {
        let ours = |name: &str| {
            let (id, call) = (self.phone(name), self.call_of(name, CallState::Up));
            let phone = self.world.phone(id);
            phone.and_then(|phone| Some(phone.theirs(call)?.rtp))
        };
        let (to, from) = (ours(name), ours(speaker));
        from.zip(to)
            .is_some_and(|(from, to)| self.world.reaches(from, to))
    }

    /// The phone is in a call and hears an announcement or a tone.
    #[track_caller]
    pub fn expect_sound(&mut self, name: &str) {
        let (id, call) = (self.phone(name), self.call_of(name, CallState::Up));
        let local = self
            .world
            .phone(id)
            .and_then(|phone| Some(phone.theirs(call)?.rtp));
        let hears = local.map(|local| self.world.hears(local));
        if hears != Some(crate::Hearing::Sound) {
            self.fail(&format!("{name} hears no announcement or tone: {hears:?}"));
        }
    }

    /// Every call is over, and nothing of any is left in the exchange.
    #[track_caller]
    pub fn expect_ended(&mut self) {
        self.pass(Duration::from_secs(60));
        for id in self.world.phones() {
            let live = self.world.phone(id).map(phone::Phone::live).unwrap_or_default();
            if !live.is_empty() {
                let name = self.world.name(id).to_owned();
                self.fail(&format!("{name} is still in a call"));
            }
        }
        let census = self.world.exchange().census();
        if census.legs + census.calls + census.dials + census.ports + census.usages > 0 {
            self.fail(&format!("something of a call is left: {census:?}"));
        }
    }

    /// What behaviours explained so far: `rule: sentence`.
    pub fn explanations(&self) -> &[String] {
        &self.explanations
    }

    /// What a phone was told so far: answers, offers, notifications.
    pub fn told(&self, name: &str) -> impl Iterator<Item = &Event> {
        let id = self.world.find(name);
        let own = self.heard.iter().filter(move |(phone, _)| Some(*phone) == id);
        own.map(|(_, event)| event)
    }

    /// Everything that happened, as text.
    pub fn ladder(&self) -> String {
        self.ladder.draw()
    }

    fn look(&mut self) {
        for seen in self.world.take_seen() {
            self.ladder.add(&self.world, &seen);
            match &seen.what {
                What::Report(report) => {
                    if let Fact::Decided { record, .. } = &report.fact {
                        let said = record.explanations.iter();
                        self.explanations
                            .extend(said.map(|said| format!("{}: {}", said.rule, said.sentence)));
                    }
                }
                What::Phone(phone, event) if !matches!(event, Event::Wrong(_)) => {
                    self.heard.push((*phone, event.clone()));
                }
                What::Wrong(what) | What::Phone(_, Event::Wrong(what)) if self.world.runs() == 1 => {
                    let what = what.clone();
                    self.fail(&what);
                }
                _ => {}
            }
        }
    }

    fn say(&mut self, what: String) {
        self.world.note(What::Did(what));
    }

    #[track_caller]
    fn phone(&self, name: &str) -> PhoneId {
        match self.world.find(name) {
            Some(id) => id,
            None => self.fail(&format!("there is no phone {name}")),
        }
    }

    /// The one call of a phone in this state.
    #[track_caller]
    fn call_of(&self, name: &str, state: CallState) -> CallRef {
        match self.world.calls_in(self.phone(name), state).as_slice() {
            [call] => *call,
            [] if state == CallState::Offered => self.fail(&format!("{name} does not ring")),
            [] => self.fail(&format!("{name} is in no call")),
            several => self.fail(&format!("{name} has {} calls that are {state:?}", several.len())),
        }
    }

    #[track_caller]
    #[allow(clippy::panic, reason = "a test that expects what does not happen has failed")]
    fn fail(&self, what: &str) -> ! {
        panic!("{}\n{what}", self.ladder.draw())
    }
}

impl Ringing<'_> {
    /// It is answered.
    #[track_caller]
    pub fn answer(self) {
        let (id, call) = (self.sim.phone(&self.name), self.call);
        self.sim.say(format!("{} answers", self.name));
        self.sim.world.with(id, |phone, now| phone.answer(now, call));
        self.sim.pass(SOON);
    }

    /// Nobody answers, until the exchange gives up; within three minutes.
    #[track_caller]
    pub fn no_answer(self) {
        let id = self.sim.phone(&self.name);
        for _ in 0..180 {
            if self
                .sim
                .world
                .phone(id)
                .is_none_or(|phone| phone.state(self.call) != CallState::Offered)
            {
                return;
            }
            self.sim.pass(SOON);
        }
        self.sim.fail(&format!("{} rings on and on", self.name));
    }

    /// The phone is busy (486).
    pub fn busy(self) {
        self.refuse(486);
    }

    /// Somebody declines the call (603).
    pub fn decline(self) {
        self.refuse(603);
    }

    fn refuse(self, status: u16) {
        let (id, call) = (self.sim.phone(&self.name), self.call);
        self.sim.say(format!("{} refuses with {status}", self.name));
        self.sim
            .world
            .with(id, |phone, now| phone.refuse(now, call, status));
        self.sim.pass(SOON);
    }
}

/// Versions.
impl Sim {
    /// Lets another module handle the behaviour's next events, as an operator does.
    #[track_caller]
    pub fn activate(&mut self, behaviour: &str, digest: ModuleDigest, version: &str) {
        let mut views = self.world.exchange().directory().tenants();
        let found = views.find_map(|view| {
            let document = view.behaviour(behaviour)?;
            Some((view.id().clone(), document.manifest.clone()))
        });
        drop(views);
        let Some((tenant, mut manifest)) = found else {
            self.fail(&format!("there is no behaviour {behaviour}"));
        };
        version.clone_into(&mut manifest.version);
        self.world.admin(exchange::admin::Request::Activate {
            tenant,
            behaviour: behaviour.into(),
            digest,
            manifest: Box::new(manifest),
        });
        self.pass(SOON);
    }
}
