//! Callers who hang up and are called back when it is their turn.
//!
//! The place stays in the queue without a leg. When a member is free for it, that member is kept,
//! the caller is rung, and on answer the member is: nobody who is called back waits again, unless the member lets it ring.

use cordboard::Identity;
use cordboard::contract::DialOptions;
use cordboard::prelude::*;

use crate::call::{Hears, Phase, Waiter};
use crate::members::Free;
use crate::seats::Seats;
use crate::turn::Turn;

/// Places are told from legs by this bit of the number that stands for the leg.
const PLACE: u64 = 1 << 63;

/// Between two attempts.
const AGAIN: u64 = 300_000;

/// How often a caller's phone rings.
const RINGS: u32 = 6;

pub fn is_place(leg: LegId) -> bool {
    leg.0 & PLACE != 0
}

impl Turn<'_> {
    /// Where this caller could be called back; R24 holds for it too.
    pub fn back_to(&self, caller: &Identity) -> Option<String> {
        let number = caller.number.as_ref().filter(|_| !caller.anonymous)?;
        let offered = self.settings.call_back.on && self.host.destination(number).is_ok();
        offered.then(|| number.clone())
    }

    /// The caller has pressed 1.
    pub fn takes_offer(&mut self, index: usize) -> Result<(), Refusal> {
        let call = &mut self.group.calls[index];
        match call.phase {
            Phase::Queued { .. } => {}
            // A member's phone rings for the caller; if that comes to nothing, then.
            Phase::Ringing { .. } => {
                call.wants_back = true;
                return self.played(index);
            }
            _ => return Ok(()), // a member was quicker
        }
        self.host
            .explain("call-back", "the caller keeps the place and is called back");
        self.group.places = self.group.places.wrapping_add(1);
        let keep = u64::from(self.settings.call_back.keep) * 1_000;
        let place = Waiter {
            leg: LegId(PLACE | self.group.places),
            expires: self.now + keep,
            phase: Phase::Away {
                not_before: self.now,
                attempts: 0,
            },
            tried: Seats::default(),
            hears: Hears::Nothing,
            announce_at: None,
            ..call.clone()
        };
        call.phase = Phase::Parting;
        call.hears = Hears::Announcement;
        let leg = self.host.leg(call.leg);
        self.group.calls.insert(index, place);
        match self.settings.call_back.noted.as_str() {
            "" => self.part(index + 1),
            noted => Ok(leg.play(noted).unless_gone()?),
        }
    }

    fn part(&mut self, index: usize) -> Result<(), Refusal> {
        let call = self.group.calls.remove(index);
        Ok(self.host.leg(call.leg).hang_up().unless_gone()?)
    }

    /// It is this place's turn: a member is kept, and the caller is rung.
    pub fn recall(&mut self, index: usize, free: &mut Vec<Free>) -> Result<(), Refusal> {
        let call = &self.group.calls[index];
        let Phase::Away { attempts, .. } = call.phase else {
            return Ok(());
        };
        let suiting = free.iter().filter(|member| self.suits(call, member.seat));
        let first = self.group.members.first(self.settings.mode, suiting.copied());
        let (Some(member), Some(number)) = (first, &call.back) else {
            return Ok(());
        };
        match self.host.destination(number) {
            Ok(target) => {
                self.host
                    .explain("call-back", "a member is free: the caller is called back");
                let stages = Stages::from(target).for_rings(RINGS);
                self.host.originate(call.leg.0, stages, DialOptions::default())?;
                let seat = member.seat;
                self.keep(std::iter::once(seat), RINGS)?;
                self.group.calls[index].phase = Phase::Recalling {
                    member: Some(seat),
                    attempts: attempts.saturating_add(1),
                };
                free.retain(|other| other.seat != seat);
            }
            Err(why) => {
                self.host
                    .explain("R24", &["no call back: ", why.sentence()].concat());
                self.again(index, attempts.saturating_add(1));
            }
        }
        Ok(())
    }

    /// The caller answers: the member who was kept is rung.
    pub fn recalled(&mut self, index: usize, leg: LegId) -> Result<(), Refusal> {
        let call = &mut self.group.calls[index];
        let Phase::Recalling { member, .. } = call.phase else {
            return Ok(());
        };
        self.group.figures.called_back = self.group.figures.called_back.saturating_add(1);
        call.leg = leg;
        call.came = self.now;
        call.expires = self.now + u64::from(self.settings.max_wait) * 1_000;
        call.recalled = true;
        call.may_play = true;
        call.phase = Phase::Queued { not_before: self.now };
        match member {
            Some(member) => self.ring(index, &[member]),
            None => Ok(()), // has left the group meanwhile
        }
    }

    /// The caller does not answer. A failed attempt keeps the place (RFC 6910), for a while.
    pub fn not_recalled(&mut self, index: usize) -> Result<(), Refusal> {
        let Phase::Recalling { member, attempts } = self.group.calls[index].phase else {
            return Ok(());
        };
        self.let_others(member.into_iter())?;
        self.again(index, attempts);
        Ok(())
    }

    fn again(&mut self, index: usize, attempts: u32) {
        if attempts >= self.settings.call_back.attempts {
            self.host.explain(
                "call-back",
                "the caller was rung as often as may be: the place is given up",
            );
            self.group.figures.places_lost = self.group.figures.places_lost.saturating_add(1);
            self.group.calls[index].expires = 0; // taken out with those whose time is over
        }
        self.group.calls[index].phase = Phase::Away {
            not_before: self.now + AGAIN,
            attempts,
        };
    }
}
