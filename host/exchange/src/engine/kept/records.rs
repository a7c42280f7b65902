//! What is stored of calls and sessions: the shapes.
//!
//! postcard, so changing a shape means reading the old one too. A call's legs, custodies and dials are stored
//! together because they refer to each other.

use std::sync::Arc;

use base::Moment;
use contract::{
    Cause, Condition, DialOptions, Event, Identity, Interests, LegId, ModuleDigest, SessionId, SessionScope,
    Stage, Tag, Target,
};
use serde::{Deserialize, Serialize};
use sip::endpoint::{Fork, UsageSnapshot};
use sip::sdp::Negotiation;

use crate::engine::leg::{AudioRecord, LegState, MediaRecord, Party, Redirections, Seat};
use crate::ids::{CustodyId, DialId, DialOwner, Holder};
use crate::report::Direction;

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::engine) struct SessionRecord {
    pub behaviour: Arc<str>,
    pub number: Arc<str>,
    pub settings: Arc<str>,
    pub scope: SessionScope,
    pub call: Option<u64>,
    pub module: ModuleDigest,
    pub version: Arc<str>,
    pub interests: Interests,
    pub trial: Option<ModuleDigest>,
    pub pinned_against: Option<ModuleDigest>,
    pub state: Option<Vec<u8>>,
    /// The event that was being handled comes first.
    pub mailbox: Vec<Event>,
    pub timers: Vec<(Tag, Moment)>,
    /// Legs that it held, whether or not they outlive the process.
    pub held: Vec<LegId>,
    pub dials: Vec<(DialId, Tag)>,
}

/// Stored behind a [`SessionRecord`], which earlier versions wrote alone.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::engine) struct SessionWaits {
    pub watches: Vec<WatchRecord>,
    /// Tags of pages, which end with the process.
    pub pages: Vec<Tag>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::engine) struct WatchRecord {
    pub tag: Tag,
    pub line: Arc<str>,
    pub condition: Condition,
    pub place: u64,
    pub over: Moment,
}

impl SessionRecord {
    /// With what the session waits for behind it.
    pub fn to_bytes(&self, waits: &SessionWaits) -> Option<Vec<u8>> {
        let bytes = postcard::to_allocvec(self).ok()?;
        if waits.watches.is_empty() && waits.pages.is_empty() {
            return Some(bytes);
        }
        postcard::to_extend(waits, bytes).ok()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<(Self, SessionWaits)> {
        let (record, rest) = postcard::take_from_bytes(bytes).ok()?;
        let waits = match rest {
            [] => SessionWaits::default(),
            rest => postcard::from_bytes(rest).ok()?,
        };
        Some((record, waits))
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::engine) struct CallRecord {
    pub direction: Direction,
    pub caller: Identity,
    pub caller_line: Option<Arc<str>>,
    pub called: Arc<str>,
    pub diverted: Vec<Arc<str>>,
    pub started: Moment,
    pub ringing: Option<Moment>,
    pub answered: Option<Moment>,
    pub connected: Option<Moment>,
    pub answered_by: Option<Arc<str>>,
    pub trunk: Option<Arc<str>>,
    /// Who pays for the leg outside.
    pub charged: Option<Arc<str>>,
    pub max_forwards: u8,
    pub emergency: bool,
    pub lasting: bool,
    pub legs: Vec<LegRecord>,
    pub custodies: Vec<(CustodyId, CustodyRecord)>,
    pub dials: Vec<(DialId, DialRecord)>,
}

/// Stored behind a [`CallRecord`], which earlier versions wrote alone.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::engine) struct CallWays {
    /// Legs whose sound goes straight to another party.
    pub direct: Vec<(LegId, DirectRecord)>,
    /// Of those whose early dialog is not the first one, or was changed by an UPDATE: which it is, and whether it was. Stored
    /// behind the rest, which earlier versions wrote alone.
    #[serde(skip)]
    pub forks: Vec<(LegId, Fork, bool)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::engine) struct DirectRecord {
    pub negotiation: Negotiation,
    pub theirs: Vec<u8>,
    /// An early answer, as it came and as it went on.
    pub early: Option<(Vec<u8>, Vec<u8>)>,
    pub peer: Option<LegId>,
}

impl CallRecord {
    /// With which way its sound goes behind it.
    pub fn to_bytes(&self, ways: &CallWays) -> Option<Vec<u8>> {
        let bytes = postcard::to_allocvec(self).ok()?;
        if ways.direct.is_empty() {
            return Some(bytes);
        }
        let bytes = postcard::to_extend(ways, bytes).ok()?;
        if ways.forks.is_empty() {
            return Some(bytes);
        }
        postcard::to_extend(&ways.forks, bytes).ok()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<(Self, CallWays)> {
        let (record, rest) = postcard::take_from_bytes(bytes).ok()?;
        if rest.is_empty() {
            return Some((record, CallWays::default()));
        }
        let (mut ways, rest) = postcard::take_from_bytes::<CallWays>(rest).ok()?;
        if !rest.is_empty() {
            ways.forks = postcard::from_bytes(rest).ok()?;
        }
        Some((record, ways))
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::engine) struct LegRecord {
    pub id: LegId,
    pub party: Party,
    pub number: Box<str>,
    pub state: LegState,
    pub usage: UsageSnapshot,
    pub media: Option<MediaRecord>,
    /// The caller was told that it rings.
    pub rung: bool,
    /// The dial that rings this callee, and which of its targets.
    pub dial: Option<(DialId, usize)>,
    pub rest: Option<Redirections>,
    pub custodies: Vec<CustodyId>,
    pub holders: Vec<SessionId>,
    pub bridged: Option<LegId>,
    pub room: Option<Seat>,
    pub talked: bool,
    pub holding: bool,
    pub held: bool,
    pub audio: Option<AudioRecord>,
    /// `answer`, until the ACK.
    pub answering: Option<(SessionId, Tag)>,
    /// `hold` or `resume`: what the party says to it is lost.
    pub renegotiating: Option<(SessionId, Tag)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::engine) struct CustodyRecord {
    pub leg: LegId,
    pub holder: Holder,
    pub parent: Option<(DialId, usize)>,
    pub number: Arc<str>,
    pub stack: Vec<(Arc<str>, Arc<str>)>,
    pub position: usize,
    pub line: Option<Arc<str>>,
    pub hops: u32,
    pub diversions: Vec<String>,
    pub dial: Option<DialId>,
    pub won: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::engine) struct DialRecord {
    pub owner: DialOwner,
    pub caller: Option<LegId>,
    pub custody: Option<CustodyId>,
    pub options: DialOptions,
    pub stages: Vec<Stage>,
    pub runs: Vec<(Target, bool, RunRecord)>,
    pub stage_from: usize,
    pub stage_over: Option<Moment>,
    pub redirected: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::engine) enum RunRecord {
    /// Legs that ring, and the most telling cause of those that failed.
    Legs {
        live: Vec<LegId>,
        worst: Option<Cause>,
    },
    Inside(CustodyId),
    Done(Cause),
    Won,
}
