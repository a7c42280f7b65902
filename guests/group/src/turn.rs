//! What the group does about one event.

use cordboard::prelude::*;
use cordboard::{
    CommandError, CommandOutcome, DialAnswer, DialOutcome, DialResult, Offer, OutcomeKind, Tone, leg_of,
};

use crate::call::{Hears, Phase, Waiter};
use crate::members::Free;
use crate::overflow::Why;
use crate::settings::Mode;
use crate::{Group, GroupSettings};

/// The group's only timer.
const WAKE: u64 = 0;

/// Between two times round: one ring. Members whose phones refuse at once are not rung without pause.
const PAUSE: u64 = 5_000;

/// As many as one stage of a dial may ring together.
const TOGETHER: usize = 64;

/// The group while it handles an event.
pub struct Turn<'a> {
    pub group: &'a mut Group,
    pub settings: &'a GroupSettings,
    pub host: &'a Host,
    pub now: u64,
}

impl<'a> Turn<'a> {
    pub fn offered(&mut self, offer: &Offer) -> Result<(), Refusal> {
        let mut call = Waiter {
            leg: offer.leg,
            expires: self.now + u64::from(self.settings.max_wait) * 1_000,
            phase: Phase::Queued { not_before: self.now },
            tried: Vec::new(),
            hears: Hears::Nothing,
            may_play: offer.sole_holder || offer.answered,
        };
        if self.is_closed() {
            return self.send_away(call, Why::Closed);
        }
        if !self.anybody_takes_part() {
            return self.send_away(call, Why::Nobody);
        }
        if self.must_queue() && self.queued() >= self.settings.queue_length as usize {
            return self.send_away(call, Why::Full);
        }
        self.greet(&mut call)?;
        self.group.calls.push(call);
        Ok(())
    }

    fn is_closed(&self) -> bool {
        let calendar = self.settings.calendar.as_deref();
        calendar.is_some_and(|calendar| !self.host.calendar(calendar).is_open())
    }

    /// R38.
    fn anybody_takes_part(&self) -> bool {
        let takes_part = |member: &String| self.group.members.taking_part(member, self.host).is_some();
        self.settings.members.iter().any(takes_part)
    }

    /// R29: nobody is free, or others wait already.
    fn must_queue(&self) -> bool {
        self.queued() > 0 || self.free_members().is_empty()
    }

