//! Which number the callee sees (R56).

use cordboard::Shown;
use cordboard::prelude::*;

use crate::settings::{Outgoing, OwnNumber};

/// What the caller asked for with a code before the number, for this call alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    None,
    Hide,
    Show,
}

/// Takes a code for the identity off what was dialled.
pub fn wish<'a>(call: &Call, settings: &Outgoing, dialled: &'a str) -> (&'a str, Wish) {
    let after = |code: &str| match code {
        "" => None,
        code => dialled.strip_prefix(code).filter(|rest| !rest.is_empty()),
    };
    if let Some(rest) = after(&settings.hide_code) {
        call.explain("R56 hide-code", "the caller hides the number for this call");
        (rest, Wish::Hide)
    } else if let Some(rest) = after(&settings.show_code) {
        call.explain("R56 show-code", "the caller shows the number for this call");
        (rest, Wish::Show)
    } else {
        (dialled, Wish::None)
    }
}

/// R56. A phone that asks for privacy by itself is heard too.
pub fn shown(call: &Call, settings: &Outgoing, wish: Wish) -> Shown {
    let hidden = match wish {
        Wish::Hide => true,
        Wish::Show => false,
        Wish::None => settings.caller_id == OwnNumber::Hidden || call.caller().anonymous,
    };
    if hidden {
        call.explain("R56", "the callee does not see the number");
        return Shown::Anonymous;
    }
    match (&settings.alternate, settings.caller_id) {
        (Some(number), OwnNumber::Alternate) => {
            call.explain("R56", &["the callee sees ", number].concat());
            Shown::Number(number.0.clone())
        }
        _ => match own_number(call).filter(|_| call.caller().anonymous) {
            Some(number) => Shown::Number(number),
            None => Shown::Caller,
        },
    }
}

fn own_number(call: &Call) -> Option<String> {
    call.line(call.caller().line.as_deref()?)?.number
}
