use serde::{Deserialize, Serialize};

use super::Binding;
use crate::directory::{BehaviourName, LineId, TrunkId};

/// A tenant's ordered patterns. The first rule that matches and leads somewhere decides. Emergency numbers never
/// get here (R74).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DialPlan {
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// For people who ask why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub direction: Direction,
    pub pattern: Pattern,
    pub action: Action,
}

/// Where a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Dialled by one of the tenant's lines or behaviours.
    Internal,
    /// Came in over a trunk.
    Inbound,
}

/// What was dialled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// This number, in any spelling.
    Number(String),
    /// Numbers that start like this, in any spelling (`+336`, `06`, `20`).
    Prefix(String),
    /// A code such as `*95`, alone or with digits after it.
    FeatureCode(String),
    Any,
}

/// Where a matching call goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The tenant's line or number with exactly this number; else the next rule is tried.
    Own,
    /// These behaviours, outermost first.
    Behaviours(Vec<Binding>),
    Line(LineId),
    /// Outside, over one of these trunks; none named: over whichever takes the number. A number that is no outside
    /// number goes to the next rule.
    Outside(Vec<TrunkId>),
    /// The session of a behaviour at a number hears a message; the caller hears two beeps, or is refused when there can be no
    /// such session. For feature codes: a group's members come and go with them (R31).
    Tell(Tell),
    /// The session of a behaviour at a number is offered the call, past whatever stands in front of it there, and sees what was dialled:
    /// supervisors reach a group like this.
    Session(Reach),
    /// The caller takes a call that rings elsewhere (R45): at the line that was dialled behind the feature code, or, with nothing
    /// behind it, at a line of his own pickup group.
    PickUp,
    /// The caller is in a conference from now on, and can bring others in (RFC 4579).
    Conference(Conference),
    /// A feature of the caller's line is set, and the caller hears two beeps.
    Set(SetFeature),
    Refuse,
}

/// A session per number, as it is called by a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reach {
    pub behaviour: BehaviourName,
    /// One that the behaviour is bound to.
    pub number: String,
}

/// How a conference begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Conference {
    /// Those whom the caller's phone has calls with are brought in at once, and its legs in these calls let go: for people with keys. Without
    /// it the phone does that itself, call by call (REFER).
    #[serde(default)]
    pub gather: bool,
}

/// What a feature code does to the line that dials it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SetFeature {
    pub feature: Feature,
    /// A forward that is switched on leads to the number that was dialled behind the code; without one to where it led before.
    pub on: bool,
}

/// A feature that people switch at their phones. The behaviour in front of the line that has it names it in its schema, as `x-phone` of
/// the property: a truth, or for forwards an object of `on` and `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    DoNotDisturb,
    ForwardImmediate,
    ForwardBusy,
    ForwardNoAnswer,
}

/// A message to a session per number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tell {
    pub behaviour: BehaviourName,
    /// The number that the behaviour is bound to, or that the session is for. In a rule for a feature code `{digits}` stands for what was
    /// dialled behind it, which has to be a number of the tenant's own.
    pub number: String,
    /// `{line}` stands for the caller's line, as people call it. The shipped `group` knows `present {line}`,
    /// `absent {line}`, `connect {line}` and `disconnect {line}`; `call-back` knows `request {line}` and `cancel {line}`.
    pub message: String,
}

impl Tell {
    /// In a number: what was dialled behind the feature code.
    pub const DIGITS: &'static str = "{digits}";
}

impl DialPlan {
    /// What a new tenant starts with: its own numbers from everywhere, the outside from inside, picking up (R45) and conferences.
    pub fn standard() -> Self {
        let rule = |name: &str, direction, action| Rule {
            name: name.to_owned(),
            direction,
            pattern: Pattern::Any,
            action,
        };
        let pick_up = |name: &str, code: &str| Rule {
            pattern: Pattern::FeatureCode(code.to_owned()),
            ..rule(name, Direction::Internal, Action::PickUp)
        };
        let conference = |name: &str, code: &str, gather| Rule {
            pattern: Pattern::Number(code.to_owned()),
            ..rule(
                name,
                Direction::Internal,
                Action::Conference(Conference { gather }),
            )
        };
        Self {
            rules: vec![
                pick_up("pick up a line's call", "*95"),
                pick_up("pick up a call of the group", "*98"),
                conference("conference of the own calls", "*3", true),
                conference("conference, for phones", "*39", false),
                rule("own numbers", Direction::Internal, Action::Own),
                rule("outside", Direction::Internal, Action::Outside(Vec::new())),
                rule("own numbers", Direction::Inbound, Action::Own),
            ],
        }
    }
}
