//! The contract's types to this version's: what a guest is told.

use contract::{
    Cause, CommandError, DialResult, Event, GatherOutcome, Identity, Line, LineKind, LocalTime, NumberClass,
    Offer, OutcomeKind, PlayOutcome, RouteError,
};

use super::bindings::cordboard::behaviour::{clock, directory, events, trunk, types};

pub(super) fn event(event: &Event) -> events::Event {
    use events::Event as E;
    match event {
        Event::CallOffered(it) => E::CallOffered(offer(it)),
        Event::LegRinging(it) => E::LegRinging(events::LegRinging {
            tag: it.tag,
            target: it.target,
        }),
        Event::LegAnswered(it) => E::LegAnswered(events::LegAnswered {
            leg: it.leg.0,
            line: it.line.clone(),
        }),
        Event::LegEnded(it) => E::LegEnded(events::LegEnded {
            leg: it.leg.0,
            cause: cause(it.cause),
        }),
        Event::LegHeld(leg) => E::LegHeld(leg.0),
        Event::LegResumed(leg) => E::LegResumed(leg.0),
        Event::Digit(it) => E::Digit(events::Digit {
            leg: it.leg.0,
            digit: it.digit,
            held: it.held,
        }),
        Event::TransferRequested(it) => E::TransferRequested(events::TransferRequest {
            leg: it.leg.0,
            to: it.to.clone(),
            replaces: it.replaces.map(|leg| leg.0),
        }),
        Event::Outcome(it) => E::Outcome(events::Outcome {
            tag: it.tag,
            kind: outcome(&it.kind),
        }),
        Event::Timer(tag) => E::Timer(*tag),
        Event::Schedule(name) => E::Schedule(name.clone()),
        Event::LineChanged(it) => E::LineChanged(events::LineChange {
            line: it.line.clone(),
            registered: it.registered,
            calls: it.calls,
        }),
        Event::Message(it) => E::Message(events::Message {
            sender: it.sender.clone(),
            body: it.body.clone(),
        }),
        Event::SettingsChanged => E::SettingsChanged,
    }
}

fn offer(offer: &Offer) -> events::Offer {
    events::Offer {
        leg: offer.leg.0,
        caller: identity(&offer.caller),
        called: offer.called.clone(),
        number: offer.number.clone(),
        diversions: offer.diversions.clone(),
        answered: offer.answered,
        sole_holder: offer.sole_holder,
        has_next: offer.has_next,
    }
}

fn identity(identity: &Identity) -> types::Identity {
    types::Identity {
        number: identity.number.clone(),
        name: identity.name.clone(),
        anonymous: identity.anonymous,
        line: identity.line.clone(),
    }
}

fn outcome(kind: &OutcomeKind) -> events::OutcomeKind {
    use events::OutcomeKind as K;
    match kind {
        OutcomeKind::Done => K::Done,
        OutcomeKind::Failed(why) => K::Failed(cause(*why)),
        OutcomeKind::Played(it) => K::Played(play_outcome(it)),
        OutcomeKind::Gathered(it) => K::Gathered(gather_outcome(it)),
        OutcomeKind::Dialled(it) => K::Dialled(events::DialOutcome {
            result: dial_result(&it.result),
            targets: it.targets.iter().map(target_outcome).collect(),
        }),
    }
}

fn play_outcome(outcome: &PlayOutcome) -> events::PlayOutcome {
    match outcome {
        PlayOutcome::Finished => events::PlayOutcome::Finished,
        PlayOutcome::Interrupted(digit) => events::PlayOutcome::Interrupted(*digit),
        PlayOutcome::Stopped => events::PlayOutcome::Stopped,
        PlayOutcome::Missing(name) => events::PlayOutcome::Missing(name.clone()),
        PlayOutcome::Gone => events::PlayOutcome::Gone,
    }
}

fn gather_outcome(outcome: &GatherOutcome) -> events::GatherOutcome {
    match outcome {
        GatherOutcome::Digits(digits) => events::GatherOutcome::Digits(digits.clone()),
        GatherOutcome::Timeout(digits) => events::GatherOutcome::Timeout(digits.clone()),
        GatherOutcome::Missing(name) => events::GatherOutcome::Missing(name.clone()),
        GatherOutcome::Stopped(digits) => events::GatherOutcome::Stopped(digits.clone()),
        GatherOutcome::Gone => events::GatherOutcome::Gone,
    }
}

