//! Runs a plan from beginning to end, and looks after every step.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use base::{Moment, Random};
use exchange::Fact;
use testkit::world::{Seen, What};
use testkit::{GuestFaults, Ladder, Link, World};

use crate::actor;
use crate::early;
use crate::errors;
use crate::plan::{Step, goes_straight, knows_more, size};
use crate::rules::{Broken, Rules, Verdict};
use crate::town::Town;

/// Rungs of the ladder that are printed, unless `RUNGS` says otherwise.
const LADDER: usize = 150;

/// What a run amounted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub seeds: u64,
    pub steps: u64,
    pub calls: u64,
    pub answered: u64,
    /// Of virtual time.
    pub micros: u64,
    /// Messages that were lost, repeated or late.
    pub messages: u64,
    /// Behaviours that failed.
    pub guests: u64,
    pub crashes: u64,
    pub swaps: u64,
    /// PRACKs, sent or received.
    pub pracks: u64,
    /// The same of UPDATEs.
    pub updates: u64,
}

impl Tally {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.calls += other.calls;
        self.answered += other.answered;
        self.micros += other.micros;
        self.messages += other.messages;
        self.guests += other.guests;
        self.crashes += other.crashes;
        self.swaps += other.swaps;
        self.pracks += other.pracks;
        self.updates += other.updates;
    }

    /// Hours of virtual time.
    pub fn hours(&self) -> f64 {
        self.micros as f64 / 3.6e9
    }
}

/// A rule that was broken, and everything needed to see it again.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    /// The last step that was carried out.
    pub step: Option<Step>,
    pub broken: Broken,
    pub ladder: String,
}

/// Runs a plan.
///
/// # Errors
///
/// The first rule that is broken.
pub fn run(seed: u64, steps: &[Step]) -> Result<Tally, Box<Failure>> {
    // Most runs hold, and nobody reads their ladders: one that does not is run again to draw it.
    let failed = match once(seed, steps, 0) {
        Ok(tally) => return Ok(tally),
        Err(failed) => failed,
    };
    Err(once(seed, steps, rungs()).err().unwrap_or(failed))
}

fn once(seed: u64, steps: &[Step], rungs: usize) -> Result<Tally, Box<Failure>> {
    errors::listening(|| {
        let mut run = Run::new(seed, rungs);
        // A panic of the exchange is a broken rule like any other.
        let verdict = catch_unwind(AssertUnwindSafe(|| run.all(steps)));
        let broken = match verdict {
            Ok(Ok(())) => return Ok(run.tally()),
            Ok(Err(broken)) => broken,
            Err(panic) => Broken {
                rule: "nothing panics",
                how: words(&*panic),
            },
        };
        // What the last happening brought is still to be drawn.
        let rest = run.world.take_seen();
        for seen in &rest {
            run.ladder.add(&run.world, seen);
        }
        Err(Box::new(Failure {
            seed,
            step: run.step,
            broken,
            ladder: run.ladder.draw(),
        }))
    })
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without words")
        .to_owned()
}

fn rungs() -> usize {
    let wanted = std::env::var("RUNGS").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(LADDER)
}

struct Run {
    world: World,
    town: Town,
    rules: Rules,
    ladder: Ladder,
    step: Option<Step>,
    start: Moment,
    tally: Tally,
}

impl Run {
    fn new(seed: u64, rungs: usize) -> Self {
        let mut town = Town::default();
        let offices = town.offices(&mut Random::from_seed(seed ^ 0x70_77_6e), size(seed));
        let ways = |tenant: &mut exchange::directory::Tenant| {
            if goes_straight(seed, tenant.id.as_str()) {
                tenant.media = exchange::directory::MediaWay::Direct;
            }
        };
        let offices = offices.into_iter().map(|office| office.tenant(ways)).collect();
        let mut world = World::new(seed, offices);
        if knows_more(seed) {
            // Chance of their own: nothing else is another because of it.
            let mut random = Random::from_seed(seed ^ 0x65_61_72_6c_79);
            for id in world.phones() {
                let extensions = early::extensions(&mut random);
                world.with(id, |phone, _| phone.learn(extensions));
            }
        }
        Self {
            start: world.now(),
            world,
            town,
            rules: Rules::default(),
            ladder: Ladder::of_at_most(rungs),
            step: None,
            tally: Tally {
                seeds: 1,
                ..Tally::default()
            },
        }
    }

