//! What a thread takes of the processor, and that some give way to others.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// What this thread has taken of the processor so far.
pub(crate) fn time() -> Option<Duration> {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .ok()
        .map(Duration::from)
}

/// This thread gives way to others, but not for ever: beside one that never rests it gets a tenth of the processor, so that a
/// tenant whose module brings an interpreter along is served on a busy machine too.
pub(crate) fn give_way() {
    set_nice(10);
}

/// Linux keeps a nice value for each thread.
pub(crate) fn set_nice(nice: libc::c_int) {
    // SAFETY: takes and returns integers; 0 is the calling thread. Failing leaves the priority as it was.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) };
}
