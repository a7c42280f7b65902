//! What a line is at this moment, as far as a call back asks.

use cordboard::prelude::*;

use crate::settings::CallBackSettings;

/// Somebody is there, and not in a call.
pub fn is_free(line: &str, host: &Host) -> bool {
    host.line(line)
        .is_some_and(|line| line.registered && line.calls == 0)
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
