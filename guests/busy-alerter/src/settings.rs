//! What a manager configures (R59, R60, R62–R64): every message is an announcement of the tenant's, in whatever language.

use cordboard::Language;
use cordboard::prelude::*;

/// A busy alerter in front of a line.
#[derive(Settings, Serialize, Deserialize)]
#[settings(check, place = 100)]
#[serde(default, rename_all = "kebab-case")]
pub struct AlerterSettings {
    /// Callers are told before it rings, when the line is in a call.
    #[settings(default = true)]
    pub in_call: bool,
    /// Callers are told when the line is busy.
    #[settings(default = true)]
    pub busy: bool,
    /// Callers are told when nobody answered.
    #[settings(default = true)]
    pub no_answer: bool,
    /// Heard when the line is in a call or busy; empty: nothing.
    #[settings(default = "in-a-call", kind = "announcement")]
    pub busy_announcement: String,
    /// Heard when nobody answered; empty: nothing.
    #[settings(default = "nobody-answers", kind = "announcement")]
    pub no_answer_announcement: String,
    /// What callers from outside hear instead, by the number that they dialled.
    #[settings(max_items = 50)]
    pub recordings: Vec<Recording>,
    /// What callers of the house get then.
    #[settings(default = Then::Menu)]
    pub inside: Then,
    /// What callers from outside get then.
    pub outside: Then,
    /// Keys of the menu, and what is said before each.
    pub keys: Keys,
    /// The number of the line's voicemail; none: it is not offered.
    pub voicemail: Option<Number>,
    /// The attendant's number; none: it is not offered.
    pub attendant: Option<Number>,
    /// The tenant's behaviour for call backs; none: they are not offered.
    #[settings(max_length = 64)]
    pub call_back: Option<String>,
    /// The behaviour in front of the line that forwards its calls: who finds all of them forwarded is offered no call back (R65).
    #[settings(default = Some("line".to_owned()), kind = "behaviour")]
    pub forwards: Option<String>,
    /// Who hangs up on a busy line is called back (R58).
    #[settings(default = true, edit = "user")]
    pub call_back_on_hang_up: bool,
    /// Heard by who will be called back.
    #[settings(default = "we-will-call-back", kind = "announcement")]
    pub noted: String,
    pub wait: WaitOnLine,
    /// What callers of the house read, beside what they hear.
    pub display: Display,
}

/// The menu on the display of a caller of the house (R60).
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Display {
    #[settings(default = true)]
    pub on: bool,
    pub language: Language,
    /// Above the choices, when the line is in a call or busy; empty: its number, and that it is.
    #[settings(max_length = 64)]
    pub busy: String,
    /// The same when nobody answered.
    #[settings(max_length = 64)]
    pub no_answer: String,
}

/// What follows when a caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// It rings, on a line that can take a second call; else the call ends.
    Ring,
    /// The caller chooses.
    Menu,
}

/// What is heard by callers to some numbers.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Recording {
    /// Numbers that were dialled, or beginnings of them and `*`.
    #[settings(max_items = 50)]
    pub numbers: Vec<Number>,
    #[settings(required, kind = "announcement", min_length = 1, max_length = 128)]
    pub announcement: String,
}

/// The menu. A choice without a key is not offered.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Keys {
    /// Let it ring.
    #[settings(default = "1", pattern = "^[0-9]?$")]
    pub ring: String,
    #[settings(default = "to-let-it-ring", kind = "announcement")]
    pub ring_announcement: String,
    /// To voicemail.
    #[settings(default = "2", pattern = "^[0-9]?$")]
    pub voicemail: String,
    #[settings(default = "to-leave-a-message", kind = "announcement")]
    pub voicemail_announcement: String,
    /// To the attendant.
    #[settings(default = "3", pattern = "^[0-9]?$")]
    pub attendant: String,
    #[settings(default = "to-reach-the-attendant", kind = "announcement")]
    pub attendant_announcement: String,
    /// Be called back; for callers of the house.
    #[settings(default = "4", pattern = "^[0-9]?$")]
    pub call_back: String,
    #[settings(default = "to-be-called-back", kind = "announcement")]
    pub call_back_announcement: String,
    /// Wait on the line.
    #[settings(default = "5", pattern = "^[0-9]?$")]
    pub wait: String,
    #[settings(default = "to-wait-on-the-line", kind = "announcement")]
    pub wait_announcement: String,
}

/// Waiting on a line until it is free (R63).
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct WaitOnLine {
    #[settings(default = true)]
    pub on: bool,
    /// Heard again and again while the line could take another call; empty: a tone.
    #[settings(kind = "announcement")]
    pub announcement: String,
    /// The same while all its devices are in use.
    #[settings(default = "please-wait", kind = "announcement")]
    pub full: String,
    /// Heard when the line is free and rings; empty: nothing.
    #[settings(default = "it-rings-now", kind = "announcement")]
    pub rings: String,
    /// How long a caller may wait.
    #[settings(default = 300, min = 10, max = 3600, unit = "s")]
    pub longest: u32,
}

impl AlerterSettings {
    fn check(&self, view: &View, problems: &mut Problems) {
        for (path, number) in [("/voicemail", &self.voicemail), ("/attendant", &self.attendant)] {
            if let Some(Err(why)) = number.as_ref().map(|number| view.destination(number)) {
                problems.at(path, why.sentence());
            }
        }
        let keys = [
            ("/keys/ring", &self.keys.ring),
            ("/keys/voicemail", &self.keys.voicemail),
            ("/keys/attendant", &self.keys.attendant),
            ("/keys/call-back", &self.keys.call_back),
            ("/keys/wait", &self.keys.wait),
        ];
        for (index, (path, key)) in keys.iter().enumerate() {
            let mut before = keys.iter().take(index);
            if !key.is_empty() && before.any(|(_, other)| other == key) {
                problems.at(*path, "this key has a choice already");
            }
        }
    }
}
