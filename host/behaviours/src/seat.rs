//! Where a guest sits while it runs: its own store, with what it may use up.

use std::time::Duration;

use desk::Desk;
use wasmtime::{Engine, Store};

use crate::deadline::Deadline;
use crate::memory::MemoryCap;

/// Bytes that a guest may hand over in one call to the host. The largest thing that the
/// contract allows is a message of 16 KiB; a state is copied only once its size is known.
const HOSTCALL_BYTES: usize = 256 << 10;

/// What a store holds while a guest runs.
pub(crate) struct Seat {
    pub desk: Desk,
    pub memory: MemoryCap,
    pub deadline: Deadline,
}

/// A store for one run: its own fuel, deadline and memory cap.
pub(crate) fn store(engine: &Engine, tick: Duration, desk: Desk) -> Store<Seat> {
    let limits = *desk.limits();
    let seat = Seat {
        memory: MemoryCap::new(limits.memory),
        deadline: Deadline::new(limits.deadline, tick),
        desk,
    };
    let first = seat.deadline.first();
    let mut store = Store::new(engine, seat);
    store.limiter(|seat| &mut seat.memory);
    store.set_hostcall_fuel(HOSTCALL_BYTES);
    store.set_epoch_deadline(first);
    store.epoch_deadline_callback(|mut context| Ok(context.data_mut().deadline.reached()));
    // It fails only where fuel is tuned off, and then there is none to set.
    let _ = store.set_fuel(limits.fuel);
    store
}
