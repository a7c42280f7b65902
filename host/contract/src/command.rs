//! `wit/legs.wit`, `dialling.wit`, `audio.wit`, `timers.wit`, `sessions.wit`, `watches.wit`, `reservations.wit`,
//! `conferences.wit`, `figures.wit`, `screens.wit`.

use serde::{Deserialize, Serialize};

use crate::{Cause, LegId, Millis, Tag};

/// What a behaviour wants done; carried out in order once its event is handled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    Ring {
        tag: Tag,
        leg: LegId,
    },
    Answer {
        tag: Tag,
        leg: LegId,
    },
    Reject {
        tag: Tag,
        leg: LegId,
        cause: Cause,
    },
    HangUp {
        tag: Tag,
        leg: LegId,
        cause: Cause,
    },
    Hold {
        tag: Tag,
        leg: LegId,
    },
    Resume {
        tag: Tag,
        leg: LegId,
    },
    Bridge {
        tag: Tag,
        a: LegId,
        b: LegId,
    },
    Unbridge {
        tag: Tag,
        leg: LegId,
    },
    SendDigits {
        tag: Tag,
        leg: LegId,
        digits: String,
    },
    Dial {
        tag: Tag,
        caller: Option<LegId>,
        stages: Vec<Stage>,
        options: DialOptions,
    },
    CancelDial {
        tag: Tag,
    },
    Play {
        tag: Tag,
        leg: LegId,
        sounds: Vec<Sound>,
        options: PlayOptions,
    },
    Gather {
        tag: Tag,
        leg: LegId,
        options: GatherOptions,
    },
    StopAudio {
        leg: LegId,
    },
    /// `at` is an instant: milliseconds since the epoch.
    SetTimer {
        tag: Tag,
        at: u64,
    },
    CancelTimer {
        tag: Tag,
    },
    Send {
        tag: Tag,
        behaviour: String,
        number: String,
        body: Vec<u8>,
    },
    Finish,
    Watch {
        tag: Tag,
        line: String,
        condition: Condition,
        expiry: Millis,
    },
    CancelWatch {
        tag: Tag,
    },
    Reserve {
        lines: Vec<String>,
        lease: Millis,
    },
    Release {
        lines: Vec<String>,
    },
    Join {
        tag: Tag,
        leg: LegId,
        room: String,
        part: Part,
    },
    Leave {
        tag: Tag,
        leg: LegId,
    },
    /// A JSON object.
    Publish {
        json: String,
    },
    /// On every display of a line.
    Show {
        tag: Tag,
        line: String,
        page: Page,
    },
    Dismiss {
        tag: Tag,
    },
}

/// What a display shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Page {
    pub title: String,
    pub text: String,
    /// Numbered from 1.
    pub choices: Vec<String>,
    /// With a short tone.
    pub tone: bool,
    pub expiry: Millis,
}

/// What a watch waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Registered, and in no call.
    Idle,
    /// In a call, or ringing.
    OffHook,
    /// In no call, registered or not.
    OnHook,
    /// One of its devices is registered.
    Registered,
}

impl Condition {
    /// Whether a line that is registered, or not, and has so many calls is in it.
    pub fn holds(self, registered: bool, calls: u32) -> bool {
        match self {
            Self::Idle => registered && calls == 0,
            Self::OffHook => calls > 0,
            Self::OnHook => calls == 0,
            Self::Registered => registered,
        }
    }
}

/// Who hears a party of a conference. Every party hears the speakers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Everybody.
    Speaker,
    /// Nobody.
    Listener,
    /// This leg alone.
    Whisperer(LegId),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// That line's devices and nothing else.
    Line(String),
    /// Through the dial plan.
    Number(String),
    /// The next behaviour on the same number.
    Next,
    Device(String),
    Outside {
        number: String,
        trunk: Option<String>,
    },
}

/// Targets that ring together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stage {
    pub targets: Vec<Target>,
    /// 0: for as long as the caller waits.
    pub ring_for: Millis,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hears {
    #[default]
    Ringback,
    Unchanged,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    #[default]
    Caller,
    Anonymous,
    Number(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DialOptions {
    pub hears: Hears,
    pub shown: Shown,
    pub alert: Option<String>,
    /// Announcement that whoever answers hears before the caller is connected.
    pub whisper: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    Ringback,
    Busy,
    Congestion,
    Dial,
    Waiting,
    Beep,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sound {
    Announcement(String),
    Tone(Tone),
    Digits(String),
    Silence(Millis),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlayOptions {
    /// 0: for ever.
    pub times: u32,
    pub barge_in: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GatherOptions {
    pub prompt: Vec<Sound>,
    pub barge_in: bool,
    pub max_digits: u32,
    pub terminators: String,
    pub first_digit: Millis,
    pub between_digits: Millis,
}

/// Why a command was not even queued; the behaviour sees it as a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandError {
    #[error("this session does not hold {0}, or it has ended")]
    UnknownLeg(LegId),
    #[error("another branch holds {0} too; only a sole holder may do this before answer")]
    NotSoleHolder(LegId),
    #[error("the event's command quota is used up")]
    TooManyCommands,
    #[error("{0}")]
    Invalid(String),
    #[error("not granted: {0}")]
    NotGranted(String),
}

impl Command {
    /// The tag that its outcome will carry; none where a command has no outcome of its own.
    pub fn tag(&self) -> Option<Tag> {
        match self {
            Self::Ring { tag, .. }
            | Self::Answer { tag, .. }
            | Self::Reject { tag, .. }
            | Self::HangUp { tag, .. }
            | Self::Hold { tag, .. }
            | Self::Resume { tag, .. }
            | Self::Bridge { tag, .. }
            | Self::Unbridge { tag, .. }
            | Self::SendDigits { tag, .. }
            | Self::Dial { tag, .. }
            | Self::CancelDial { tag }
            | Self::Play { tag, .. }
            | Self::Gather { tag, .. }
            | Self::SetTimer { tag, .. }
            | Self::CancelTimer { tag }
            | Self::Send { tag, .. }
            | Self::Watch { tag, .. }
            | Self::CancelWatch { tag }
            | Self::Join { tag, .. }
            | Self::Leave { tag, .. }
            | Self::Show { tag, .. }
            | Self::Dismiss { tag } => Some(*tag),
            Self::StopAudio { .. }
            | Self::Finish
            | Self::Reserve { .. }
            | Self::Release { .. }
            | Self::Publish { .. } => None,
        }
    }

    /// The same, to be given another name.
    pub fn tag_mut(&mut self) -> Option<&mut Tag> {
        match self {
            Self::Ring { tag, .. }
            | Self::Answer { tag, .. }
            | Self::Reject { tag, .. }
            | Self::HangUp { tag, .. }
            | Self::Hold { tag, .. }
            | Self::Resume { tag, .. }
            | Self::Bridge { tag, .. }
            | Self::Unbridge { tag, .. }
            | Self::SendDigits { tag, .. }
            | Self::Dial { tag, .. }
            | Self::CancelDial { tag }
            | Self::Play { tag, .. }
            | Self::Gather { tag, .. }
            | Self::SetTimer { tag, .. }
            | Self::CancelTimer { tag }
            | Self::Send { tag, .. }
            | Self::Watch { tag, .. }
            | Self::CancelWatch { tag }
            | Self::Join { tag, .. }
            | Self::Leave { tag, .. }
            | Self::Show { tag, .. }
            | Self::Dismiss { tag } => Some(tag),
            Self::StopAudio { .. }
            | Self::Finish
            | Self::Reserve { .. }
            | Self::Release { .. }
            | Self::Publish { .. } => None,
        }
    }
}
