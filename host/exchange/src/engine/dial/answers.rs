//! What becomes of the legs that a dial rings: they ring, answer, send the call on, or fail.
//!
//! ```text
//!  INVITE ─▶ 180, 183 ─▶ 200: wins every dial on the way to the caller; the target's other phones stop ringing
//!                └─────▶ 3xx: another number, through the dial plan
//!                └─────▶ 4xx–6xx, nothing: the next trunk, the target's other phones, or the target is over
//! ```

use contract::{Cause, LegId};
use sip::endpoint::{Body, Failure, Fork};
use sip::sdp::{Answer, Codec};

use super::RunState;
use crate::cause;
use crate::engine::Exchange;
use crate::engine::leg::LegState;
use crate::ids::{CallId, DialId, DialOwner};
use crate::report::{Direction, Fact};

impl Exchange {
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
