//! Calls that the tenant's lines make (R8, R56, R57, R74): bound by a rule of the dial plan that stands behind
//! the tenant's own numbers.
//!
//! What a line sets differently from the behaviour's own settings holds for its calls. A call that may not be made
//! hears why. Emergency calls never come here; if one did, it would pass.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod identity;
mod restriction;
mod settings;
mod short;

use cordboard::prelude::*;
use cordboard::{RouteError, Shown};
pub use settings::{Day, Outgoing, OwnNumber, Profile, ShortNumber};

/// Calls of the house to the outside: who may dial what when, and which number is shown.
#[cordboard::script]
pub async fn outgoing(call: Call, settings: Outgoing) -> Outcome {
    let (dialled, wish) = identity::wish(&call, &settings, call.called());
    let dialled = short::written_out(&call, &settings, dialled);
    let Some(number) = call.normalise(&dialled) else {
        call.explain("numbers", "this is not a number that can be dialled");
        return call.reject(Cause::UnknownNumber);
    };
    let shown = identity::shown(&call, &settings, wish);
    match call.classify(&number) {
        NumberClass::Emergency => {
            call.explain("R74", "emergency calls always pass");
            call.continue_to(&number).await
        }
        NumberClass::Internal => {
            call.explain("R57", "calls in the house always pass");
            call.for_good(call.dial(cordboard::number(&number)).shown(shown))
                .await
        }
        NumberClass::Feature | NumberClass::Invalid => {
            call.explain("numbers", "there is no such number");
            call.reject(Cause::UnknownNumber)
        }
        class => outside(&call, &settings, number, class, shown).await,
    }
}

async fn outside(
    call: &Call,
    settings: &Outgoing,
    number: String,
    class: NumberClass,
    shown: Shown,
) -> Outcome {
    if let Err(no) = restriction::allows(call, settings, &number, class) {
        call.explain(no.rule, &no.sentence);
        return refuse(call, no.announcement(settings), Cause::Forbidden).await;
    }
    match call.route(&number) {
        Ok(_) => {
            call.for_good(call.dial(cordboard::outside(&number)).shown(shown))
                .await
        }
        Err(RouteError::Forbidden(_)) => {
            call.explain(
                "envelope",
                "this tenant's behaviours may not call numbers of this kind",
            );
            refuse(call, &settings.forbidden, Cause::Forbidden).await
        }
        Err(RouteError::NoTrunk) => {
            call.explain("trunks", "there is no trunk that takes this number");
            call.reject(Cause::Congestion)
        }
        Err(RouteError::Invalid) => call.reject(Cause::UnknownNumber),
    }
}

/// The caller hears why, before the call is refused.
async fn refuse(call: &Call, announcement: &str, cause: Cause) -> Outcome {
    if call.is_sole_holder() || call.came_answered() {
        call.play(announcement).await;
    }
    call.reject(cause)
}

#[cfg(test)]
mod tests;
