use serde::{Deserialize, Serialize};

use super::Settings;
use crate::directory::{BehaviourName, LineId, NumberId, SiteId};

/// A number that behaviours answer: an IVR, a call group, a doctor's reception. Public (E.164), short, or a
/// feature code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Number {
    pub id: NumberId,
    #[serde(default)]
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// Outermost first: the first is offered the call, `next` goes to the one behind it.
    #[serde(default)]
    pub behaviours: Vec<Binding>,
    /// Rings behind the last behaviour, or when a behaviour fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineId>,
}

/// A behaviour's place in a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Binding {
    pub behaviour: BehaviourName,
    /// What is set differently here from the behaviour's own settings, property by property.
    #[serde(default, skip_serializing_if = "Settings::is_empty")]
    pub settings: Settings,
}

impl Binding {
    /// A binding with the behaviour's own settings.
    pub fn plain(behaviour: impl Into<BehaviourName>) -> Self {
        Self {
            behaviour: behaviour.into(),
            settings: Settings::default(),
        }
    }
}
