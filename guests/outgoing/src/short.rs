//! Short numbers of contacts outside (R8).

use cordboard::prelude::*;

use crate::settings::Outgoing;

/// The number behind a short one; anything else as it was dialled.
pub fn written_out(call: &Call, settings: &Outgoing, dialled: &str) -> String {
    let short = settings.short_numbers.iter().find(|short| short.short == dialled);
    match short {
        Some(short) => {
            call.explain("R8", &[dialled, " is short for ", &short.number].concat());
            short.number.0.clone()
        }
        None => dialled.to_owned(),
    }
}
