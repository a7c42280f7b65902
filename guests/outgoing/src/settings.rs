//! What a manager configures, for the tenant and for each line (R8, R56, R57).

use cordboard::prelude::*;

/// Calls that lines make.
#[derive(Settings, Serialize, Deserialize)]
#[settings(check)]
#[serde(default, rename_all = "kebab-case")]
pub struct Outgoing {
    /// Which number the callee sees.
    #[settings(edit = "user")]
    pub caller_id: OwnNumber,
    /// Shown in place of the line's own, if chosen so.
    pub alternate: Option<Number>,
    /// The profile that holds; none, or a name that is not in the list: no restriction.
    #[settings(max_length = 64)]
    pub profile: Option<String>,
    /// Who may dial what when.
    #[settings(default = r57(), max_items = 50)]
    pub profiles: Vec<Profile>,
    /// Countries that count as Europe beyond the near ones, as beginnings of numbers.
    #[settings(default = europe(), max_items = 100)]
    pub europe: Vec<Number>,
    /// Heard by who dials a number that the profile does not allow; empty: nothing.
    #[settings(default = "call-not-allowed", kind = "announcement")]
    pub forbidden: String,
    /// Heard on days and at times when no calls outside are made; empty: nothing.
    #[settings(default = "no-calls-now", kind = "announcement")]
    pub closed: String,
    /// Contacts outside with a short number of 4 to 9 digits.
    #[settings(max_items = 500)]
    pub short_numbers: Vec<ShortNumber>,
    /// Dialled before a number, hides the caller's for this call; empty: there is no such code.
    #[settings(default = "*31*", max_length = 8)]
    pub hide_code: String,
    /// Dialled before a number, shows the caller's for this call; empty: there is no such code.
    #[settings(default = "*32*", max_length = 8)]
    pub show_code: String,
}

/// R56.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnNumber {
    /// The line's.
    Own,
    /// None.
    Hidden,
    /// The alternate one.
    Alternate,
}

/// A row of R57's table: what may be dialled. Calls in the house and emergency calls always may.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Profile {
    #[settings(required, min_length = 1, max_length = 64)]
    pub name: String,
    /// Fixed numbers of the country.
    pub fixed: bool,
    /// Mobile numbers of the country.
    pub mobile: bool,
    /// Special numbers that are free of charge.
    pub free: bool,
    /// Special numbers that cost more.
    pub paid: bool,
    /// Europe and the overseas departments.
    pub europe: bool,
    /// The rest of the world.
    pub world: bool,
    /// Days without calls outside.
    #[settings(max_items = 7)]
    pub closed: Vec<Day>,
    /// No calls outside its opening hours either.
    #[settings(kind = "calendar")]
    pub calendar: Option<String>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    /// 1 (Monday) – 7 (Sunday), as in ISO 8601.
    pub fn iso(self) -> u8 {
        self as u8 + 1
    }
}

/// A contact outside.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct ShortNumber {
    #[settings(required, pattern = "^[0-9]{4,9}$")]
    pub short: String,
    #[settings(required, min_length = 1)]
    pub number: Number,
    #[settings(max_length = 64)]
    pub name: String,
}

/// R57's table, but for "Sans restriction", which is to have no profile.
fn r57() -> Vec<Profile> {
    use Day::{Saturday, Sunday};
    let row = |name: &str, [fixed, mobile, free, paid, europe]: [bool; 5], closed: &[Day]| Profile {
        name: name.to_owned(),
        fixed,
        mobile,
        free,
        paid,
        europe,
        world: false,
        closed: closed.to_vec(),
        calendar: None,
    };
    let (europe, special) = ([true, true, true, false, true], [true; 5]);
    let national = [true, true, false, false, false];
    vec![
        row("europe", europe, &[]),
        row("europe-monday-to-saturday", europe, &[Sunday]),
        row("europe-monday-to-friday", europe, &[Saturday, Sunday]),
        row("europe-with-special", special, &[]),
        row("national", national, &[]),
        row("national-monday-to-friday", national, &[Saturday, Sunday]),
        row("internal", [false; 5], &[]),
    ]
}

/// Calling codes of Europe.
fn europe() -> Vec<Number> {
    const CODES: [&str; 45] = [
        "30", "31", "32", "33", "34", "350", "351", "352", "353", "354", "355", "356", "357", "358", "359",
        "36", "370", "371", "372", "373", "376", "377", "378", "380", "381", "382", "383", "385", "386",
        "387", "389", "39", "40", "41", "420", "421", "423", "43", "44", "45", "46", "47", "48", "49", "298",
    ];
    let prefix = |code: &&str| Number(["+", code, "*"].concat());
    CODES.iter().map(prefix).collect()
}

impl Outgoing {
    /// The profile that holds.
    pub fn profile_in_use(&self) -> Option<&Profile> {
        let name = self.profile.as_ref()?;
        self.profiles.iter().find(|profile| profile.name == *name)
    }

    fn check(&self, view: &View, problems: &mut Problems) {
        match &self.profile {
            Some(name) if self.profile_in_use().is_none() => {
                problems.at("/profile", ["there is no profile ", name].concat());
            }
            _ => {}
        }
        if self.caller_id == OwnNumber::Alternate && self.alternate.is_none() {
            problems.at(
                "/alternate",
                "the alternate number is to be shown, and there is none",
            );
        }
        for (index, profile) in self.profiles.iter().enumerate() {
            let at = |field: &str| ["/profiles/", &index.to_string(), field].concat();
            let before = self.profiles.iter().take(index);
            if before.into_iter().any(|other| other.name == profile.name) {
                problems.at(at("/name"), "there is a profile of this name already");
            }
            if let Some(calendar) = &profile.calendar
                && !view.calendar(calendar).exists()
            {
                problems.at(at("/calendar"), "there is no calendar of this name");
            }
        }
        self.check_short_numbers(view, problems);
    }

    fn check_short_numbers(&self, view: &View, problems: &mut Problems) {
        for (index, short) in self.short_numbers.iter().enumerate() {
            let at = |field: &str| ["/short-numbers/", &index.to_string(), field].concat();
            let mut before = self.short_numbers.iter().take(index);
            if before.any(|other| other.short == short.short) {
                problems.at(at("/short"), "this short number is taken already");
            } else if view.classify(&short.short) == NumberClass::Internal {
                problems.at(at("/short"), "somebody in the house has this short number");
            }
            if view.normalise(&short.number).is_none() {
                problems.at(at("/number"), "this is not a number that can be dialled");
            }
        }
    }
}
