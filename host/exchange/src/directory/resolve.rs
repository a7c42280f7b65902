//! Where a dialled number leads: emergency first, then the tenant's dial plan.

use std::sync::Arc;

use base::Moment;
use contract::{NumberClass, RouteError};

use super::{
    Action, Bound, Conference, Configuration, Direction, Entry, Line, LineId, Pattern, Reach, Rule,
    SetFeature, Tell, TrunkId,
};
use crate::numbers::is_outside;

/// Who dials.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// A person, from this line (its id).
    Line(&'a str),
    /// A behaviour, on behalf of this line where there is one.
    Behaviour(Option<&'a str>),
    /// A call that came in over this trunk.
    Trunk(&'a str),
}

impl Origin<'_> {
    /// The line that calls.
    fn line(&self) -> Option<&str> {
        match self {
            Self::Line(line) | Self::Behaviour(Some(line)) => Some(line),
            Self::Behaviour(None) | Self::Trunk(_) => None,
        }
    }

    pub fn direction(&self) -> Direction {
        match self {
            Self::Line(_) | Self::Behaviour(_) => Direction::Internal,
            Self::Trunk(_) => Direction::Inbound,
        }
    }
}

/// Behaviours and a line behind one number.
#[derive(Clone, Debug)]
pub struct Inside {
    /// The number that the behaviours are bound to: normalised, a line by its [label](Line::label).
    pub number: Arc<str>,
    /// Outermost first: the call is offered to the first, `next` leads to the one behind.
    pub stack: Vec<Bound>,
    /// What `next` of the last behaviour rings, and what rings when there is no behaviour, or when one fails.
    pub line: Option<Entry<Line>>,
}

/// Where a dialled number leads.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// Always passes (R74). Trunks to try, best first; empty when the tenant has none.
    Emergency {
        number: Arc<str>,
        trunks: Vec<TrunkId>,
    },
    Inside(Inside),
    /// The same for the session that a rule names; `number` was dialled.
    Reach {
        number: Arc<str>,
        inside: Inside,
    },
    /// `trunks` take this number's class, best first; at least one.
    Outside {
        number: Arc<str>,
        class: NumberClass,
        trunks: Vec<TrunkId>,
    },
    /// A session hears a message, and nobody is called.
    Tell {
        number: Arc<str>,
        tell: Tell,
    },
    /// The caller takes a call that rings at one of these lines.
    PickUp {
        number: Arc<str>,
        lines: Vec<LineId>,
    },
    /// The caller is in a conference from now on.
    Conference {
        number: Arc<str>,
        conference: Conference,
    },
    /// A feature of the caller's line is set; a forward to this number, if one was dialled.
    Set {
        number: Arc<str>,
        set: SetFeature,
        to: Option<String>,
    },
    /// Nobody has this number, or it is none.
    Unknown,
    /// The tenant's envelope, the line's restriction (R57), or a rule of the dial plan says no.
    Forbidden(NumberClass),
    /// An outside number that no trunk takes.
    NoTrunk(NumberClass),
}

impl Configuration {
    /// How a number is classed here (R24): the country's view, with the tenant's own numbers as internal.
    ///
    /// `number` may be in any spelling.
    pub fn class_of(&self, number: &str) -> NumberClass {
        let plan = self.number_plan();
        if plan.emergency(number).is_some() {
            return NumberClass::Emergency;
        }
        match plan.normalise(number) {
            Some(number) if self.owns(&number) => NumberClass::Internal,
            Some(number) => plan.classify(&number),
            None => NumberClass::Invalid,
        }
    }

    /// Whether a line or a number of the tenant's has exactly this number.
    pub fn owns(&self, number: &str) -> bool {
        self.line_by_number(number).is_some() || self.number(number).is_some()
    }

    /// Where `dialled` leads. `now` matters to restrictions that hold on some days only.
    pub fn resolve(&self, dialled: &str, origin: Origin<'_>, now: Moment) -> Resolution {
        if let (Origin::Line(_) | Origin::Behaviour(_), Some(number)) =
            (origin, self.number_plan().emergency(dialled))
        {
            return self.emergency(number, origin);
        }
        let Some(number) = self.dialled(dialled, origin) else {
            return Resolution::Unknown;
        };
        let rules = self.plan().rules.iter().enumerate();
        rules
            .filter(|(_, rule)| {
                rule.direction == origin.direction() && self.falls_under(&number, &rule.pattern)
            })
            .find_map(|(position, rule)| self.follow(position, rule, &number, origin, now))
            .unwrap_or(Resolution::Unknown)
    }

