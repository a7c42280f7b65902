//! What a thread takes of the processor, that some give way to others, and that some are there at once.

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

/// How long a prompt thread works before others get their turn: most of what one does between two sleeps is shorter.
const PROMPT_SLICE: Duration = Duration::from_micros(300);

/// This thread gets a processor as soon as it has something to do, ahead of those who work longer at a stretch, and gives it
/// back sooner. It gets no more of it in all. Linux knows that since 6.12; elsewhere nothing changes.
pub fn be_prompt() {
    /// As `sched_setattr(2)` has it.
    #[repr(C)]
    struct Attributes {
        size: u32,
        policy: u32,
        flags: u64,
        nice: i32,
        priority: u32,
        runtime: u64,
        deadline: u64,
        period: u64,
    }
    // SAFETY: takes and returns integers; 0 is the calling thread.
    let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
    let attributes = Attributes {
        size: size_of::<Attributes>() as u32,
        policy: libc::SCHED_OTHER as u32,
        flags: 0,
        nice,
        priority: 0,
        runtime: PROMPT_SLICE.as_nanos() as u64,
        deadline: 0,
        period: 0,
    };
    // SAFETY: the kernel reads `size` bytes of what lives until the call is over. Failing leaves the thread as it was.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
}

/// Linux keeps a nice value for each thread.
pub(crate) fn set_nice(nice: libc::c_int) {
    // SAFETY: takes and returns integers; 0 is the calling thread. Failing leaves the priority as it was.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_becomes_prompt_keeps_its_nice_value() {
        let nice = || {
            // SAFETY: takes and returns integers.
            unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
        };
        let worker = std::thread::spawn(move || {
            set_nice(7);
            be_prompt();
            nice()
        });
        assert!(worker.join().unwrap() >= 7);
    }
}
