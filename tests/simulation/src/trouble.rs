//! What goes wrong: how bad each weather of the network is, and each mood of behaviours.

use std::time::Duration;

use testkit::{GuestFaults, Link};

use crate::plan::{Mood, Weather};

/// Between each phone and the exchange.
pub(crate) fn link(weather: Weather) -> Link {
    let ms = Duration::from_millis;
    match weather {
        Weather::Fair => Link::PERFECT,
        Weather::Lossy => Link {
            loss: 0.1,
            duplicates: 0.05,
            jitter: ms(20),
            ..Link::PERFECT
        },
        Weather::Stormy => Link {
            loss: 0.2,
            duplicates: 0.1,
            reordered: 0.2,
            late: ms(400),
            delay: ms(5),
            jitter: ms(30),
        },
        Weather::Slow => Link {
            delay: ms(300),
            jitter: ms(200),
            ..Link::PERFECT
        },
    }
}

/// Of every module.
pub(crate) fn faults(mood: Mood) -> GuestFaults {
    let ms = Duration::from_millis;
    match mood {
        Mood::Well => GuestFaults::NONE,
        Mood::Trapping => GuestFaults {
            traps: 0.2,
            refusals: 0.05,
            out_of_fuel: 0.05,
            ..GuestFaults::NONE
        },
        Mood::Late => GuestFaults {
            late: 0.2,
            ..GuestFaults::NONE
        },
        Mood::Mute => GuestFaults {
            silent: 0.2,
            ..GuestFaults::NONE
        },
        Mood::Slow => GuestFaults {
            thinking: (ms(1), ms(450)),
            ..GuestFaults::NONE
        },
    }
}
