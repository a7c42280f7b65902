//! Behaviours that get in each other's way: told to whoever binds them, not discovered by callers.
//!
//! None of these is refused: each may be meant, or be one step of several. Modules say in the schema of their settings where they
//! belong on a number (`x-place`, the outermost lowest) and when they pass calls on to what is behind them (`x-passes`: `never`, or settings
//! such as `overflow=next`, several joined by `|`); what says nothing is never in the way.

use std::collections::BTreeSet;

use serde_json::Value;

use super::settings::references;
use crate::directory::{Action, Bound, Configuration, DialPlan, Key, Kind, Pattern, Place, Rule};

/// Numbers that are followed when a loop is looked for.
const FOLLOWED: usize = 1_000;
/// Places of one behaviour that are looked at.
const PLACES: usize = 1_000;

/// What gets in its own way, or in another's, around a document, in words.
pub fn conflicts(tenant: &Configuration, key: &Key) -> Vec<String> {
    let mut found = match key.kind {
        Kind::DialPlan => of_plan(tenant),
        Kind::Behaviour => {
            let places = places_of(tenant, &key.id);
            places.iter().flat_map(|place| of_place(tenant, place)).collect()
        }
        _ => of_place(tenant, key),
    };
    found.dedup();
    found
}

/// Numbers and lines with this behaviour.
fn places_of(tenant: &Configuration, behaviour: &str) -> Vec<Key> {
    let numbers = tenant.numbers().values().filter(|number| {
        let mut bindings = number.behaviours.iter();
        bindings.any(|binding| *binding.behaviour == *behaviour)
    });
    let numbers = numbers.map(|number| Key::new(tenant.id(), Kind::Number, &number.id));
    let mut lines = BTreeSet::new();
    tenant.each_settings(|place, _, _| {
        if let Place::Line(line, name) = place
            && **name == *behaviour
        {
            lines.insert(line.clone());
        }
    });
    let lines = lines.iter().map(|line| Key::new(tenant.id(), Kind::Line, line));
    numbers.chain(lines).take(PLACES).collect()
}

fn of_place(tenant: &Configuration, key: &Key) -> Vec<String> {
    let Some(stack) = stack_at(tenant, key) else {
        return Vec::new();
    };
    let mut found = in_stack(&key.id, &stack);
    found.extend(round_trip(tenant, key));
    found
}

fn stack_at(tenant: &Configuration, key: &Key) -> Option<Vec<Bound>> {
    match key.kind {
        Kind::Number => tenant
            .number(&key.id)
            .map(|number| tenant.stack_of_number(number)),
        Kind::Line => tenant.line(&key.id).map(|line| tenant.stack_of_line(line)),
        _ => None,
    }
}

/// Behaviours on one number, the outermost first.
fn in_stack(at: &str, stack: &[Bound]) -> Vec<String> {
    let read: Vec<Stacked<'_>> = stack.iter().map(Stacked::read).collect();
    let mut found = Vec::new();
    for (position, front) in read.iter().enumerate() {
        for behind in read.iter().skip(position + 1) {
            found.extend(front.both_want(behind).map(|words| format!("{at}: {words}")));
            found.extend(front.both_switch(behind).map(|words| format!("{at}: {words}")));
        }
        if let Some(behind) = read.get(position + 1)
            && !front.passes()
        {
            let (front, behind) = (front.name, behind.name);
            found.push(format!(
                "{at}: `{behind}` never gets a call here: `{front}` in front of it passes none on, as it is set"
            ));
            break;
        }
    }
    found
}

/// A behaviour on a number, with what its module says of its place.
struct Stacked<'a> {
    name: &'a str,
    schema: Value,
    settings: Value,
}

impl<'a> Stacked<'a> {
    fn read(bound: &'a Bound) -> Self {
        Self {
            name: bound.behaviour.name.as_str(),
            schema: serde_json::from_str(&bound.behaviour.manifest.settings_schema).unwrap_or_default(),
            settings: serde_json::from_str(&bound.settings).unwrap_or_default(),
        }
    }

    fn place(&self) -> Option<i64> {
        self.schema.get("x-place")?.as_i64()
    }

