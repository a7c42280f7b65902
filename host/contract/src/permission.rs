//! What a component's imports permit, in words for the people who let it in.

use serde::Serialize;

/// Every interface that this contract names, also those whose host side comes later.
pub const INTERFACES: [&str; 22] = [
    "audio",
    "calendars",
    "clock",
    "conferences",
    "dialling",
    "directory",
    "explain",
    "figures",
    "legs",
    "log",
    "mailboxes",
    "notify",
    "numbers",
    "random",
    "recording",
    "reservations",
    "screens",
    "sessions",
    "storage",
    "timers",
    "trunk",
    "watches",
];

/// How far an interface reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// It tells and asks, and changes nothing.
    Asks,
    /// It acts on calls and within the tenant.
    Acts,
    /// It costs money, leaves the tenant, or keeps what people said.
    Outside,
}

/// One line of a permission sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Permission {
    /// As the component imports it: `trunk`.
    pub interface: String,
    pub reach: Reach,
    /// Goes on after "can": `dial outside numbers`.
    pub allows: &'static str,
}

/// What the permission sheets of two modules differ in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SheetChange {
    /// What the newer one may do and the older one may not.
    pub added: Vec<Permission>,
    pub dropped: Vec<Permission>,
}

/// The permission sheet of a module that imports these interfaces; what reaches furthest comes first.
pub fn permission_sheet(imports: &[String]) -> Vec<Permission> {
    let mut sheet: Vec<_> = imports.iter().map(|interface| permission(interface)).collect();
    sheet.sort_by(|a, b| (b.reach, &a.interface).cmp(&(a.reach, &b.interface)));
    sheet
}

/// What an operator lets a tenant's modules be and do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// Interfaces that they may import; none: all that the exchange offers.
    pub imports: Option<Vec<String>>,
    /// They may have functions as large as an interpreter's, which take long to compile.
    pub large_modules: bool,
}

/// What a module that imports these interfaces may do beyond what is granted. Without a grant, everything is.
pub fn not_granted(imports: &[String], granted: Option<&[String]>) -> Vec<Permission> {
    let Some(granted) = granted else {
        return Vec::new();
    };
    let beyond: Vec<String> = imports
        .iter()
        .filter(|one| !granted.contains(one))
        .cloned()
        .collect();
    permission_sheet(&beyond)
}

impl Permission {
    /// Why a module that needs it is refused, and what to do.
    pub fn refusal(&self) -> String {
        let Self {
            interface, allows, ..
        } = self;
        format!(
            "this tenant's modules may not {allows}: build it without `{interface}`, or have an operator allow that \
             (`cordboard tenant grants TENANT --allow {interface}`)"
        )
    }
}

impl SheetChange {
    /// From one module's imports to another's.
    pub fn between(from: &[String], to: &[String]) -> Self {
        let without = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|one| !those.contains(one)).cloned().collect()
        };
        Self {
            added: permission_sheet(&without(to, from)),
            dropped: permission_sheet(&without(from, to)),
        }
    }
}

fn permission(interface: &str) -> Permission {
    let (reach, allows) = words(interface);
    Permission {
        interface: interface.to_owned(),
        reach,
        allows,
    }
}

fn words(interface: &str) -> (Reach, &'static str) {
    match interface {
        "log" => (Reach::Asks, "write lines to the log"),
        "explain" => (Reach::Asks, "explain its decisions in the trace of a call"),
        "clock" => (Reach::Asks, "know the time"),
        "random" => (Reach::Asks, "draw random numbers"),
        "directory" => (
            Reach::Asks,
            "look up lines: whose they are, which are registered, which are busy, what their behaviours are set to",
        ),
        "numbers" => (Reach::Asks, "read and classify phone numbers"),
        "calendars" => (Reach::Asks, "look up opening hours"),
        "legs" => (
            Reach::Acts,
            "answer, hold, connect and end the calls that it is given",
        ),
        "dialling" => (Reach::Acts, "ring lines, devices and numbers of the tenant"),
        "audio" => (Reach::Acts, "play to callers and take the digits that they press"),
        "timers" => (Reach::Acts, "wake itself up later"),
        "sessions" => (Reach::Acts, "send messages to the tenant's other behaviours"),
        "watches" => (Reach::Acts, "be told when lines become free, busy or registered"),
        "reservations" => (
            Reach::Acts,
            "keep lines to itself, so that no other group rings them meanwhile",
        ),
        "figures" => (
            Reach::Acts,
            "publish figures to people who may see the tenant's calls",
        ),
        "screens" => (Reach::Acts, "show texts and choices on phones"),
        "storage" => (Reach::Acts, "keep data of its own between calls"),
        "conferences" => (Reach::Acts, "bring more than two parties together, also unheard"),
        "trunk" => (Reach::Outside, "dial outside numbers"),
        "recording" => (Reach::Outside, "record calls"),
        "mailboxes" => (Reach::Outside, "leave, list and delete voice messages"),
        "notify" => (Reach::Outside, "send mail and call web addresses"),
        _ => (
            Reach::Outside,
            "do something that this version of the exchange does not know",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_reaches_furthest_comes_first() {
        let sheet = permission_sheet(&imports(&["audio", "clock", "legs", "trunk"]));
        let names: Vec<_> = sheet.iter().map(|line| line.interface.as_str()).collect();
        assert_eq!(names, ["trunk", "audio", "legs", "clock"]);
        assert_eq!(sheet[0].allows, "dial outside numbers");
    }

    #[test]
    fn what_is_beyond_the_grants_is_refused_line_by_line() {
        let module = imports(&["clock", "recording", "trunk"]);
        assert_eq!(not_granted(&module, None), []);
        let beyond = not_granted(&module, Some(&imports(&["clock", "legs"])));
        assert_eq!(beyond.len(), 2);
        assert!(
            beyond[0]
                .refusal()
                .contains("may not record calls: build it without `recording`")
        );
        assert_eq!(not_granted(&module, Some(&module)), []);
    }

    #[test]
    fn every_interface_has_words_of_its_own() {
        let sheet = permission_sheet(&imports(&INTERFACES));
        assert!(sheet.iter().all(|line| !line.allows.contains("does not know")));
    }

    #[test]
    fn a_change_names_what_came_and_what_went() {
        let change = SheetChange::between(&imports(&["audio", "trunk"]), &imports(&["audio", "recording"]));
        assert_eq!((change.added.len(), change.dropped.len()), (1, 1));
        assert_eq!(
            (change.added[0].allows, change.dropped[0].allows),
            ("record calls", "dial outside numbers")
        );
    }
}
