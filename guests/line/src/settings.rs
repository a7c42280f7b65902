//! What the line's user and the manager configure (R13–R28).

use cordboard::prelude::*;

/// Services of a line.
#[derive(Settings, Serialize, Deserialize)]
#[settings(check, place = 800)]
#[serde(default, rename_all = "kebab-case")]
pub struct LineSettings {
    /// No call rings; the forward for a busy line takes them.
    #[settings(edit = "user", lines = "fixed mobile", phone = "do-not-disturb")]
    pub do_not_disturb: bool,
    /// Callers without a number are told to show it.
    #[settings(edit = "user")]
    pub reject_anonymous: bool,
    /// What they are told.
    #[settings(default = "anonymous-refused", kind = "announcement")]
    pub anonymous_announcement: String,
    /// Callers who never get through; a number, or the beginning of one and `*`.
    #[settings(edit = "user", max_items = 36)]
    pub blocked: Vec<Number>,
    /// A second call rings while one is up, as long as the devices can take it.
    #[settings(edit = "user", lines = "fixed mobile")]
    pub call_waiting: bool,
    /// Heard by callers while the line has a call already; none: ringback.
    #[settings(default = Some("in-a-call".to_owned()), kind = "announcement", lines = "fixed mobile")]
    pub double_call: Option<String>,
    /// Phones ring differently for inside and outside callers.
    #[settings(edit = "user", lines = "fixed")]
    pub distinctive_ring: bool,
    /// How often the phones ring before the forward for no answer (5 s each).
    #[settings(default = 3, min = 1, max = 10, edit = "user", lines = "fixed mobile")]
    pub rings: u32,
    /// Before any ring.
    #[settings(edit = "user", phone = "forward-immediate")]
    pub immediate: Forward,
    /// Before any ring, outside of opening hours.
    #[settings(edit = "user", lines = "fixed mobile virtual")]
    pub scheduled: ScheduledForward,
    /// When all devices are in use, or with do-not-disturb.
    #[settings(default = Forward { on: true, to: None }, edit = "user", lines = "fixed mobile", phone = "forward-busy")]
    pub busy: Forward,
    /// When it rang for long enough, or the call was refused.
    #[settings(default = Forward { on: true, to: None }, edit = "user", lines = "fixed mobile", phone = "forward-no-answer")]
    pub no_answer: Forward,
    /// When no device is registered.
    #[settings(default = Forward { on: true, to: None }, edit = "user", lines = "fixed mobile")]
    pub unreachable: Forward,
    /// Other numbers that ring too.
    #[settings(edit = "user", lines = "fixed mobile")]
    pub multi_ring: MultiRing,
    /// What callers hear first.
    #[settings(lines = "fixed mobile")]
    pub greeting: Greeting,
}

/// Where calls go instead.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Forward {
    pub on: bool,
    /// A number; none: voicemail, which is what stands next on the line's number.
    pub to: Option<Number>,
}

/// An immediate forward outside of opening hours and on closed days.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct ScheduledForward {
    pub on: bool,
    /// Opening hours.
    #[settings(kind = "calendar")]
    pub calendar: Option<String>,
    /// A number; none: voicemail.
    pub to: Option<Number>,
}

/// Rings other numbers with the line, or after it.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct MultiRing {
    pub on: bool,
    pub order: Order,
    #[settings(max_items = 5)]
    pub numbers: Vec<Number>,
}

/// When the other numbers ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// All at once with the line; the first answer wins.
    Simultaneous,
    /// The line first, then one after the other.
    Sequential,
}

/// What callers hear first.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Greeting {
    /// None: callers hear no greeting.
    #[settings(kind = "announcement")]
    pub announcement: Option<String>,
    /// The phones ring meanwhile. Off: it plays to its end, then they ring.
    pub interruptive: bool,
    /// Only in these opening hours; none: always.
    #[settings(kind = "calendar")]
    pub calendar: Option<String>,
}

impl LineSettings {
    fn check(&self, view: &View, problems: &mut Problems) {
        if self.immediate.on && self.scheduled.on {
            problems.at(
                "/scheduled/on",
                "a line has an immediate forward or a scheduled one, not both",
            );
        }
        if self.scheduled.on && self.scheduled.calendar.is_none() {
            problems.at("/scheduled/calendar", "a scheduled forward needs opening hours");
        }
        for (path, calendar) in [
            ("/scheduled/calendar", &self.scheduled.calendar),
            ("/greeting/calendar", &self.greeting.calendar),
        ] {
            if calendar
                .as_ref()
                .is_some_and(|calendar| !view.calendar(calendar).exists())
            {
                problems.at(path, "there is no calendar of this name");
            }
        }
        let numbers = [
            ("/immediate/to", &self.immediate.to),
            ("/scheduled/to", &self.scheduled.to),
            ("/busy/to", &self.busy.to),
            ("/no-answer/to", &self.no_answer.to),
            ("/unreachable/to", &self.unreachable.to),
        ];
        for (path, number) in numbers {
            if let Some(number) = number {
                check_number(path.to_owned(), number, view, problems);
            }
        }
        for (index, number) in self.multi_ring.numbers.iter().enumerate() {
            check_number(
                ["/multi-ring/numbers/", &index.to_string()].concat(),
                number,
                view,
                problems,
            );
        }
    }
}

fn check_number(path: String, number: &str, view: &View, problems: &mut Problems) {
    if let Err(why) = view.destination(number) {
        problems.at(path, why.sentence());
    }
}
