//! Bindings to `contract` and back, field by field.

use contract::{
    Cause, CommandError, Condition, DialAnswer, DialOptions, DialOutcome, DialResult, Digit, Event,
    GatherOptions, GatherOutcome, Hears, Identity, LegAnswered, LegEnded, LegId, LegRinging, Line,
    LineChange, LineKind, LocalTime, LogLevel, Manifest, Message, NumberClass, Offer, Outcome, OutcomeKind,
    Part, PlayOutcome, SessionScope, Shown, Sound, Stage, Target, TargetOutcome, Tone, TransferRequest,
};

use super::bindings::cordboard::behaviour as wit;
use super::bindings::exports::cordboard::behaviour::guest;

/// A pair of functions that map two enums whose cases have the same names.
macro_rules! same_names {
    ($into:ident: $from:path => $to:ident { $($case:ident),* $(,)? }) => {
        pub(crate) fn $into(value: $from) -> $to {
            use $from as From;
            match value { $(From::$case => $to::$case,)* }
        }
    };
}

pub(crate) fn part(part: Part) -> wit::conferences::Part {
    match part {
        Part::Speaker => wit::conferences::Part::Speaker,
        Part::Listener => wit::conferences::Part::Listener,
        Part::Whisperer(leg) => wit::conferences::Part::Whisperer(leg.0),
    }
}

same_names!(cause: wit::types::Cause => Cause {
    Normal, Busy, NoAnswer, Declined, Unreachable, UnknownNumber, Forbidden, Congestion, Cancelled,
    AnsweredElsewhere, AnonymousRefused, NotAcceptable, MediaTimeout, Failed,
});

same_names!(number_class: wit::types::NumberClass => NumberClass {
    Internal, Feature, Emergency, Fixed, Mobile, Free, Premium, NearAbroad, World, Invalid,
});

same_names!(line_kind: wit::directory::LineKind => LineKind {
    Fixed, Virtual, Mobile, Analogue, Ownerless,
});

type WitCause = wit::types::Cause;
same_names!(cause_out: Cause => WitCause {
    Normal, Busy, NoAnswer, Declined, Unreachable, UnknownNumber, Forbidden, Congestion, Cancelled,
    AnsweredElsewhere, AnonymousRefused, NotAcceptable, MediaTimeout, Failed,
});

type WitCondition = wit::watches::Condition;
same_names!(condition: Condition => WitCondition { Idle, OffHook, OnHook, Registered });

type WitTone = wit::audio::Tone;
same_names!(tone: Tone => WitTone { Ringback, Busy, Congestion, Dial, Waiting, Beep });

type WitLevel = wit::log::Level;
same_names!(log_level: LogLevel => WitLevel { Debug, Info, Warn, Error });

pub(crate) fn command_error(error: wit::types::CommandError) -> CommandError {
    use wit::types::CommandError as E;
    match error {
        E::UnknownLeg(leg) => CommandError::UnknownLeg(LegId(leg)),
        E::NotSoleHolder(leg) => CommandError::NotSoleHolder(LegId(leg)),
        E::TooManyCommands => CommandError::TooManyCommands,
        E::Invalid(what) => CommandError::Invalid(what),
        E::NotGranted(what) => CommandError::NotGranted(what),
    }
}

pub(crate) fn stage(stage: Stage) -> wit::dialling::Stage {
    wit::dialling::Stage {
        targets: stage.targets.into_iter().map(target).collect(),
        ring_for: stage.ring_for,
    }
}

fn target(target: Target) -> wit::dialling::Target {
    use wit::dialling::Target as T;
    match target {
        Target::Line(name) => T::Line(name),
        Target::Number(number) => T::Number(number),
        Target::Next => T::Next,
        Target::Device(name) => T::Device(name),
        Target::Outside { number, trunk } => T::Outside(wit::dialling::Outside { number, trunk }),
    }
}

/// The options, and the announcement that whoever answers hears first.
pub(crate) fn dial_options(options: DialOptions) -> (wit::dialling::Options, Option<String>) {
    let told = wit::dialling::Options {
        hears: match options.hears {
            Hears::Ringback => wit::dialling::Hears::Ringback,
            Hears::Unchanged => wit::dialling::Hears::Unchanged,
        },
        shown: match options.shown {
            Shown::Caller => wit::dialling::Shown::Caller,
            Shown::Anonymous => wit::dialling::Shown::Anonymous,
            Shown::Number(number) => wit::dialling::Shown::Number(number),
        },
        alert: options.alert,
    };
    (told, options.whisper)
}

pub(crate) fn sound(sound: Sound) -> wit::audio::Sound {
    use wit::audio::Sound as S;
    match sound {
        Sound::Announcement(name) => S::Announcement(name),
        Sound::Tone(which) => S::Tone(tone(which)),
        Sound::Digits(digits) => S::Digits(digits),
        Sound::Silence(length) => S::Silence(length),
    }
}

pub(crate) fn gather_options(options: GatherOptions) -> wit::audio::GatherOptions {
    wit::audio::GatherOptions {
        prompt: options.prompt.into_iter().map(sound).collect(),
        barge_in: options.barge_in,
        max_digits: options.max_digits,
        terminators: options.terminators,
        first_digit: options.first_digit,
        between_digits: options.between_digits,
    }
}

pub(crate) fn local_time(local: wit::clock::LocalTime) -> LocalTime {
    LocalTime {
        year: local.year,
        month: local.month,
        day: local.day,
        weekday: local.weekday,
        hour: local.hour,
        minute: local.minute,
        second: local.second,
    }
}

