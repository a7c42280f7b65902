//! The process's allocator.

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::{c_int, c_long, c_void};

use libmimalloc_sys as mi;

/// Most of what one thread makes another one drops (messages, reports, records). The system's allocator moves such
/// pieces back and forth under locks; this one leaves them where they are.
///
/// The `mimalloc` crate asks for every piece by its alignment. For a piece whose size is no power of two mimalloc then takes a
/// larger one, and its long way to it, because its sizes promise no alignment but the ordinary. That one needs no asking for.
struct Mimalloc;

#[global_allocator]
static ALLOCATOR: Mimalloc = Mimalloc;

/// What every piece of at least this many bytes is aligned to (mimalloc's `MI_MAX_ALIGN_SIZE`); smaller ones to a word.
const ORDINARY: usize = 16;

const WORD: usize = size_of::<usize>();

/// Whether pieces of this size have this alignment by themselves.
const fn is_ordinary(size: usize, align: usize) -> bool {
    align <= WORD || (align <= ORDINARY && size >= ORDINARY)
}

// SAFETY: all is left to mimalloc, which gives pieces of the size and alignment asked for, or none. `is_ordinary` holds only
// where it aligns every piece so; `mi_free` and the reallocations take any piece of its own.
unsafe impl GlobalAlloc for Mimalloc {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        if is_ordinary(size, align) {
            unsafe { mi::mi_malloc(size) }.cast()
        } else {
            unsafe { mi::mi_malloc_aligned(size, align) }.cast()
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        if is_ordinary(size, align) {
            unsafe { mi::mi_zalloc(size) }.cast()
        } else {
            unsafe { mi::mi_zalloc_aligned(size, align) }.cast()
        }
    }

    #[inline]
    unsafe fn dealloc(&self, piece: *mut u8, _: Layout) {
        unsafe { mi::mi_free(piece.cast::<c_void>()) }
    }

    #[inline]
    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if is_ordinary(size, layout.align()) {
            unsafe { mi::mi_realloc(piece.cast(), size) }.cast()
        } else {
            unsafe { mi::mi_realloc_aligned(piece.cast(), size, layout.align()) }.cast()
        }
    }
}

/// mimalloc's `mi_option_purge_delay`: milliseconds for which it keeps what is free, in case somebody needs it again.
const PURGE_DELAY: c_int = 15;

/// That delay under load, as mimalloc has it by itself. Without any, each piece costs page faults again and again.
const DELAY: c_long = 1_000;

// SAFETY: as mimalloc declares them. They touch only what is free already, so whoever calls them has nothing to keep.
unsafe extern "C" {
    safe fn mi_collect(force: bool);
    safe fn mi_option_set(option: c_int, value: c_long);
}

/// From now on what becomes free goes back to the system at once, until [`give_back`] is called: while much is needed for a moment.
pub fn keep_nothing() {
    mi_option_set(PURGE_DELAY, 0);
}

/// Gives back to the system what is free: of this thread's memory whole pages, and of all others' what they let go. By itself
/// the allocator does that when the thread next needs memory, and one that waits for the end of the process never does.
pub fn give_back() {
    // Pages that this thread finds free go at once; those that others let go earlier are waited for.
    keep_nothing();
    mi_collect(true);
    mi_option_set(PURGE_DELAY, DELAY);
    mi_collect(true);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_aligned_as_asked() {
        for size in 1..2_048_usize {
            for align in [1, 2, 4, 8, 16, 32, 64, 4_096] {
                let layout = Layout::from_size_align(size, align).unwrap();
                // Several, so that not only a page's first is looked at.
                let pieces: Vec<_> = (0..5).map(|_| unsafe { ALLOCATOR.alloc(layout) }).collect();
                for piece in pieces {
                    assert_eq!(piece.align_offset(align), 0, "{size} bytes at {align}");
                    let longer = unsafe { ALLOCATOR.realloc(piece, layout, size + 100) };
                    assert_eq!(longer.align_offset(align), 0, "{size} bytes at {align}, and 100");
                    let layout = Layout::from_size_align(size + 100, align).unwrap();
                    unsafe { ALLOCATOR.dealloc(longer, layout) };
                }
            }
        }
    }
}
