//! Going on with calls and sessions of an earlier run.
//!
//! Sessions first, with what they waited for; then calls with their legs, up or ringing. What did not
//! outlive the process (unconfirmed changes, legs that were being given up) ends now, and the sessions are told,
//! as if it had just happened.

use std::sync::Arc;
use std::time::Duration;

use contract::{
    Cause, DialOutcome, DialResult, Event, LegEnded, LegId, OutcomeKind, SessionId, SessionScope, Tag,
};
use media::Command;
use sip::endpoint::Fork;
use sip::sdp::Offer;
use smallvec::SmallVec;

use super::records::{CallRecord, CallWays, CustodyRecord, LegRecord, SessionRecord, SessionWaits};
use crate::engine::call::Call;
use crate::engine::custody::Custody;
use crate::engine::few::Few;
use crate::engine::leg::{AudioCommand, Direct, Early, Leg, LegState, Waiting};
use crate::engine::lookup::{Placed, Version};
use crate::engine::session::Session;
use crate::engine::{Due, Exchange, Step};
use crate::ids::{CallId, CustodyId, DialId, Holder};

/// What is left to do once all sessions and calls are there again.
#[derive(Debug, Default)]
pub(crate) struct Resumed {
    sessions: Vec<Believed>,
    legs: Vec<LegId>,
    bridges: Vec<(LegId, LegId)>,
    /// Legs whose port is none of ours any more.
    portless: Vec<LegId>,
}

/// What a stored session believed to hold; compared with what is there once all is restored.
#[derive(Debug)]
struct Believed {
    session: SessionId,
    held: Vec<LegId>,
    dials: Vec<(DialId, Tag)>,
    pages: Vec<Tag>,
}

/// How long after a start recordings may take to be decoded; what is not there by then is missing.
const RECORDINGS_BY: Duration = Duration::from_secs(30);

impl Exchange {
    /// Goes on playing to legs of an earlier run. Recordings come in some time after the start: until they do, or it
    /// is the `last` time, the leg waits.
    pub(in crate::engine) fn play_again(&mut self, last: bool) {
        for (leg, audio) in std::mem::take(&mut self.sounds_again) {
            // Something else may have begun meanwhile, or the leg have ended.
            if !self
                .legs
                .get(&leg)
                .is_some_and(|leg| leg.audio.as_ref().is_none_or(|audio| audio.is_waiting()))
            {
                continue;
            }
            if !last && !self.can_play(leg, &audio.command) {
                self.await_recordings(leg, &audio);
                self.sounds_again.push((leg, audio));
                continue;
            }
            if let Some(leg) = self.legs.get_mut(&leg) {
                leg.audio = None;
            }
            match audio.command {
                AudioCommand::Play(sounds, options) => {
                    self.play(audio.session, audio.tag, leg, &sounds, options)
                }
                AudioCommand::Gather(options, digits) => {
                    self.gather(audio.session, audio.tag, leg, options, digits);
                }
            }
        }
    }

    pub(in crate::engine) fn restore_session(
        &mut self,
        tenant: Arc<str>,
        id: SessionId,
        record: SessionRecord,
        waits: SessionWaits,
    ) {
        if record.scope == SessionScope::PerNumber {
            self.keyed.insert(&tenant, &record.behaviour, &record.number, id);
        }
        let now = self.now;
        let timer =
            |(tag, at): (Tag, base::Moment)| (tag, self.timers.set(at.max(now), Due::SessionTimer(id, tag)));
        let timers = record.timers.into_iter().map(timer).collect();
        let running = self.running.share(Version {
            digest: record.module,
            version: record.version,
            scope: record.scope,
            interests: record.interests,
        });
        let session = Session {
            tenant,
            behaviour: record.behaviour,
            number: record.number,
            settings: record.settings,
            scope: record.scope,
            call: record.call.map(CallId),
            running,
            trial: record.trial.map(Box::new),
            shadow: None,
            pinned_against: record.pinned_against.map(Box::new),
            state: record.state.map(Arc::from),
            mailbox: record.mailbox.into(),
            asked: None,
            timers,
            schedules: Few::default(),
            watches: Vec::new(),
            pages: Few::default(),
            custodies: SmallVec::new(),
            callees: Few::default(),
            dials: Few::default(),
            finishing: false,
            lost: false,
            kept: true,
            published: None,
            draining: None,
            woken: (now, 0),
        };
        self.sessions.insert(id, Box::new(session));
        self.session_counts(id);
        self.resumed.sessions.push(Believed {
            session: id,
            held: record.held,
            dials: record.dials,
            pages: waits.pages,
        });
        self.watch_lines(id);
        self.set_schedules(id);
        for watch in waits.watches {
            self.await_line(id, watch);
        }
    }

