//! A call of the group, from the moment it comes in.

use cordboard::prelude::*;

/// A call that the group holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiter {
    pub leg: LegId,
    /// When it has waited for long enough, in milliseconds since the epoch.
    pub expires: u64,
    pub phase: Phase,
    /// Who has been rung since the last time round.
    pub tried: Vec<String>,
    /// What the caller hears.
    pub hears: Hears,
    /// Whether anything may be played before answer.
    pub may_play: bool,
}

/// Where a call stands.
///
/// ```text
/// Greeting --played--> Queued <--nobody answered-- Ringing --answered--> Talking
///                        | ^------next round------^  |
///                        +--expired, full, nobody----+--> Leaving | Forwarded
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Hears a greeting that must come to its end.
    Greeting,
    /// Waits for a member; not before this moment, so that members who refuse are not rung without pause.
    Queued { not_before: u64 },
    /// Rings these members. `expired`: it has waited for long enough, and the dial is being cancelled.
    Ringing { members: Vec<String>, expired: bool },
    /// A member took it.
    Talking { member: Option<String>, callee: LegId },
    /// Hears the dissuasion, and is given back with this cause then.
    Leaving { cause: Cause },
    /// Was sent on to another number.
    Forwarded,
}

/// What plays to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hears {
    Nothing,
    Greeting,
    /// The waiting announcement, or ringback in its place.
    Waiting,
}

impl Waiter {
    /// Still hopes for a member.
    pub fn is_waiting(&self) -> bool {
        matches!(
            self.phase,
            Phase::Greeting | Phase::Queued { .. } | Phase::Ringing { .. }
        )
    }

    pub fn is_queued(&self) -> bool {
        matches!(self.phase, Phase::Queued { .. })
    }

    /// Whether it rings this member, or talks to them.
    pub fn occupies(&self, member: &str) -> bool {
        match &self.phase {
            Phase::Ringing { members, .. } => members.iter().any(|rung| rung == member),
            Phase::Talking {
                member: Some(talker), ..
            } => talker == member,
            Phase::Greeting
            | Phase::Queued { .. }
            | Phase::Talking { member: None, .. }
            | Phase::Leaving { .. }
            | Phase::Forwarded => false,
        }
    }
}
