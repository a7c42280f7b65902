//! Legs that a dial rings: INVITEs to devices and trunks, and what becomes of them.

use std::sync::Arc;

use contract::{Cause, LegId, SessionId};
use sip::endpoint::{Body, Credentials, Failure, Fork, Invite, Large, Path};
use sip::sdp::{Answer, Codec};
use sip::uri::Uri;
use smallvec::SmallVec;

use super::RunState;
use super::ringing::alert_info;
use crate::cause;
use crate::directory::TrunkId;
use crate::engine::Exchange;
use crate::engine::leg::{Direct, LegMedia, LegState, Party, Redirections};
use crate::engine::lookup::{Contact, trunk_account};
use crate::ids::{CallId, DialId, DialOwner, Holder};
use crate::report::{Direction, Fact, LegRole};

/// Which way the sound of a callee is to go.
enum Sound {
    Anchored(Box<LegMedia>),
    Direct(Box<Direct>),
}

/// An INVITE to make.
pub(super) struct Branch {
    pub party: Party,
    pub target: Uri,
    path: Path,
    routes: Vec<Uri>,
    credentials: Option<Credentials>,
    number: String,
    pub outside: bool,
    /// The domain that From and P-Asserted-Identity name.
    pub domain: String,
}

impl Exchange {
    pub(super) fn invite_contact(
        &mut self,
        id: DialId,
        target: usize,
        line: &Arc<str>,
        device: &Arc<str>,
        contact: Contact,
    ) -> Result<(), Cause> {
        let tenant = self
            .dials
            .get(&id)
            .map(|dial| dial.tenant.clone())
            .ok_or(Cause::Cancelled)?;
        let branch = Branch {
            party: Party::Device {
                line: line.clone(),
                device: device.clone(),
            },
            target: contact.uri,
            path: contact.path,
            routes: contact.routes,
            credentials: None,
            number: line.to_string(),
            outside: false,
            domain: self.domain_of(&tenant),
        };
        self.invite(id, target, branch, &Redirections::default())
    }

    /// A line whose phones another exchange has: as if they were here, but over the trunk to that.
    pub(super) fn ring_elsewhere(
        &mut self,
        id: DialId,
        target: usize,
        line: &Arc<str>,
        trunk: &TrunkId,
    ) -> Result<(), Cause> {
        let dial = self.dials.get(&id).ok_or(Cause::Cancelled)?;
        let (tenant, call) = (dial.tenant.clone(), dial.call);
        if let Some(cause) = self.take_tried(call, line) {
            let sentence = format!("the exchange that has the phones of {line} has tried it: {cause}");
            self.because(&tenant, call, "interception", sentence);
            return Err(cause);
        }
        let view = self.tenant(&tenant).ok_or(Cause::Failed)?;
        let label = view.line(line).map(|line| line.label().clone());
        let label = label.ok_or(Cause::UnknownNumber)?;
        let way = self.way_out(&tenant, trunk, &label).ok_or(Cause::Congestion)?;
        let branch = Branch {
            party: Party::Device {
                line: line.clone(),
                device: trunk_account(trunk).into(),
            },
            target: way.target,
            path: way.path,
            routes: Vec::new(),
            credentials: way.credentials,
            number: way.number,
            outside: false,
            domain: way.domain,
        };
        self.invite(id, target, branch, &Redirections::default())
    }

    /// Over the first trunk that takes the number; the others wait in case it cannot.
    pub(super) fn ring_outside(
        &mut self,
        id: DialId,
        target: usize,
        number: &Arc<str>,
        trunks: &[TrunkId],
    ) -> Result<(), Cause> {
        let trunks = trunks.iter().rev().cloned().collect();
        let rest = Redirections {
            trunks,
            number: number.clone(),
        };
        self.invite_trunk(id, target, rest)
    }

    fn invite_trunk(&mut self, id: DialId, target: usize, mut rest: Redirections) -> Result<(), Cause> {
        let tenant = self
            .dials
            .get(&id)
            .map(|dial| dial.tenant.clone())
            .ok_or(Cause::Cancelled)?;
        let mut why = Cause::Congestion;
        while let Some(trunk) = rest.trunks.pop() {
            let Some(way) = self.way_out(&tenant, &trunk, &rest.number) else {
                continue;
            };
            let branch = Branch {
                party: Party::Trunk(trunk.text().clone()),
                target: way.target,
                path: way.path,
                routes: Vec::new(),
                credentials: way.credentials,
                number: way.number,
                outside: true,
                domain: way.domain,
            };
            match self.invite(id, target, branch, &rest) {
                Ok(()) => return Ok(()),
                Err(cause) => why = cause,
            }
        }
        Err(why)
    }

