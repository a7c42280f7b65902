//! Call detail records, as the exchange reports them.

use std::sync::Arc;

use base::{Moment, Pii};
use contract::Cause;
use exchange::{CallId, Cdr, Direction};

/// Nobody answers within 20 s of `at`, in seconds. A caller whose number begins with `+` is outside.
pub fn missed(at: u64, caller: &str, called: &str, cause: Cause) -> Cdr {
    let inside = !caller.starts_with('+');
    Cdr {
        call: CallId(1),
        direction: if inside {
            Direction::FromInside
        } else {
            Direction::FromOutside
        },
        caller: Pii(caller.to_owned()),
        caller_line: inside.then(|| Arc::from(caller)),
        called: Pii(called.to_owned()),
        diverted: Vec::new(),
        started: Moment::from_secs(at),
        ringing: None,
        answered: None,
        connected: None,
        ended: Moment::from_secs(at + 20),
        answered_by: None,
        trunk: None,
        charged: None,
        conference: None,
        cause,
    }
}

/// Answered after 5 s, over `secs` later.
pub fn talked(at: u64, caller: &str, called: &str, secs: u64) -> Cdr {
    let answered = Moment::from_secs(at + 5);
    Cdr {
        answered: Some(answered),
        connected: Some(answered),
        ended: Moment::from_secs(at + 5 + secs),
        answered_by: Some(called.into()),
        ..missed(at, caller, called, Cause::Normal)
    }
}
