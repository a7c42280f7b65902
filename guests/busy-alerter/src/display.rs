//! What callers of the house read (R60): the menu on their phone's display, beside what they hear. The first answer counts.

use cordboard::Page;
use cordboard::prelude::*;

use crate::BusyAlerter;
use crate::choices::{Choice, offered};
use crate::settings::AlerterSettings;
use crate::texts::{Texts, texts};

/// Of a page's tag: legs are counted from below.
const PAGE: u64 = 1 << 60;

/// As long as the menu plays at most.
const EXPIRY: u64 = 60_000;

impl BusyAlerter {
    /// Shows the menu on the caller's display, if that is one of the house; what it hears goes on beside it.
    pub fn show(&mut self, index: usize, settings: &AlerterSettings, host: &Host) -> Result<(), Refusal> {
        let call = &mut self.calls[index];
        let Some(line) = call.line.clone().filter(|_| settings.display.on) else {
            return Ok(());
        };
        let texts = texts(settings.display.language);
        let own = match call.why {
            Cause::Busy => &settings.display.busy,
            _ => &settings.display.no_answer,
        };
        let title = match (own.is_empty(), call.why) {
            (false, _) => own.clone(),
            (true, Cause::Busy) => [host.number(), " ", texts.in_a_call].concat(),
            (true, _) => [host.number(), " ", texts.no_answer].concat(),
        };
        let choices = offered(call, settings);
        let page = Page {
            title,
            text: String::new(),
            choices: choices
                .iter()
                .map(|choice| words(texts, choice.what).to_owned())
                .collect(),
            tone: false,
            expiry: EXPIRY,
        };
        call.shown = true;
        Ok(host.screen(PAGE | call.leg.0).show(&line, page)?)
    }

    /// What a display answered; the key that it stands for. None when it is nothing to act on.
    pub fn read(
        &mut self,
        index: usize,
        gathered: &Gathered,
        settings: &AlerterSettings,
        host: &Host,
    ) -> Option<String> {
        let call = &mut self.calls[index];
        call.shown = false;
        let Gathered::Digits(number) = gathered else {
            return None; // dismissed, too late, or there is no display: the keys are left
        };
        let position = number.parse::<usize>().ok()?.checked_sub(1)?;
        let choice = offered(call, settings).into_iter().nth(position)?;
        host.explain("R60", "the caller chooses on the display");
        Some(choice.key.to_owned())
    }
}

/// The menu is over: the page goes.
pub fn take_away(call: &mut crate::call::Asked, host: &Host) -> Result<(), Refusal> {
    if std::mem::take(&mut call.shown) {
        host.screen(PAGE | call.leg.0).dismiss()?;
    }
    Ok(())
}

/// The leg that a page is for; none when the tag is not a page's.
pub fn leg_of_page(tag: u64) -> Option<LegId> {
    (tag & PAGE != 0).then_some(LegId(tag & !PAGE))
}

fn words(texts: &Texts, choice: Choice) -> &'static str {
    match choice {
        Choice::Ring => texts.ring,
        Choice::Voicemail => texts.voicemail,
        Choice::Attendant => texts.attendant,
        Choice::CallBack => texts.call_back,
        Choice::Wait => texts.wait,
    }
}