    /// What was dialled, normalised.
    pub fn dialled(&self, dialled: &str, origin: Origin<'_>) -> Option<String> {
        match origin {
            Origin::Trunk(trunk) => self.read_from_trunk(trunk, dialled),
            Origin::Line(_) | Origin::Behaviour(_) => self.number_plan().normalise(dialled),
        }
    }

    fn read_from_trunk(&self, trunk: &str, dialled: &str) -> Option<String> {
        let plan = self.number_plan();
        // A short number or a feature code may be what a trunk to another exchange of the company sends.
        let read = self.trunk(trunk).map(|trunk| trunk.read_number(dialled, plan));
        read.or_else(|| plan.normalise_external(dialled))
    }

    fn emergency(&self, number: &str, origin: Origin<'_>) -> Resolution {
        let line = match origin {
            Origin::Line(line) | Origin::Behaviour(Some(line)) => self.line(line),
            Origin::Behaviour(None) | Origin::Trunk(_) => None,
        };
        Resolution::Emergency {
            number: number.into(),
            trunks: self.emergency_trunks(line.and_then(|line| line.site.as_ref())),
        }
    }

    fn falls_under(&self, number: &str, pattern: &Pattern) -> bool {
        match pattern {
            Pattern::Any => true,
            Pattern::Number(exact) => self.number_plan().matches(number, exact),
            Pattern::Prefix(prefix) => self.number_plan().has_prefix(number, prefix),
            Pattern::FeatureCode(code) => number.starts_with(code.as_str()),
        }
    }

    /// None when the rule leads nowhere for this number, so that the next one is tried.
    fn follow(
        &self,
        position: usize,
        rule: &Rule,
        number: &str,
        origin: Origin<'_>,
        now: Moment,
    ) -> Option<Resolution> {
        match &rule.action {
            // Feature codes are for people inside; a rule of its own may open one to the outside.
            Action::Own if rule.direction == Direction::Inbound && number.starts_with(['*', '#']) => None,
            Action::Own => self.own(number).map(Resolution::Inside),
            Action::Behaviours(bindings) => Some(Resolution::Inside(Inside {
                number: number.into(),
                stack: self.stack_of_rule(position, bindings, origin.line()),
                line: None,
            })),
            Action::Line(line) => self
                .line(line)
                .map(|line| Resolution::Inside(self.inside_line(line))),
            Action::Outside(trunks) => self.outside(number, trunks, origin, now),
            Action::Session(reach) => self.reached(reach, number),
            Action::Tell(tell) => Some(self.told(tell, &rule.pattern, number)),
            Action::Set(set) => Some(self.set(*set, &rule.pattern, number)),
            Action::Conference(conference) => Some(Resolution::Conference {
                number: number.into(),
                conference: *conference,
            }),
            Action::PickUp => Some(self.picked_up(&rule.pattern, number, origin)),
            Action::Refuse => Some(Resolution::Forbidden(self.class_of(number))),
        }
    }

    /// None when the behaviour is not bound there (any more).
    fn reached(&self, reach: &Reach, dialled: &str) -> Option<Resolution> {
        let mut inside = self.own(&self.number_plan().normalise(&reach.number)?)?;
        let at = |bound: &Bound| bound.behaviour.name == reach.behaviour;
        let in_front = inside.stack.iter().position(at)?;
        inside.stack.drain(..in_front);
        Some(Resolution::Reach {
            number: dialled.into(),
            inside,
        })
    }

    /// A message may go to the number that was dialled behind the code, if it is one of the tenant's own.
    fn told(&self, tell: &Tell, pattern: &Pattern, number: &str) -> Resolution {
        let mut tell = tell.clone();
        if let Pattern::FeatureCode(code) = pattern
            && tell.number.contains(Tell::DIGITS)
        {
            let digits = number.strip_prefix(code.as_str()).unwrap_or_default();
            let to = self
                .number_plan()
                .normalise(&tell.number.replace(Tell::DIGITS, digits));
            match to.filter(|to| self.owns(to)) {
                Some(to) => tell.number = to,
                None => return Resolution::Unknown,
            }
        }
        Resolution::Tell {
            number: number.into(),
            tell,
        }
    }

