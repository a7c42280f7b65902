//! The group against a reference model, over seeds: members answer, refuse, let it ring, make calls of their own,
//! lose their registration, come and go; callers hang up; answers cross cancels; the list of members changes; another
//! instance of the behaviour takes the session over. After each event the group must have done what the model
//! says, and nothing else.
//!
//! Every event runs on the state as it was saved, in a fresh instance, so each is a restart too. `SEED=7` repeats one
//! run, `SEEDS=1000` runs more.

mod model;

use std::collections::{BTreeMap, BTreeSet};

use cordboard::Target;
use model::{Fact, Model, Rules, State};

use super::*;
use crate::settings::Weight;

/// Fewer callers than the flow's first leg of a callee.
const CALLERS: u64 = 900;
const STEPS: u32 = 600;

/// xorshift64*.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        let index = self.below(all.len().max(1) as u64);
        all.get(index as usize).cloned()
    }
}

struct World {
    dice: Dice,
    flow: Flow,
    model: Model,
    settings: GroupSettings,
    everybody: Vec<String>,
    facts: BTreeMap<String, Fact>,
    /// Calls of a member's own.
    own: BTreeMap<String, u32>,
    callers: u64,
    /// What happened, for whoever reads about a failure.
    story: Vec<String>,
    answered: u32,
    list_changed: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let modes = [
            Mode::FreeLine,
            Mode::Linear,
            Mode::Cyclic,
            Mode::Parallel,
            Mode::Weighted,
        ];
        let mode = modes[(seed % 5) as usize];
        let everybody: Vec<String> = (101..101 + 2 + dice.below(8))
            .map(|name| name.to_string())
            .collect();
        let settings = GroupSettings {
            members: everybody.clone(),
            weights: vec![Weight {
                line: "102".into(),
                weight: 4,
            }],
            wrap_up: dice.of(&[0, 0, 10, 60]).unwrap(),
            rings: dice.of(&[1, 3, 5]).unwrap(),
            queue_length: dice.of(&[0, 3, 20]).unwrap(),
            max_wait: dice.of(&[10, 60, 300]).unwrap(),
            priority: vec!["06*".into()],
            overflow: Overflow::HangUp,
            ..quiet(mode)
        };
        let rules = Rules {
            mode,
            rings: settings.rings,
            wrap_up: u64::from(settings.wrap_up) * 1_000,
            max_wait: u64::from(settings.max_wait) * 1_000,
            queue_length: settings.queue_length as usize,
            members: everybody.clone(),
            weights: BTreeMap::from([("102".to_owned(), 4)]),
        };
        let mut flow = Flow::of::<Group>(&settings);
        flow.hold_outcomes();
        let fact = Fact {
            registered: true,
            ..Fact::default()
        };
        let mut world = Self {
            dice,
            flow,
            model: Model::new(rules),
            settings,
            facts: everybody.iter().map(|name| (name.clone(), fact)).collect(),
            own: BTreeMap::new(),
            everybody,
            callers: 0,
            story: Vec::new(),
            answered: 0,
            list_changed: false,
        };
        world.look();
        world
    }

    fn now(&self) -> u64 {
        self.flow.now()
    }

    /// What the directory shows follows from what the model says of the calls, before the event is delivered.
    fn look(&mut self) {
        let now = self.flow.now();
        let dialling = self.flow.dialling();
        for name in &self.everybody {
            let rings = |target: &Target| matches!(target, Target::Line(line) if line == name);
            let model = &self.model.calls;
            let rung = dialling.iter().filter(|(leg, targets)| {
                let rings_on =
                    |call: &model::Call| call.leg == leg.0 && matches!(call.state, State::Rings { .. });
                targets.iter().any(rings) && model.iter().any(rings_on)
            });
            let rung = rung.count() as u32;
            let talks = self
                .model
                .calls
                .iter()
                .filter(|call| matches!(&call.state, State::Talks { who: Some(who), .. } if who == name));
            let talks = talks.count() as u32;
            assert!(rung + talks <= 1, "{name} is wanted twice");
            let calls = rung + talks + self.own.get(name).copied().unwrap_or_default();
            let fact = self.facts.get_mut(name).unwrap();
            if fact.calls > 0 && calls == 0 {
                fact.idle_since = now;
            }
            fact.calls = calls;
            let line = self.flow.tenant().line(name);
            line.calls = calls;
            line.registered = fact.registered;
            line.idle_since = Some(fact.idle_since);
        }
    }

    /// The group must have done what the model says.
    fn compare(&mut self) {
        let now = self.now();
        self.model.settles(now, &self.facts);
        let mut must = std::mem::take(&mut self.model.must);
        let words = |done: String| match done.split_once(": ") {
            Some((leg, _)) if leg.parse::<u64>().is_ok() => done,
            // The only caller so far has no number.
            _ => format!("1: {done}"),
        };
        let mut did: Vec<_> = self.flow.did().into_iter().map(words).collect();
        if self.callers == 1 {
            // Nor has the member's leg then.
            for line in must.iter_mut().chain(&mut did) {
                if line.ends_with(": hang up") {
                    *line = "1: hang up".into();
                }
            }
        }
        must.sort();
        did.sort();
        let told = self.story.len().saturating_sub(12);
        assert_eq!(did, must, "at {now} after {:#?}", &self.story[told..]);
        for call in &self.model.calls {
            let waits = !matches!(call.state, State::Talks { .. });
            let too_long = now > call.since + self.model.rules.max_wait;
            let cancelled = matches!(call.state, State::Rings { given_up: true, .. });
            assert!(!waits || !too_long || cancelled, "{call:?} waits for too long");
        }
        self.only_the_rung_are_kept();
        self.look();
    }

    /// Other groups are kept from ringing whom this one rings. Whoever left the list while ringing is kept until the
    /// lease is over.
    fn only_the_rung_are_kept(&self) {
        let mut rung = BTreeSet::new();
        for call in &self.model.calls {
            if let State::Rings { who, .. } = &call.state {
                rung.extend(who.iter().flatten().cloned());
            }
        }
        let kept: BTreeSet<String> = self.flow.reserved().iter().cloned().collect();
        assert!(rung.is_subset(&kept), "{rung:?} ring, and {kept:?} are kept");
        if !self.list_changed {
            assert_eq!(rung, kept);
        }
    }

    fn says(&mut self, what: impl Into<String>) {
        self.story.push(what.into());
    }

    fn step(&mut self) {
        match self.dice.below(16) {
            0..=2 => self.somebody_calls(),
            3..=5 => self.somebody_answers(),
            6..=7 => self.a_phone_is_not_answered(),
            8 => self.a_talk_ends(),
            9 => self.a_caller_gives_up(),
            10 => self.a_member_has_a_call(),
            11 => self.a_phone_comes_or_goes(),
            12 => self.a_member_comes_or_goes(),
            13 if self.dice.one_in(4) => self.the_list_changes(),
            14 if self.dice.one_in(4) && self.flow.state_len() > 0 => {
                self.says("another instance takes the session over");
                self.flow.swap::<Group>().unwrap();
            }
            _ => self.time_passes(),
        }
        self.compare();
    }

    fn somebody_calls(&mut self) {
        if self.callers == CALLERS {
            return;
        }
        let first = self.dice.one_in(4);
        self.callers += 1;
        self.says(format!(
            "{} calls{}",
            self.callers,
            if first { " with priority" } else { "" }
        ));
        let now = self.now();
        self.model.comes(self.callers, first, now, &self.facts);
        self.flow.call(if first { "0612345678" } else { "0147200001" });
    }

    /// A call that rings, with how many targets, and whether it is being cancelled.
    fn a_ringing_call(&mut self) -> Option<(LegId, usize)> {
        let ringing: Vec<_> = self.flow.dialling();
        self.dice.of(&ringing).map(|(leg, targets)| (leg, targets.len()))
    }

    fn somebody_answers(&mut self) {
        let Some((leg, targets)) = self.a_ringing_call() else {
            return;
        };
        let target = self.dice.below(targets as u64) as usize;
        self.answered += 1;
        let callee = 1_001 + u64::from(self.answered);
        self.says(format!("target {target} answers {}", leg.0));
        self.model.answers(leg.0, target, callee);
        self.look();
        let answered = self.flow.answers(leg, target as u32);
        assert_eq!(answered.0, callee);
    }

    fn a_phone_is_not_answered(&mut self) {
        let Some((leg, _)) = self.a_ringing_call() else {
            return;
        };
        let causes = [Cause::NoAnswer, Cause::Declined, Cause::Busy, Cause::Unreachable];
        let cause = self.dice.of(&causes).unwrap();
        self.says(format!("{cause} for {}", leg.0));
        let now = self.now();
        self.model.fails(leg.0, now);
        self.look();
        self.flow.fails(leg, cause);
    }

    fn a_talk_ends(&mut self) {
        let talks: Vec<_> = self
            .model
            .calls
            .iter()
            .filter_map(|call| match call.state {
                State::Talks { callee, .. } => Some([call.leg, callee]),
                _ => None,
            })
            .collect();
        if let Some(legs) = self.dice.of(&talks) {
            let leg = legs[self.dice.below(2) as usize];
            self.says(format!("{leg} hangs up"));
            let now = self.now();
            self.model.ends(leg, now);
            self.look();
            self.flow.hangs_up(LegId(leg));
        }
    }

    fn a_caller_gives_up(&mut self) {
        let waits = self.model.calls.iter();
        let waits: Vec<_> = waits
            .filter(|call| !matches!(call.state, State::Talks { .. }))
            .map(|call| call.leg)
            .collect();
        if let Some(leg) = self.dice.of(&waits) {
            self.says(format!("caller {leg} gives up"));
            let now = self.now();
            self.model.ends(leg, now);
            self.look();
            self.flow.hangs_up(LegId(leg));
        }
    }

    fn a_member_has_a_call(&mut self) {
        let name = self.dice.of(&self.everybody).unwrap();
        let calls = self.own.entry(name.clone()).or_default();
        *calls = 1 - *calls;
        self.look();
        self.line_changed(&name);
    }

    fn a_phone_comes_or_goes(&mut self) {
        let name = self.dice.of(&self.everybody).unwrap();
        let fact = self.facts.get_mut(&name).unwrap();
        fact.registered = !fact.registered || self.dice.one_in(2);
        self.look();
        self.line_changed(&name);
    }

    fn line_changed(&mut self, name: &str) {
        let fact = self.facts[name];
        self.says(format!("{name} is now {fact:?}"));
        self.model.registers(name, fact.registered);
        self.flow.happens(Event::LineChanged(LineChange {
            line: name.into(),
            registered: fact.registered,
            calls: fact.calls,
        }));
    }

    fn a_member_comes_or_goes(&mut self) {
        let name = self.dice.of(&self.everybody).unwrap();
        let words = ["absent", "present", "present", "disconnect", "connect", "connect"];
        let what = self.dice.of(&words).unwrap();
        self.says(format!("{what} {name}"));
        self.model.hears(what, &name);
        word(&mut self.flow, &format!("{what} {name}"));
    }

    fn the_list_changes(&mut self) {
        let mut members = self.everybody.clone();
        let rotated = self.dice.below(members.len() as u64) as usize;
        members.rotate_left(rotated);
        if self.dice.one_in(2) {
            members.pop();
        }
        self.says(format!("the members are {members:?}"));
        self.list_changed = true;
        self.model.members(members.clone());
        self.settings.members = members;
        self.flow.settings(&self.settings);
    }

    /// By seconds, so that everything falls due at its time.
    fn time_passes(&mut self) {
        for _ in 0..=self.dice.below(20) {
            self.flow.passes(secs(1));
            self.compare();
        }
        let now = self.now();
        self.says(format!("it is {now}"));
    }

    /// Everybody hangs up, and nothing is left.
    fn ends(&mut self) {
        for call in self.model.calls.clone() {
            let now = self.now();
            self.model.ends(call.leg, now);
            self.look();
            self.flow.hangs_up(LegId(call.leg));
            self.compare();
        }
        assert_eq!(self.flow.legs(), [], "a call is left");
    }
}

#[test]
fn the_group_does_what_the_reference_model_says() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(40),
    };
    let mut answered = 0;
    for seed in seeds.clone() {
        let run = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            (0..STEPS).for_each(|_| world.step());
            world.ends();
            world.answered
        });
        answered += run.unwrap_or_else(|_| panic!("repeat it with SEED={seed}"));
    }
    assert!(
        seeds.end - seeds.start < 5 || answered > 20 * 5,
        "{answered} calls were answered"
    );
}
