//! The process's allocator.

/// Most of what one thread makes another one drops (messages, reports, records). The system's allocator moves such
/// pieces back and forth under locks; this one leaves them where they are.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

// SAFETY: as mimalloc declares it. It touches only what is free already, so whoever calls it has nothing to keep.
unsafe extern "C" {
    safe fn mi_collect(force: bool);
}

/// Gives back to the system what this thread needed for a while and will not need again. By itself the allocator does that
/// when the thread next needs memory, and one that waits for the end of the process never does.
pub fn give_back() {
    mi_collect(true);
}