    /// Two that want the same place, or stand the wrong way round.
    fn both_want(&self, behind: &Self) -> Option<String> {
        let (own, other) = (self.place()?, behind.place()?);
        let (front, behind) = (self.name, behind.name);
        match own.cmp(&other) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(format!(
                "`{front}` and `{behind}` want the same place: `{front}` decides first, and `{behind}` gets what it passes on"
            )),
            std::cmp::Ordering::Greater => Some(format!(
                "`{front}` stands in front of `{behind}`, and belongs behind it: change their order"
            )),
        }
    }

    fn phone_features(&self) -> BTreeSet<&str> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        let rules = properties.into_iter().flat_map(|all| all.values());
        rules.filter_map(|rules| rules.get("x-phone")?.as_str()).collect()
    }

    /// Phones switch a feature once.
    fn both_switch(&self, behind: &Self) -> Option<String> {
        let (own, others) = (self.phone_features(), behind.phone_features());
        let both: Vec<&str> = own.intersection(&others).copied().collect();
        let (front, behind) = (self.name, behind.name);
        (!both.is_empty()).then(|| {
            let features = both.join(", ");
            format!("`{front}` and `{behind}` both have {features}: phones and codes switch that of `{front}` alone")
        })
    }

    /// Whether calls can get behind it at all.
    fn passes(&self) -> bool {
        let Some(when) = self.schema.get("x-passes").and_then(Value::as_str) else {
            return true;
        };
        when.split('|').any(|setting| {
            let Some((name, wanted)) = setting.split_once('=') else {
                return false; // `never`
            };
            match self.settings.get(name) {
                Some(Value::String(text)) => text == wanted,
                Some(other) => serde_json::from_str(wanted).is_ok_and(|wanted: Value| wanted == *other),
                None => false,
            }
        })
    }
}

/// A way along which calls may come back to where they were.
fn round_trip(tenant: &Configuration, from: &Key) -> Option<String> {
    let mut seen = BTreeSet::from([from.clone()]);
    let mut ways: Vec<(Key, Vec<String>)> = vec![(from.clone(), Vec::new())];
    while let Some((at, way)) = ways.pop() {
        for (step, to) in targets_of(tenant, &at) {
            let mut way = way.clone();
            way.push(format!("{} {step}", at.id));
            if to == *from {
                let way = way.join(" → ");
                return Some(format!("calls may go round: {way} → {}", from.id));
            }
            if seen.len() < FOLLOWED && seen.insert(to.clone()) {
                ways.push((to, way));
            }
        }
    }
    None
}

/// Where the settings of the behaviours there lead, and which setting of which does.
fn targets_of(tenant: &Configuration, at: &Key) -> Vec<(String, Key)> {
    let mut targets = Vec::new();
    for bound in stack_at(tenant, at).unwrap_or_default() {
        for reference in references(&bound.behaviour.manifest, &bound.settings) {
            if reference.kind == "number"
                && let Some(to) = own_number(tenant, &reference.name)
            {
                targets.push((format!("({}{})", bound.behaviour.name, reference.path), to));
            }
        }
    }
    targets
}

fn own_number(tenant: &Configuration, dialled: &str) -> Option<Key> {
    let number = tenant.number_plan().normalise(dialled)?;
    match tenant.number(&number) {
        Some(number) => Some(Key::new(tenant.id(), Kind::Number, &number.id)),
        None => {
            let line = tenant.line_by_number(&number)?;
            Some(Key::new(tenant.id(), Kind::Line, &line.id))
        }
    }
}

/// Rules that no call gets to, and what rules bind.
fn of_plan(tenant: &Configuration) -> Vec<String> {
    let plan: &DialPlan = tenant.plan();
    let mut found = Vec::new();
    for (position, rule) in plan.rules.iter().enumerate() {
        let mut earlier = plan.rules.iter().take(position).enumerate();
        if let Some((before, taker)) = earlier.find(|(_, earlier)| takes_all_of(earlier, rule)) {
            found.push(format!(
                "rule {} ({}) never decides: rule {} ({}) before it takes all of its calls",
                position + 1,
                rule.name,
                before + 1,
                taker.name
            ));
        }
        if let Action::Behaviours(bindings) = &rule.action {
            let stack = tenant.stack_of_rule(position, bindings, None);
            found.extend(in_stack(&format!("rule {}", position + 1), &stack));
        }
    }
    found
}

/// Whether every call of `rule` is decided by an earlier one, which never leaves any to the next.
fn takes_all_of(earlier: &Rule, rule: &Rule) -> bool {
    let decides = match &earlier.action {
        Action::Behaviours(_)
        | Action::Tell(_)
        | Action::Set(_)
        | Action::PickUp
        | Action::Conference(_)
        | Action::Refuse => true,
        Action::Own | Action::Line(_) | Action::Outside(_) | Action::Session(_) => false,
    };
    let covers = match (&earlier.pattern, &rule.pattern) {
        (Pattern::Any, _) => true,
        (Pattern::FeatureCode(short), Pattern::FeatureCode(long)) => long.starts_with(short.as_str()),
        (Pattern::Prefix(short), Pattern::Prefix(long) | Pattern::Number(long)) => {
            long.starts_with(short.as_str())
        }
        (Pattern::Number(one), Pattern::Number(other)) => one == other,
        (Pattern::FeatureCode(_) | Pattern::Prefix(_) | Pattern::Number(_), _) => false,
    };
    decides && covers && earlier.direction == rule.direction
}
