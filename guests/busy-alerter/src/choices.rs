//! What a caller may choose, by what there is (R60, R62).

use cordboard::prelude::*;

use crate::call::Asked;
use crate::settings::AlerterSettings;

/// What may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Ring,
    Voicemail,
    Attendant,
    CallBack,
    Wait,
}

/// A choice, with its key and what is said before that.
pub struct Offered<'a> {
    pub what: Choice,
    pub key: &'a str,
    pub announcement: &'a String,
}

/// What this caller may choose, in the order of the menu: what there is, and what has a key.
pub fn offered<'a>(call: &Asked, settings: &'a AlerterSettings) -> Vec<Offered<'a>> {
    let keys = &settings.keys;
    let offer = |what, key: &'a String, announcement, is_offered: bool| {
        (is_offered && !key.is_empty()).then_some(Offered {
            what,
            key,
            announcement,
        })
    };
    let can_wait = settings.wait.on && call.why == Cause::Busy && call.may_be_free;
    [
        offer(Choice::Ring, &keys.ring, &keys.ring_announcement, true),
        offer(
            Choice::Voicemail,
            &keys.voicemail,
            &keys.voicemail_announcement,
            settings.voicemail.is_some(),
        ),
        offer(
            Choice::Attendant,
            &keys.attendant,
            &keys.attendant_announcement,
            settings.attendant.is_some(),
        ),
        offer(
            Choice::CallBack,
            &keys.call_back,
            &keys.call_back_announcement,
            call.may_be_free && call.line.is_some() && settings.call_back.is_some(),
        ),
        offer(Choice::Wait, &keys.wait, &keys.wait_announcement, can_wait),
    ]
    .into_iter()
    .flatten()
    .collect()
}