    pub(in crate::engine) fn restore_call(
        &mut self,
        tenant: Arc<str>,
        id: CallId,
        record: CallRecord,
        ways: CallWays,
    ) {
        let call = Call {
            tenant: tenant.clone(),
            direction: record.direction,
            caller: record.caller,
            transferred: None,
            tried: None,
            caller_line: record.caller_line,
            called: record.called,
            diverted: record.diverted,
            legs: SmallVec::new(),
            dials: 0,
            started: record.started,
            ringing: record.ringing,
            answered: record.answered,
            connected: record.connected,
            answered_by: record.answered_by,
            trunk: record.trunk,
            charged: record.charged,
            // Legs in a conference bring it back.
            conference: None,
            cause: Cause::Failed,
            max_forwards: record.max_forwards,
            emergency: record.emergency,
            lasting: record.lasting,
            kept: true,
        };
        if !call.emergency {
            *self.calls_of_tenant.entry(tenant.clone()).or_default() += 1;
        }
        self.calls.insert(id, call);
        let bridges = record
            .legs
            .iter()
            .filter_map(|leg| Some((leg.id, leg.bridged?)))
            .filter(|(a, b)| a < b);
        self.resumed.bridges.extend(bridges);
        self.resumed.legs.extend(record.legs.iter().map(|leg| leg.id));
        for leg in record.legs {
            self.restore_leg(id, &tenant, leg);
        }
        self.restore_ways(ways);
        for (custody, stored) in record.custodies {
            self.restore_custody(custody, id, &tenant, stored);
        }
        for (dial, stored) in record.dials {
            if stored
                .custody
                .is_none_or(|custody| self.custodies.contains_key(&custody))
            {
                self.restore_dial(dial, id, tenant.clone(), stored);
            }
        }
        self.keep_call(id);
        self.later(Step::Call(id));
    }

    /// Nobody decides any more about a leg whose partner, session and dial are all gone: one that waits for an
    /// answer goes to the host's default, any other is hung up.
    fn look_after_restored(&mut self, id: LegId) {
        if let Some(custody) = self.left_to_the_host(id) {
            return self.host_default(custody);
        }
        let Some(leg) = self.legs.get(&id) else {
            return;
        };
        let rings = leg.dial.is_some_and(|(dial, _)| self.dials.contains_key(&dial));
        let is_dialled_for = |id: &CustodyId| {
            let dial = self.custodies.get(id).and_then(|custody| custody.dial);
            dial.is_some_and(|dial| self.dials.contains_key(&dial))
        };
        let cared_for =
            rings || leg.bridged.is_some() || leg.room.is_some() || leg.custodies.iter().any(is_dialled_for);
        if cared_for || self.is_decided_about(id) {
            return;
        }
        match leg.custodies.last().copied().filter(|_| !leg.talked) {
            Some(custody) => self.host_default(custody),
            None => self.hang_up(id, Cause::Failed),
        }
    }

    fn restore_leg(&mut self, call: CallId, tenant: &Arc<str>, record: LegRecord) {
        let offer = record
            .usage
            .offer()
            .filter(|body| body.is_sdp())
            .and_then(|body| Offer::parse(&body.bytes).ok());
        let Ok(usage) = self.sip.restore(self.now, record.usage) else {
            return;
        };
        self.count_leg(tenant, &record.party, call, true);
        self.by_usage.insert(usage, record.id);
        let alive = |session: &SessionId| self.sessions.contains_key(session);
        let holders: SmallVec<[SessionId; 1]> = record.holders.iter().copied().filter(alive).collect();
        let leg = Leg {
            id: record.id,
            call,
            tenant: tenant.clone(),
            usage,
            party: record.party,
            number: record.number,
            state: record.state,
            // Answered early, it is answered the same again.
            offer: offer
                .filter(|_| record.media.as_ref().is_none_or(|media| media.answer.is_none()))
                .map(Box::new),
            media: None,
            direct: None,
            custodies: SmallVec::from_vec(record.custodies),
            dial: record.dial,
            rest: record.rest.map(Box::new),
            holders: holders.clone(),
            bridged: None,
            room: None,
            talked: record.talked,
            // What was on its way to the session died with the process.
            missed: true,
            audio: None,
            answering: record.answering.map(|(session, tag)| Waiting { session, tag }),
            renegotiating: None,
            holding: record.holding,
            held: record.held,
            transfer: None,
            dialog: 0,
            rung: record.rung,
        };
        self.legs.insert(record.id, leg);
        self.remember_dialog(usage, record.id);
        if let Some(call) = self.calls.get_mut(&call) {
            call.legs.push(record.id);
        }
        for session in holders {
            if let Some(session) = self.sessions.get_mut(&session) {
                session.callees.push(record.id);
            }
        }
        if let Some(seat) = record.room {
            self.take_seat(record.id, seat);
        }
        if let Some(media) = record.media {
            match self.reopen_media(media) {
                Some(media) => self.attach_media(record.id, media),
                None => self.resumed.portless.push(record.id),
            }
        }
        if record.state == LegState::Up {
            self.anchor_on(record.id);
        }
        self.sounds_again
            .extend(record.audio.map(|audio| (record.id, audio)));
        if let Some((session, tag)) = record.renegotiating {
            self.outcome(session, tag, OutcomeKind::Failed(Cause::Failed));
        }
    }

