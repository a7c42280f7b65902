//! Call park (R48; RFC 5359 §2.15): one session for each place, which is a number.
//!
//! ```text
//! Free --transferred here--> Parked --somebody dials the number--> talk, Free
//!                              | after `return-after`: whoever parked it is rung ──answered──▶ talk, Free
//!                              └ the caller hangs up ─▶ Free
//! ```
//!
//! A call that is transferred to the place is parked there; one that is dialled from a phone gets whoever is parked. A place
//! that is taken sends the next transfer back.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

use cordboard::contract::Offer;
use cordboard::prelude::*;
use cordboard::{CommandOutcome, DialResult, OutcomeKind, leg_of};

/// What a manager configures.
#[derive(Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct ParkSettings {
    /// Heard by whoever is parked.
    #[settings(default = "hold", kind = "announcement")]
    pub music: String,
    /// After this the one who parked the call is rung.
    #[settings(default = 120, min = 10, max = 3600, unit = "s")]
    pub return_after: u32,
    /// How often that phone rings each time.
    #[settings(default = 5, min = 1, max = 10)]
    pub rings: u32,
}

/// A place for one call.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Park {
    parked: Option<Parked>,
    /// Who was given to whom: they talk, and when one leaves the other does.
    talks: Vec<(LegId, LegId)>,
    /// Somebody who is being answered to get the call.
    takes: Option<LegId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Parked {
    leg: LegId,
    /// The line that sent it here.
    by: Option<String>,
    /// That line is being rung.
    returns: bool,
}

/// The only timer.
const RETURN: u64 = 1;

/// Parks calls at a number, and gives them to whoever dials it.
#[cordboard::keyed]
impl Behaviour for Park {
    type Settings = ParkSettings;

    fn handle(&mut self, event: Event, settings: &ParkSettings, host: &Host) -> Result<(), Refusal> {
        match event {
            Event::CallOffered(offer) => self.offered(offer, settings, host)?,
            Event::Outcome(outcome) => self.outcome(outcome, settings, host)?,
            Event::LegEnded(ended) => self.ended(ended.leg, host)?,
            Event::Timer(_) => self.return_it(settings, host)?,
            Event::Message(_)
            | Event::LineChanged(_)
            | Event::LegAnswered(_)
            | Event::LegRinging(_)
            | Event::LegHeld(_)
            | Event::LegResumed(_)
            | Event::Digit(_)
            | Event::TransferRequested(_)
            | Event::Schedule(_)
            | Event::SettingsChanged => {}
        }
        if self.parked.is_none() && self.takes.is_none() && self.talks.is_empty() {
            host.finish()?;
        }
        Ok(())
    }
}

impl Park {
    fn offered(&mut self, offer: Offer, settings: &ParkSettings, host: &Host) -> Result<(), Refusal> {
        let sent_by = offer.diversions.into_iter().next();
        match (&self.parked, sent_by) {
            (Some(_), None) if self.takes.is_none() => {
                host.explain(
                    "R48 retrieve",
                    "whoever dials the place gets the call that is parked there",
                );
                self.takes = Some(offer.leg);
                host.leg(offer.leg).answer()?;
            }
            (None, Some(by)) => {
                host.explain("R48 park", &["the call waits here; ", &by, " sent it"].concat());
                self.parked = Some(Parked {
                    leg: offer.leg,
                    by: Some(by),
                    returns: false,
                });
                host.leg(offer.leg).answer()?;
                host.timer(RETURN)
                    .after(cordboard::secs(settings.return_after.into()))?;
            }
            (Some(_), _) => {
                host.explain("R48 full", "a call is parked here already");
                host.leg(offer.leg).reject(Cause::Busy)?;
            }
            (None, None) => {
                host.explain("R48 empty", "no call is parked here");
                host.leg(offer.leg).reject(Cause::Unreachable)?;
            }
        }
        Ok(())
    }

    fn outcome(
        &mut self,
        outcome: CommandOutcome,
        settings: &ParkSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        let leg = leg_of(&outcome);
        let is_parked = self.parked.as_ref().is_some_and(|parked| parked.leg == leg);
        match outcome.kind {
            OutcomeKind::Done if is_parked => {
                host.leg(leg)
                    .play_forever(settings.music.as_str())
                    .unless_gone()?;
            }
            OutcomeKind::Done if self.takes == Some(leg) => self.give(leg, host)?,
            OutcomeKind::Failed(_) if self.takes == Some(leg) => self.takes = None,
            OutcomeKind::Dialled(dialled) if is_parked => match dialled.result {
                DialResult::Answered(answer) => {
                    host.explain("R48 return", "whoever parked the call has it again");
                    self.talks.push((leg, answer.leg));
                    self.parked = None;
                }
                DialResult::Failed(_) => self.wait_on(settings, host)?,
            },
            _ => {}
        }
        Ok(())
    }

    /// The parked call and whoever dialled the place hear each other.
    fn give(&mut self, taker: LegId, host: &Host) -> Result<(), Refusal> {
        self.takes = None;
        let Some(parked) = self.parked.take() else {
            // The caller hung up at this moment.
            return Ok(host.leg(taker).hang_up().unless_gone()?);
        };
        if parked.returns {
            host.leg(parked.leg).cancel_dial()?;
        }
        host.timer(RETURN).cancel()?;
        self.talks.push((parked.leg, taker));
        Ok(host.leg(parked.leg).bridge(taker).unless_gone()?)
    }

    /// Nobody came for it.
    fn return_it(&mut self, settings: &ParkSettings, host: &Host) -> Result<(), Refusal> {
        let Some(parked) = self.parked.as_mut().filter(|_| self.takes.is_none()) else {
            return Ok(());
        };
        let Some(by) = parked.by.clone() else {
            return Ok(());
        };
        host.explain(
            "R48 return",
            &["nobody came for the call: ", &by, " is rung"].concat(),
        );
        parked.returns = true;
        let stages = Stages::from(cordboard::line(&by)).for_rings(settings.rings);
        Ok(host.leg(parked.leg).dial_playing(stages).unless_gone()?)
    }

    fn wait_on(&mut self, settings: &ParkSettings, host: &Host) -> Result<(), Refusal> {
        let Some(parked) = &mut self.parked else {
            return Ok(());
        };
        parked.returns = false;
        host.timer(RETURN)
            .after(cordboard::secs(settings.return_after.into()))?;
        Ok(host
            .leg(parked.leg)
            .play_forever(settings.music.as_str())
            .unless_gone()?)
    }

    fn ended(&mut self, leg: LegId, host: &Host) -> Result<(), Refusal> {
        if self.takes == Some(leg) {
            self.takes = None;
        }
        if self.parked.as_ref().is_some_and(|parked| parked.leg == leg) {
            self.parked = None;
            host.timer(RETURN).cancel()?;
        }
        let Some(position) = self.talks.iter().position(|(a, b)| *a == leg || *b == leg) else {
            return Ok(());
        };
        let (a, b) = self.talks.swap_remove(position);
        let other = if a == leg { b } else { a };
        Ok(host.leg(other).hang_up().unless_gone()?)
    }
}

#[cfg(test)]
mod tests;
