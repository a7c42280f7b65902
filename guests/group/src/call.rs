//! A call of the group, from the moment it comes in.

use cordboard::prelude::*;

use crate::seats::{Seat, Seats};

/// A call that the group holds, or the place of a caller who is called back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiter {
    /// The caller's leg; of a place without one, a number of its own (see `recall`).
    pub leg: LegId,
    /// Milliseconds since the epoch, as all moments here.
    pub came: u64,
    /// When it has waited for long enough.
    pub expires: u64,
    pub phase: Phase,
    /// Who has been rung since the last time round.
    pub tried: Seats,
    /// What the caller hears.
    pub hears: Hears,
    /// Whether anything may be played before answer.
    pub may_play: bool,
    /// Whether the caller has been answered, so that keys can be pressed.
    pub answered: bool,
    /// Whether another behaviour stands behind this one.
    pub has_next: bool,
    /// Goes before callers without.
    pub priority: bool,
    /// Only members who have it are rung.
    pub skill: Option<String>,
    /// When the next announcement is due; none before the first, or when there are none.
    pub announce_at: Option<u64>,
    /// Which piece of the playlist comes next.
    pub piece: u16,
    /// Where to call back; none when that is not offered.
    pub back: Option<String>,
    /// Pressed 1 while a phone rang.
    pub wants_back: bool,
    /// The group has called the caller back.
    pub recalled: bool,
}

/// Where a call stands.
///
/// ```text
/// Greeting --played--> Queued <--nobody answered-- Ringing --answered--> Talking
///                        | ^------next round------^  |
///                        +--expired, full, nobody----+--> Leaving | Forwarded
///                        |
///                        +--key 1--> Parting, and in its place
///                                    Away --a member is free--> Recalling --answered--> Ringing
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Hears a greeting that must come to its end.
    Greeting,
    /// Waits for a member; not before this moment, so that members who refuse are not rung without pause.
    Queued { not_before: u64 },
    /// Rings these members, in the order of the dial; none for who has left the group meanwhile. `expired`:
    /// it has waited for long enough, and the dial is being cancelled.
    Ringing {
        members: Vec<Option<Seat>>,
        expired: bool,
    },
    /// A member took it.
    Talking {
        member: Option<Seat>,
        callee: LegId,
        since: u64,
    },
    /// Hears the dissuasion, and is given back with this cause then.
    Leaving { cause: Cause },
    /// Was sent on to another number.
    Forwarded,
    /// Hears that it will be called back.
    Parting,
    /// A place without a caller, until a member is free; not before this moment.
    Away { not_before: u64, attempts: u32 },
    /// The caller is rung, and this member is kept for the call.
    Recalling { member: Option<Seat>, attempts: u32 },
}

/// What plays to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hears {
    Nothing,
    Greeting,
    /// The waiting announcement and the playlist, or ringback in their place.
    Waiting,
    /// The place in the queue, or the offer to be called back.
    Announcement,
    /// What it heard before, and is being answered so that it can press keys.
    Answer,
}

impl Phase {
    /// Who rings for the call, or is kept for it.
    pub fn rung(&self) -> Vec<Seat> {
        match self {
            Self::Ringing { members, .. } => members.iter().flatten().copied().collect(),
            Self::Recalling { member, .. } => member.iter().copied().collect(),
            _ => Vec::new(),
        }
    }
}

impl Waiter {
    /// Still hopes for a member, on the line.
    pub fn is_waiting(&self) -> bool {
        matches!(
            self.phase,
            Phase::Greeting | Phase::Queued { .. } | Phase::Ringing { .. }
        )
    }

    pub fn is_queued(&self) -> bool {
        matches!(self.phase, Phase::Queued { .. })
    }

    /// A place in the queue without a caller on the line.
    pub fn is_away(&self) -> bool {
        matches!(self.phase, Phase::Away { .. } | Phase::Recalling { .. })
    }

    /// Has a place in the queue.
    pub fn has_place(&self) -> bool {
        self.is_waiting() || self.is_away()
    }

    /// Whom it rings, talks to, or is kept for.
    pub fn occupies(&self, mut each: impl FnMut(Seat)) {
        match &self.phase {
            Phase::Ringing { members, .. } => members.iter().flatten().copied().for_each(each),
            Phase::Talking { member, .. } | Phase::Recalling { member, .. } => {
                if let Some(member) = member {
                    each(*member);
                }
            }
            Phase::Greeting
            | Phase::Queued { .. }
            | Phase::Leaving { .. }
            | Phase::Forwarded
            | Phase::Parting
            | Phase::Away { .. } => {}
        }
    }

    /// The group's list has changed.
    pub fn reseat(&mut self, moved: &[Option<Seat>]) {
        let seat = |before: Option<Seat>| before.and_then(|before| moved.get(before).copied().flatten());
        self.tried = self.tried.moved(moved);
        match &mut self.phase {
            Phase::Ringing { members, .. } => members.iter_mut().for_each(|member| *member = seat(*member)),
            Phase::Talking { member, .. } | Phase::Recalling { member, .. } => *member = seat(*member),
            Phase::Greeting
            | Phase::Queued { .. }
            | Phase::Leaving { .. }
            | Phase::Forwarded
            | Phase::Parting
            | Phase::Away { .. } => {}
        }
    }
}
