//! What the group does about one event.

use cordboard::contract::Message;
use cordboard::prelude::*;
use cordboard::{
    CommandOutcome, DialAnswer, DialOutcome, DialResult, Identity, Offer, OutcomeKind, Tone, leg_of,
};

use crate::call::{Hears, Phase, Waiter};
use crate::lines::Lines;
use crate::overflow::Why;
use crate::seats::{Seat, Seats};
use crate::{Group, GroupSettings};

/// The group while it handles an event.
pub struct Turn<'a> {
    pub group: &'a mut Group,
    pub settings: &'a GroupSettings,
    pub host: &'a Host,
    pub now: u64,
    pub lines: Lines,
}

impl<'a> Turn<'a> {
    pub fn new(group: &'a mut Group, settings: &'a GroupSettings, host: &'a Host) -> Self {
        if let Some(moved) = group.members.follow(&settings.members) {
            group.calls.iter_mut().for_each(|call| call.reseat(&moved));
        }
        Turn {
            lines: Lines::of(group.members.len()),
            group,
            settings,
            host,
            now: host.now(),
        }
    }

    pub fn offered(&mut self, offer: &Offer) -> Result<(), Refusal> {
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

    pub fn outcome(&mut self, outcome: CommandOutcome) -> Result<(), Refusal> {
        let leg = leg_of(&outcome);
        let Some(index) = self.group.calls.iter().position(|call| call.leg == leg) else {
            return self.nobodys(leg, outcome.kind); // the caller hung up before
        };
        let call = &mut self.group.calls[index];
        match outcome.kind {
            OutcomeKind::Dialled(dialled) => self.dialled(index, dialled),
            // Something else took its place; what that was tells for itself.
            OutcomeKind::Played(Played::Stopped) | OutcomeKind::Gathered(Gathered::Stopped(_)) => Ok(()),
            OutcomeKind::Played(Played::Missing(name)) | OutcomeKind::Gathered(Gathered::Missing(name)) => {
                self.host
                    .explain("announcement", &["there is no announcement ", &name].concat());
                self.missing(index)
            }
            OutcomeKind::Gathered(Gathered::Digits(key))
                if key == "1" && call.hears == Hears::Announcement =>
            {
                self.takes_offer(index)
            }
            OutcomeKind::Played(_) | OutcomeKind::Gathered(_) => self.played(index),
            OutcomeKind::Done | OutcomeKind::Failed(_) if call.hears == Hears::Answer => {
                call.hears = Hears::Waiting;
                match outcome.kind {
                    OutcomeKind::Done => call.answered = true,
                    _ => call.back = None, // the caller is on the way out
                }
                Ok(())
            }
            OutcomeKind::Failed(cause) if !matches!(call.phase, Phase::Talking { .. }) => {
                let targets = Vec::new();
                let result = DialResult::Failed(cause);
                self.dialled(index, DialOutcome { result, targets })
            }
            OutcomeKind::Done | OutcomeKind::Failed(_) => Ok(()),
        }
    }

    /// Somebody who was called back answers, and the place is gone.
    fn nobodys(&mut self, leg: LegId, kind: OutcomeKind) -> Result<(), Refusal> {
        if let OutcomeKind::Dialled(DialOutcome {
            result: DialResult::Answered(answer),
            ..
        }) = kind
            && crate::recall::is_place(leg)
        {
            self.host.leg(answer.leg).hang_up().unless_gone()?;
        }
        Ok(())
    }

    /// There is no such announcement: the caller goes on without it.
    fn missing(&mut self, index: usize) -> Result<(), Refusal> {
        let call = &self.group.calls[index];
        if call.hears == Hears::Waiting && matches!(call.phase, Phase::Queued { .. } | Phase::Ringing { .. })
        {
            let leg = self.host.leg(call.leg);
            return Ok(leg.play_forever(Tone::Ringback).unless_gone()?);
        }
        self.played(index)
    }

    pub fn played(&mut self, index: usize) -> Result<(), Refusal> {
        let call = &mut self.group.calls[index];
        let leg = call.leg;
        match call.phase {
            Phase::Leaving { cause } => {
                self.group.calls.remove(index);
                Ok(self.host.leg(leg).reject(cause).unless_gone()?)
            }
            Phase::Parting => {
                self.group.calls.remove(index);
                Ok(self.host.leg(leg).hang_up().unless_gone()?)
            }
            Phase::Greeting => {
                call.phase = Phase::Queued { not_before: self.now };
                call.hears = Hears::Nothing;
                Ok(())
            }
            // An answered caller would hear nothing while phones ring.
            Phase::Queued { .. } | Phase::Ringing { .. } => match call.hears {
                Hears::Greeting => {
                    call.hears = Hears::Nothing;
                    Ok(())
                }
                Hears::Waiting | Hears::Announcement => {
                    call.hears = Hears::Nothing;
                    self.let_wait(index)
                }
                Hears::Nothing | Hears::Answer => Ok(()),
            },
            Phase::Talking { .. } | Phase::Forwarded | Phase::Away { .. } | Phase::Recalling { .. } => Ok(()),
        }
    }

    fn dialled(&mut self, index: usize, outcome: DialOutcome) -> Result<(), Refusal> {
        match (outcome.result, &self.group.calls[index].phase) {
            (DialResult::Answered(answer), Phase::Recalling { .. }) => self.recalled(index, answer.leg),
            (DialResult::Failed(_), Phase::Recalling { .. }) => self.not_recalled(index),
            (DialResult::Answered(answer), _) => self.answered(index, &answer),
            (DialResult::Failed(cause), _) => self.unanswered(index, cause),
        }
    }

    fn answered(&mut self, index: usize, answer: &DialAnswer) -> Result<(), Refusal> {
        let call = &mut self.group.calls[index];
        // By its place in the dial: a line may go by several names.
        let member = match &call.phase {
            Phase::Ringing { members, .. } => members.get(answer.target as usize).copied().flatten(),
            _ => None,
        };
        let rung = call.phase.rung();
        let is_members = matches!(call.phase, Phase::Ringing { .. });
        let waited = self.now.saturating_sub(call.came);
        call.phase = Phase::Talking {
            member,
            callee: answer.leg,
            since: self.now,
        };
        if is_members {
            let others = self.group.calls.iter().any(Waiter::is_waiting);
            let within = u64::from(self.settings.service_level) * 1_000;
            self.group.figures.answered(waited, within, self.now, others);
        }
        if let Some(seat) = member {
            self.group.members.answered(seat, &self.settings.weights);
            let name = self.group.members.name(seat);
            self.host.explain("R33", &[name, " answered"].concat());
        }
        // Who answered is in a call now, which other groups see.
        self.let_others(rung.into_iter())
    }

    fn unanswered(&mut self, index: usize, cause: Cause) -> Result<(), Refusal> {
        let rung = self.group.calls[index].phase.rung();
        self.let_others(rung.into_iter())?;
        let call = &mut self.group.calls[index];
        match &call.phase {
            Phase::Ringing { expired: true, .. } => {
                let call = self.group.calls.remove(index);
                self.send_away(call, Why::Expired)
            }
            Phase::Ringing { members, .. } => {
                let names = names(
                    members
                        .iter()
                        .flatten()
                        .map(|seat| self.group.members.name(*seat)),
                );
                self.host
                    .explain("R33", &[&names, " did not take the call"].concat());
                call.phase = Phase::Queued { not_before: self.now };
                match std::mem::take(&mut call.wants_back) {
                    true => self.takes_offer(index),
                    false => Ok(()),
                }
            }
            Phase::Forwarded => {
                let call = self.group.calls.remove(index);
                Ok(self.host.leg(call.leg).reject(cause).unless_gone()?)
            }
            Phase::Greeting
            | Phase::Queued { .. }
            | Phase::Talking { .. }
            | Phase::Leaving { .. }
            | Phase::Parting
            | Phase::Away { .. }
            | Phase::Recalling { .. } => Ok(()),
        }
    }

    /// A caller or a member hung up: that ends the call for both.
    pub fn ended(&mut self, leg: LegId) -> Result<(), Refusal> {
        let is_of = |call: &Waiter| match call.phase {
            Phase::Talking { callee, .. } => call.leg == leg || callee == leg,
            _ => call.leg == leg,
        };
        let Some(index) = self.group.calls.iter().position(is_of) else {
            return Ok(());
        };
        let call = self.group.calls.remove(index);
        self.let_others(call.phase.rung().into_iter())?;
        match call.phase {
            Phase::Talking {
                member,
                callee,
                since,
            } => {
                let other = if call.leg == leg { callee } else { call.leg };
                self.host.leg(other).hang_up().unless_gone()?;
                self.talked(member, self.now.saturating_sub(since));
            }
            _ if call.is_waiting() => {
                self.group.figures.abandoned = self.group.figures.abandoned.saturating_add(1)
            }
            _ => {}
        }
        Ok(())
    }

    fn talked(&mut self, member: Option<Seat>, length: u64) {
        let Some(tally) = self.group.members.tally(member) else {
            return;
        };
        tally.talked = tally.talked.saturating_add(length / 1_000);
        self.group.figures.talked(length);
        if let Some(seat) = member {
            self.rest(seat);
        }
    }

    /// R35.
    fn rest(&mut self, seat: Seat) {
        if self.settings.wrap_up > 0 {
            let until = self.now + u64::from(self.settings.wrap_up) * 1_000;
            self.group.members.rests_until(seat, until);
            let name = self.group.members.name(seat);
            self.host
                .explain("R35 wrap-up", &[name, " has a pause after the call"].concat());
        }
    }

    /// A word about a member, from a feature code or from an operator: `absent 201`, `present 201`,
    /// `disconnect 201`, `connect 201`; or `statistics`, which are sent to whoever asks.
    pub fn heard(&mut self, message: &Message) -> Result<(), Refusal> {
        let text = std::str::from_utf8(&message.body).unwrap_or_default();
        if text == "statistics" {
            return self.tell_figures(message.sender.as_ref());
        }
        let word = text.split_once(' ');
        let known = word.and_then(|(what, line)| Some((what, self.member_called(line)?)));
        if !known.is_some_and(|(what, seat)| self.group.members.hear(what, seat)) {
            self.host
                .log("a message that says nothing about a member was dropped");
        }
        Ok(())
    }

    /// R31: a line that registers is connected again.
    pub fn registered(&mut self, line: &str, registered: bool) {
        if let Some(seat) = self.member_called(line) {
            self.group.members.registered(seat, registered);
        }
    }

    /// The member with this line, by whichever of its names.
    fn member_called(&self, name: &str) -> Option<Seat> {
        let members = || self.group.members.iter();
        members().position(|member| member.name == name).or_else(|| {
            let line = self.host.line(name)?;
            members().position(|member| {
                member.name == line.name || line.number.as_deref() == Some(member.name.as_str())
            })
        })
    }
}

/// In words.
pub fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
