//! What becomes of callers nobody can take (R38–R40).

use cordboard::prelude::*;

use crate::call::{Phase, Waiter};
use crate::settings::Overflow;
use crate::turn::Turn;

/// Why a caller is sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No member takes part (R38).
    Nobody,
    /// Too many wait already (R36).
    Full,
    /// The caller waited for long enough (R36).
    Expired,
    /// Outside of opening hours (R40).
    Closed,
}

impl Why {
    fn rule(self) -> &'static str {
        match self {
            Self::Nobody => "R38",
            Self::Full => "R36 queue-length",
            Self::Expired => "R36 max-wait",
            Self::Closed => "R40 calendar",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Nobody => "no member is registered, connected and present",
            Self::Full => "as many callers wait as may",
            Self::Expired => "the caller has waited for as long as callers may",
            Self::Closed => "the group is closed now",
        }
    }

    /// What a behaviour in front is told.
    fn cause(self) -> Cause {
        match self {
            Self::Nobody | Self::Closed => Cause::Unreachable,
            Self::Full => Cause::Busy,
            Self::Expired => Cause::NoAnswer,
        }
    }
}

impl Turn<'_> {
    /// Takes a call that nobody can take, and lets it go.
    pub fn send_away(&mut self, call: Waiter, why: Why) -> Result<(), Refusal> {
        self.host.explain(why.rule(), why.sentence());
        self.group.figures.overflowed(why);
        if why == Why::Closed
            && let Some(number) = &self.settings.closed_number
        {
            return self.forward(call, number, why);
        }
        match (self.settings.overflow, &self.settings.overflow_number) {
            (Overflow::Number, Some(number)) => self.forward(call, number, why),
            (Overflow::Next, _) if call.has_next => self.pass_on(call),
            (Overflow::HangUp, _) => self.let_go(&call, why),
            (Overflow::Dissuasion | Overflow::Number | Overflow::Next, _) => self.dissuade(call, why),
        }
    }

    /// R24 holds for the number too.
    fn forward(&mut self, mut call: Waiter, number: &str, why: Why) -> Result<(), Refusal> {
        match self.host.destination(number) {
            Ok(target) => {
                self.host
                    .explain("R39 number", &["the caller goes to ", number].concat());
                self.host.leg(call.leg).dial(target.into()).unless_gone()?;
                call.phase = Phase::Forwarded;
                self.group.calls.push(call);
                Ok(())
            }
            Err(not_allowed) => {
                self.host
                    .explain("R24", &[number, ": ", not_allowed.sentence()].concat());
                self.dissuade(call, why)
            }
        }
    }

    fn pass_on(&mut self, mut call: Waiter) -> Result<(), Refusal> {
        self.host
            .explain("R39 next", "the caller goes to what is next on the number");
        let next = Stages::from(cordboard::next());
        self.host.leg(call.leg).dial(next).unless_gone()?;
        call.phase = Phase::Forwarded;
        self.group.calls.push(call);
        Ok(())
    }

    fn dissuade(&mut self, mut call: Waiter, why: Why) -> Result<(), Refusal> {
        if !call.may_play || self.settings.dissuasion.is_empty() {
            return self.let_go(&call, why);
        }
        self.host
            .explain("R39 dissuasion", "the caller hears that nobody can take the call");
        self.host
            .leg(call.leg)
            .play(&self.settings.dissuasion)
            .unless_gone()?;
        call.phase = Phase::Leaving { cause: why.cause() };
        self.group.calls.push(call);
        Ok(())
    }

    fn let_go(&mut self, call: &Waiter, why: Why) -> Result<(), Refusal> {
        self.host.explain("R39 hang-up", "the call ends");
        Ok(self.host.leg(call.leg).reject(why.cause()).unless_gone()?)
    }
}
