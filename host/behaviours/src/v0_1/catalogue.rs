//! What this version of the package holds, by name; a test compares it with `wit/`.

pub(crate) const PACKAGE: &str = "cordboard:behaviour";
pub(crate) const VERSION: &str = "0.1.0";

/// The interface that a behaviour exports.
pub(crate) const GUEST: &str = "guest";

/// Interfaces that only name types: importing them permits nothing.
pub(crate) const WORDS: [&str; 2] = ["types", "events"];

/// Interfaces offered here: each is a permission.
pub(crate) const OFFERED: [&str; 13] = [
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
];

/// Interfaces that are named already and whose host side comes later.
pub(crate) const LATER: [&str; 7] = [
    "recording",
    "mailboxes",
    "watches",
    "screens",
    "storage",
    "conferences",
    "notify",
];

/// The package itself, as one text.
pub(crate) const TEXT: &str = concat!(
    include_str!("../../../../wit/world.wit"),
    "\n",
    include_str!("../../../../wit/types.wit"),
    "\n",
    include_str!("../../../../wit/events.wit"),
    "\n",
    include_str!("../../../../wit/guest.wit"),
    "\n",
    include_str!("../../../../wit/log.wit"),
    "\n",
    include_str!("../../../../wit/explain.wit"),
    "\n",
    include_str!("../../../../wit/clock.wit"),
    "\n",
    include_str!("../../../../wit/random.wit"),
    "\n",
    include_str!("../../../../wit/directory.wit"),
    "\n",
    include_str!("../../../../wit/numbers.wit"),
    "\n",
    include_str!("../../../../wit/calendars.wit"),
    "\n",
    include_str!("../../../../wit/legs.wit"),
    "\n",
    include_str!("../../../../wit/dialling.wit"),
    "\n",
    include_str!("../../../../wit/trunk.wit"),
    "\n",
    include_str!("../../../../wit/audio.wit"),
    "\n",
    include_str!("../../../../wit/timers.wit"),
    "\n",
    include_str!("../../../../wit/sessions.wit"),
    "\n",
    include_str!("../../../../wit/recording.wit"),
    "\n",
    include_str!("../../../../wit/mailboxes.wit"),
    "\n",
    include_str!("../../../../wit/watches.wit"),
    "\n",
    include_str!("../../../../wit/screens.wit"),
    "\n",
    include_str!("../../../../wit/storage.wit"),
    "\n",
    include_str!("../../../../wit/conferences.wit"),
    "\n",
    include_str!("../../../../wit/notify.wit"),
    "\n",
);

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
