//! How much memory an established call takes, media apart: both dialogs, the legs, the session, what is stored of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

#[path = "load/rig.rs"]
mod rig;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rig::Rig;

struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; only sizes are added up.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CALLS: usize = 2_000;
const MOST_PER_CALL: usize = 30 * 1_024;

#[test]
fn an_established_call_takes_at_most_30_kib() {
    let mut rig = Rig::with_live(1);
    let before = IN_USE.load(Ordering::Relaxed);
    let calls: Vec<_> = (0..CALLS).map(|_| rig.set_up()).collect();
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.exchange.census().calls, CALLS + 1);
    let per_call = (IN_USE.load(Ordering::Relaxed) - before) / CALLS;
    println!("{per_call} bytes for an established call");
    assert!(
        per_call <= MOST_PER_CALL,
        "{per_call} bytes for an established call"
    );
    for call in &calls {
        rig.tear_down(call);
    }
    rig.pass(Duration::from_secs(60));
    let census = rig.exchange.census();
    let left = (
        census.calls,
        census.legs,
        census.sessions,
        census.ports,
        census.usages,
    );
    assert_eq!(left, (1, 2, 1, 2, 2), "only the first call is left");
}
