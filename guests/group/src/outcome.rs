//! What came of the group's commands: announcements that are over, dials that were answered or not, legs that have ended.

use cordboard::prelude::*;
use cordboard::{CommandOutcome, DialAnswer, DialOutcome, DialResult, OutcomeKind, Tone, leg_of};

use crate::call::{Hears, Phase, Waiter};
use crate::overflow::Why;
use crate::recall::is_place;
use crate::seats::Seat;
use crate::turn::{Turn, names};

impl Turn<'_> {
    pub fn outcome(&mut self, outcome: CommandOutcome) -> Result<(), Refusal> {
        let leg = leg_of(&outcome);
        if self.supervisor_outcome(leg, &outcome.kind)? {
            return Ok(());
        }
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
            && is_place(leg)
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
        if self.supervisor_left(leg)? {
            return Ok(());
        }
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
                self.talk_over(call.leg)?;
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
}
