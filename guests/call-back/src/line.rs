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
    let forwards = settings.forwards.as_deref();
    forwards.is_some_and(|behaviour| host.forwards_all(host.number(), behaviour))
}
