//! What displays say, in the languages of R64.

use cordboard::Language;

/// The words of one language.
pub struct Texts {
    /// After a number, as the next.
    pub in_a_call: &'static str,
    pub no_answer: &'static str,
    pub ring: &'static str,
    pub voicemail: &'static str,
    pub attendant: &'static str,
    pub call_back: &'static str,
    pub wait: &'static str,
}

/// What a display says in this language.
pub fn texts(language: Language) -> &'static Texts {
    match language {
        Language::English => &Texts {
            in_a_call: "is in a call",
            no_answer: "does not answer",
            ring: "Let it ring",
            voicemail: "Voicemail",
            attendant: "Attendant",
            call_back: "Call me back",
            wait: "Wait on the line",
        },
        Language::French => &Texts {
            in_a_call: "est en ligne",
            no_answer: "ne répond pas",
            ring: "Laisser sonner",
            voicemail: "Messagerie",
            attendant: "Standard",
            call_back: "Me rappeler",
            wait: "Attendre",
        },
        Language::German => &Texts {
            in_a_call: "telefoniert",
            no_answer: "antwortet nicht",
            ring: "Klingeln lassen",
            voicemail: "Mailbox",
            attendant: "Zentrale",
            call_back: "Rückruf",
            wait: "In der Leitung warten",
        },
        Language::Spanish => &Texts {
            in_a_call: "está hablando",
            no_answer: "no contesta",
            ring: "Dejar sonar",
            voicemail: "Buzón de voz",
            attendant: "Operadora",
            call_back: "Que me llamen",
            wait: "Esperar",
        },
        Language::Italian => &Texts {
            in_a_call: "è al telefono",
            no_answer: "non risponde",
            ring: "Lascia squillare",
            voicemail: "Segreteria",
            attendant: "Centralino",
            call_back: "Richiamami",
            wait: "Attendi in linea",
        },
        Language::Dutch => &Texts {
            in_a_call: "is in gesprek",
            no_answer: "neemt niet op",
            ring: "Laten overgaan",
            voicemail: "Voicemail",
            attendant: "Receptie",
            call_back: "Bel mij terug",
            wait: "Wachten",
        },
        Language::Polish => &Texts {
            in_a_call: "prowadzi rozmowę",
            no_answer: "nie odbiera",
            ring: "Czekaj na odebranie",
            voicemail: "Poczta głosowa",
            attendant: "Centrala",
            call_back: "Oddzwoń do mnie",
            wait: "Czekaj na linii",
        },
    }
}
