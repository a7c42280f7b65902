//! Ringing the line's devices and the user's other numbers, and what the caller hears meanwhile
//! (R17, R18, R26, R28).

use cordboard::prelude::*;
use cordboard::{DialAnswer, Line, LineKind};

use crate::settings::{LineSettings, Order};

pub async fn ring(call: &Call, settings: &LineSettings, line: &Line) -> Result<DialAnswer, Unanswered> {
    // R3: an analogue line has no announcements of its own.
    let playing = line.kind != LineKind::Analogue && let_hear(call, settings, line.calls > 0).await;
    let mut dial = call.dial(plan(call, settings, line));
    if playing {
        dial = dial.keep_playing();
    }
    // R17, R3: phones of a fixed line only.
    if settings.distinctive_ring && line.kind == LineKind::Fixed {
        dial = dial.alert(if call.caller().line.is_some() {
            "internal"
        } else {
            "external"
        });
    }
    dial.await
}

/// R18; R3: not for an analogue line.
pub fn rings_others(settings: &LineSettings, line: &Line) -> bool {
    settings.multi_ring.on && line.kind != LineKind::Analogue
}

/// R18: the line, with or before the user's other numbers.
fn plan(call: &Call, settings: &LineSettings, line: &Line) -> Stages {
    let own = cordboard::line(&line.name);
    let others: Vec<Target> = match rings_others(settings, line) {
        true => settings
            .multi_ring
            .numbers
            .iter()
            .filter_map(|number| allowed(call, number))
            .collect(),
        false => Vec::new(),
    };
    if others.is_empty() {
        return stage![own].for_rings(settings.rings);
    }
    match settings.multi_ring.order {
        Order::Simultaneous => {
            call.explain(
                "R18 simultaneous",
                "the line and the user's other numbers ring together",
            );
            let together = std::iter::once(own).chain(others).collect();
            Stages::one(together).for_rings(settings.rings)
        }
        Order::Sequential => {
            call.explain(
                "R18 sequential",
                "the line rings, then the user's other numbers one after the other",
            );
            let first = stage![own].for_rings(settings.rings);
            others.into_iter().fold(first, |plan, other| {
                plan.then(stage![other].for_rings(settings.rings))
            })
        }
    }
}

fn allowed(call: &Call, number: &str) -> Option<Target> {
    match call.destination(number) {
        Ok(target) => Some(target),
        Err(why) => {
            call.explain("R24", &[number, " does not ring: ", why.sentence()].concat());
            None
        }
    }
}

/// R28, row by row: plays what the caller hears before and while it rings. True when something
/// plays on.
async fn let_hear(call: &Call, settings: &LineSettings, in_a_call: bool) -> bool {
    if !call.is_sole_holder() && !call.came_answered() {
        return false; // another branch rings too, and nobody may play
    }
    let greeting = greeting(call, settings);
    if let Some(announcement) = greeting
        && !settings.greeting.interruptive
    {
        call.explain(
            "R26 greeting",
            "the greeting plays to its end, then the phones ring",
        );
        call.play(announcement).await;
    }
    match (in_a_call, &settings.double_call, greeting) {
        (true, Some(announcement), _) => {
            call.explain(
                "R28 double-call",
                "the line has a call: the caller hears so until it answers",
            );
            call.play(announcement.as_str()).forever().start();
            true
        }
        (true, None, Some(announcement)) if settings.greeting.interruptive => {
            call.explain(
                "R28 greeting",
                "the line has a call: the caller hears the greeting until it answers",
            );
            call.play(announcement).forever().start();
            true
        }
        (false, _, Some(announcement)) if settings.greeting.interruptive => {
            call.explain(
                "R26 greeting",
                "the phones ring during the greeting, and an answer cuts it",
            );
            call.play(announcement).start();
            true
        }
        _ => false,
    }
}

/// R26: with a calendar, in opening hours only.
fn greeting<'a>(call: &Call, settings: &'a LineSettings) -> Option<&'a str> {
    let greeting = &settings.greeting;
    let announcement = greeting.announcement.as_deref().filter(|name| !name.is_empty())?;
    let open = greeting
        .calendar
        .as_ref()
        .is_none_or(|calendar| call.calendar(calendar).is_open());
    open.then_some(announcement)
}
