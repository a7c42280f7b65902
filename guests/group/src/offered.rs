//! A call that comes in: whether it is taken at all, and its place in the queue (R26, R29, R36, R38, R40).

use cordboard::prelude::*;
use cordboard::{Identity, Offer};

use crate::call::{Hears, Phase, Waiter};
use crate::overflow::Why;
use crate::seats::Seats;
use crate::turn::Turn;

impl Turn<'_> {
    pub fn offered(&mut self, offer: &Offer) -> Result<(), Refusal> {
        if let Some(member) = self.supervises(offer) {
            return self.supervisor_calls(offer, member);
        }
        self.group.figures.offered = self.group.figures.offered.saturating_add(1);
        let mut call = self.newcomer(offer);
        if self.is_closed() {
            return self.send_away(call, Why::Closed);
        }
        if !self.anybody_takes_part(&call) {
            return self.send_away(call, Why::Nobody);
        }
        if self.places() >= self.settings.queue_length as usize && self.must_queue(&call) {
            return self.send_away(call, Why::Full);
        }
        self.greet(&mut call)?;
        self.enqueue(call);
        Ok(())
    }

    fn newcomer(&self, offer: &Offer) -> Waiter {
        Waiter {
            leg: offer.leg,
            came: self.now,
            expires: self.now + u64::from(self.settings.max_wait) * 1_000,
            phase: Phase::Queued { not_before: self.now },
            tried: Seats::default(),
            hears: Hears::Nothing,
            may_play: offer.sole_holder || offer.answered,
            answered: offer.answered,
            has_next: offer.has_next,
            priority: self.has_priority(&offer.caller),
            skill: self.skill_for(offer),
            announce_at: None,
            piece: 0,
            back: self.back_to(&offer.caller),
            wants_back: false,
            recalled: false,
        }
    }

    fn has_priority(&self, caller: &Identity) -> bool {
        let first = caller.number.as_deref().is_some_and(|number| {
            let mut patterns = self.settings.priority.iter();
            patterns.any(|pattern| self.host.matches(number, pattern))
        });
        if first {
            self.host
                .explain("priority", "this caller goes before the others who wait");
        }
        first
    }

    /// The first skill that the call needs, by the numbers it came over or by its caller's.
    fn skill_for(&self, offer: &Offer) -> Option<String> {
        let any = |number: &str, patterns: &[Number]| {
            patterns.iter().any(|pattern| self.host.matches(number, pattern))
        };
        let skill = self.settings.skills.iter().find(|skill| {
            any(&offer.called, &skill.called)
                || offer.diversions.iter().any(|number| any(number, &skill.called))
                || offer
                    .caller
                    .number
                    .as_deref()
                    .is_some_and(|number| any(number, &skill.callers))
        })?;
        self.host
            .explain("skills", &["the call needs a member with ", &skill.name].concat());
        Some(skill.name.clone())
    }

    /// At the end of the queue, or of those with priority.
    fn enqueue(&mut self, call: Waiter) {
        let calls = &mut self.group.calls;
        let place = match call.priority {
            true => calls
                .iter()
                .position(|other| other.has_place() && !other.priority),
            false => None,
        };
        calls.insert(place.unwrap_or(calls.len()), call);
    }

    fn is_closed(&self) -> bool {
        let calendar = self.settings.calendar.as_deref();
        calendar.is_some_and(|calendar| !self.host.calendar(calendar).is_open())
    }

    /// R29: others wait already, or nobody is free for it.
    fn must_queue(&self, call: &Waiter) -> bool {
        self.queued() > 0
            || !self
                .free_members()
                .iter()
                .any(|member| self.suits(call, member.seat))
    }

    pub fn queued(&self) -> usize {
        self.group.calls.iter().filter(|call| call.is_queued()).count()
    }

    /// Callers in the queue, on the line or not.
    fn places(&self) -> usize {
        let calls = self.group.calls.iter();
        calls.filter(|call| call.is_queued() || call.is_away()).count()
    }

    /// R26: an interruptive greeting plays while phones ring; any other comes to its end first.
    fn greet(&self, call: &mut Waiter) -> Result<(), Refusal> {
        let greeting = self.settings.greeting.as_deref();
        let Some(greeting) = greeting.filter(|name| call.may_play && !name.is_empty()) else {
            return Ok(());
        };
        self.host.leg(call.leg).play(greeting).unless_gone()?;
        call.hears = Hears::Greeting;
        if !self.settings.greeting_interruptive {
            self.host
                .explain("R26 greeting", "the greeting plays to its end, then phones ring");
            call.phase = Phase::Greeting;
        }
        Ok(())
    }
}
