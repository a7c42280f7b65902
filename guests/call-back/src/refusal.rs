//! Why somebody is not called back (R65).

use cordboard::prelude::*;

use crate::settings::CallBackSettings;

/// A request that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Only lines of the house are called back, and nobody by themselves.
    NotInside,
    /// The callee's calls all go elsewhere: its line never tells that somebody is there.
    ForwardsAll,
    /// As many wait for this line as may.
    Full,
}

impl Refused {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NotInside => "only a line of the house can be called back",
            Self::ForwardsAll => "the line forwards all its calls: there is no call back",
            Self::Full => "as many wait for this line as may",
        }
    }
}

/// Whether what stands in front of the callee's line sends all calls elsewhere now.
pub fn forwards_all(settings: &CallBackSettings, host: &Host) -> bool {
    let Some(forwards) = &settings.forwards else {
        return false;
    };
    let is_on = |pointer| host.setting(host.number(), forwards, pointer).as_deref() == Some("true");
    let closed = || {
        let calendar = host.setting(host.number(), forwards, "/scheduled/calendar");
        calendar.is_some_and(|name| !host.calendar(name.trim_matches('"')).is_open())
    };
    is_on("/immediate/on") || (is_on("/scheduled/on") && closed())
}
