//! The heap of a component: it only grows.
//!
//! Each event runs in a fresh instance whose memory is dropped afterwards, so giving memory back
//! would be work for nothing. Only the latest block is reused when it grows or is freed, which is
//! what vectors and strings do while they are filled. Against a general allocator this saves
//! 9 KiB of code and the pages its tables would touch.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr;

/// A page of Wasm memory.
const PAGE: usize = 64 << 10;

struct Heap {
    /// The first free byte; 0 before the first use.
    next: Cell<usize>,
}

// SAFETY: a component of this contract has one thread.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap { next: Cell::new(0) };

unsafe extern "C" {
    /// Where the linker put the end of data and stack.
    static __heap_base: u8;
}

impl Heap {
    fn start(&self) -> usize {
        match self.next.get() {
            0 => (&raw const __heap_base) as usize,
            next => next,
        }
    }

    /// Makes sure that memory reaches so far.
    fn reach(&self, end: usize) -> bool {
        let pages = core::arch::wasm32::memory_size::<0>();
        let wanted = end.div_ceil(PAGE);
        wanted <= pages || core::arch::wasm32::memory_grow::<0>(wanted - pages) != usize::MAX
    }
}

// SAFETY: blocks never overlap, as `next` only falls back to the start of the latest block when
// that is freed; each is aligned and inside of memory.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(start) = self.start().checked_next_multiple_of(layout.align()) else {
            return ptr::null_mut();
        };
        let Some(end) = start.checked_add(layout.size()) else {
            return ptr::null_mut();
        };
        if !self.reach(end) {
            return ptr::null_mut();
        }
        self.next.set(end);
        start as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if block as usize + layout.size() == self.next.get() {
            self.next.set(block as usize);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let start = block as usize;
        if start + layout.size() == self.next.get() {
            let Some(end) = start.checked_add(size) else {
                return ptr::null_mut();
            };
            if !self.reach(end) {
                return ptr::null_mut();
            }
            self.next.set(end);
            return block;
        }
        // SAFETY: the caller keeps to the contract of `realloc`; the new block is another one.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(block, new, layout.size().min(size));
            }
            new
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as for `alloc`. A block that was freed before is not zero any more.
        unsafe {
            let block = self.alloc(layout);
            if !block.is_null() {
                ptr::write_bytes(block, 0, layout.size());
            }
            block
        }
    }
}