fn dial_result(result: &DialResult) -> events::DialResult {
    match result {
        DialResult::Answered(it) => events::DialResult::Answered(events::DialAnswer {
            target: it.target,
            leg: it.leg.0,
            line: it.line.clone(),
        }),
        DialResult::Failed(why) => events::DialResult::Failed(cause(*why)),
    }
}

fn target_outcome(outcome: &contract::TargetOutcome) -> events::TargetOutcome {
    events::TargetOutcome {
        target: outcome.target,
        cause: cause(outcome.cause),
        rang: outcome.rang,
    }
}

pub(super) fn cause(cause: Cause) -> types::Cause {
    use types::Cause as C;
    match cause {
        Cause::Normal => C::Normal,
        Cause::Busy => C::Busy,
        Cause::NoAnswer => C::NoAnswer,
        Cause::Declined => C::Declined,
        Cause::Unreachable => C::Unreachable,
        Cause::UnknownNumber => C::UnknownNumber,
        Cause::Forbidden => C::Forbidden,
        Cause::Congestion => C::Congestion,
        Cause::Cancelled => C::Cancelled,
        Cause::AnsweredElsewhere => C::AnsweredElsewhere,
        Cause::AnonymousRefused => C::AnonymousRefused,
        Cause::NotAcceptable => C::NotAcceptable,
        Cause::MediaTimeout => C::MediaTimeout,
        Cause::Failed => C::Failed,
    }
}

pub(super) fn command_error(error: CommandError) -> types::CommandError {
    match error {
        CommandError::UnknownLeg(leg) => types::CommandError::UnknownLeg(leg.0),
        CommandError::NotSoleHolder(leg) => types::CommandError::NotSoleHolder(leg.0),
        CommandError::TooManyCommands => types::CommandError::TooManyCommands,
        CommandError::Invalid(what) => types::CommandError::Invalid(what),
        CommandError::NotGranted(what) => types::CommandError::NotGranted(what),
    }
}

pub(super) fn number_class(class: NumberClass) -> types::NumberClass {
    use types::NumberClass as N;
    match class {
        NumberClass::Internal => N::Internal,
        NumberClass::Feature => N::Feature,
        NumberClass::Emergency => N::Emergency,
        NumberClass::Fixed => N::Fixed,
        NumberClass::Mobile => N::Mobile,
        NumberClass::Free => N::Free,
        NumberClass::Premium => N::Premium,
        NumberClass::NearAbroad => N::NearAbroad,
        NumberClass::World => N::World,
        NumberClass::Invalid => N::Invalid,
    }
}

pub(super) fn route_error(error: RouteError) -> trunk::RouteError {
    match error {
        RouteError::Invalid => trunk::RouteError::Invalid,
        RouteError::Forbidden(class) => trunk::RouteError::Forbidden(number_class(class)),
        RouteError::NoTrunk => trunk::RouteError::NoTrunk,
    }
}

pub(super) fn local_time(local: LocalTime) -> clock::LocalTime {
    clock::LocalTime {
        year: local.year,
        month: local.month,
        day: local.day,
        weekday: local.weekday,
        hour: local.hour,
        minute: local.minute,
        second: local.second,
    }
}

pub(super) fn line(line: Line) -> directory::Line {
    directory::Line {
        name: line.name,
        number: line.number,
        kind: match line.kind {
            LineKind::Fixed => directory::LineKind::Fixed,
            LineKind::Virtual => directory::LineKind::Virtual,
            LineKind::Mobile => directory::LineKind::Mobile,
            LineKind::Analogue => directory::LineKind::Analogue,
            LineKind::Ownerless => directory::LineKind::Ownerless,
        },
        site: line.site,
        owner: line.owner,
        registered: line.registered,
        calls: line.calls,
        capacity: line.capacity,
        idle_since: line.idle_since,
    }
}
