//! What a manager configures (R29–R40).

use cordboard::prelude::*;

/// A hunt group.
#[derive(Settings, Serialize, Deserialize)]
#[settings(check)]
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
    /// Heard again and again by callers who wait; none: ringback.
    #[settings(default = Some("please-wait".to_owned()), kind = "announcement")]
    pub waiting: Option<String>,
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
}

impl GroupSettings {
    fn check(&self, view: &View, problems: &mut Problems) {
        for (index, member) in self.members.iter().enumerate() {
            let path = ["/members/", &index.to_string()].concat();
            if self.members.iter().take(index).any(|before| before == member) {
                problems.at(path, "this line is a member already");
            } else if view.line(member).is_none() {
                problems.at(path, "there is no such line");
            }
        }
        match &self.overflow_number {
            Some(number) => check_number("/overflow-number", number, view, problems),
            None if self.overflow == Overflow::Number => {
                problems.at(
                    "/overflow-number",
                    "the overflow goes to a number, and there is none",
                );
            }
            None => {}
        }
        if let Some(number) = &self.closed_number {
            check_number("/closed-number", number, view, problems);
        }
        if let Some(calendar) = &self.calendar
            && !view.calendar(calendar).exists()
        {
            problems.at("/calendar", "there is no calendar of this name");
        }
    }
}

fn check_number(path: &str, number: &str, view: &View, problems: &mut Problems) {
    if let Err(why) = view.destination(number) {
        problems.at(path, why.sentence());
    }
}
