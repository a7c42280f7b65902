//! Who talks with whom: bridging, parting, holding.

use contract::{Cause, Event, LegId, OutcomeKind};
use media::Command;
use sip::endpoint::{Failure, Renegotiated};
use sip::sdp::Direction;

use crate::engine::dial::Dial;
use crate::engine::leg::{AudioOwner, Waiting};
use crate::engine::{Exchange, Step};
use crate::ids::DialOwner;
use crate::report::Fact;

impl Exchange {
    /// Lets two legs hear each other. Whatever plays to them stops, and earlier partners are left alone.
    pub(in crate::engine) fn connect(&mut self, a: LegId, b: LegId) {
        if !self.legs.contains_key(&a) || !self.legs.contains_key(&b) {
            return;
        }
        let direct = self.are_direct(a, b);
        for leg in [a, b] {
            self.stop_audio(leg);
            self.part(leg);
            self.leave_room(leg);
        }
        if !direct && let Err((leg, why)) = self.connect_ports(a, b) {
            // The other one may have been answered for it.
            self.leg_fails(leg, why);
            self.later(Step::Alone(if leg == a { b } else { a }));
            return;
        }
        for (leg, other) in [(a, b), (b, a)] {
            let Some(leg) = self.legs.get_mut(&leg) else {
                continue;
            };
            leg.bridged = Some(other);
            leg.talked = true;
        }
        if let Some(call) = self.legs.get(&a).map(|leg| leg.call) {
            self.call_connected(call, b);
            self.join_calls(a, b);
        }
        self.keep_leg(a);
        self.report_leg(a, Fact::Bridged { with: b });
    }

    fn connect_ports(&mut self, a: LegId, b: LegId) -> Result<(), (LegId, Cause)> {
        for leg in [a, b] {
            self.anchor(leg).map_err(|why| (leg, why))?;
        }
        let port = |leg: LegId| self.port_of(leg).ok_or((leg, Cause::Failed));
        let (port_a, port_b) = (port(a)?, port(b)?);
        self.media(Command::Connect { a: port_a, b: port_b });
        Ok(())
    }

    /// Parts a leg from its partner; both stay up, and whoever decides about them looks after them. Returns the
    /// partner.
    pub(in crate::engine) fn part(&mut self, leg: LegId) -> Option<LegId> {
        let other = self.legs.get_mut(&leg)?.bridged.take()?;
        if let Some(other) = self.legs.get_mut(&other) {
            other.bridged = None;
        }
        for port in [self.port_of(leg), self.port_of(other)].into_iter().flatten() {
            self.media(Command::Disconnect { port });
        }
        for holder in self.holders_of(leg).into_iter().chain(self.holders_of(other)) {
            self.later(Step::Settle(holder));
        }
        self.later(Step::Alone(leg));
        self.later(Step::Alone(other));
        self.keep_leg(leg);
        self.report_leg(leg, Fact::Unbridged);
        Some(other)
    }

    /// A leg that was parted from its partner, with nobody to decide about it and nothing under way for it, is hung up.
    /// One that was only being told that nothing can be done for it goes back to whoever waits for it.
    pub(in crate::engine) fn look_after_alone(&mut self, id: LegId) {
        if let Some(custody) = self.left_to_the_host(id) {
            return self.give_back(custody, Cause::Failed);
        }
        let Some(leg) = self.legs.get(&id) else {
            return;
        };
        let waits = self.is_busy(leg) || leg.dial.is_some() || leg.transfer.is_some();
        let at_rest = leg.custodies.iter().all(|custody| self.is_at_rest(*custody));
        let is_alone = leg.bridged.is_none();
        if !waits && at_rest && !self.is_decided_about(id) && !self.is_transferring(id) {
            self.hang_up(id, Cause::Normal);
        } else if is_alone && let Err(why) = self.anchor(id) {
            // What it says must not go on to where its partner was.
            self.leg_fails(id, why);
        }
    }

