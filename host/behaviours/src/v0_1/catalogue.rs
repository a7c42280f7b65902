//! What this version of the package holds, by name; a test compares it with `wit/`.

pub(crate) const PACKAGE: &str = "cordboard:behaviour";
pub(crate) const VERSION: &str = "0.1.0";

/// The interface that a behaviour exports.
pub(crate) const GUEST: &str = "guest";

/// Interfaces that only name types: importing them permits nothing.
pub(crate) const WORDS: [&str; 2] = ["types", "events"];

/// Interfaces offered here: each is a permission.
pub(crate) const OFFERED: [&str; 18] = [
    "log",
    "explain",
    "clock",
    "random",
    "directory",
    "numbers",
    "calendars",
    "legs",
    "dialling",
    "trunk",
    "audio",
    "timers",
    "sessions",
    "watches",
    "reservations",
    "conferences",
    "figures",
    "screens",
];

/// Interfaces that are named already and whose host side comes later.
pub(crate) const LATER: [&str; 4] = ["recording", "mailboxes", "storage", "notify"];

macro_rules! texts {
    ($($file:literal)*) => { [$(($file, include_str!(concat!("../../../../wit/", $file)))),*] };
}

/// The package itself: each file's name and text.
pub(crate) const TEXTS: [(&str, &str); 26] = texts![
    "audio.wit"
    "calendars.wit"
    "clock.wit"
    "conferences.wit"
    "dialling.wit"
    "directory.wit"
    "events.wit"
    "explain.wit"
    "figures.wit"
    "guest.wit"
    "legs.wit"
    "log.wit"
    "mailboxes.wit"
    "notify.wit"
    "numbers.wit"
    "random.wit"
    "recording.wit"
    "reservations.wit"
    "screens.wit"
    "sessions.wit"
    "storage.wit"
    "timers.wit"
    "trunk.wit"
    "types.wit"
    "watches.wit"
    "world.wit"
];

/// The world that a behaviour is a component of.
pub(crate) const WORLD: &str = "behaviour";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use wit_parser::{Resolve, Stability};

    use super::*;

    fn interfaces(keep: fn(&Stability) -> bool) -> BTreeSet<String> {
        let mut resolve = Resolve {
            all_features: true,
            ..Resolve::default()
        };
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let (package, _) = resolve.push_dir(wit).unwrap();
        let package = &resolve.packages[package];
        assert_eq!(package.name.to_string(), format!("{PACKAGE}@{VERSION}"));
        let mut found = BTreeSet::new();
        for (name, id) in &package.interfaces {
            if keep(&resolve.interfaces[*id].stability) {
                found.insert(name.clone());
            }
        }
        found
    }

    #[test]
    fn every_file_of_the_contract_is_built_in() {
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let files = std::fs::read_dir(wit).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let names: BTreeSet<_> = names.filter(|name| name.ends_with(".wit")).collect();
        assert_eq!(names, TEXTS.iter().map(|(name, _)| (*name).to_owned()).collect());
    }

    #[test]
    fn the_contract_parses_and_is_listed_here_whole() {
        let stable = OFFERED.iter().chain(&WORDS).chain([&GUEST]);
        assert_eq!(
            interfaces(Stability::is_stable),
            stable.map(ToString::to_string).collect()
        );
        assert_eq!(
            interfaces(|stability| matches!(stability, Stability::Unstable { .. })),
            LATER.iter().map(ToString::to_string).collect()
        );
    }

    #[test]
    fn everything_in_the_contract_carries_its_gate() {
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let mut resolve = Resolve {
            all_features: true,
            ..Resolve::default()
        };
        resolve.push_dir(wit).unwrap();
        let ungated = |stability: &Stability| *stability == Stability::Unknown;
        for (_, interface) in &resolve.interfaces {
            assert!(!ungated(&interface.stability), "{:?}", interface.name);
            for function in interface.functions.values() {
                assert!(!ungated(&function.stability), "{}", function.name);
            }
        }
        for (_, ty) in resolve.types.iter().filter(|(_, ty)| ty.name.is_some()) {
            assert!(!ungated(&ty.stability), "{:?}", ty.name);
        }
    }
}
