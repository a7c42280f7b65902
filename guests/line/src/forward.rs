//! Where calls go instead of the line (R19–R24).

use cordboard::prelude::*;
use cordboard::{Line, LineKind};

use crate::settings::{Forward, LineSettings};

/// R21: the scheduled forward, then the immediate one; none when the line is to ring.
pub async fn before_ringing(call: &Call, settings: &LineSettings, line: &Line) -> Option<Outcome> {
    let scheduled = &settings.scheduled;
    if scheduled.on && line.kind != LineKind::Analogue {
        let closed = scheduled
            .calendar
            .as_ref()
            .is_some_and(|calendar| !call.calendar(calendar).is_open());
        if closed {
            call.explain(
                "R21 scheduled",
                "closed now: the scheduled forward takes the call",
            );
            return Some(send(call, scheduled.to.as_ref(), Cause::Unreachable).await);
        }
    }
    if settings.immediate.on {
        call.explain("R21 immediate", "the immediate forward takes the call");
        return Some(send(call, settings.immediate.to.as_ref(), Cause::Unreachable).await);
    }
    None
}

/// R21: what takes a call that the line did not.
pub async fn instead(call: &Call, settings: &LineSettings, line: &Line, cause: Cause) -> Outcome {
    let Some((rule, forward)) = forward_for(settings, cause) else {
        call.explain("R20", "no forward is for this");
        return call.reject(cause);
    };
    if line.kind == LineKind::Analogue {
        call.explain("R3", "an analogue line has no such forward");
        return call.reject(cause);
    }
    if !forward.on {
        call.explain(rule, "the forward is off: the call ends");
        return call.reject(cause);
    }
    call.explain(rule, "the forward takes the call");
    send(call, forward.to.as_ref(), cause).await
}

/// R20: which forward a failure triggers. A refusal counts as no answer.
fn forward_for(settings: &LineSettings, cause: Cause) -> Option<(&'static str, &Forward)> {
    match cause {
        Cause::Busy => Some(("R21 busy", &settings.busy)),
        Cause::NoAnswer | Cause::Declined => Some(("R21 no-answer", &settings.no_answer)),
        Cause::Unreachable => Some(("R21 unreachable", &settings.unreachable)),
        Cause::Normal
        | Cause::UnknownNumber
        | Cause::Forbidden
        | Cause::Congestion
        | Cause::Cancelled
        | Cause::AnsweredElsewhere
        | Cause::AnonymousRefused
        | Cause::NotAcceptable
        | Cause::MediaTimeout
        | Cause::Failed => None,
    }
}

/// To a number or to voicemail; the caller's own number stays on show (R23).
async fn send(call: &Call, to: Option<&Number>, cause: Cause) -> Outcome {
    let Some(number) = to else {
        return to_voicemail(call, cause).await;
    };
    match call.destination(number) {
        Ok(target) => {
            call.explain(
                "R23",
                &["the call goes to ", number, " and shows its caller"].concat(),
            );
            call.for_good(call.dial(target)).await
        }
        Err(why) => {
            call.explain("R24", &[number, ": ", why.sentence()].concat());
            call.reject(cause)
        }
    }
}

/// Voicemail is whatever stands next on the line's number.
async fn to_voicemail(call: &Call, cause: Cause) -> Outcome {
    if call.has_next() {
        call.explain("R19 voicemail", "voicemail takes the call");
        return call.continue_next().await;
    }
    call.explain("R19 voicemail", "the line has no voicemail: the call ends");
    call.reject(cause)
}