    /// It asked for its partner to be transferred, and waits for the outcome.
    fn is_transferring(&self, leg: LegId) -> bool {
        let waits_for =
            |dial: &Dial| matches!(dial.owner, DialOwner::Transfer { referrer } if referrer == Some(leg));
        self.dials.values().any(waits_for)
    }

    pub(in crate::engine) fn hold(&mut self, leg_id: LegId, waiting: Waiting, on: bool) {
        let started = match self.legs.get_mut(&leg_id) {
            Some(leg) if leg.is_answered() && leg.renegotiating.is_none() => {
                leg.holding = on;
                let direction = if on {
                    Direction::SendOnly
                } else {
                    Direction::SendRecv
                };
                if leg.direct.is_some() {
                    self.anchor(leg_id)
                } else {
                    self.reoffer(leg_id, direction)
                }
            }
            _ => Err(Cause::Failed),
        };
        match started {
            Ok(()) => {
                if let Some(leg) = self.legs.get_mut(&leg_id) {
                    leg.renegotiating = Some(waiting);
                }
                if on {
                    self.play_hold_music(leg_id);
                } else {
                    self.stop_hold_music(leg_id);
                }
            }
            Err(cause) => {
                if let Some(leg) = self.legs.get_mut(&leg_id) {
                    leg.holding = !on;
                }
                self.outcome(waiting.session, waiting.tag, OutcomeKind::Failed(cause));
            }
        }
    }

    /// The answer to an offer of ours.
    pub(in crate::engine) fn renegotiation_over(
        &mut self,
        leg_id: LegId,
        result: Result<Renegotiated, Failure>,
    ) {
        let Some(result) = self.passed_over(leg_id, result) else {
            return;
        };
        let anchoring = self.is_anchoring(leg_id);
        if anchoring && let Err(failure) = &result {
            return self.anchoring_failed(leg_id, failure);
        }
        let result = match result {
            Ok(Renegotiated { body, .. }) => self.our_offer_answered(leg_id, body.as_ref()),
            Err(failure) => {
                self.withdraw_offer(leg_id);
                Err(crate::cause::of_status(failure.status(), false))
            }
        };
        if anchoring && let Err(why) = result {
            return self.hang_up(leg_id, why);
        }
        let Some(waiting) = self
            .legs
            .get_mut(&leg_id)
            .and_then(|leg| leg.renegotiating.take())
        else {
            return;
        };
        let kind = match result {
            Ok(()) => OutcomeKind::Done,
            Err(cause) => {
                if let Some(leg) = self.legs.get_mut(&leg_id) {
                    leg.holding = !leg.holding;
                }
                OutcomeKind::Failed(cause)
            }
        };
        self.outcome(waiting.session, waiting.tag, kind);
        self.keep_leg(leg_id);
    }

    /// The party put us on hold or took us back: its partner hears music meanwhile, and the session may know.
    pub(in crate::engine) fn party_holds(&mut self, leg_id: LegId, held: bool) {
        self.report_leg(leg_id, Fact::Held(held));
        let leg = self.legs.get(&leg_id).filter(|leg| leg.direct.is_none());
        // A party whose sound goes straight to its partner plays music to it, or not.
        if let Some(partner) = leg.and_then(|leg| leg.bridged) {
            if held {
                self.play_hold_music(partner);
            } else {
                self.stop_hold_music(partner);
            }
        }
        let event = if held {
            Event::LegHeld(leg_id)
        } else {
            Event::LegResumed(leg_id)
        };
        if let Some(session) = self.innermost(leg_id) {
            self.deliver_if(session, |wants| wants.hold, event);
        }
    }

    pub(in crate::engine) fn stop_hold_music(&mut self, leg: LegId) {
        let music = self.legs.get(&leg).and_then(|leg| leg.audio.as_ref());
        if music.is_some_and(|audio| audio.owner == AudioOwner::HoldMusic) {
            self.stop_audio(leg);
        }
    }
}
