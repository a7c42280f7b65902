//! `wit/events.wit`.

use serde::{Deserialize, Serialize};

use crate::{Cause, Identity, LegId, Millis, Tag};

/// What a behaviour is woken with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    CallOffered(Offer),
    LegRinging(LegRinging),
    LegAnswered(LegAnswered),
    LegEnded(LegEnded),
    LegHeld(LegId),
    LegResumed(LegId),
    Digit(Digit),
    TransferRequested(TransferRequest),
    Outcome(Outcome),
    Timer(Tag),
    Schedule(String),
    LineChanged(LineChange),
    Message(Message),
    SettingsChanged,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Offer {
    pub leg: LegId,
    pub caller: Identity,
    /// The number that was dialled, normalised.
    pub called: String,
    /// The number this behaviour is bound to.
    pub number: String,
    /// Latest first.
    pub diversions: Vec<String>,
    pub answered: bool,
    pub sole_holder: bool,
    pub has_next: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LegEnded {
    pub leg: LegId,
    pub cause: Cause,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LegAnswered {
    pub leg: LegId,
    pub line: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LegRinging {
    pub tag: Tag,
    pub target: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Digit {
    pub leg: LegId,
    pub digit: char,
    pub held: Millis,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TransferRequest {
    pub leg: LegId,
    pub to: String,
    pub replaces: Option<LegId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TargetOutcome {
    pub target: u32,
    pub cause: Cause,
    pub rang: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DialAnswer {
    pub target: u32,
    pub leg: LegId,
    pub line: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialResult {
    Answered(DialAnswer),
    Failed(Cause),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DialOutcome {
    pub result: DialResult,
    pub targets: Vec<TargetOutcome>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlayOutcome {
    Finished,
    Interrupted(char),
    Stopped,
    Missing(String),
    Gone,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatherOutcome {
    Digits(String),
    Timeout(String),
    Missing(String),
    Stopped(String),
    Gone,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    Done,
    Failed(Cause),
    Played(PlayOutcome),
    Gathered(GatherOutcome),
    Dialled(DialOutcome),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outcome {
    pub tag: Tag,
    pub kind: OutcomeKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LineChange {
    pub line: String,
    pub registered: bool,
    pub calls: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Message {
    /// Behaviour and number of the sender; none when an operator sent it.
    pub sender: Option<(String, String)>,
    pub body: Vec<u8>,
}
