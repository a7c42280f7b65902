//! What a manager configures.

use cordboard::prelude::*;

use crate::keypad;

/// A menu (R41–R43).
#[derive(Settings, Serialize, Deserialize)]
#[settings(check, place = 200, passes = "enabled=false|fallback-next=true")]
#[serde(default, rename_all = "kebab-case")]
pub struct Menu {
    /// Off: calls pass to whatever is next on the number, as if there were no menu.
    #[settings(default = true)]
    pub enabled: bool,
    /// Opening hours; none: open day and night.
    #[settings(kind = "calendar")]
    pub calendar: Option<String>,
    /// What callers are offered while it is open.
    pub open: Level,
    /// What callers are offered while it is closed; only with a calendar.
    pub closed: Level,
    /// How often a menu plays in all, when no key or an unassigned one is pressed.
    #[settings(default = 3, min = 1, max = 10)]
    pub attempts: u32,
    /// How long callers may think after the announcement.
    #[settings(default = 5, min = 1, max = 60, unit = "s")]
    pub wait: u32,
    /// Played when the attempts are used up.
    #[settings(default = "goodbye", kind = "announcement")]
    pub goodbye: String,
    /// Where callers go when the attempts are used up; none: the call ends.
    pub fallback: Option<Number>,
    /// Callers who have chosen nothing go to whatever is next on the number instead.
    pub fallback_next: bool,
    /// Callers may dial a short number instead of a key, of so many digits; 0: they may not.
    #[settings(default = 0, min = 0, max = 9)]
    pub extension_digits: u32,
    /// Callers may spell whom they want.
    pub by_name: ByName,
}

/// Finds people by the letters of their names on the keys (ABC on 2 to WXYZ on 9).
#[derive(Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct ByName {
    /// The key of the first level that leads here; none: nobody is found by name.
    #[settings(pattern = "^[1-9]$")]
    pub key: Option<String>,
    /// Asks for the first letters of a name.
    #[settings(default = "spell-the-name", kind = "announcement")]
    pub prompt: String,
    /// Heard when nobody has such a name.
    #[settings(default = "nobody-of-that-name", kind = "announcement")]
    pub unknown: String,
    /// Who can be found.
    #[settings(max_items = 200)]
    pub people: Vec<Person>,
}

/// Somebody who can be found by name.
#[derive(Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Person {
    /// First and last name; callers may spell either.
    #[settings(required, min_length = 1, max_length = 64)]
    pub name: String,
    #[settings(required, min_length = 1)]
    pub number: Number,
    /// The name, spoken, for callers whose letters fit several people; none: the number's digits.
    #[settings(kind = "announcement", max_length = 128)]
    pub spoken: Option<String>,
}

/// The first level: a greeting and its keys.
#[derive(Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Level {
    /// Announcement that tells the keys.
    #[settings(kind = "announcement", max_length = 128)]
    pub greeting: String,
    /// Keys without an entry count as a wrong key.
    #[settings(max_items = 9)]
    pub keys: Vec<Key>,
}

/// A key of the first level: to a number, or to a second menu.
#[derive(Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Key {
    #[settings(required, pattern = "^[1-9]$")]
    pub key: String,
    /// What it is for, for those who read why a call went where it went.
    #[settings(max_length = 64)]
    pub label: String,
    /// Where it leads.
    pub number: Option<Number>,
    /// Or the menu that it opens.
    pub submenu: Option<Submenu>,
}

/// The second level.
#[derive(Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Submenu {
    /// Announcement that tells the keys.
    #[settings(required, kind = "announcement", min_length = 1, max_length = 128)]
    pub greeting: String,
    #[settings(max_items = 9)]
    pub keys: Vec<Subkey>,
}

/// A key of the second level: to a number.
#[derive(Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Subkey {
    #[settings(required, pattern = "^[1-9]$")]
    pub key: String,
    /// What it is for.
    #[settings(max_length = 64)]
    pub label: String,
    #[settings(required, min_length = 1)]
    pub number: Number,
}

impl Menu {
    fn check(&self, view: &View, problems: &mut Problems) {
        if self.open.greeting.is_empty() {
            problems.at(
                "/open/greeting",
                "a menu needs an announcement that tells its keys",
            );
        }
        self.open.check("/open", view, problems);
        if let Some(calendar) = &self.calendar {
            if !view.calendar(calendar).exists() {
                problems.at("/calendar", "there is no calendar of this name");
            }
            if self.closed.greeting.is_empty() {
                problems.at(
                    "/closed/greeting",
                    "with a calendar there has to be an announcement for closing time",
                );
            }
            self.closed.check("/closed", view, problems);
        }
        if let Some(number) = &self.fallback {
            check_number("/fallback", number, view, problems);
        }
        self.by_name.check(self, view, problems);
    }
}

impl ByName {
    fn check(&self, menu: &Menu, view: &View, problems: &mut Problems) {
        let Some(key) = &self.key else {
            return;
        };
        let taken = |level: &Level| level.keys.iter().any(|other| other.key == *key);
        if taken(&menu.open) || (menu.calendar.is_some() && taken(&menu.closed)) {
            problems.at("/by-name/key", "this key has an entry already");
        }
        if self.people.is_empty() {
            problems.at("/by-name/people", "there is nobody to be found");
        }
        for (index, person) in self.people.iter().enumerate() {
            let path = ["/by-name/people/", &index.to_string()].concat();
            check_number(&(path.clone() + "/number"), &person.number, view, problems);
            if keypad::keys_of(&person.name).len() < 2 {
                problems.at(path + "/name", "a name has letters that can be spelt on the keys");
            }
        }
    }
}

impl Level {
    fn check(&self, path: &str, view: &View, problems: &mut Problems) {
        let mut seen = Vec::new();
        for (index, key) in self.keys.iter().enumerate() {
            let path = [path, "/keys/", &index.to_string()].concat();
            check_key(&path, &key.key, &mut seen, problems);
            match (&key.number, &key.submenu) {
                (Some(number), None) => check_number(&(path + "/number"), number, view, problems),
                (None, Some(submenu)) => submenu.check(&(path + "/submenu"), view, problems),
                (None, None) => problems.at(
                    path,
                    "a key leads to a number or to a menu; leave it out otherwise",
                ),
                (Some(_), Some(_)) => problems.at(path, "a key leads to a number or to a menu, not to both"),
            }
        }
    }
}

impl Submenu {
    fn check(&self, path: &str, view: &View, problems: &mut Problems) {
        let mut seen = Vec::new();
        for (index, key) in self.keys.iter().enumerate() {
            let path = [path, "/keys/", &index.to_string()].concat();
            check_key(&path, &key.key, &mut seen, problems);
            check_number(&(path + "/number"), &key.number, view, problems);
        }
    }
}

fn check_key(path: &str, key: &str, seen: &mut Vec<String>, problems: &mut Problems) {
    if seen.iter().any(|before| before == key) {
        problems.at([path, "/key"].concat(), "this key has an entry already");
    }
    seen.push(key.to_owned());
}

fn check_number(path: &str, number: &str, view: &View, problems: &mut Problems) {
    if let Err(why) = view.destination(number) {
        problems.at(path, why.sentence());
    }
}
