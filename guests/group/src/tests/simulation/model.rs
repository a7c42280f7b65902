//! What a group is to do, said a second time and in another way: names instead of seats, everything worked out
//! anew at each step, nothing saved.

use std::collections::{BTreeMap, BTreeSet};

use crate::settings::Mode;

/// A line as the directory shows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fact {
    pub registered: bool,
    pub calls: u32,
    pub idle_since: u64,
}

/// The rules of the group that is simulated.
#[derive(Clone, Debug)]
pub struct Rules {
    pub mode: Mode,
    pub rings: u32,
    /// Milliseconds, as all times here.
    pub wrap_up: u64,
    pub max_wait: u64,
    pub queue_length: usize,
    pub members: Vec<String>,
    pub weights: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default)]
struct Person {
    disconnected: bool,
    absent: bool,
    gone: bool,
    rests_until: u64,
    /// Calls answered, by weight.
    share: u64,
}

#[derive(Clone, Debug)]
pub struct Call {
    pub leg: u64,
    pub since: u64,
    first: bool,
    hears: bool,
    tried: BTreeSet<String>,
    pub state: State,
}

#[derive(Clone, Debug, PartialEq)]
pub enum State {
    Waits {
        from: u64,
    },
    Rings {
        who: Vec<Option<String>>,
        given_up: bool,
    },
    Talks {
        who: Option<String>,
        callee: u64,
    },
}

#[derive(Debug)]
pub struct Model {
    pub rules: Rules,
    pub calls: Vec<Call>,
    people: BTreeMap<String, Person>,
    last: Option<String>,
    /// What the group must have done since this was last taken, as the flow words it.
    pub must: Vec<String>,
}

impl Model {
    pub fn new(rules: Rules) -> Self {
        let people = rules
            .members
            .iter()
            .map(|name| (name.clone(), Person::default()))
            .collect();
        Self {
            rules,
            calls: Vec::new(),
            people,
            last: None,
            must: Vec::new(),
        }
    }

    fn must(&mut self, leg: u64, what: impl AsRef<str>) {
        self.must.push(format!("{leg}: {}", what.as_ref()));
    }

    fn takes_part(&self, name: &str, facts: &BTreeMap<String, Fact>) -> bool {
        let person = &self.people[name];
        !person.disconnected && !person.absent && facts[name].registered
    }

    /// In the order of the list.
    fn free(&self, now: u64, facts: &BTreeMap<String, Fact>) -> Vec<String> {
        let engaged: BTreeSet<&String> = self
            .calls
            .iter()
            .flat_map(|call| match &call.state {
                State::Waits { .. } => vec![],
                State::Rings { who, .. } => who.iter().flatten().collect(),
                State::Talks { who, .. } => who.iter().collect(),
            })
            .collect();
        let members = self.rules.members.iter();
        members
            .filter(|name| self.takes_part(name, facts) && facts[*name].calls == 0)
            .filter(|name| self.people[*name].rests_until <= now && !engaged.contains(name))
            .cloned()
            .collect()
    }

    fn waiting(&self) -> usize {
        let waits = |call: &&Call| matches!(call.state, State::Waits { .. });
        self.calls.iter().filter(waits).count()
    }

    /// R29, R36, R38.
    pub fn comes(&mut self, leg: u64, first: bool, now: u64, facts: &BTreeMap<String, Fact>) {
        let nobody = !self.rules.members.iter().any(|name| self.takes_part(name, facts));
        let must_wait = self.waiting() > 0 || self.free(now, facts).is_empty();
        if nobody {
            self.must(leg, "reject unreachable");
        } else if must_wait && self.waiting() >= self.rules.queue_length {
            self.must(leg, "reject busy");
        } else {
            let call = Call {
                leg,
                since: now,
                first,
                hears: false,
                tried: BTreeSet::new(),
                state: State::Waits { from: now },
            };
            let hopes = |call: &Call| !matches!(call.state, State::Talks { .. });
            let behind = self.calls.iter().position(|other| hopes(other) && !other.first);
            let place = if first { behind } else { None };
            self.calls.insert(place.unwrap_or(self.calls.len()), call);
        }
    }

    pub fn answers(&mut self, leg: u64, target: usize, callee: u64) {
        let call = self.calls.iter_mut().find(|call| call.leg == leg).unwrap();
        let State::Rings { who, .. } = &call.state else {
            panic!("{leg} rings nobody");
        };
        let who = who[target].clone();
        if let Some(name) = &who {
            self.last = Some(name.clone());
            let weight = self.rules.weights.get(name).copied().unwrap_or(1);
            self.people.get_mut(name).unwrap().share += 4 / weight;
        }
        call.state = State::Talks { who, callee };
    }

    pub fn fails(&mut self, leg: u64, now: u64) {
        let index = self.calls.iter().position(|call| call.leg == leg).unwrap();
        if let State::Rings { given_up: true, .. } = self.calls[index].state {
            self.calls.remove(index);
            self.must(leg, "reject no-answer");
        } else {
            self.calls[index].state = State::Waits { from: now };
        }
    }

    /// A caller or a member hangs up; the other is hung up on.
    pub fn ends(&mut self, leg: u64, now: u64) {
        let index = self.calls.iter().position(|call| match call.state {
            State::Talks { callee, .. } => call.leg == leg || callee == leg,
            _ => call.leg == leg,
        });
        let call = self.calls.remove(index.unwrap());
        if let State::Talks { who, callee } = call.state {
            self.must(if leg == callee { call.leg } else { callee }, "hang up");
            if let Some(person) = who.and_then(|name| self.people.get_mut(&name)) {
                person.rests_until = now + self.rules.wrap_up;
            }
        }
    }