    fn set(&self, set: SetFeature, pattern: &Pattern, number: &str) -> Resolution {
        let behind = match pattern {
            Pattern::FeatureCode(code) => number.strip_prefix(code.as_str()).unwrap_or_default(),
            Pattern::Any | Pattern::Number(_) | Pattern::Prefix(_) => "",
        };
        let to = self.number_plan().normalise(behind);
        if to.is_none() && !behind.is_empty() {
            return Resolution::Unknown;
        }
        Resolution::Set {
            number: number.into(),
            set,
            to,
        }
    }

    /// R45, R46: the line that is named behind the code, else those of the caller's group.
    fn picked_up(&self, pattern: &Pattern, number: &str, origin: Origin<'_>) -> Resolution {
        let behind = match pattern {
            Pattern::FeatureCode(code) => number.strip_prefix(code.as_str()).unwrap_or_default(),
            Pattern::Any | Pattern::Number(_) | Pattern::Prefix(_) => "",
        };
        let lines = match (behind, origin.line()) {
            (_, None) => return Resolution::Unknown,
            ("", Some(own)) => {
                let group = self.pickup_group_of(own);
                let others = group.iter().flat_map(|group| &group.lines);
                others.filter(|line| line.as_str() != own).cloned().collect()
            }
            (named, Some(_)) => match self.find_line(named) {
                Some(line) => vec![line.id.clone()],
                None => return Resolution::Unknown,
            },
        };
        Resolution::PickUp {
            number: number.into(),
            lines,
        }
    }

    fn own(&self, number: &str) -> Option<Inside> {
        if let Some(number) = self.number(number) {
            return Some(Inside {
                number: number.id.text().clone(),
                stack: self.stack_of_number(number),
                line: number.line.as_ref().and_then(|line| self.line(line)).cloned(),
            });
        }
        self.line_by_number(number).map(|line| self.inside_line(line))
    }

    /// A line with the behaviours in front of it.
    pub fn inside_line(&self, line: &Entry<Line>) -> Inside {
        Inside {
            number: line.label().clone(),
            stack: self.stack_of_line(line),
            line: Some(line.clone()),
        }
    }

    fn outside(
        &self,
        number: &str,
        named: &[TrunkId],
        origin: Origin<'_>,
        now: Moment,
    ) -> Option<Resolution> {
        let class = self.number_plan().classify(number);
        if !is_outside(class) {
            return None;
        }
        if !self.allows(number, class, origin, now) {
            return Some(Resolution::Forbidden(class));
        }
        let mut trunks = self.trunks_for(class);
        if !named.is_empty() {
            // In the order in which the rule names them.
            trunks = named
                .iter()
                .filter(|trunk| trunks.contains(trunk))
                .cloned()
                .collect();
        }
        Some(match trunks.is_empty() {
            true => Resolution::NoTrunk(class),
            false => Resolution::Outside {
                number: number.into(),
                class,
                trunks,
            },
        })
    }

    /// The tenant's envelope and, for people, their line's restriction.
    fn allows(&self, number: &str, class: NumberClass, origin: Origin<'_>, now: Moment) -> bool {
        let grants = &self.tenant().grants;
        match origin {
            Origin::Behaviour(_) => grants.behaviours.contains(&class),
            Origin::Trunk(_) => false,
            Origin::Line(line) => {
                let restriction = self
                    .line(line)
                    .map(|line| line.features.restriction)
                    .unwrap_or_default();
                grants.lines.contains(&class)
                    && restriction.allows(self.number_plan(), number, class, now, self.zone())
            }
        }
    }

    /// Whether a behaviour could dial this number outside now.
    pub(super) fn route_for_behaviour(&self, number: &str) -> Result<NumberClass, RouteError> {
        let plan = self.number_plan();
        if plan.emergency(number).is_some() {
            return Ok(NumberClass::Emergency);
        }
        let number = plan.normalise(number).ok_or(RouteError::Invalid)?;
        let class = plan.classify(&number);
        if !is_outside(class) {
            return Err(RouteError::Invalid);
        }
        if !self.tenant().grants.behaviours.contains(&class) {
            return Err(RouteError::Forbidden(class));
        }
        match self.trunks_for(class).is_empty() {
            true => Err(RouteError::NoTrunk),
            false => Ok(class),
        }
    }
}

#[cfg(test)]
mod tests;
