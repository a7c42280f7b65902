//! A user's line (R13–R28): who may ring it, what rings, and where calls go instead.
//!
//! Priority (R21): scheduled forward, then immediate, then busy, no answer and unreachable. A hunt
//! group rings the line itself and never comes here, which is why none of this applies to its calls
//! (R22, R32).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod forward;
mod ring;
mod settings;

use cordboard::prelude::*;
use cordboard::{Line, LineKind};
pub use settings::{Forward, Greeting, LineSettings, MultiRing, Order, ScheduledForward};

/// A user's line: forwards by priority, call waiting, multi-ring, do-not-disturb.
#[cordboard::script]
pub async fn line(call: Call, settings: LineSettings) -> Outcome {
    let Some(line) = call.line(call.number()) else {
        call.explain("line", "no line has this number");
        return call.reject(Cause::UnknownNumber);
    };
    if is_blocked(&call, &settings) {
        call.explain("R15 blocked", "the line's user has blocked this caller");
        return call.reject(Cause::Declined);
    }
    if settings.reject_anonymous && is_anonymous(&call) {
        return refuse_anonymous(&call, &settings).await;
    }
    if let Some(outcome) = forward::before_ringing(&call, &settings, &line).await {
        return outcome;
    }
    if line.kind == LineKind::Virtual {
        call.explain("R19", "a virtual line never rings: its mobile has the call");
        return call.for_good(call.ring_line(&line.name)).await;
    }
    // R3: a door phone or a fax has no such switch.
    if settings.do_not_disturb && line.kind != LineKind::Analogue {
        call.explain("R13 do-not-disturb", "the line does not want to be disturbed");
        return forward::instead(&call, &settings, &line, Cause::Busy).await;
    }
    if let Some(cause) = why_not_now(&call, &settings, &line) {
        return forward::instead(&call, &settings, &line, cause).await;
    }
    match ring::ring(&call, &settings, &line).await {
        Ok(_) => call.let_go(),
        Err(nobody) => forward::instead(&call, &settings, &line, nobody.cause).await,
    }
}

fn is_blocked(call: &Call, settings: &LineSettings) -> bool {
    let Some(number) = &call.caller().number else {
        return false;
    };
    settings
        .blocked
        .iter()
        .any(|blocked| call.matches(number, blocked))
}

/// R14: hidden, unknown or anonymous.
fn is_anonymous(call: &Call) -> bool {
    call.caller().anonymous || call.caller().number.is_none()
}

async fn refuse_anonymous(call: &Call, settings: &LineSettings) -> Outcome {
    call.explain(
        "R14 reject-anonymous",
        "the line does not take calls without a number",
    );
    if call.is_sole_holder() {
        call.play(&settings.anonymous_announcement).await;
    }
    call.reject(Cause::AnonymousRefused)
}

/// Why the line cannot ring now, if so.
fn why_not_now(call: &Call, settings: &LineSettings, line: &Line) -> Option<Cause> {
    // With several numbers the others may ring.
    if !line.registered && !ring::rings_others(settings, line) {
        call.explain("R20 unreachable", "no device of the line is registered");
        return Some(Cause::Unreachable);
    }
    if line.calls > 0 && !settings.call_waiting {
        call.explain("R16 call-waiting", "the line has a call, and no second one rings");
        return Some(Cause::Busy);
    }
    if line.registered && line.calls >= line.capacity {
        call.explain(
            "R16 call-waiting",
            "the line has as many calls as its devices can take",
        );
        return Some(Cause::Busy);
    }
    None
}

#[cfg(test)]
mod tests;
