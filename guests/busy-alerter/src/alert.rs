//! What callers are told of the line (R59, R60, R62).

use cordboard::prelude::*;

use crate::BusyAlerter;
use crate::call::{Asked, State};
use crate::settings::{AlerterSettings, Then};

impl BusyAlerter {
    /// The caller hears what the line is; then it rings on, or there is a menu.
    pub fn alert(
        &mut self,
        index: usize,
        why: Cause,
        settings: &AlerterSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        let call = &mut self.calls[index];
        (call.asked, call.why, call.state) = (true, why, State::Recording);
        // R63, R65: a line that forwards all its calls does not become free by waiting.
        let forwards = settings.forwards.as_deref();
        let forwards_all = forwards.is_some_and(|behaviour| host.forwards_all(host.number(), behaviour));
        call.may_be_free = !forwards_all;
        let said = said(call, settings, host);
        host.explain(
            "R59",
            &["the caller is told that the line is ", name(why)].concat(),
        );
        if said.is_empty() {
            return self.said(index, settings, host);
        }
        Ok(host.leg(call.leg).play(said).unless_gone()?)
    }

    /// The recording is over.
    pub fn said(&mut self, index: usize, settings: &AlerterSettings, host: &Host) -> Result<(), Refusal> {
        let call = &mut self.calls[index];
        let then = match call.line {
            Some(_) => settings.inside,
            None => settings.outside,
        };
        match (then, call.why) {
            // It has rung already, and nobody came.
            (Then::Ring, Cause::Busy) => self.ring(index, host),
            (Then::Ring, why) => {
                let call = self.calls.remove(index);
                Ok(host.leg(call.leg).reject(why).unless_gone()?)
            }
            (Then::Menu, _) if !call.answered => {
                call.state = State::IsAnswered;
                Ok(host.leg(call.leg).answer().unless_gone()?)
            }
            (Then::Menu, _) => self.ask(index, settings, host),
        }
    }

    pub fn played(&mut self, index: usize, settings: &AlerterSettings, host: &Host) -> Result<(), Refusal> {
        match self.calls[index].state {
            State::Recording => self.said(index, settings, host),
            State::Told { .. } => self.try_line(index, host),
            State::Parting => {
                let call = self.calls.remove(index);
                Ok(host.leg(call.leg).hang_up().unless_gone()?)
            }
            // What plays for ever ends only when there is no such announcement.
            State::Waits { .. } => {
                let leg = host.leg(self.calls[index].leg);
                Ok(leg.play_forever(cordboard::Tone::Waiting).unless_gone()?)
            }
            State::Rings
            | State::IsAnswered
            | State::Menu
            | State::Tried { .. }
            | State::Sent
            | State::Talks { .. } => Ok(()),
        }
    }
}

/// R62: outside, by the number that was dialled; else by what the line is.
fn said(call: &Asked, settings: &AlerterSettings, host: &Host) -> Sounds {
    let by_number = settings.recordings.iter().find(|recording| {
        let mut numbers = recording.numbers.iter();
        call.line.is_none() && numbers.any(|number| host.matches(&call.called, number))
    });
    let name = match (by_number, call.why) {
        (Some(recording), _) => &recording.announcement,
        (None, Cause::Busy) => &settings.busy_announcement,
        (None, _) => &settings.no_answer_announcement,
    };
    Sounds::from(name)
}

fn name(why: Cause) -> &'static str {
    match why {
        Cause::Busy => "in a call",
        _ => "not answered",
    }
}