    fn invite(
        &mut self,
        id: DialId,
        target: usize,
        branch: Branch,
        rest: &Redirections,
    ) -> Result<(), Cause> {
        let dial = self.dials.get(&id).ok_or(Cause::Cancelled)?;
        let (call, tenant, caller, options) =
            (dial.call, dial.tenant.clone(), dial.caller, dial.options.clone());
        let (sound, offer) = match self.direct_offer(id, &branch.party, &branch.target, &branch.path)? {
            Some((direct, offer)) => (Sound::Direct(direct), offer),
            None => {
                let opened = self.open_offer(&branch.path, caller);
                let (media, offer) = opened.map_err(|()| Cause::Congestion)?;
                (Sound::Anchored(media), offer)
            }
        };
        let shown = self.shown_to(call, &options.shown, &branch);
        let to =
            Uri::sip(Some(&branch.number), &branch.domain, None).unwrap_or_else(|_| branch.target.clone());
        let mut invite = Invite::new(branch.target, branch.path, shown.from, to).offer(offer);
        if branch.party.line().is_some() {
            // A device that registered over UDP is reached through that very flow.
            invite.large = Large::Udp;
        }
        invite.routes = branch.routes;
        invite.credentials = branch.credentials;
        invite.headers = shown.headers;
        invite.max_forwards = self
            .calls
            .get(&call)
            .map_or(70, |call| call.max_forwards)
            .saturating_sub(1);
        let alert = options
            .alert
            .or_else(|| self.distinctive_ring(call, &branch.party));
        if let Some(alert) = &alert {
            invite.headers.push("Alert-Info", alert_info(alert));
        }
        self.add_diversions(id, &branch.domain, &branch.number, &mut invite.headers);
        let usage = match self.sip.invite(self.now, invite) {
            Ok(usage) => usage,
            Err(_) => {
                if let Sound::Anchored(media) = sound {
                    self.close_media(*media);
                }
                return Err(Cause::Congestion);
            }
        };
        let leg = self.add_leg(
            call,
            tenant,
            usage,
            branch.party,
            LegState::Calling,
            LegRole::Callee,
            branch.number,
        );
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.dial = Some((id, target));
            leg.rest = (!rest.trunks.is_empty()).then(|| Box::new(rest.clone()));
        }
        match sound {
            Sound::Anchored(media) => self.attach_media(leg, media),
            Sound::Direct(direct) => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.direct = Some(direct);
                }
            }
        }
        if let Some(run) = self.dials.get_mut(&id).and_then(|dial| dial.runs.get_mut(target))
            && let RunState::Legs { live, .. } = &mut run.state
        {
            live.push(leg);
        }
        Ok(())
    }

    /// The callee rings, perhaps with sound of its own.
    pub(in crate::engine) fn callee_progress(
        &mut self,
        leg_id: LegId,
        fork: Fork,
        status: u16,
        body: Option<&Body>,
    ) {
        let Some(leg) = self.legs.get_mut(&leg_id) else {
            return;
        };
        let Some((dial, target)) = leg.dial else {
            return;
        };
        let sdp = body.filter(|body| body.is_sdp());
        let is_direct = leg.direct.is_some();
        let early = sdp
            .filter(|_| !is_direct)
            .and_then(|body| Answer::parse(&body.bytes).ok());
        let passes = sdp.filter(|_| is_direct);
        if leg.state == LegState::Calling && status >= 180 {
            leg.state = LegState::Ringing;
            let call = leg.call;
            self.keep_call(call);
            self.dialog_changed(leg_id);
            if status == 180 || (early.is_none() && passes.is_none()) {
                self.call_rings(call);
                self.report_leg(leg_id, Fact::LegRinging);
            }
        }
        if let Some(answer) = early
            && self.early_media(leg_id, dial, &answer)
        {
            return;
        }
        if let Some(body) = passes
            && self.early_answer(leg_id, dial, fork, status, body)
            && status != 180
        {
            return;
        }
        if status == 180 {
            self.target_rings(dial, target);
        }
    }

    /// The callee answered: it wins every dial on the way to the caller, and the two are connected.
    pub(in crate::engine) fn callee_answered(&mut self, leg_id: LegId, body: Option<&Body>) {
        let Some(leg) = self.legs.get_mut(&leg_id) else {
            return;
        };
        leg.state = LegState::Up;
        let Some((dial, target)) = leg.dial.take() else {
            return;
        };
        let codec = match self.callees_answer(leg_id, body) {
            Ok(codec) => codec,
            Err(_) => {
                self.branch_over(dial, target, leg_id, Cause::NotAcceptable);
                self.hang_up(leg_id, Cause::NotAcceptable);
                return;
            }
        };
        self.dialog_changed(leg_id);
        self.report_leg(leg_id, Fact::LegAnswered);
        self.meter(leg_id);
        let owner = self.dials.get(&dial).map(|dial| dial.owner);
        self.note_payer(leg_id, owner);
        self.end_other_forks(dial, target, leg_id);
        if !self.whispers(dial, target, leg_id) {
            self.join_answerer(dial, target, leg_id, codec);
        }
    }

    /// Whoever answered wins, and talks to the caller.
    pub(super) fn join_answerer(&mut self, dial: DialId, target: usize, leg_id: LegId, codec: Option<Codec>) {
        let Some((caller, custody, owner)) = self.dials.get(&dial).map(|d| (d.caller, d.custody, d.owner))
        else {
            self.hang_up(leg_id, Cause::Cancelled);
            return;
        };
        match caller {
            Some(caller) => {
                let holders = custody.map(|custody| self.chain(custody)).unwrap_or_default();
                self.hold_callee(leg_id, holders);
                self.stop_ringback(caller, dial);
                if let Err(why) = self.connect_answered(caller, leg_id, codec) {
                    self.target_done(dial, target, why);
                    self.hang_up(leg_id, why);
                    return;
                }
            }
            None => self.hold_originated(leg_id, owner),
        }
        self.dial_won(dial, target, leg_id);
        if let Some(custody) = custody {
            self.win(custody, leg_id);
        }
    }

    /// Somebody answers a target in the place of the phones that ring for it.
    pub(in crate::engine) fn answered_in_place(&mut self, dial: DialId, target: usize, taker: LegId) {
        let custody = self.dials.get(&dial).and_then(|dial| dial.custody);
        let holders = custody.map(|custody| self.chain(custody)).unwrap_or_default();
        self.hold_callee(taker, holders);
        self.end_other_forks(dial, target, taker);
    }

    /// The sessions that hold a leg through this custody and those in front of it.
    pub(in crate::engine) fn chain(&self, custody: super::CustodyId) -> SmallVec<[SessionId; 1]> {
        let mut sessions = SmallVec::new();
        let mut at = Some(custody);
        while let Some(custody) = at.and_then(|id| self.custodies.get(&id)) {
            if let Holder::Session(session) = custody.holder {
                sessions.push(session);
            }
            at = custody
                .parent
                .and_then(|(dial, _)| self.dials.get(&dial))
                .and_then(|dial| dial.custody);
        }
        sessions
    }

    fn hold_callee(&mut self, leg_id: LegId, holders: SmallVec<[SessionId; 1]>) {
        for session in &holders {
            if let Some(session) = self.sessions.get_mut(session) {
                session.callees.push(leg_id);
            }
        }
        if let Some(leg) = self.legs.get_mut(&leg_id) {
            leg.holders = holders;
        }
    }

    /// A callee that was dialled without a caller is the session's to decide about.
    fn hold_originated(&mut self, leg: LegId, owner: DialOwner) {
        let own = |id: &CallId| {
            let call = self.calls.get(id);
            call.is_some_and(|call| call.direction == Direction::Originated)
        };
        // A call that nobody made begins with its first party.
        if let Some(call) = self.call_of(leg).filter(own) {
            self.call_answered(call);
        }
        match owner {
            DialOwner::Session { session, .. } => {
                self.take_custody(session, leg);
            }
            DialOwner::ClickToDial => self.click_answered(leg),
            DialOwner::Host | DialOwner::Transfer { .. } => {}
        }
    }

    fn connect_answered(&mut self, caller: LegId, callee: LegId, codec: Option<Codec>) -> Result<(), Cause> {
        if codec.is_some() || !self.pass_answer(caller, callee)? {
            self.answer_caller(caller, codec, None)?;
        }
        self.connect(caller, callee);
        Ok(())
    }

    /// One leg of a target failed; the others may still answer.
    pub(in crate::engine) fn callee_failed(&mut self, leg_id: LegId, failure: &Failure) {
        let Some(leg) = self.legs.get_mut(&leg_id) else {
            return;
        };
        let rang = leg.state == LegState::Ringing;
        let (dial, rest, line) = (leg.dial.take(), leg.rest.take(), leg.party.line().cloned());
        let status = failure.status();
        let cause = match failure {
            Failure::Cancelled { .. } => Cause::NoAnswer,
            // Nothing came back at all: the phone is not there any more, whatever the registrar says.
            Failure::Timeout | Failure::Transport if !rang => Cause::Unreachable,
            _ => cause::of_status(status, rang),
        };
        self.leg_gone(leg_id, cause);
        let Some((dial, target)) = dial else {
            return;
        };
        if let Some(rest) = rest
            && !rang
            && matches!(status, 408 | 500 | 502 | 503 | 504)
        {
            self.forget_leg(dial, target, leg_id);
            if self.invite_trunk(dial, target, *rest).is_ok() {
                return;
            }
        }
        let redirected = failure
            .response()
            .filter(|response| (300..400).contains(&response.status.code()));
        if let (Some(response), Some(line)) = (redirected, &line)
            && let Some(number) = redirected_to(response)
        {
            self.forget_leg(dial, target, leg_id);
            if let Err(why) = self.ring_redirected(dial, target, line, &number) {
                self.target_done(dial, target, why);
            }
            return;
        }
        let cause = if cause == Cause::Unreachable && line.is_none() {
            Cause::Congestion
        } else {
            cause
        };
        self.branch_over(dial, target, leg_id, cause);
    }

    /// Takes a leg out of its target without judging it.
    fn forget_leg(&mut self, dial: DialId, target: usize, leg: LegId) {
        if let Some(run) = self
            .dials
            .get_mut(&dial)
            .and_then(|dial| dial.runs.get_mut(target))
            && let RunState::Legs { live, .. } = &mut run.state
        {
            live.retain(|other| *other != leg);
        }
    }

    /// A leg of the target is over; once none is left, so is the target.
    pub(in crate::engine) fn branch_over(&mut self, dial: DialId, target: usize, leg: LegId, why: Cause) {
        let Some(run) = self
            .dials
            .get_mut(&dial)
            .and_then(|dial| dial.runs.get_mut(target))
        else {
            return;
        };
        let RunState::Legs { live, worst } = &mut run.state else {
            return;
        };
        live.retain(|other| *other != leg);
        let telling = worst
            .filter(|worst| cause::weight(*worst) >= cause::weight(why))
            .unwrap_or(why);
        *worst = Some(telling);
        // One person has several phones: refusing on one of them refuses on all (R11).
        let refused = why == Cause::Declined;
        if live.is_empty() {
            self.target_done(dial, target, telling);
        } else if refused {
            let others = std::mem::take(live);
            self.target_done(dial, target, why);
            for other in others {
                self.hang_up(other, Cause::Cancelled);
            }
        }
    }

    /// The other phones of the line that answered stop ringing.
    fn end_other_forks(&mut self, dial: DialId, target: usize, winner: LegId) {
        let Some(run) = self
            .dials
            .get_mut(&dial)
            .and_then(|dial| dial.runs.get_mut(target))
        else {
            return;
        };
        let RunState::Legs { live, .. } = &mut run.state else {
            return;
        };
        let others = std::mem::take(live);
        for leg in others.into_iter().filter(|leg| *leg != winner) {
            self.hang_up(leg, Cause::AnsweredElsewhere);
        }
    }
}

/// Where a phone that answers 3xx wants the call: the number goes through the dial plan, so that restrictions and
/// the hop limit apply, whatever host it names.
fn redirected_to(response: &sip::Response) -> Option<String> {
    let sip::header::Contacts::List(contacts) = response.headers.contacts().ok()? else {
        return None;
    };
    contacts.first()?.address.uri.user().map(|user| user.into_owned())
}
