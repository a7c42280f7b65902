//! What callers who wait are told now and then: their place, how long it may take, and that they may be
//! called back instead.

use cordboard::contract::GatherOptions;
use cordboard::prelude::*;

use crate::call::{Hears, Phase, Waiter};
use crate::turn::Turn;

/// No announcement is due any more.
const NEVER: u64 = u64::MAX;

/// How long a caller may think about the offer.
const THINK: u64 = 4_000;

impl Turn<'_> {
    /// Tells those for whom it is time.
    pub fn announce(&mut self) -> Result<(), Refusal> {
        for index in 0..self.group.calls.len() {
            if self
                .next_announcement(&self.group.calls[index])
                .is_some_and(|at| at <= self.now)
            {
                self.tell_place(index)?;
            }
        }
        Ok(())
    }

    /// When the caller is told something next; none while another announcement plays, or none is to come.
    pub fn next_announcement(&self, call: &Waiter) -> Option<u64> {
        let plays = matches!(call.phase, Phase::Queued { .. } | Phase::Ringing { .. });
        if !plays || call.hears != Hears::Waiting || !call.may_play {
            return None;
        }
        let planned = call.announce_at.filter(|_| self.settings.place.every > 0);
        let offer = self.offer_at(call).filter(|_| call.announce_at != Some(NEVER));
        [planned.filter(|at| *at != NEVER), offer]
            .into_iter()
            .flatten()
            .min()
    }

    /// From when on the caller may be offered a call back, if at all.
    fn offer_at(&self, call: &Waiter) -> Option<u64> {
        let offer = &self.settings.call_back;
        let offers = offer.on && call.back.is_some() && !call.recalled;
        offers.then_some(call.came.saturating_add(u64::from(offer.after) * 1_000))
    }

    fn tell_place(&mut self, index: usize) -> Result<(), Refusal> {
        let call = &self.group.calls[index];
        let leg = self.host.leg(call.leg);
        let offers = self.offer_at(call).is_some_and(|at| at <= self.now);
        if offers && !call.answered {
            self.group.calls[index].hears = Hears::Answer;
            return Ok(leg.answer().unless_gone()?); // then we come here again
        }
        let mut sounds = self.place_in_words(index);
        let next = self.plan(offers);
        let call = &mut self.group.calls[index];
        call.announce_at = Some(next);
        if offers {
            sounds = sounds.then(&self.settings.call_back.offer);
        }
        if sounds.is_empty() {
            return Ok(());
        }
        call.hears = Hears::Announcement;
        if !offers {
            return Ok(leg.play(sounds).unless_gone()?);
        }
        self.host
            .explain("call-back", "the caller may press 1 to be called back");
        let options = GatherOptions {
            prompt: sounds.0,
            barge_in: true,
            max_digits: 1,
            terminators: String::new(),
            first_digit: THINK,
            between_digits: THINK,
        };
        Ok(leg.gather(options).unless_gone()?)
    }

    /// When the next announcement is due. An offer without the place is made once.
    fn plan(&self, offered: bool) -> u64 {
        match u64::from(self.settings.place.every) {
            0 if offered => NEVER,
            every => self.now + every * 1_000,
        }
    }

    /// The place, counted from 1 with those who are rung for, and the time that it may take.
    fn place_in_words(&self, index: usize) -> Sounds {
        let settings = &self.settings.place;
        let mut sounds = Sounds::default();
        if settings.every == 0 {
            return sounds;
        }
        let before = self.group.calls.iter().take(index);
        let place = before.filter(|call| call.has_place()).count() as u64 + 1;
        if let Some(announcement) = &settings.announcement {
            let digits = place.to_string();
            self.host
                .explain("place", &["the caller hears to be number ", &digits].concat());
            sounds = sounds.then(announcement.as_str()).then(Sound::Digits(digits));
        }
        if let Some(estimate) = &settings.estimate
            && let Some(wait) = self.group.figures.estimate(place)
        {
            let minutes = wait.div_ceil(60_000).to_string();
            self.host.explain(
                "place estimate",
                &["the caller hears to wait ", &minutes, " minutes at most"].concat(),
            );
            sounds = sounds.then(estimate.as_str()).then(Sound::Digits(minutes));
        }
        sounds
    }
}