    fn queued(&self) -> usize {
        self.group.calls.iter().filter(|call| call.is_queued()).count()
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
            return Ok(()); // the caller hung up before
        };
        match outcome.kind {
            OutcomeKind::Dialled(dialled) => self.dialled(index, dialled),
            // Something else took its place; what that was tells for itself.
            OutcomeKind::Played(Played::Stopped) => Ok(()),
            OutcomeKind::Played(Played::Missing(name)) => {
                self.host
                    .explain("announcement", &["there is no announcement ", &name].concat());
                self.played(index)
            }
            OutcomeKind::Played(_) => self.played(index),
            OutcomeKind::Failed(cause) if !matches!(self.group.calls[index].phase, Phase::Talking { .. }) => {
                let targets = Vec::new();
                self.dialled(
                    index,
                    DialOutcome {
                        result: DialResult::Failed(cause),
                        targets,
                    },
                )
            }
            OutcomeKind::Done | OutcomeKind::Failed(_) | OutcomeKind::Gathered(_) => Ok(()),
        }
    }

    fn played(&mut self, index: usize) -> Result<(), Refusal> {
        let call = &mut self.group.calls[index];
        match call.phase {
            Phase::Leaving { cause } => {
                let leg = call.leg;
                self.group.calls.remove(index);
                Ok(self.host.leg(leg).reject(cause).unless_gone()?)
            }
            Phase::Greeting => {
                call.phase = Phase::Queued { not_before: self.now };
                call.hears = Hears::Nothing;
                Ok(())
            }
            Phase::Queued { .. } | Phase::Ringing { .. } if call.hears == Hears::Greeting => {
                call.hears = Hears::Nothing;
                Ok(())
            }
            // An announcement that plays for ever ends only when there is none: ringback, then.
            Phase::Queued { .. } | Phase::Ringing { .. } if call.hears == Hears::Waiting => Ok(self
                .host
                .leg(call.leg)
                .play_forever(Tone::Ringback)
                .unless_gone()?),
            Phase::Queued { .. } | Phase::Ringing { .. } | Phase::Talking { .. } | Phase::Forwarded => Ok(()),
        }
    }

    fn dialled(&mut self, index: usize, outcome: DialOutcome) -> Result<(), Refusal> {
        match outcome.result {
            DialResult::Answered(answer) => {
                self.answered(index, answer);
                Ok(())
            }
            DialResult::Failed(cause) => self.unanswered(index, cause),
        }
    }

    fn answered(&mut self, index: usize, answer: DialAnswer) {
        let call = &mut self.group.calls[index];
        // By its place in the dial: a line may go by several names.
        let member = match &call.phase {
            Phase::Ringing { members, .. } => members.get(answer.target as usize).cloned(),
            _ => None,
        };
        if let Some(member) = &member {
            self.group.members.answered(member);
            self.host.explain("R33", &[member, " answered"].concat());
        }
        call.phase = Phase::Talking {
            member,
            callee: answer.leg,
        };
    }

    fn unanswered(&mut self, index: usize, cause: Cause) -> Result<(), Refusal> {
        let call = &mut self.group.calls[index];
        match &call.phase {
            Phase::Ringing { expired: true, .. } => {
                let call = self.group.calls.remove(index);
                self.send_away(call, Why::Expired)
            }
            Phase::Ringing { members, .. } => {
                let names = members.join(", ");
                self.host
                    .explain("R33", &[&names, " did not take the call"].concat());
                call.phase = Phase::Queued { not_before: self.now };
                Ok(())
            }
            Phase::Forwarded => {
                let call = self.group.calls.remove(index);
                Ok(self.host.leg(call.leg).reject(cause).unless_gone()?)
            }
            Phase::Greeting | Phase::Queued { .. } | Phase::Talking { .. } | Phase::Leaving { .. } => Ok(()),
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
        if let Phase::Talking { member, callee } = call.phase {
            let other = if call.leg == leg { callee } else { call.leg };
            self.host.leg(other).hang_up().unless_gone()?;
            if let Some(member) = member {
                self.rest(&member);
            }
        }
        Ok(())
    }

    /// R35.
    fn rest(&mut self, member: &str) {
        if self.settings.wrap_up > 0 {
            let until = self.now + u64::from(self.settings.wrap_up) * 1_000;
            self.group.members.hung_up(member, until);
            self.host
                .explain("R35 wrap-up", &[member, " has a pause after the call"].concat());
        }
    }

    /// A word about a member, from a feature code or from an operator: `absent 201`, `present 201`,
    /// `disconnect 201`, `connect 201`.
    pub fn heard(&mut self, body: &[u8]) {
        let word = std::str::from_utf8(body)
            .ok()
            .and_then(|word| word.split_once(' '));
        let known = word.and_then(|(what, line)| Some((what, self.member_called(line)?)));
        if !known.is_some_and(|(what, member)| self.group.members.hear(what, member)) {
            self.host
                .log("a message that says nothing about a member was dropped");
        }
    }

    /// R31: a line that registers is connected again.
    pub fn registered(&mut self, line: &str) {
        if let Some(member) = self.member_called(line) {
            self.group.members.connect(member);
        }
    }

    /// The member with this line, by whichever of its names.
    fn member_called(&self, name: &str) -> Option<&'a str> {
        let is_called = |member: &&String| {
            let line = || self.host.line(member);
            *member == name
                || line().is_some_and(|line| line.name == name || line.number.as_deref() == Some(name))
        };
        self.settings.members.iter().find(is_called).map(String::as_str)
    }

    /// R36, R38: who has waited for long enough, or for nobody, leaves.
    pub fn expire(&mut self) -> Result<(), Refusal> {
        let nobody = self.queued() > 0 && !self.anybody_takes_part();
        let mut index = 0;
        while index < self.group.calls.len() {
            let call = &mut self.group.calls[index];
            let expired = call.expires <= self.now;
            match &mut call.phase {
                Phase::Queued { .. } | Phase::Greeting if expired || nobody => {
                    let call = self.group.calls.remove(index);
                    self.send_away(call, if expired { Why::Expired } else { Why::Nobody })?;
                    // Who was sent away may still be in the list, at its end; nobody there waits.
                    continue;
                }
                Phase::Ringing { expired: over, .. } if expired && !*over => {
                    *over = true;
                    // An answer may come first; the outcome tells.
                    self.host.leg(call.leg).cancel_dial().unless_gone()?;
                }
                _ => {}
            }
            index += 1;
        }
        Ok(())
    }

    /// R29, R33: gives the first who waits the first who is free, and so on.
    pub fn distribute(&mut self) -> Result<(), Refusal> {
        if self.queued() == 0 {
            return Ok(());
        }
        let mut free = self.free_members();
        for index in 0..self.group.calls.len() {
            let Phase::Queued { not_before } = self.group.calls[index].phase else {
                continue;
            };
            if not_before <= self.now && !free.is_empty() {
                self.ring_for(index, &mut free)?;
            }
            if self.group.calls[index].is_queued() {
                self.let_wait(index)?;
            }
        }
        Ok(())
    }

    /// Rings whoever is next for this call, and takes them out of those who are free.
    fn ring_for(&mut self, index: usize, free: &mut Vec<Free<'a>>) -> Result<(), Refusal> {
        let call = &mut self.group.calls[index];
        let mode = self.settings.mode;
        let untried = free
            .iter()
            .filter(|member| !call.tried.iter().any(|tried| tried == member.name));
        let order = self
            .group
            .members
            .in_order(mode, &self.settings.members, untried.copied().collect());
        let together = if mode == Mode::Parallel { TOGETHER } else { 1 };
        let chosen = order.get(..order.len().min(together)).unwrap_or_default();
        if chosen.is_empty() {
            // All who are free were rung: another time round (R36).
            call.tried.clear();
            call.phase = Phase::Queued {
                not_before: self.now + PAUSE,
            };
            return Ok(());
        }
        let targets = chosen.iter().map(cordboard::line).collect();
        let stages = Stages::one(targets).for_rings(self.settings.rings);
        self.host
            .explain(rule(mode), &["rings ", &chosen.join(", ")].concat());
        match self.host.leg(call.leg).dial_playing(stages) {
            Err(CommandError::UnknownLeg(_)) => return Ok(()), // its end is on the way
            queued => queued?,
        }
        let members: Vec<String> = chosen.iter().map(|name| (*name).to_owned()).collect();
        free.retain(|member| !chosen.contains(&member.name));
        call.tried.extend(members.iter().cloned());
        call.phase = Phase::Ringing {
            members,
            expired: false,
        };
        Ok(())
    }

    /// R37: once a caller waits, the announcement plays until somebody answers.
    fn let_wait(&mut self, index: usize) -> Result<(), Refusal> {
        let call = &mut self.group.calls[index];
        if call.hears != Hears::Nothing {
            return Ok(());
        }
        let leg = self.host.leg(call.leg);
        call.hears = Hears::Waiting;
        let waiting = self.settings.waiting.as_deref();
        match (waiting.filter(|name| !name.is_empty()), call.may_play) {
            (_, false) => leg.ring().unless_gone()?,
            (Some(announcement), true) => {
                self.host
                    .explain("R37 waiting", "the caller waits and hears the announcement");
                leg.play_forever(announcement).unless_gone()?;
            }
            (None, true) => {
                self.host
                    .explain("R37 waiting", "the caller waits and hears ringback");
                leg.play_forever(Tone::Ringback).unless_gone()?;
            }
        }
        Ok(())
    }

    /// R32, without those whom a call of this group rings or has.
    fn free_members(&self) -> Vec<Free<'a>> {
        let members = self.settings.members.iter();
        let unoccupied = members.filter(|member| !self.group.calls.iter().any(|call| call.occupies(member)));
        unoccupied
            .filter_map(|member| self.group.members.free(member, self.host, self.now))
            .collect()
    }

    /// Sets the timer to what is due next.
    pub fn set_timer(&mut self) -> Result<(), Refusal> {
        let waiting = self.group.calls.iter().filter(|call| call.is_waiting());
        let due = waiting.flat_map(|call| {
            let pause = match call.phase {
                Phase::Queued { not_before } if not_before > self.now => Some(not_before),
                _ => None,
            };
            // A dial that is being cancelled reports by itself.
            let expires = (call.expires > self.now).then_some(call.expires);
            [pause, expires]
        });
        let mut next = due.flatten().min();
        if self.queued() > 0 {
            let wrap_up = self.group.members.next_wrap_up(self.now);
            next = [next, wrap_up].into_iter().flatten().min();
        }
        if next != self.group.wake_at {
            let timer = self.host.timer(WAKE);
            match next {
                Some(instant) => timer.at(instant)?,
                None => timer.cancel()?,
            }
            self.group.wake_at = next;
        }
        Ok(())
    }
}

fn rule(mode: Mode) -> &'static str {
    match mode {
        Mode::FreeLine => "R33 free-line",
        Mode::Linear => "R33 linear",
        Mode::Cyclic => "R33 cyclic",
        Mode::Parallel => "R33 parallel",
    }
}
