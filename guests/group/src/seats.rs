//! Sets of members, by their places in the group's list.

use cordboard::prelude::*;

/// A member's place in the group's list, from 0.
pub type Seat = usize;

/// No list of members is longer.
const MOST: usize = 1 << 16;

/// A set of seats, a bit each: fifty callers who have tried two hundred members have to fit the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats(Vec<u32>);

impl Seats {
    pub fn insert(&mut self, seat: Seat) {
        if seat >= MOST {
            return; // a state of somebody else's making
        }
        let (word, bit) = (seat / 32, seat % 32);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    pub fn contains(&self, seat: Seat) -> bool {
        self.0
            .get(seat / 32)
            .is_some_and(|word| word & (1 << (seat % 32)) != 0)
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The same members after the list has changed; `moved` tells where each seat went.
    pub fn moved(&self, moved: &[Option<Seat>]) -> Self {
        let mut seats = Self::default();
        for (before, now) in moved.iter().enumerate() {
            if let Some(now) = now
                && self.contains(before)
            {
                seats.insert(*now);
            }
        }
        seats
    }
}
