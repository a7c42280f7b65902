//! Calls that outlive the process: confirmed ones here, those that still ring in `early`.

mod early;

use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};

use self::early::{AskedRecord, CallingRecord, OfferedRecord, UnackedRecord};
use super::session::Session;
use super::usage::{Phase, Usage};
use super::{Body, CommandError, Credentials, Endpoint, Fork, Role, UsageId, UsageInfo};
use crate::dialog::{Dialog, Identity};

/// All that is needed to go on with a call after a restart: its dialogs and, as long as it is not up, the INVITE
/// with its transaction. Opaque but for serialising it; taken by [`snapshot`](Endpoint::snapshot)
/// whenever a usage rings, is confirmed or renegotiated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageSnapshot {
    usage: UsageId,
    role: Role,
    identity: Identity,
    cseq: u32,
    stage: Stage,
    /// By fork; one, but for a call of ours that still rings.
    dialogs: Vec<(Fork, Dialog)>,
    forks_seen: u16,
    session: Session,
    peer_updates: bool,
    /// User and password.
    credentials: Option<(String, String)>,
    /// Type and bytes of what we sent last.
    local_body: Option<(String, Vec<u8>)>,
    remote_body: Option<Vec<u8>>,
}

/// How far a call is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Offered(Box<OfferedRecord>),
    Calling(Box<CallingRecord>),
    /// Our 2xx waits for its ACK.
    Accepted(Box<UnackedRecord>),
    Confirmed,
    /// Confirmed, and a re-INVITE of the peer's waits for our answer.
    Asked(Box<AskedRecord>),
    /// Confirmed, and our answer to a re-INVITE of the peer's waits for its ACK.
    Answered(Box<UnackedRecord>),
}

impl UsageSnapshot {
    pub const fn usage(&self) -> UsageId {
        self.usage
    }

    /// What the caller offered in an INVITE that has no final response yet.
    pub fn offer(&self) -> Option<Body> {
        match &self.stage {
            Stage::Offered(record) => record.body(),
            Stage::Calling(_)
            | Stage::Accepted(_)
            | Stage::Confirmed
            | Stage::Asked(_)
            | Stage::Answered(_) => None,
        }
    }
}

/// How long after a restart the first peer is asked whether its call is still there: whoever hung up meanwhile repeats its BYE until
/// then (RFC 3261 §17.1.2.2: every 4 s).
const ASKED_AFTER: Duration = Duration::from_secs(5);
/// The others follow one by one, so that they do not all answer at once.
const ASKED_EVERY: Duration = Duration::from_millis(1);

/// Our CSeq after a restart is beyond whatever the process that died may have sent since the snapshot.
const CSEQ_GAP: u32 = 1_000;

