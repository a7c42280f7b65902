//! This version's types to the contract's: what a guest says.

use contract::{
    Cause, Condition, DialOptions, GatherOptions, Hears, Interests, LegId, LogLevel, Manifest, Page, Part,
    PlayOptions, Problem, Schedule, SessionScope, Shown, Sound, Stage, Target, Tone,
};

use super::bindings::cordboard::behaviour::{audio, conferences, dialling, log, screens, types, watches};
use super::bindings::exports::cordboard::behaviour::guest;

pub(super) fn leg(id: u64) -> LegId {
    LegId(id)
}

pub(super) fn cause(cause: types::Cause) -> Cause {
    use types::Cause as C;
    match cause {
        C::Normal => Cause::Normal,
        C::Busy => Cause::Busy,
        C::NoAnswer => Cause::NoAnswer,
        C::Declined => Cause::Declined,
        C::Unreachable => Cause::Unreachable,
        C::UnknownNumber => Cause::UnknownNumber,
        C::Forbidden => Cause::Forbidden,
        C::Congestion => Cause::Congestion,
        C::Cancelled => Cause::Cancelled,
        C::AnsweredElsewhere => Cause::AnsweredElsewhere,
        C::AnonymousRefused => Cause::AnonymousRefused,
        C::NotAcceptable => Cause::NotAcceptable,
        C::MediaTimeout => Cause::MediaTimeout,
        C::Failed => Cause::Failed,
    }
}

pub(super) fn log_level(level: log::Level) -> LogLevel {
    match level {
        log::Level::Debug => LogLevel::Debug,
        log::Level::Info => LogLevel::Info,
        log::Level::Warn => LogLevel::Warn,
        log::Level::Error => LogLevel::Error,
    }
}

pub(super) fn page(page: screens::Page) -> Page {
    Page {
        title: page.title,
        text: page.text,
        choices: page.choices,
        tone: page.tone,
        expiry: page.expiry,
    }
}

pub(super) fn condition(condition: watches::Condition) -> Condition {
    match condition {
        watches::Condition::Idle => Condition::Idle,
        watches::Condition::OffHook => Condition::OffHook,
        watches::Condition::OnHook => Condition::OnHook,
        watches::Condition::Registered => Condition::Registered,
    }
}

pub(super) fn part(part: conferences::Part) -> Part {
    match part {
        conferences::Part::Speaker => Part::Speaker,
        conferences::Part::Listener => Part::Listener,
        conferences::Part::Whisperer(id) => Part::Whisperer(leg(id)),
    }
}

pub(super) fn stage(stage: dialling::Stage) -> Stage {
    Stage {
        targets: stage.targets.into_iter().map(target).collect(),
        ring_for: stage.ring_for,
    }
}

fn target(target: dialling::Target) -> Target {
    match target {
        dialling::Target::Line(line) => Target::Line(line),
        dialling::Target::Number(number) => Target::Number(number),
        dialling::Target::Next => Target::Next,
        dialling::Target::Device(device) => Target::Device(device),
        dialling::Target::Outside(dialling::Outside { number, trunk }) => Target::Outside { number, trunk },
    }
}

pub(super) fn dial_options(options: dialling::Options) -> DialOptions {
    DialOptions {
        hears: match options.hears {
            dialling::Hears::Ringback => Hears::Ringback,
            dialling::Hears::Unchanged => Hears::Unchanged,
        },
        shown: match options.shown {
            dialling::Shown::Caller => Shown::Caller,
            dialling::Shown::Anonymous => Shown::Anonymous,
            dialling::Shown::Number(number) => Shown::Number(number),
        },
        alert: options.alert,
        // Told by a function of its own.
        whisper: None,
    }
}

pub(super) fn sound(sound: audio::Sound) -> Sound {
    match sound {
        audio::Sound::Announcement(name) => Sound::Announcement(name),
        audio::Sound::Tone(kind) => Sound::Tone(tone(kind)),
        audio::Sound::Digits(digits) => Sound::Digits(digits),
        audio::Sound::Silence(length) => Sound::Silence(length),
    }
}

fn tone(tone: audio::Tone) -> Tone {
    match tone {
        audio::Tone::Ringback => Tone::Ringback,
        audio::Tone::Busy => Tone::Busy,
        audio::Tone::Congestion => Tone::Congestion,
        audio::Tone::Dial => Tone::Dial,
        audio::Tone::Waiting => Tone::Waiting,
        audio::Tone::Beep => Tone::Beep,
    }
}

pub(super) fn play_options(options: audio::PlayOptions) -> PlayOptions {
    PlayOptions {
        times: options.times,
        barge_in: options.barge_in,
    }
}

pub(super) fn gather_options(options: audio::GatherOptions) -> GatherOptions {
    GatherOptions {
        prompt: options.prompt.into_iter().map(sound).collect(),
        barge_in: options.barge_in,
        max_digits: options.max_digits,
        terminators: options.terminators,
        first_digit: options.first_digit,
        between_digits: options.between_digits,
    }
}

pub(super) fn problem(problem: guest::Problem) -> Problem {
    Problem {
        path: problem.path,
        message: problem.message,
    }
}

/// `imports` stays empty: the guest is not asked for those.
pub(super) fn manifest(manifest: guest::Manifest) -> Manifest {
    let wants = |interest| manifest.interests.contains(interest);
    Manifest {
        scope: match manifest.scope {
            guest::SessionScope::PerCall => SessionScope::PerCall,
            guest::SessionScope::PerNumber => SessionScope::PerNumber,
        },
        interests: Interests {
            ringing: wants(guest::Interests::RINGING),
            digits: wants(guest::Interests::DIGITS),
            hold: wants(guest::Interests::HOLD),
            line_changes: wants(guest::Interests::LINE_CHANGES),
        },
        name: manifest.name,
        version: manifest.version,
        summary: manifest.summary,
        settings_schema: manifest.settings_schema,
        schedules: manifest.schedules.into_iter().map(schedule).collect(),
        imports: Vec::new(),
    }
}

fn schedule(schedule: guest::Schedule) -> Schedule {
    Schedule {
        name: schedule.name,
        cron: schedule.cron,
    }
}