pub(crate) fn line(line: wit::directory::Line) -> Line {
    Line {
        name: line.name,
        number: line.number,
        kind: line_kind(line.kind),
        site: line.site,
        owner: line.owner,
        registered: line.registered,
        calls: line.calls,
        capacity: line.capacity,
        idle_since: line.idle_since,
    }
}

fn identity(identity: wit::types::Identity) -> Identity {
    Identity {
        number: identity.number,
        name: identity.name,
        anonymous: identity.anonymous,
        line: identity.line,
    }
}

fn offer(offer: wit::events::Offer) -> Offer {
    Offer {
        leg: LegId(offer.leg),
        caller: identity(offer.caller),
        called: offer.called,
        number: offer.number,
        diversions: offer.diversions,
        answered: offer.answered,
        sole_holder: offer.sole_holder,
        has_next: offer.has_next,
    }
}

fn play_outcome(outcome: wit::events::PlayOutcome) -> PlayOutcome {
    use wit::events::PlayOutcome as P;
    match outcome {
        P::Finished => PlayOutcome::Finished,
        P::Interrupted(digit) => PlayOutcome::Interrupted(digit),
        P::Stopped => PlayOutcome::Stopped,
        P::Missing(name) => PlayOutcome::Missing(name),
        P::Gone => PlayOutcome::Gone,
    }
}

fn gather_outcome(outcome: wit::events::GatherOutcome) -> GatherOutcome {
    use wit::events::GatherOutcome as G;
    match outcome {
        G::Digits(digits) => GatherOutcome::Digits(digits),
        G::Timeout(digits) => GatherOutcome::Timeout(digits),
        G::Missing(name) => GatherOutcome::Missing(name),
        G::Stopped(digits) => GatherOutcome::Stopped(digits),
        G::Gone => GatherOutcome::Gone,
    }
}

fn dial_outcome(outcome: wit::events::DialOutcome) -> DialOutcome {
    use wit::events::DialResult as R;
    let target = |tried: wit::events::TargetOutcome| TargetOutcome {
        target: tried.target,
        cause: cause(tried.cause),
        rang: tried.rang,
    };
    DialOutcome {
        result: match outcome.result {
            R::Answered(by) => DialResult::Answered(DialAnswer {
                target: by.target,
                leg: LegId(by.leg),
                line: by.line,
            }),
            R::Failed(why) => DialResult::Failed(cause(why)),
        },
        targets: outcome.targets.into_iter().map(target).collect(),
    }
}

fn outcome(outcome: wit::events::Outcome) -> Outcome {
    use wit::events::OutcomeKind as K;
    Outcome {
        tag: outcome.tag,
        kind: match outcome.kind {
            K::Done => OutcomeKind::Done,
            K::Failed(why) => OutcomeKind::Failed(cause(why)),
            K::Played(played) => OutcomeKind::Played(play_outcome(played)),
            K::Gathered(gathered) => OutcomeKind::Gathered(gather_outcome(gathered)),
            K::Dialled(dialled) => OutcomeKind::Dialled(dial_outcome(dialled)),
        },
    }
}

pub(crate) fn event(event: wit::events::Event) -> Event {
    use wit::events::Event as E;
    match event {
        E::CallOffered(offered) => Event::CallOffered(offer(offered)),
        E::LegRinging(it) => Event::LegRinging(LegRinging {
            tag: it.tag,
            target: it.target,
        }),
        E::LegAnswered(it) => Event::LegAnswered(LegAnswered {
            leg: LegId(it.leg),
            line: it.line,
        }),
        E::LegEnded(it) => Event::LegEnded(LegEnded {
            leg: LegId(it.leg),
            cause: cause(it.cause),
        }),
        E::LegHeld(leg) => Event::LegHeld(LegId(leg)),
        E::LegResumed(leg) => Event::LegResumed(LegId(leg)),
        E::Digit(it) => Event::Digit(Digit {
            leg: LegId(it.leg),
            digit: it.digit,
            held: it.held,
        }),
        E::TransferRequested(it) => Event::TransferRequested(TransferRequest {
            leg: LegId(it.leg),
            to: it.to,
            replaces: it.replaces.map(LegId),
        }),
        E::Outcome(it) => Event::Outcome(outcome(it)),
        E::Timer(tag) => Event::Timer(tag),
        E::Schedule(name) => Event::Schedule(name),
        E::LineChanged(it) => Event::LineChanged(LineChange {
            line: it.line,
            registered: it.registered,
            calls: it.calls,
        }),
        E::Message(it) => Event::Message(Message {
            sender: it.sender,
            body: it.body,
        }),
        E::SettingsChanged => Event::SettingsChanged,
    }
}

pub(crate) fn manifest(manifest: Manifest) -> guest::Manifest {
    let mut interests = guest::Interests::empty();
    interests.set(guest::Interests::RINGING, manifest.interests.ringing);
    interests.set(guest::Interests::DIGITS, manifest.interests.digits);
    interests.set(guest::Interests::HOLD, manifest.interests.hold);
    interests.set(guest::Interests::LINE_CHANGES, manifest.interests.line_changes);
    let schedule = |due: contract::Schedule| guest::Schedule {
        name: due.name,
        cron: due.cron,
    };
    guest::Manifest {
        name: manifest.name,
        version: manifest.version,
        summary: manifest.summary,
        settings_schema: manifest.settings_schema,
        scope: match manifest.scope {
            SessionScope::PerCall => guest::SessionScope::PerCall,
            SessionScope::PerNumber => guest::SessionScope::PerNumber,
        },
        interests,
        schedules: manifest.schedules.into_iter().map(schedule).collect(),
    }
}
