//! The heap of a component: it only grows.
//!
//! Each event runs in a fresh instance whose memory is dropped afterwards, so giving memory back
//! would be work for nothing. Only the latest block is reused when it grows or is freed, which is
//! what vectors and strings do while they are filled. Against a general allocator this saves
//! 9 KiB of code and the pages its tables would touch.
//!
//! It begins in a room inside the module's own memory: growing that memory makes the host change
//! page protections there and back, which costs as much as a small event altogether.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::{Cell, UnsafeCell};
use std::ptr;

/// A page of Wasm memory.
const PAGE: usize = 64 << 10;

/// What most events get along with. Pages of it that nobody touches cost nothing.
const ROOM: usize = 128 << 10;

struct Heap {
    room: UnsafeCell<[u8; ROOM]>,
    /// The first free byte; 0 before the first use.
    next: Cell<usize>,
}

// SAFETY: a component of this contract has one thread.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap {
    room: UnsafeCell::new([0; ROOM]),
    next: Cell::new(0),
};

unsafe extern "C" {
    /// Where the linker put the end of data and stack.
    static __heap_base: u8;
}

impl Heap {
    /// Where a block of this layout goes, and where it ends.
    fn place(&self, layout: Layout) -> Option<(usize, usize)> {
        let room = self.room.get() as usize;
        let next = match self.next.get() {
            0 => room,
            next => next,
        };
        let (start, end) = fit(next, layout)?;
        if next <= room + ROOM && end > room + ROOM {
            // The room is full; what it has left stays unused.
            return fit((&raw const __heap_base) as usize, layout);
        }
        Some((start, end))
    }

    /// Whether the latest block may grow to this end: not across the end of the room.
    fn may_end_at(&self, end: usize) -> bool {
        let limit = self.room.get() as usize + ROOM;
        end <= limit || self.next.get() > limit
    }

    /// Makes sure that memory reaches so far.
    fn reach(&self, end: usize) -> bool {
        let pages = core::arch::wasm32::memory_size::<0>();
        let wanted = end.div_ceil(PAGE);
        wanted <= pages || core::arch::wasm32::memory_grow::<0>(wanted - pages) != usize::MAX
    }
}

fn fit(from: usize, layout: Layout) -> Option<(usize, usize)> {
    let start = from.checked_next_multiple_of(layout.align())?;
    Some((start, start.checked_add(layout.size())?))
}

// SAFETY: blocks never overlap, as `next` only falls back to the start of the latest block when
// that is freed; each is aligned and inside of memory.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((start, end)) = self.place(layout) else {
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
        let is_latest = start + layout.size() == self.next.get();
        if let Some(end) = start.checked_add(size)
            && is_latest
            && self.may_end_at(end)
        {
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