    pub fn registers(&mut self, name: &str, registered: bool) {
        let Some(person) = self.people.get_mut(name) else {
            return;
        };
        let was_gone = std::mem::replace(&mut person.gone, !registered);
        if was_gone && registered {
            person.disconnected = false;
            self.catches_up(name);
        }
    }

    pub fn hears(&mut self, what: &str, name: &str) {
        let Some(person) = self.people.get_mut(name) else {
            return;
        };
        match what {
            "absent" => person.absent = true,
            "disconnect" => person.disconnected = true,
            "present" => person.absent = false,
            _ => person.disconnected = false,
        }
        if matches!(what, "present" | "connect") {
            self.catches_up(name);
        }
    }

    fn least(&self, but: &str) -> u64 {
        let others = self
            .people
            .iter()
            .filter(|(name, person)| *name != but && !person.absent && !person.disconnected);
        others.map(|(_, person)| person.share).min().unwrap_or(0)
    }

    fn catches_up(&mut self, name: &str) {
        let least = self.least(name);
        let person = self.people.get_mut(name).unwrap();
        person.share = person.share.max(least);
    }

    /// R30.
    pub fn members(&mut self, members: Vec<String>) {
        let share = self.least("");
        let before = std::mem::take(&mut self.people);
        for name in &members {
            let person = before.get(name).cloned();
            let person = person.unwrap_or(Person {
                share,
                ..Person::default()
            });
            self.people.insert(name.clone(), person);
        }
        let stays = |who: &mut Option<String>| {
            if who.as_ref().is_some_and(|name| !members.contains(name)) {
                *who = None;
            }
        };
        stays(&mut self.last);
        for call in &mut self.calls {
            call.tried.retain(|name| members.contains(name));
            match &mut call.state {
                State::Waits { .. } => {}
                State::Rings { who, .. } => who.iter_mut().for_each(stays),
                State::Talks { who, .. } => stays(who),
            }
        }
        self.rules.members = members;
    }

    /// What follows from how things stand.
    pub fn settles(&mut self, now: u64, facts: &BTreeMap<String, Fact>) {
        self.time_is_over(now, facts);
        let mut free = self.free(now, facts);
        for index in 0..self.calls.len() {
            let State::Waits { from } = self.calls[index].state else {
                continue;
            };
            if from <= now && !free.is_empty() {
                self.rings(index, &mut free, now, facts);
            }
            let call = &mut self.calls[index];
            if matches!(call.state, State::Waits { .. }) && !std::mem::replace(&mut call.hears, true) {
                let leg = call.leg;
                self.must(leg, "play ringback tone for ever");
            }
        }
    }

    fn time_is_over(&mut self, now: u64, facts: &BTreeMap<String, Fact>) {
        let nobody = !self.rules.members.iter().any(|name| self.takes_part(name, facts));
        let max_wait = self.rules.max_wait;
        let mut must = Vec::new();
        self.calls.retain_mut(|call| {
            let over = call.since + max_wait <= now;
            match &mut call.state {
                State::Waits { .. } if over => must.push((call.leg, "reject no-answer")),
                State::Waits { .. } if nobody => must.push((call.leg, "reject unreachable")),
                State::Rings { given_up, .. } if over && !*given_up => {
                    *given_up = true;
                    must.push((call.leg, "cancel the dial"));
                    return true;
                }
                _ => return true,
            }
            false
        });
        must.into_iter().for_each(|(leg, what)| self.must(leg, what));
    }

    fn rings(&mut self, index: usize, free: &mut Vec<String>, now: u64, facts: &BTreeMap<String, Fact>) {
        let tried = &self.calls[index].tried;
        let mut order: Vec<String> = free
            .iter()
            .filter(|name| !tried.contains(*name))
            .cloned()
            .collect();
        match self.rules.mode {
            Mode::Linear => order.truncate(1),
            Mode::Parallel => order.truncate(64),
            Mode::FreeLine => {
                let since = |name: &String| facts[name].idle_since.max(self.people[name].rests_until);
                order = order.into_iter().min_by_key(since).into_iter().collect();
            }
            Mode::Weighted => {
                let share = |name: &String| self.people[name].share;
                order = order.into_iter().min_by_key(share).into_iter().collect();
            }
            Mode::Cyclic => {
                let all = &self.rules.members;
                let from = self
                    .last
                    .as_ref()
                    .and_then(|last| all.iter().position(|name| name == last))
                    .map_or(0, |last| last + 1);
                let round = all[from..].iter().chain(&all[..from]);
                order = round
                    .filter(|name| order.contains(name))
                    .take(1)
                    .cloned()
                    .collect();
            }
        }
        let length = 5 * self.rules.rings;
        let call = &mut self.calls[index];
        if order.is_empty() {
            call.tried.clear();
            call.state = State::Waits { from: now + 5_000 };
            return;
        }
        free.retain(|name| !order.contains(name));
        call.tried.extend(order.iter().cloned());
        let lines: Vec<_> = order.iter().map(|name| format!("line {name}")).collect();
        call.state = State::Rings {
            who: order.into_iter().map(Some).collect(),
            given_up: false,
        };
        let leg = call.leg;
        self.must(
            leg,
            format!("dial {} for {length} s, playing on", lines.join(" + ")),
        );
    }
}
