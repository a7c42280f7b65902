//! What the directory says of the members, asked once an event at most.

use std::cell::RefCell;

use cordboard::prelude::*;

use crate::seats::Seat;

/// A member's line, now.
#[derive(Clone, Copy)]
struct Seen {
    registered: bool,
    calls: u32,
    idle_since: u64,
}

/// The lines that were asked for so far.
pub struct Lines(RefCell<Vec<Option<Seen>>>);

impl Lines {
    pub fn of(members: usize) -> Self {
        Self(RefCell::new(vec![None; members]))
    }

    /// R31.
    pub fn is_registered(&self, seat: Seat, name: &str, view: &View) -> bool {
        self.look(seat, name, view).registered
    }

    /// Since when the line has been free; none when it is not (R32).
    pub fn free_since(&self, seat: Seat, name: &str, view: &View) -> Option<u64> {
        let seen = self.look(seat, name, view);
        (seen.registered && seen.calls == 0).then_some(seen.idle_since)
    }

    fn look(&self, seat: Seat, name: &str, view: &View) -> Seen {
        let known = self.0.borrow().get(seat).copied().flatten();
        known.unwrap_or_else(|| {
            let line = view.line(name).unwrap_or_default();
            let seen = Seen {
                registered: line.registered,
                calls: line.calls,
                // Who never had a call has been free for longest.
                idle_since: line.idle_since.unwrap_or(0),
            };
            if let Some(place) = self.0.borrow_mut().get_mut(seat) {
                *place = Some(seen);
            }
            seen
        })
    }
}
