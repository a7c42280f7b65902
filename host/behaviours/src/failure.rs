//! Why an event failed, in the contract's words.

use contract::Failure;
use desk::Stop;
use wasmtime::{Store, Trap, WasmBacktrace};

use crate::seat::Seat;

/// Longest reason, in bytes: it is stored with each failed event and read by people.
const REASON_BYTES: usize = 400;
/// Innermost functions that a reason names.
const FRAMES: usize = 4;

/// Puts an error that ended a guest's call into the contract's words.
pub(crate) fn failure(error: &wasmtime::Error, store: &Store<Seat>) -> Failure {
    if let Some(Stop::TooManyCommands { limit }) = error.downcast_ref::<Stop>() {
        return Failure::TooManyCommands { limit: *limit };
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Failure::OutOfFuel,
        Some(Trap::Interrupt) => Failure::Overrun,
        Some(trap) => Failure::Trapped(reason(trap.to_string(), error, store)),
        None => Failure::Trapped(reason(error.root_cause().to_string(), error, store)),
    }
}

fn reason(what: String, error: &wasmtime::Error, store: &Store<Seat>) -> String {
    let mut reason = what;
    if let Some(place) = error.downcast_ref::<WasmBacktrace>().and_then(place) {
        reason = format!("{reason}, in {place}");
    }
    let memory = store.data().memory;
    if memory.refused {
        let mib = memory.limit() / (1 << 20);
        reason = format!("{reason}; it had asked for more than its {mib} MiB of memory");
    }
    shorten(reason)
}

/// What fits a reason, ended between characters.
pub(crate) fn shorten(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(REASON_BYTES));
    reason
}

/// The innermost functions that have names, `inner < outer`.
fn place(backtrace: &WasmBacktrace) -> Option<String> {
    let names: Vec<_> = backtrace
        .frames()
        .iter()
        .filter_map(|frame| frame.func_name())
        .take(FRAMES)
        .collect();
    (!names.is_empty()).then(|| names.join(" < "))
}
