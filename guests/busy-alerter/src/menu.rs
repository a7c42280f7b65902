//! What callers may choose (R60, R62): let it ring, voicemail, attendant, be called back, wait on the line.

use cordboard::contract::GatherOptions;
use cordboard::prelude::*;

use crate::BusyAlerter;
use crate::call::State;
use crate::choices::{Choice, offered};
use crate::display::take_away;
use crate::settings::AlerterSettings;

/// How often the menu plays in all.
const TIMES: u32 = 3;

const THINK: u64 = 5_000;

impl BusyAlerter {
    /// Plays the menu, worded by what there is (R62).
    pub fn ask(&mut self, index: usize, settings: &AlerterSettings, host: &Host) -> Result<(), Refusal> {
        let call = &mut self.calls[index];
        call.state = State::Menu;
        call.menus += 1;
        let mut prompt = Sounds::default();
        for choice in offered(call, settings) {
            prompt = prompt
                .then(choice.announcement)
                .then(Sound::Digits(choice.key.to_owned()));
        }
        host.explain("R62", "the caller chooses");
        let options = GatherOptions {
            prompt: prompt.0,
            barge_in: true,
            max_digits: 1,
            terminators: String::new(),
            first_digit: THINK,
            between_digits: THINK,
        };
        let first = call.menus == 1;
        host.leg(call.leg).gather(options).unless_gone()?;
        match first {
            true => self.show(index, settings, host),
            false => Ok(()),
        }
    }

    /// A key, or none in time.
    pub fn pressed(
        &mut self,
        index: usize,
        key: &str,
        settings: &AlerterSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        let call = &mut self.calls[index];
        if call.state != State::Menu {
            return Ok(());
        }
        let choices = offered(call, settings);
        let chosen = choices.iter().find(|choice| choice.key == key);
        let Some(chosen) = chosen.map(|choice| choice.what) else {
            return self.not_chosen(index, settings, host);
        };
        take_away(call, host)?;
        match chosen {
            Choice::Ring => {
                host.explain("R60", "the caller lets it ring");
                self.ring(index, host)
            }
            Choice::Voicemail => self.send(index, settings.voicemail.as_ref(), "voicemail", host),
            Choice::Attendant => self.send(index, settings.attendant.as_ref(), "the attendant", host),
            Choice::CallBack => self.program_call_back(index, settings, host),
            Choice::Wait => self.begin_to_wait(index, settings, host),
        }
    }

    fn not_chosen(&mut self, index: usize, settings: &AlerterSettings, host: &Host) -> Result<(), Refusal> {
        match () {
            () if self.calls[index].menus < TIMES => self.ask(index, settings, host),
            () => {
                host.explain("R62", "nothing was chosen: the call ends");
                let mut call = self.calls.remove(index);
                take_away(&mut call, host)?;
                Ok(host.leg(call.leg).hang_up().unless_gone()?)
            }
        }
    }

    /// R24 holds for it too.
    fn send(&mut self, index: usize, to: Option<&Number>, name: &str, host: &Host) -> Result<(), Refusal> {
        let call = &mut self.calls[index];
        match to.map(|number| host.destination(number)) {
            Some(Ok(target)) => {
                host.explain("R60", &["the caller goes to ", name].concat());
                call.state = State::Sent;
                Ok(host.leg(call.leg).dial(target.into()).unless_gone()?)
            }
            Some(Err(why)) => {
                host.explain("R24", &[name, ": ", why.sentence()].concat());
                let call = self.calls.remove(index);
                Ok(host.leg(call.leg).hang_up().unless_gone()?)
            }
            None => Ok(()),
        }
    }

    fn program_call_back(
        &mut self,
        index: usize,
        settings: &AlerterSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        let call = &mut self.calls[index];
        call.state = State::Parting;
        let leg = host.leg(call.leg);
        if let Some(line) = call.line.take() {
            request_call_back(&line, "the caller chose it", call.why, settings, host)?;
        }
        Ok(leg.play(&settings.noted).unless_gone()?)
    }
}

/// Tells the call backs of this line that its caller wants one (R58, R60, R65).
pub fn request_call_back(
    line: &str,
    why: &str,
    about: Cause,
    settings: &AlerterSettings,
    host: &Host,
) -> Result<(), Refusal> {
    let Some(behaviour) = settings.call_back.as_deref().filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    host.explain("R58", &[line, " is called back: ", why].concat());
    let suffix = if about == Cause::Busy { "" } else { " no-answer" };
    let request = ["request ", line, suffix].concat();
    Ok(host.send(0, behaviour, host.number(), request.into_bytes())?)
}