    fn restore_custody(&mut self, id: CustodyId, call: CallId, tenant: &Arc<str>, record: CustodyRecord) {
        if !self.legs.contains_key(&record.leg) {
            return;
        }
        let holder = match record.holder {
            Holder::Session(session) if self.sessions.contains_key(&session) => record.holder,
            Holder::Session(_) | Holder::Host => Holder::Host,
        };
        if let Holder::Session(session) = holder
            && let Some(session) = self.sessions.get_mut(&session)
        {
            session.custodies.push(id);
        }
        let placed = |(behaviour, settings)| Placed { behaviour, settings };
        let custody = Custody {
            leg: record.leg,
            call,
            tenant: tenant.clone(),
            holder,
            parent: record.parent,
            number: record.number,
            stack: record.stack.into_iter().map(placed).collect(),
            position: record.position,
            line: record.line,
            hops: record.hops,
            diversions: record.diversions,
            dial: record.dial,
            won: record.won,
        };
        self.custodies.insert(id, custody);
    }

    /// Legs whose sound goes straight to another party; what one of them was just changing is asked for again by it.
    fn restore_ways(&mut self, ways: CallWays) {
        for (leg, record) in ways.direct {
            if let Some(leg) = self.legs.get_mut(&leg) {
                leg.direct = Some(Box::new(Direct {
                    negotiation: record.negotiation,
                    theirs: record.theirs.into(),
                    fork: Fork(0),
                    updated: false,
                    early: record.early.map(|(theirs, sent)| {
                        Box::new(Early {
                            theirs: theirs.into(),
                            sent: sent.into(),
                        })
                    }),
                    peer: record.peer,
                    asked: None,
                }));
            }
        }
        for (leg, fork, updated) in ways.forks {
            if let Some(direct) = self.legs.get_mut(&leg).and_then(|leg| leg.direct.as_mut()) {
                direct.fork = fork;
                direct.updated = updated;
            }
        }
    }

    fn restore_bridge(&mut self, a: LegId, b: LegId) {
        if !self.are_direct(a, b) {
            let (Some(port_a), Some(port_b)) = (self.port_of(a), self.port_of(b)) else {
                return;
            };
            self.media(Command::Connect { a: port_a, b: port_b });
        }
        for (leg, other) in [(a, b), (b, a)] {
            if let Some(leg) = self.legs.get_mut(&leg) {
                leg.bridged = Some(other);
            }
        }
    }

    /// Goes on with calls, tells sessions what they lost, and plays on to those who wait.
    pub(in crate::engine) fn after_restore(&mut self) {
        let resumed = std::mem::take(&mut self.resumed);
        // Not before the last leg has its port again: whoever is called now would take it.
        for (a, b) in resumed.bridges {
            self.restore_bridge(a, b);
        }
        for leg in resumed.portless {
            self.leg_fails(leg, Cause::Congestion);
        }
        for leg in resumed.legs {
            self.look_after_restored(leg);
        }
        if !self.sounds_again.is_empty() {
            self.timers.set(self.now + RECORDINGS_BY, Due::SoundsAgain);
            self.play_again(false);
        }
        let seated: Vec<LegId> = self
            .rooms
            .values()
            .flat_map(|room| room.legs().to_vec())
            .collect();
        for leg in seated {
            self.seat_in_media(leg);
            self.later(Step::Alone(leg));
        }
        for believed in resumed.sessions {
            let id = believed.session;
            for (dial, tag) in believed.dials {
                if !self.dials.contains_key(&dial) {
                    let outcome = DialOutcome {
                        result: DialResult::Failed(Cause::Failed),
                        targets: Vec::new(),
                    };
                    self.outcome(id, tag, OutcomeKind::Dialled(outcome));
                }
            }
            for leg in believed.held {
                if !self.legs.contains_key(&leg) {
                    let ended = LegEnded {
                        leg,
                        cause: Cause::Failed,
                    };
                    self.deliver(id, Event::LegEnded(ended));
                }
            }
            for tag in believed.pages {
                self.outcome(id, tag, OutcomeKind::Gathered(contract::GatherOutcome::Gone));
            }
            self.watches_of_earlier_run(id);
            self.later(Step::Settle(id));
        }
        let gone: Vec<CustodyId> = self
            .custodies
            .iter()
            .filter(|(_, custody)| custody.dial.is_some_and(|dial| !self.dials.contains_key(&dial)))
            .map(|(id, _)| *id)
            .collect();
        for custody in gone {
            if let Some(custody) = self.custodies.get_mut(&custody) {
                custody.dial = None;
            }
        }
        self.cut_whispers();
    }
}
