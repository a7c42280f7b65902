//! The race explorer: every order in which answers, failures, keys, hang-ups and timers can come to one call, up to a bound.
//!
//! A search in breadth over a model of the exchange, so that what it finds first is the shortest. What happens is put into
//! the session's mailbox, as the exchange does it: a caller may hang up while the outcome of an `answer` still waits
//! there. Nothing here knows SIP or time zones; a whole exchange is in the testkit.
//!
//! ```text
//!  call offered ──▶ deliver the next event │ let something happen ──▶ … ──▶ quiet: is the caller still looked after?
//! ```

mod model;

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashSet, VecDeque};
use std::hash::{Hash, Hasher};

use contract::{Cause, Command, Decided, Event, Failure, Invocation, Limits, ModuleDigest, SessionScope};
use serde::{Deserialize, Serialize};

use model::Model;

/// What is explored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Scenario {
    /// How many things may happen, apart from what commands bring about by themselves.
    pub happenings: u32,
    /// The keys that a caller may press.
    pub keys: String,
    /// How a dial may fail; it may always be answered.
    pub failures: Vec<Cause>,
    /// What must never be, beside a failure and a caller in silence.
    pub never: Vec<Never>,
    /// Situations looked at, at most.
    pub most: usize,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            happenings: 4,
            keys: "1#".to_owned(),
            failures: vec![Cause::Busy, Cause::NoAnswer],
            never: Vec::new(),
            most: 50_000,
        }
    }
}

/// A command that must not be given, as the contract names them: `dial` after `leg-ended`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Never {
    pub command: String,
    /// Once this kind of event has come; absent: at all.
    #[serde(default)]
    pub after: Option<String>,
}

/// The module under a scenario.
pub struct Subject<'a> {
    pub module: ModuleDigest,
    pub scope: SessionScope,
    /// Complete, as JSON.
    pub settings: &'a str,
    pub limits: Limits,
    pub wake: &'a dyn Fn(&Invocation) -> Result<Decided, Failure>,
}

/// What came of an exploration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explored {
    /// Events played.
    pub events: usize,
    /// Different situations that came of them.
    pub situations: usize,
    /// There were more than the scenario lets it look at.
    pub cut: bool,
    /// The shortest way to break a rule.
    pub broken: Option<Broken>,
}

/// An order of events that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub why: String,
    pub story: Vec<Told>,
}

/// An event and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub event: Event,
    pub result: Result<Vec<Command>, Failure>,
}

/// A situation, and how one gets there.
struct Place {
    from: Option<usize>,
    told: Option<Told>,
    model: Model,
}

/// Looks at every order. Stops at the first that breaks a rule.
pub fn explore(subject: &Subject<'_>, scenario: &Scenario) -> Explored {
    let mut search = Search {
        subject,
        scenario,
        places: Vec::new(),
        seen: HashSet::new(),
        next: VecDeque::new(),
        explored: Explored {
            events: 0,
            situations: 0,
            cut: false,
            broken: None,
        },
    };
    search.arrive(None, None, Model::new(subject.scope));
    while let Some(at) = search.next.pop_front() {
        search.leave(at);
        if search.explored.broken.is_some() {
            break;
        }
    }
    search.explored.situations = search.seen.len();
    search.explored
}

struct Search<'a> {
    subject: &'a Subject<'a>,
    scenario: &'a Scenario,
    places: Vec<Place>,
    seen: HashSet<u64>,
    next: VecDeque<usize>,
    explored: Explored,
}

impl Search<'_> {
    fn arrive(&mut self, from: Option<usize>, told: Option<Told>, model: Model) {
        let mut hasher = DefaultHasher::new();
        model.hash(&mut hasher);
        if !self.seen.insert(hasher.finish()) {
            return;
        }
        if self.places.len() >= self.scenario.most {
            self.explored.cut = true;
            return;
        }
        self.next.push_back(self.places.len());
        self.places.push(Place { from, told, model });
    }

    /// Goes on from a situation in every way.
    fn leave(&mut self, at: usize) {
        let Some(model) = self.places.get(at).map(|place| place.model.clone()) else {
            return;
        };
        if let Some(why) = model.is_silent() {
            self.explored.broken = Some(Broken {
                why: why.to_owned(),
                story: self.story(Some(at)),
            });
            return;
        }
        for happened in model.happenings(self.scenario) {
            self.arrive(Some(at), None, happened);
        }
        self.deliver(at, model);
    }

    /// The next event of the mailbox.
    fn deliver(&mut self, at: usize, mut model: Model) {
        let Some((event, invocation)) = model.next(self.subject) else {
            return;
        };
        self.explored.events += 1;
        let result = (self.subject.wake)(&invocation);
        let commands = result.as_ref().map(|decided| decided.commands.clone());
        let told = Told {
            event: event.clone(),
            result: commands.map_err(Clone::clone),
        };
        let broken = match &result {
            Err(failure) => Some(failure.to_string()),
            Ok(decided) => self.forbidden(&model, &decided.commands),
        };
        if let Some(why) = broken {
            let mut story = self.story(Some(at));
            story.push(told);
            self.explored.broken = Some(Broken { why, story });
            return;
        }
        if let Ok(decided) = result {
            model.decided(decided);
            self.arrive(Some(at), Some(told), model);
        }
    }

    fn forbidden(&self, model: &Model, commands: &[Command]) -> Option<String> {
        self.scenario.never.iter().find_map(|never| {
            let since = never.after.as_ref().is_none_or(|after| model.has_seen(after));
            let given = commands.iter().any(|command| kind(command) == never.command);
            (since && given).then(|| match &never.after {
                Some(after) => format!("`{}` is never to be given after `{after}`", never.command),
                None => format!("`{}` is never to be given", never.command),
            })
        })
    }

    fn story(&self, mut at: Option<usize>) -> Vec<Told> {
        let mut story = Vec::new();
        while let Some(place) = at.and_then(|at| self.places.get(at)) {
            story.extend(place.told.clone());
            at = place.from;
        }
        story.reverse();
        story
    }
}

/// An event's or a command's kind, as the contract and JSON name it: `leg-ended`, `dial`.
fn kind(of: &impl Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(serde_json::Value::Object(named)) => {
            named.into_iter().next().map(|(name, _)| name).unwrap_or_default()
        }
        Ok(_) | Err(_) => String::new(),
    }
}
