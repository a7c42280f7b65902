//! What callers of the house read (R60): the menu on their phone's display, beside what they hear. The first answer counts.

use cordboard::Page;
use cordboard::prelude::*;

use crate::BusyAlerter;
use crate::menu::{Choice, offered};
use crate::settings::AlerterSettings;

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
        let texts = settings.display.language.texts();
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
                .map(|choice| texts.of(choice.what).to_owned())
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

/// The language of a display (R64).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    English,
    French,
    German,
    Spanish,
    Italian,
    Dutch,
    Polish,
}

struct Texts {
    /// After a number.
    in_a_call: &'static str,
    no_answer: &'static str,
    choices: [&'static str; 5],
}

impl Texts {
    fn of(&self, what: Choice) -> &'static str {
        let [ring, voicemail, attendant, call_back, wait] = self.choices;
        match what {
            Choice::Ring => ring,
            Choice::Voicemail => voicemail,
            Choice::Attendant => attendant,
            Choice::CallBack => call_back,
            Choice::Wait => wait,
        }
    }
}

impl Language {
    fn texts(self) -> Texts {
        let texts = |in_a_call, no_answer, choices| Texts {
            in_a_call,
            no_answer,
            choices,
        };
        match self {
            Self::English => texts(
                "is in a call",
                "does not answer",
                [
                    "Let it ring",
                    "Voicemail",
                    "Attendant",
                    "Call me back",
                    "Wait on the line",
                ],
            ),
            Self::French => texts(
                "est en ligne",
                "ne répond pas",
                [
                    "Laisser sonner",
                    "Messagerie",
                    "Standard",
                    "Me rappeler",
                    "Attendre",
                ],
            ),
            Self::German => texts(
                "telefoniert",
                "antwortet nicht",
                [
                    "Klingeln lassen",
                    "Mailbox",
                    "Zentrale",
                    "Rückruf",
                    "In der Leitung warten",
                ],
            ),
            Self::Spanish => texts(
                "está hablando",
                "no contesta",
                [
                    "Dejar sonar",
                    "Buzón de voz",
                    "Operadora",
                    "Que me llamen",
                    "Esperar",
                ],
            ),
            Self::Italian => texts(
                "è al telefono",
                "non risponde",
                [
                    "Lascia squillare",
                    "Segreteria",
                    "Centralino",
                    "Richiamami",
                    "Attendi in linea",
                ],
            ),
            Self::Dutch => texts(
                "is in gesprek",
                "neemt niet op",
                [
                    "Laten overgaan",
                    "Voicemail",
                    "Receptie",
                    "Bel mij terug",
                    "Wachten",
                ],
            ),
            Self::Polish => texts(
                "prowadzi rozmowę",
                "nie odbiera",
                [
                    "Czekaj na odebranie",
                    "Poczta głosowa",
                    "Centrala",
                    "Oddzwoń do mnie",
                    "Czekaj na linii",
                ],
            ),
        }
    }
}
