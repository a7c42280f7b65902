//! What a manager configures (R29–R40).

mod check;

use cordboard::prelude::*;

/// A hunt group.
#[derive(Settings, Serialize, Deserialize)]
#[settings(check, place = 400, passes = "overflow=next")]
#[serde(default, rename_all = "kebab-case")]
pub struct GroupSettings {
    /// Lines of the group, in the order in which they are rung.
    #[settings(kind = "line", max_length = 32)]
    pub members: Vec<String>,
    /// Who is rung first.
    pub mode: Mode,
    /// How often a member's phone rings before the next one's does (5 s each).
    #[settings(default = 5, min = 1, max = 10)]
    pub rings: u32,
    /// Pause for a member after each call.
    #[settings(default = 0, min = 0, max = 3600, unit = "s")]
    pub wrap_up: u32,
    /// How many callers may wait.
    #[settings(default = 20, min = 0, max = 50)]
    pub queue_length: u32,
    /// How long a caller may wait.
    #[settings(default = 300, min = 10, max = 3600, unit = "s")]
    pub max_wait: u32,
    /// Heard first; none: nothing.
    #[settings(default = Some("welcome".to_owned()), kind = "announcement")]
    pub greeting: Option<String>,
    /// The phones ring during the greeting, and an answer cuts it. Off: it plays to its end, then the phones ring.
    #[settings(default = true)]
    pub greeting_interruptive: bool,
    /// Heard again and again by callers who wait; none: ringback, or the playlist.
    #[settings(default = Some("please-wait".to_owned()), kind = "announcement")]
    pub waiting: Option<String>,
    /// Pieces that callers hear after the announcement while they wait, one after the other.
    #[settings(kind = "announcement", max_items = 16, max_length = 128)]
    pub playlist: Vec<String>,
    /// What callers who wait are told now and then.
    pub place: Place,
    /// Callers may hang up and be called back when it is their turn.
    pub call_back: CallBack,
    /// Callers who go before all others; a number, or the beginning of one and `*`.
    #[settings(max_items = 100)]
    pub priority: Vec<Number>,
    /// Members who get more of the calls than others, for the weighted distribution.
    #[settings(max_items = 500)]
    pub weights: Vec<Weight>,
    /// What members know, and which calls need it.
    #[settings(max_items = 50)]
    pub skills: Vec<Skill>,
    /// After so long, any member may take a call that needs a skill; 0: never.
    #[settings(default = 0, min = 0, max = 3600, unit = "s")]
    pub skill_wait: u32,
    /// What becomes of callers nobody can take.
    pub overflow: Overflow,
    /// Heard by callers nobody can take.
    #[settings(default = "all-busy", kind = "announcement")]
    pub dissuasion: String,
    /// Where callers go that nobody can take.
    pub overflow_number: Option<Number>,
    /// Opening hours; outside of them calls go to the number for closing time.
    #[settings(kind = "calendar")]
    pub calendar: Option<String>,
    /// Where calls go outside of opening hours; none: as if nobody could take them.
    pub closed_number: Option<Number>,
    /// Heard by a member who answers, before the caller is connected, such as the name of the group; none: nothing.
    #[settings(kind = "announcement")]
    pub whisper: Option<String>,
    /// Who may listen in to the group's talks, and how.
    pub supervision: Supervision,
    /// Calls answered within this time count towards the service level.
    #[settings(default = 20, min = 1, max = 3600, unit = "s")]
    pub service_level: u32,
}

/// Who is rung first (R33).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The member who has been free for longest, then the next longest.
    FreeLine,
    /// Always from the first of the list.
    Linear,
    /// From the one after the last that answered.
    Cyclic,
    /// All at once; the first to answer takes the call.
    Parallel,
    /// The member who has had least of the calls, by weight.
    Weighted,
}

/// What callers who wait are told of their place.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Place {
    /// How often; 0: never.
    #[settings(default = 0, min = 0, max = 600, unit = "s")]
    pub every: u32,
    /// Heard before the number of the place; none: the place is not told.
    #[settings(default = Some("queue-position".to_owned()), kind = "announcement")]
    pub announcement: Option<String>,
    /// Heard before the number of minutes that the wait may still take; none: it is not told.
    #[settings(kind = "announcement")]
    pub estimate: Option<String>,
}

/// Callers may press 1, hang up, and keep their place.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct CallBack {
    pub on: bool,
    /// Offered after a wait of so long, then with each announcement of the place. The caller is answered then, because
    /// many networks let no keys through before.
    #[settings(default = 60, min = 0, max = 3600, unit = "s")]
    pub after: u32,
    /// The offer.
    #[settings(default = "press-1-to-be-called-back", kind = "announcement")]
    pub offer: String,
    /// Heard after pressing 1; then the call ends.
    #[settings(default = "we-will-call-back", kind = "announcement")]
    pub noted: String,
    /// How often the caller is rung before the place is given up, five minutes apart.
    #[settings(default = 2, min = 1, max = 5)]
    pub attempts: u32,
    /// How long a place is kept.
    #[settings(default = 7200, min = 60, max = 86400, unit = "s")]
    pub keep: u32,
}

/// How much of the calls a member gets.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Weight {
    #[settings(required, kind = "line", max_length = 32)]
    pub line: String,
    /// Twice the weight gets twice the calls; who is not listed has 1.
    #[settings(default = 1, min = 1, max = 100)]
    pub weight: u32,
}

/// What some members know and some calls need.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Skill {
    #[settings(required, min_length = 1, max_length = 64)]
    pub name: String,
    /// Who has it.
    #[settings(kind = "line", max_length = 32)]
    pub members: Vec<String>,
    /// Calls that were dialled to or sent on from these numbers need it.
    #[settings(max_items = 50)]
    pub called: Vec<Number>,
    /// Callers who need it; a number, or the beginning of one and `*`.
    #[settings(max_items = 50)]
    pub callers: Vec<Number>,
}

/// What becomes of callers nobody can take (R39).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overflow {
    /// They hear an announcement, and the call ends.
    Dissuasion,
    /// The call ends.
    HangUp,
    /// They go to another number.
    Number,
    /// They go to whatever is next on the number.
    Next,
}

/// Listening in to talks, whispering to the member and barging in.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Supervision {
    /// What supervisors dial, alone for the oldest talk or with a member's number behind it. A rule of the dial plan leads
    /// it to this group.
    #[settings(default = "*44", max_length = 16)]
    pub code: String,
    /// Lines that may supervise.
    #[settings(kind = "line", max_length = 32)]
    pub supervisors: Vec<String>,
    /// How it begins. Then key 4 is to listen, 5 to whisper, 6 to barge in, and `*` goes to the next talk.
    pub begin: Manner,
}

/// Who hears a supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// Nobody.
    Listen,
    /// The member alone.
    Whisper,
    /// Both.
    Barge,
}
