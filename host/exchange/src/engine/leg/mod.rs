//! A leg: one party's dialog and media.
//!
//! ```text
//!  caller:  Offered ──answer──▶ Confirming ──ACK──▶ Up ──▶ gone
//!              └────── reject, CANCEL ────────────────────▶ gone
//!  callee:  Calling ──180──▶ Ringing ──200──▶ Up ──▶ gone
//!              └──────── cancel, 3xx–6xx ────────────▶ gone
//! ```
//!
//! A leg is only data here, and so is all that hangs on it; what moves it lies with `legs`, `invited`, `dial`, `media` and `bridge`.

mod audio;
mod direct;
mod media;
mod places;

use std::sync::Arc;

use contract::{LegId, SessionId, Tag};
use sip::endpoint::UsageId;
use sip::sdp::Offer;
use smallvec::SmallVec;

use crate::ids::{CallId, CustodyId, DialId};

pub(crate) use audio::{Audio, AudioCommand, AudioOwner, AudioRecord, Gather, Kind};
pub(crate) use direct::{Asked, Direct, Early, Stage};
pub(crate) use media::{LegMedia, MediaRecord};
pub(crate) use places::{Redirections, RoomKey, Seat, Wanted};

/// How far a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum LegState {
    /// A caller waits for our answer.
    Offered,
    /// Our 200 waits for the caller's ACK.
    Confirming,
    /// Our INVITE is out.
    Calling,
    /// The callee rings.
    Ringing,
    /// Answered on both sides.
    Up,
}

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Party {
    /// A device of one of the tenant's lines.
    Device {
        line: Arc<str>,
        device: Arc<str>,
    },
    Trunk(Arc<str>),
}

impl Party {
    pub(crate) fn line(&self) -> Option<&Arc<str>> {
        match self {
            Self::Device { line, .. } => Some(line),
            Self::Trunk(_) => None,
        }
    }
}

/// A command whose outcome waits for this leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub session: SessionId,
    pub tag: Tag,
}

#[derive(Debug)]
pub(crate) struct Leg {
    pub id: LegId,
    pub call: CallId,
    pub tenant: Arc<str>,
    pub usage: UsageId,
    pub party: Party,
    /// The party's, as it calls or is called.
    pub number: Box<str>,
    pub state: LegState,
    /// The caller's offer, until it is answered.
    pub offer: Option<Box<Offer>>,
    /// A port of ours; none as long as sound goes straight to the other party.
    pub media: Option<Box<LegMedia>>,
    pub direct: Option<Box<Direct>>,
    /// The chain of custody, the outermost first; parallel branches lie side by side. Empty for callees.
    pub custodies: SmallVec<[CustodyId; 2]>,
    /// The dial that rings this callee, and which of its targets.
    pub dial: Option<(DialId, usize)>,
    /// Trunks to try should this one not take the call.
    pub rest: Option<Box<Redirections>>,
    /// Sessions that hold this callee since it answered.
    pub holders: SmallVec<[SessionId; 1]>,
    pub bridged: Option<LegId>,
    /// Where it sits, in a room of a session's.
    pub room: Option<Box<Seat>>,
    /// It has been bridged: when it is left alone now, the talk is over.
    pub talked: bool,
    pub audio: Option<Box<Audio>>,
    /// Its session lost an event since it last played something, or was played over by one in front, and may wait for ever
    /// for what would have made it play again.
    pub missed: bool,
    /// `answer`, until the ACK.
    pub answering: Option<Waiting>,
    /// `hold` or `resume`, until the party agreed.
    pub renegotiating: Option<Waiting>,
    /// We hold the party.
    pub holding: bool,
    /// The party holds us.
    pub held: bool,
    /// The party asked to be rid of its partner.
    pub transfer: Option<Box<Wanted>>,
    /// Of its Call-ID, for reports.
    pub dialog: u64,
    /// The caller was told that it rings.
    pub rung: bool,
}

impl Leg {
    /// The party can talk and listen.
    pub(crate) fn is_answered(&self) -> bool {
        matches!(self.state, LegState::Confirming | LegState::Up)
    }

    /// The party hears us: it is answered, or has early media.
    pub(crate) fn sound_flows(&self) -> bool {
        self.is_answered() || self.media.as_ref().is_some_and(|media| media.answer.is_some())
    }

    /// Something is under way that will end in an event.
    pub(crate) fn is_busy(&self) -> bool {
        let waits = |audio: &Audio| audio.owner == AudioOwner::HoldMusic && !self.holding;
        self.audio.as_ref().is_some_and(|audio| !waits(audio))
            || self.bridged.is_some()
            || self.answering.is_some()
            || self.renegotiating.is_some()
    }
}
