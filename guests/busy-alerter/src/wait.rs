//! Waiting on the line (R63): the caller hears an announcement or a tone, and the line rings the moment it is free.

use cordboard::Tone;
use cordboard::contract::{DialOptions, Hears};
use cordboard::prelude::*;

use crate::BusyAlerter;
use crate::call::{Asked, State};
use crate::settings::AlerterSettings;

impl BusyAlerter {
    pub fn begin_to_wait(
        &mut self,
        index: usize,
        settings: &AlerterSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        let until = host.now() + u64::from(settings.wait.longest) * 1_000;
        let call = &mut self.calls[index];
        call.state = State::Waits { until };
        let leg = host.leg(call.leg);
        // A line whose devices could take the call is another matter than one that is full.
        let full = host
            .line(host.number())
            .is_some_and(|line| line.calls >= line.capacity);
        let announcement = match full {
            true => &settings.wait.full,
            false => &settings.wait.announcement,
        };
        host.explain("R63", "the caller waits on the line");
        let queued = match Sounds::from(announcement) {
            sounds if sounds.is_empty() => leg.play_forever(Tone::Waiting),
            sounds => leg.play_forever(sounds),
        };
        Ok(queued.unless_gone()?)
    }

    /// The line is busy still, or was taken by another call: on as before, to the same end.
    pub fn wait_on(&mut self, index: usize, until: u64, host: &Host) -> Result<(), Refusal> {
        host.explain(
            "R63",
            "another call was quicker, or the line is busy without one: the caller waits on, in the same place",
        );
        let call = &mut self.calls[index];
        call.state = State::Waits { until };
        Ok(host.leg(call.leg).play_forever(Tone::Waiting).unless_gone()?)
    }

    /// The first who waits gets the line once it is free; whose time is over goes.
    pub fn serve_waiting(&mut self, settings: &AlerterSettings, host: &Host) -> Result<(), Refusal> {
        let now = host.now();
        let mut index = 0;
        while index < self.calls.len() {
            match self.calls[index].state {
                State::Waits { until } if until <= now => {
                    host.explain("R63", "the caller has waited for as long as callers may");
                    let call = self.calls.remove(index);
                    host.leg(call.leg).reject(Cause::Busy).unless_gone()?;
                }
                _ => index += 1,
            }
        }
        let Some(first) = self.calls.iter().position(Asked::waits) else {
            return Ok(());
        };
        let rings_already = self.calls.iter().any(|call| {
            matches!(
                call.state,
                State::Told { .. } | State::Tried { .. } | State::Rings
            )
        });
        let free = host
            .line(host.number())
            .is_some_and(|line| line.registered && line.calls == 0);
        if !free || rings_already || self.pause.end(now).is_some() {
            return Ok(());
        }
        // Who was told once that it rings hears that it does.
        match self.pause.follows_a_try() {
            true => self.try_line(first, host),
            false => self.tell(first, settings, host),
        }
    }

    fn tell(&mut self, index: usize, settings: &AlerterSettings, host: &Host) -> Result<(), Refusal> {
        let call = &mut self.calls[index];
        let State::Waits { until } = call.state else {
            return Ok(());
        };
        host.explain("R63", "the line is free: it rings for the first who waits");
        call.state = State::Told { until };
        match Sounds::from(&settings.wait.rings) {
            sounds if sounds.is_empty() => self.try_line(index, host),
            sounds => Ok(host.leg(call.leg).play(sounds).unless_gone()?),
        }
    }

    pub fn try_line(&mut self, index: usize, host: &Host) -> Result<(), Refusal> {
        let call = &mut self.calls[index];
        let (State::Told { until } | State::Waits { until }) = call.state else {
            return Ok(());
        };
        call.state = State::Tried { until };
        let options = DialOptions {
            hears: Hears::Ringback,
            ..DialOptions::default()
        };
        Ok(host
            .leg(call.leg)
            .dial_with(Stages::from(cordboard::next()), options)
            .unless_gone()?)
    }

    pub fn set_timer(&mut self, host: &Host) -> Result<(), Refusal> {
        let ends = self.calls.iter().filter_map(|call| match call.state {
            State::Waits { until } => Some(until),
            _ => None,
        });
        let waits = self.calls.iter().any(Asked::waits);
        let pause = waits.then(|| self.pause.end(host.now())).flatten();
        let next = ends.chain(pause).min();
        if next != self.wake_at {
            match next {
                Some(at) => host.timer(0).at(at)?,
                None => host.timer(0).cancel()?,
            }
            self.wake_at = next;
        }
        Ok(())
    }
}

impl Asked {
    /// Waits on the line, or is about to get it.
    pub fn is_before_others(&self) -> bool {
        matches!(
            self.state,
            State::Waits { .. } | State::Told { .. } | State::Tried { .. }
        )
    }

    /// Its call counts among the line's.
    pub fn rings(&self) -> bool {
        matches!(self.state, State::Rings | State::Tried { .. })
    }

    fn waits(&self) -> bool {
        matches!(self.state, State::Waits { .. })
    }
}