    fn all(&mut self, steps: &[Step]) -> Verdict {
        self.everybody_registers()?;
        for step in steps {
            self.step = Some(step.clone());
            actor::act(&mut self.world, &self.town, &step.act);
            self.go_on(step.wait)?;
            self.rules.after_step(&mut self.world, &self.town)?;
            self.tally.steps += 1;
        }
        self.come_to_rest()?;
        self.rules.at_the_end(&mut self.world, &self.town)
    }

    fn everybody_registers(&mut self) -> Verdict {
        for id in self
            .world
            .phones()
            .filter(|id| !self.world.is_outside(*id))
            .collect::<Vec<_>>()
        {
            self.world.with(id, |phone, now| phone.register(now, 3_600));
        }
        self.go_on(Duration::from_secs(1))
    }

    /// Faults end, everybody hangs up, and long enough passes for everything to end.
    fn come_to_rest(&mut self) -> Verdict {
        self.world.note(What::Did("everybody goes home".to_owned()));
        self.world.network.set_all(Link::PERFECT);
        self.world.modules.faults = GuestFaults::NONE;
        *self.town.tired.borrow_mut() = true;
        for _ in 0..20 {
            actor::everybody_hangs_up(&mut self.world);
            self.go_on(Duration::from_secs(30))?;
        }
        // Whoever cannot be heard any more is missed when the session timer runs out, half an hour at most after the
        // call was set up: a party on hold owes nobody any sound.
        self.go_on(Duration::from_secs(1_300))
    }

    /// Lets the world go on, and looks at each happening.
    fn go_on(&mut self, length: Duration) -> Verdict {
        let until = self.world.now() + length;
        self.look()?;
        while self.world.step(until) {
            self.look()?;
        }
        Ok(())
    }

    fn look(&mut self) -> Verdict {
        for seen in self.world.take_seen() {
            self.count(&seen);
            self.ladder.add(&self.world, &seen);
            self.rules.see(&self.world, &self.town, &seen)?;
            self.town.memory.borrow_mut().see(&seen);
            // A phone rings by itself.
            if let What::Phone(id, phone::Event::Offered { call, .. }) = &seen.what {
                self.world.with(*id, |phone, now| phone.ring(now, *call));
            }
        }
        self.rules.look(&self.world, &self.town)
    }

    fn count(&mut self, seen: &Seen) {
        match &seen.what {
            What::Died => self.tally.crashes += 1,
            What::Arrived { bytes, .. } | What::Sent { bytes, .. } => {
                self.tally.pracks += u64::from(bytes.starts_with(b"PRACK"));
                self.tally.updates += u64::from(bytes.starts_with(b"UPDATE"));
            }
            What::Report(report) => match &report.fact {
                Fact::CallStarted { .. } => self.tally.calls += 1,
                Fact::CallEnded(cdr) if cdr.answered.is_some() => self.tally.answered += 1,
                Fact::Swapped { .. } => self.tally.swaps += 1,
                _ => {}
            },
            _ => {}
        }
    }

    fn tally(&self) -> Tally {
        let mischief = self.world.network.mischief();
        Tally {
            micros: u64::try_from(self.world.now().since(self.start).as_micros()).unwrap_or(u64::MAX),
            messages: mischief.lost + mischief.duplicated + mischief.delayed,
            guests: self.world.modules.failed,
            ..self.tally
        }
    }
}
