//! Numbers and the dial plan.

use contract::SessionScope;

use super::Check;
use super::words::at;
use crate::directory::{Action, Binding, DialPlan, Direction, Kind, Number, Pattern, Rule, Tell};

/// Rules of a plan: each is tried for each call.
const RULES: usize = 1_000;
/// Behaviours on one number.
const STACK: usize = 16;

impl Check<'_> {
    pub(super) fn number(&mut self, number: &Number) {
        let id = &*number.id;
        if id.starts_with('+') {
            self.e164(id, "/id");
            self.not_elsewhere(id, "/id");
        } else if id.starts_with(['*', '#']) {
            let known = self.after.number_plan().normalise(id).as_deref() == Some(id);
            self.expect(known, "/id", "must be a feature code such as `*98`");
        } else {
            self.short_number(id, "/id");
        }
        if let Some(line) = self.after.line_by_number(id) {
            let message = format!("`{id}` is the number of the line `{}`", line.id);
            self.wrong("/id", message);
        }
        self.text(&number.name, "/name");
        if let Some(site) = &number.site {
            let there = self.after.site(site).is_some();
            self.refers(there, "/site", Kind::Site, site);
        }
        if let Some(line) = &number.line {
            let there = self.after.line(line).is_some();
            self.refers(there, "/line", Kind::Line, line);
        }
        let leads_somewhere = !number.behaviours.is_empty() || number.line.is_some();
        self.expect(leads_somewhere, "", "must have a behaviour or a line");
        self.bindings(&number.behaviours, "/behaviours");
    }

    fn bindings(&mut self, bindings: &[Binding], path: &str) {
        self.expect(
            bindings.len() <= STACK,
            path,
            format!("must be at most {STACK} behaviours"),
        );
        for (position, binding) in bindings.iter().enumerate() {
            let path = at(path, position);
            let twice = bindings
                .iter()
                .take(position)
                .any(|earlier| earlier.behaviour == binding.behaviour);
            self.expect(!twice, &format!("{path}/behaviour"), "is in the stack already");
            match self.after.behaviour(&binding.behaviour) {
                None => self.refers(
                    false,
                    &format!("{path}/behaviour"),
                    Kind::Behaviour,
                    &binding.behaviour,
                ),
                Some(_) => {
                    self.place_settings(&binding.behaviour, &binding.settings, &format!("{path}/settings"))
                }
            }
        }
    }

    pub(super) fn dial_plan(&mut self, plan: &DialPlan) {
        self.expect(
            plan.rules.len() <= RULES,
            "/rules",
            format!("must be at most {RULES} rules"),
        );
        for (position, rule) in plan.rules.iter().enumerate() {
            let path = at("/rules", position);
            self.text(&rule.name, &format!("{path}/name"));
            self.pattern(&rule.pattern, &format!("{path}/pattern"));
            self.action(rule, &format!("{path}/action"));
        }
    }

    fn pattern(&mut self, pattern: &Pattern, path: &str) {
        let plan = self.after.number_plan();
        match pattern {
            Pattern::Any => {}
            Pattern::Number(number) => {
                let right = plan.normalise(number).is_some();
                self.expect(
                    right,
                    &format!("{path}/number"),
                    format!("`{number}` is no number that can be dialled"),
                );
            }
            Pattern::Prefix(prefix) => {
                let digits = prefix.strip_prefix('+').unwrap_or(prefix);
                let right = (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
                self.expect(
                    right,
                    &format!("{path}/prefix"),
                    "must be 1 to 15 digits, a plus in front if need be",
                );
            }
            Pattern::FeatureCode(code) => {
                let right = code.starts_with(['*', '#'])
                    && (2..=16).contains(&code.len())
                    && code.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#');
                let message = "must start with `*` or `#` and have digits behind it, such as `*98`";
                self.expect(right, &format!("{path}/feature-code"), message);
            }
        }
    }

    fn action(&mut self, rule: &Rule, path: &str) {
        match &rule.action {
            Action::Own | Action::Refuse => {}
            Action::PickUp | Action::Set(_) => {
                let right =
                    rule.direction == Direction::Internal && matches!(rule.pattern, Pattern::FeatureCode(_));
                self.expect(right, path, "is for people inside, behind a feature code");
            }
            Action::Conference(_) => {
                let right =
                    rule.direction == Direction::Internal && matches!(rule.pattern, Pattern::Number(_));
                self.expect(right, path, "is for people inside, at one number or feature code");
            }
            Action::Behaviours(bindings) => {
                let path = format!("{path}/behaviours");
                self.expect(!bindings.is_empty(), &path, "must name a behaviour");
                self.bindings(bindings, &path);
            }
            Action::Line(line) => {
                let there = self.after.line(line).is_some();
                self.refers(there, &format!("{path}/line"), Kind::Line, line);
            }
            Action::Session(reach) => {
                let path = format!("{path}/session");
                let behaviour = self.after.behaviour(&reach.behaviour);
                let per_number =
                    behaviour.is_none_or(|behaviour| behaviour.manifest.scope == SessionScope::PerNumber);
                let there = behaviour.is_some();
                let known = self.after.number_plan().normalise(&reach.number).is_some();
                self.refers(
                    there,
                    &format!("{path}/behaviour"),
                    Kind::Behaviour,
                    &reach.behaviour,
                );
                let message = "has a session per call: only one per number can be reached";
                self.expect(per_number, &format!("{path}/behaviour"), message);
                let message = format!("`{}` is no number that can be dialled", reach.number);
                self.expect(known, &format!("{path}/number"), message);
            }
            Action::Tell(tell) => {
                let path = format!("{path}/tell");
                let behaviour = self.after.behaviour(&tell.behaviour);
                let per_number =
                    behaviour.is_none_or(|behaviour| behaviour.manifest.scope == SessionScope::PerNumber);
                let there = behaviour.is_some();
                let behind_a_code =
                    tell.number == Tell::DIGITS && matches!(rule.pattern, Pattern::FeatureCode(_));
                let known = behind_a_code || self.after.number_plan().normalise(&tell.number).is_some();
                self.refers(
                    there,
                    &format!("{path}/behaviour"),
                    Kind::Behaviour,
                    &tell.behaviour,
                );
                let message = "has a session per call: only one per number hears messages";
                self.expect(per_number, &format!("{path}/behaviour"), message);
                let message = format!("`{}` is no number that can be dialled", tell.number);
                self.expect(known, &format!("{path}/number"), message);
                let right = (1..=256).contains(&tell.message.len());
                self.expect(right, &format!("{path}/message"), "must be 1 to 256 bytes");
                let message = "is for people inside: who calls from outside has no line";
                self.expect(rule.direction == Direction::Internal, &path, message);
            }
            Action::Outside(trunks) => {
                let path = format!("{path}/outside");
                let message =
                    "calls that come in over a trunk may not leave over one: use a behaviour that dials";
                self.expect(rule.direction == Direction::Internal, &path, message);
                for (position, trunk) in trunks.iter().enumerate() {
                    let there = self.after.trunk(trunk).is_some();
                    self.refers(there, &at(&path, position), Kind::Trunk, trunk);
                }
            }
        }
    }
}
