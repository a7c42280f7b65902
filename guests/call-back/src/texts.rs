//! What displays say, in the languages of R64.

use cordboard::Language;

use crate::refusal::Refused;

/// The words of one language.
pub struct Texts {
    /// After a number.
    pub is_free: &'static str,
    pub want_you: &'static str,
    pub call: &'static str,
    pub cancel: &'static str,
    no_call_back: &'static str,
    forwards_all: &'static str,
    not_told: &'static str,
    full: &'static str,
}

impl Texts {
    pub fn refused(&self, why: Refused) -> (&'static str, &'static str) {
        let reason = match why {
            Refused::ForwardsAll => self.forwards_all,
            Refused::NotTold => self.not_told,
            Refused::Full => self.full,
            Refused::NotInside => "",
        };
        (self.no_call_back, reason)
    }
}

/// What a display says in this language.
pub fn texts(language: Language) -> &'static Texts {
    match language {
        Language::English => &Texts {
            is_free: "is free",
            want_you: "Please call back",
            call: "Call",
            cancel: "Cancel",
            no_call_back: "No call back",
            forwards_all: "All calls are forwarded",
            not_told: "Its state is not known",
            full: "Too many wait",
        },
        Language::French => &Texts {
            is_free: "est libre",
            want_you: "À rappeler",
            call: "Appeler",
            cancel: "Annuler",
            no_call_back: "Pas de rappel",
            forwards_all: "Tous les appels sont renvoyés",
            not_told: "Son état n’est pas connu",
            full: "Trop de demandes en attente",
        },
        Language::German => &Texts {
            is_free: "ist frei",
            want_you: "Bitte zurückrufen",
            call: "Anrufen",
            cancel: "Abbrechen",
            no_call_back: "Kein Rückruf",
            forwards_all: "Alle Anrufe werden umgeleitet",
            not_told: "Ihr Zustand ist nicht bekannt",
            full: "Zu viele warten",
        },
        Language::Spanish => &Texts {
            is_free: "está libre",
            want_you: "Devolver la llamada",
            call: "Llamar",
            cancel: "Cancelar",
            no_call_back: "Sin devolución de llamada",
            forwards_all: "Todas las llamadas se desvían",
            not_told: "No se conoce su estado",
            full: "Demasiados en espera",
        },
        Language::Italian => &Texts {
            is_free: "è libero",
            want_you: "Da richiamare",
            call: "Chiama",
            cancel: "Annulla",
            no_call_back: "Nessuna richiamata",
            forwards_all: "Tutte le chiamate sono deviate",
            not_told: "Lo stato non è noto",
            full: "Troppi in attesa",
        },
        Language::Dutch => &Texts {
            is_free: "is vrij",
            want_you: "Graag terugbellen",
            call: "Bellen",
            cancel: "Annuleren",
            no_call_back: "Niet terugbellen",
            forwards_all: "Alle oproepen worden doorgeschakeld",
            not_told: "De status is niet bekend",
            full: "Te veel wachtenden",
        },
        Language::Polish => &Texts {
            is_free: "jest wolny",
            want_you: "Proszę oddzwonić",
            call: "Zadzwoń",
            cancel: "Anuluj",
            no_call_back: "Bez oddzwonienia",
            forwards_all: "Wszystkie połączenia są przekazywane",
            not_told: "Stan nie jest znany",
            full: "Zbyt wielu czeka",
        },
    }
}