/// Looking, keeping, restoring.
impl Endpoint {
    /// How a call stands; none once its last event has been given.
    pub fn usage(&self, usage: UsageId) -> Option<UsageInfo<'_>> {
        let usage = self.usages.get(&usage).filter(|usage| !usage.silent)?;
        let dialog = usage.confirmed();
        let path = match (&usage.phase, dialog) {
            (_, Some(dialog)) => dialog.path,
            (Phase::Calling(calling), None) => self.clients.get(calling.client)?.path,
            (Phase::Offered(_) | Phase::Confirmed, None) => return None,
        };
        Some(UsageInfo {
            role: usage.role,
            state: usage.state(),
            call_id: &usage.identity.call_id,
            local_tag: &usage.identity.local_tag,
            remote_tag: dialog.and_then(|dialog| dialog.remote_tag.as_deref()),
            path,
            session_timer: usage
                .session
                .interval
                .map(|interval| (interval, usage.session.we_refresh)),
        })
    }

    /// The usage that a Replaces header (RFC 3891) or a Join names, by the dialog's parts as *we*
    /// see them. Early ones are found too.
    pub fn find_dialog(&self, call_id: &str, local_tag: &str, remote_tag: &str) -> Option<UsageId> {
        let id = *self.dialogs.get(&self.fingerprints.of(&[call_id, local_tag]))?;
        let usage = self.usages.get(&id).filter(|usage| !usage.silent)?;
        let mut dialogs = usage.dialogs.iter();
        dialogs
            .any(|(_, dialog)| dialog.is_with(Some(remote_tag)))
            .then_some(id)
    }

    /// Usages that are not over.
    pub fn live_usages(&self) -> usize {
        self.usages.len()
    }

    /// Transactions of both sides that are not over: a measure of load, to be watched.
    pub fn transactions(&self) -> usize {
        self.servers.len() + self.clients.len()
    }

    /// What [`restore`](Self::restore) needs; none for a call that is being given up.
    pub fn snapshot(&self, usage: UsageId) -> Option<UsageSnapshot> {
        let usage = self.usages.get(&usage).filter(|usage| !usage.silent)?;
        let stage = self.stage(usage)?;
        let body = |body: &Body| (body.content_type.clone(), body.bytes.to_vec());
        Some(UsageSnapshot {
            usage: usage.id,
            role: usage.role,
            identity: usage.identity.clone(),
            cseq: usage.cseq,
            stage,
            dialogs: usage.dialogs.to_vec(),
            forks_seen: usage.forks_seen,
            session: usage.session.clone(),
            peer_updates: usage.peer_updates,
            credentials: usage
                .credentials
                .as_ref()
                .map(|own| (own.user.clone(), own.password.clone())),
            local_body: usage.local_body.as_ref().map(body),
            remote_body: usage.remote_body.as_ref().map(|bytes| bytes.to_vec()),
        })
    }

    fn stage(&self, usage: &Usage) -> Option<Stage> {
        match &usage.phase {
            Phase::Offered(offered) => self
                .offered_record(offered)
                .map(|record| Stage::Offered(Box::new(record))),
            Phase::Calling(calling) => self
                .calling_record(calling)
                .map(|record| Stage::Calling(Box::new(record))),
            Phase::Confirmed => Some(match usage.unacked.as_deref() {
                Some(unacked) if unacked.first => Stage::Accepted(Box::new(UnackedRecord::of(unacked))),
                // The answer to an offer of ours in it would find nobody who made that.
                Some(unacked) if !unacked.has_offer => Stage::Answered(Box::new(UnackedRecord::of(unacked))),
                _ => match usage.theirs.and_then(|request| self.asked_record(request)) {
                    Some(asked) => Stage::Asked(Box::new(asked)),
                    None => Stage::Confirmed,
                },
            }),
        }
    }

    /// Takes up a call that another process had. A connection that it used is gone; over TCP the next request opens a new
    /// one. Its session timer goes on from `now`, and a call that was up is refreshed soon: the process before may have
    /// acknowledged a BYE and died before it was stored, and then nothing else would tell until the session expires.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] when a usage or dialog of the same identity exists, or the snapshot is damaged,
    /// [`CommandError::Full`] beyond the limit.
    pub fn restore(&mut self, now: Moment, snapshot: UsageSnapshot) -> Result<UsageId, CommandError> {
        if self.usages.len() >= self.config.limits.usages {
            return Err(CommandError::Full);
        }
        let id = snapshot.usage;
        let key = self.dialog_key(&snapshot.identity);
        if self.usages.contains_key(&id) || self.dialogs.contains_key(&key) {
            return Err(CommandError::Refused("that call is here already"));
        }
        let own = snapshot
            .credentials
            .map(|(user, password)| Arc::new(Credentials { user, password }));
        let damaged = CommandError::Refused("its INVITE cannot be read");
        let (mut unacked, mut asked) = (None, None);
        let phase = match snapshot.stage {
            Stage::Offered(record) => self.restore_offered(now, id, *record).ok_or(damaged)?,
            Stage::Calling(record) => {
                let phase = self.restore_calling(now, id, *record, own.clone());
                phase.ok_or(damaged)?
            }
            Stage::Accepted(record) => {
                unacked = Some((*record, true));
                Phase::Confirmed
            }
            Stage::Answered(record) => {
                unacked = Some((*record, false));
                Phase::Confirmed
            }
            Stage::Confirmed => Phase::Confirmed,
            Stage::Asked(record) => {
                asked = Some(*record);
                Phase::Confirmed
            }
        };
        let mut usage = self.new_usage(snapshot.role, phase, snapshot.identity);
        usage.id = id;
        self.last_usage = self.last_usage.max(id.0);
        usage.credentials = own;
        usage.forks_seen = snapshot.forks_seen;
        if let Some((record, first)) = unacked {
            self.restore_unacked(now, &mut usage, record, first);
        }
        if let Some(record) = asked {
            self.refuse_asked(now, &usage, record);
        }
        usage.cseq = snapshot.cseq.saturating_add(CSEQ_GAP);
        usage.dialogs = SmallVec::from_vec(snapshot.dialogs);
        usage
            .dialogs
            .iter_mut()
            .for_each(|(_, dialog)| dialog.path.connection = None);
        usage.session = snapshot.session;
        usage.session.resume(now);
        usage.peer_updates = snapshot.peer_updates;
        let body = |(kind, bytes): (String, Vec<u8>)| Body {
            content_type: kind,
            bytes: bytes.into(),
        };
        usage.local_body = snapshot.local_body.map(body);
        usage.remote_body = snapshot.remote_body.map(Bytes::from);
        let is_up = usage.state() == super::State::Confirmed;
        if is_up && (usage.peer_updates || usage.local_body.is_some()) {
            let before = u32::try_from(self.usages.len()).unwrap_or(u32::MAX);
            let at = now + ASKED_AFTER + ASKED_EVERY.saturating_mul(before);
            usage.session.refresh_by(at);
        }
        self.keep_new(usage);
        Ok(id)
    }

    /// A call of that kind with nothing in it yet.
    pub(super) fn new_usage(&mut self, role: Role, phase: Phase, identity: Identity) -> Box<Usage> {
        self.last_usage += 1;
        Box::new(Usage {
            id: UsageId(self.last_usage),
            role,
            phase,
            silent: false,
            over: false,
            identity,
            cseq: 0,
            dialogs: smallvec![],
            forks_seen: 0,
            credentials: None,
            session: Session::default(),
            peer_updates: false,
            unacked: None,
            ack_due: None,
            ours: None,
            theirs: None,
            pending: smallvec![],
            leaving: None,
            local_body: None,
            remote_body: None,
            wake: None,
        })
    }
}
