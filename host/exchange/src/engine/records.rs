//! What is stored of calls and sessions: the shapes.
//!
//! postcard, so changing a shape means reading the old one too. A call's legs, custodies and dials are stored
//! together because they refer to each other.

use std::net::SocketAddr;
use std::sync::Arc;

use base::Moment;
use contract::{
    Cause, DialOptions, Event, GatherOptions, Identity, Interests, LegId, ModuleDigest, PlayOptions,
    SessionId, SessionScope, Sound, Stage, Tag, Target,
};
use serde::{Deserialize, Serialize};
use sip::endpoint::UsageSnapshot;
use sip::sdp::Negotiation;

use super::custody::{CustodyId, Holder};
use super::dial::{DialId, DialOwner};
use super::leg::Party;
use crate::report::Direction;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SessionRecord {
    pub behaviour: Arc<str>,
    pub number: Arc<str>,
    pub settings: Arc<str>,
    pub scope: SessionScope,
    pub call: Option<u64>,
    pub module: ModuleDigest,
    pub version: Arc<str>,
    pub interests: Interests,
    pub pinned_against: Option<ModuleDigest>,
    pub state: Option<Vec<u8>>,
    /// The event that was being handled comes first.
    pub mailbox: Vec<Event>,
    pub timers: Vec<(Tag, Moment)>,
    /// Legs that it held, whether or not they outlive the process.
    pub held: Vec<LegId>,
    pub dials: Vec<(DialId, Tag)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CallRecord {
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
    pub max_forwards: u8,
    pub emergency: bool,
    pub legs: Vec<LegRecord>,
    pub custodies: Vec<(CustodyId, CustodyRecord)>,
    pub dials: Vec<(DialId, DialRecord)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LegRecord {
    pub id: LegId,
    pub party: Party,
    pub usage: UsageSnapshot,
    pub media: Option<(SocketAddr, Negotiation)>,
    pub custodies: Vec<CustodyId>,
    pub holders: Vec<SessionId>,
    pub bridged: Option<LegId>,
    pub talked: bool,
    pub holding: bool,
    pub held: bool,
    pub audio: Option<AudioRecord>,
    /// Commands whose outcomes were still to come.
    pub waiting: Vec<(SessionId, Tag)>,
}

/// What played to a leg on a behaviour's command; it begins again.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AudioRecord {
    pub session: SessionId,
    pub tag: Tag,
    pub command: AudioCommand,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum AudioCommand {
    Play(Vec<Sound>, PlayOptions),
    /// With the digits so far.
    Gather(GatherOptions, String),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CustodyRecord {
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
pub(super) struct DialRecord {
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

/// Legs that ring do not outlive the process; what stands for them is that they failed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum RunRecord {
    Inside(CustodyId),
    Done(Cause),
    Won,
}
