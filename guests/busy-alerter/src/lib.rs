//! A busy alerter (R58–R60, R62–R64): stands in front of a line, tells callers that it is in a call, busy or does not
//! answer, and offers what to do: let it ring, voicemail, attendant, be called back, or wait on the line until it
//! is free.
//!
//! One session a line holds its calls, so that those who wait are served in the order in which they came. Call backs are the
//! business of `call-back`, which is sent a message. What the line's own forwards take never comes back here: a line
//! whose callers are to be asked has them off. Callers of the house read the menu on their display, too.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod alert;
mod call;
mod choices;
mod display;
mod menu;
mod pause;
mod settings;
mod texts;
mod wait;

use call::{Asked, State};
use cordboard::prelude::*;
use cordboard::{CommandOutcome, DialResult, Offer, OutcomeKind, leg_of};
use pause::Pause;
pub use settings::{AlerterSettings, Display, Keys, Recording, Then, WaitOnLine};

/// The calls to one line.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct BusyAlerter {
    /// In the order in which they came.
    calls: Vec<Asked>,
    pause: Pause,
    wake_at: Option<u64>,
}

/// Tells callers that a line is busy or does not answer, and offers what to do.
#[cordboard::keyed(interests(line_changes))]
impl Behaviour for BusyAlerter {
    type Settings = AlerterSettings;

    const STATE_VERSION: u8 = 4;

    fn handle(&mut self, event: Event, settings: &AlerterSettings, host: &Host) -> Result<(), Refusal> {
        match event {
            Event::CallOffered(offer) => self.offered(&offer, settings, host)?,
            Event::Outcome(outcome) => self.outcome(outcome, settings, host)?,
            Event::LegEnded(ended) => self.ended(ended.leg, settings, host)?,
            Event::Timer(_) => self.wake_at = None,
            // What rings the line from here is a call of it, too.
            Event::LineChanged(_) if self.calls.iter().any(Asked::rings) => {}
            Event::LineChanged(_) => self.pause.hears_of_the_line(host.now()),
            Event::LegAnswered(_)
            | Event::LegRinging(_)
            | Event::LegHeld(_)
            | Event::LegResumed(_)
            | Event::Digit(_)
            | Event::TransferRequested(_)
            | Event::Message(_)
            | Event::Schedule(_)
            | Event::SettingsChanged => {}
        }
        self.serve_waiting(settings, host)?;
        self.set_timer(host)
    }
}

impl BusyAlerter {
    fn offered(&mut self, offer: &Offer, settings: &AlerterSettings, host: &Host) -> Result<(), Refusal> {
        let call = Asked::new(offer);
        let in_call = host
            .line(host.number())
            .is_some_and(|line| line.registered && line.calls > 0);
        // Nobody overtakes those who wait, though the line may be free by now.
        let in_call = in_call || self.calls.iter().any(Asked::is_before_others);
        self.calls.push(call);
        let index = self.calls.len() - 1;
        if in_call && settings.in_call && self.calls[index].may_play {
            return self.alert(index, Cause::Busy, settings, host);
        }
        self.ring(index, host)
    }

    /// The line, with whatever its own behaviours do.
    fn ring(&mut self, index: usize, host: &Host) -> Result<(), Refusal> {
        let call = &mut self.calls[index];
        call.state = State::Rings;
        let stages = Stages::from(cordboard::next());
        Ok(host.leg(call.leg).dial(stages).unless_gone()?)
    }

    fn outcome(
        &mut self,
        outcome: CommandOutcome,
        settings: &AlerterSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        let page_of = display::leg_of_page(outcome.tag);
        let leg = page_of.unwrap_or(leg_of(&outcome));
        let Some(index) = self.calls.iter().position(|call| call.leg == leg) else {
            return Ok(()); // the caller hung up before
        };
        if let (Some(_), OutcomeKind::Gathered(gathered)) = (page_of, &outcome.kind) {
            return match self.read(index, gathered, settings, host) {
                Some(key) => self.pressed(index, &key, settings, host),
                None => Ok(()),
            };
        }
        match outcome.kind {
            OutcomeKind::Dialled(dialled) => match dialled.result {
                DialResult::Answered(answer) => {
                    if self.calls[index].rings() {
                        self.pause.is_over();
                    }
                    self.calls[index].state = State::Talks { callee: answer.leg };
                    Ok(())
                }
                DialResult::Failed(cause) => self.not_answered(index, cause, settings, host),
            },
            OutcomeKind::Played(Played::Stopped) | OutcomeKind::Gathered(Gathered::Stopped(_)) => Ok(()),
            OutcomeKind::Gathered(Gathered::Digits(key)) => self.pressed(index, &key, settings, host),
            OutcomeKind::Gathered(_) => self.pressed(index, "", settings, host),
            OutcomeKind::Done if self.calls[index].state == State::IsAnswered => {
                self.calls[index].answered = true;
                self.ask(index, settings, host)
            }
            OutcomeKind::Played(_) => self.played(index, settings, host),
            OutcomeKind::Done | OutcomeKind::Failed(_) => Ok(()),
        }
    }

    fn not_answered(
        &mut self,
        index: usize,
        cause: Cause,
        settings: &AlerterSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        let call = &self.calls[index];
        match cause {
            Cause::Busy if call.rings() => self.pause.begins(host.now()),
            _ if call.rings() => self.pause.is_over(),
            _ => {}
        }
        let asks = match cause {
            Cause::Busy => settings.busy,
            Cause::NoAnswer | Cause::Declined => settings.no_answer,
            _ => false,
        };
        match call.state {
            State::Tried { until } if cause == Cause::Busy => self.wait_on(index, until, host),
            // Who has been asked already let it ring, and that was that.
            State::Rings if asks && call.may_play && !call.asked => self.alert(index, cause, settings, host),
            _ => {
                let call = self.calls.remove(index);
                Ok(host.leg(call.leg).reject(cause).unless_gone()?)
            }
        }
    }

    /// R58: who hangs up on a busy line is called back, if so configured.
    fn ended(&mut self, leg: LegId, settings: &AlerterSettings, host: &Host) -> Result<(), Refusal> {
        let is_of = |call: &Asked| match call.state {
            State::Talks { callee } => call.leg == leg || callee == leg,
            _ => call.leg == leg,
        };
        let Some(index) = self.calls.iter().position(is_of) else {
            return Ok(());
        };
        let mut call = self.calls.remove(index);
        display::take_away(&mut call, host)?;
        match call.state {
            State::Talks { callee } => {
                let other = if callee == leg { call.leg } else { callee };
                Ok(host.leg(other).hang_up().unless_gone()?)
            }
            State::Recording | State::IsAnswered | State::Menu if settings.call_back_on_hang_up => {
                let about_busy = call.why == Cause::Busy;
                match about_busy.then_some(call.line).flatten() {
                    Some(line) => {
                        menu::request_call_back(&line, "the caller hung up", call.why, settings, host)
                    }
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
