//! The component's imports. Each function touches one import only, so that what a behaviour
//! does not call is not linked and does not appear among its permissions.

use contract::{
    CalendarState, Cause, Condition, DialOptions, GatherOptions, LegId, Line, LocalTime, LogLevel,
    NumberClass, Page, Part, PlayOptions, RouteError, Sound, Stage, Tag,
};

use super::Queued;
use crate::wasm::bindings::cordboard::behaviour as wit;
use crate::wasm::convert;

fn queued(result: Result<(), wit::types::CommandError>) -> Queued {
    result.map_err(convert::command_error)
}

pub(crate) mod legs {
    use super::*;

    pub(crate) fn ring(tag: Tag, leg: LegId) -> Queued {
        queued(wit::legs::ring(tag, leg.0))
    }

    pub(crate) fn answer(tag: Tag, leg: LegId) -> Queued {
        queued(wit::legs::answer(tag, leg.0))
    }

    pub(crate) fn reject(tag: Tag, leg: LegId, cause: Cause) -> Queued {
        queued(wit::legs::reject(tag, leg.0, convert::cause_out(cause)))
    }

    pub(crate) fn hang_up(tag: Tag, leg: LegId, cause: Cause) -> Queued {
        queued(wit::legs::hang_up(tag, leg.0, convert::cause_out(cause)))
    }

    pub(crate) fn hold(tag: Tag, leg: LegId) -> Queued {
        queued(wit::legs::hold(tag, leg.0))
    }

    pub(crate) fn resume(tag: Tag, leg: LegId) -> Queued {
        queued(wit::legs::resume(tag, leg.0))
    }

    pub(crate) fn bridge(tag: Tag, a: LegId, b: LegId) -> Queued {
        queued(wit::legs::bridge(tag, a.0, b.0))
    }

    pub(crate) fn unbridge(tag: Tag, leg: LegId) -> Queued {
        queued(wit::legs::unbridge(tag, leg.0))
    }

    pub(crate) fn send_digits(tag: Tag, leg: LegId, digits: String) -> Queued {
        queued(wit::legs::send_digits(tag, leg.0, &digits))
    }
}

pub(crate) mod dialling {
    use super::*;

    pub(crate) fn dial(tag: Tag, caller: Option<LegId>, stages: Vec<Stage>, options: DialOptions) -> Queued {
        let stages: Vec<_> = stages.into_iter().map(convert::stage).collect();
        let (options, whisper) = convert::dial_options(options);
        let caller = caller.map(|leg| leg.0);
        queued(wit::dialling::dial(tag, caller, &stages, &options))?;
        match whisper {
            Some(announcement) => queued(wit::dialling::whisper(tag, &announcement)),
            None => Ok(()),
        }
    }

    pub(crate) fn cancel(tag: Tag) -> Queued {
        queued(wit::dialling::cancel(tag))
    }
}

pub(crate) mod audio {
    use super::*;

    pub(crate) fn play(tag: Tag, leg: LegId, sounds: Vec<Sound>, options: PlayOptions) -> Queued {
        let sounds: Vec<_> = sounds.into_iter().map(convert::sound).collect();
        let options = wit::audio::PlayOptions {
            times: options.times,
            barge_in: options.barge_in,
        };
        queued(wit::audio::play(tag, leg.0, &sounds, options))
    }

    pub(crate) fn gather(tag: Tag, leg: LegId, options: GatherOptions) -> Queued {
        queued(wit::audio::gather(tag, leg.0, &convert::gather_options(options)))
    }

    pub(crate) fn stop(leg: LegId) -> Queued {
        queued(wit::audio::stop(leg.0))
    }
}

pub(crate) mod timers {
    use super::*;

    pub(crate) fn after(tag: Tag, delay: u64) -> Queued {
        queued(wit::timers::after(tag, delay))
    }

    pub(crate) fn at(tag: Tag, instant: u64) -> Queued {
        queued(wit::timers::at(tag, instant))
    }

    pub(crate) fn cancel(tag: Tag) -> Queued {
        queued(wit::timers::cancel(tag))
    }
}

pub(crate) mod sessions {
    use super::*;

    pub(crate) fn send(tag: Tag, behaviour: &str, number: &str, body: Vec<u8>) -> Queued {
        queued(wit::sessions::send(tag, behaviour, number, &body))
    }

    pub(crate) fn finish() -> Queued {
        queued(wit::sessions::finish())
    }
}

pub(crate) mod watches {
    use super::*;

    pub(crate) fn watch(tag: Tag, line: &str, condition: Condition, expiry: u64) -> Queued {
        queued(wit::watches::watch(
            tag,
            line,
            convert::condition(condition),
            expiry,
        ))
    }

    pub(crate) fn cancel(tag: Tag) -> Queued {
        queued(wit::watches::cancel(tag))
    }
}

pub(crate) mod reservations {
    use super::*;

    pub(crate) fn reserve(lines: Vec<String>, lease: u64) -> Queued {
        queued(wit::reservations::reserve(&lines, lease))
    }

    pub(crate) fn release(lines: Vec<String>) -> Queued {
        queued(wit::reservations::release(&lines))
    }
}

pub(crate) mod conferences {
    use super::*;

    pub(crate) fn join(tag: Tag, leg: LegId, room: &str, part: Part) -> Queued {
        queued(wit::conferences::join(tag, leg.0, room, convert::part(part)))
    }

    pub(crate) fn leave(tag: Tag, leg: LegId) -> Queued {
        queued(wit::conferences::leave(tag, leg.0))
    }
}

pub(crate) fn publish(json: String) -> Queued {
    queued(wit::figures::publish(&json))
}

pub(crate) mod screens {
    use super::*;

    pub(crate) fn show(tag: Tag, line: &str, page: Page) -> Queued {
        let page = wit::screens::Page {
            title: page.title,
            text: page.text,
            choices: page.choices,
            tone: page.tone,
            expiry: page.expiry,
        };
        queued(wit::screens::show(tag, line, &page))
    }

    pub(crate) fn dismiss(tag: Tag) -> Queued {
        queued(wit::screens::dismiss(tag))
    }
}

pub(crate) fn explain(rule: &str, sentence: &str) {
    wit::explain::because(rule, sentence);
}

pub(crate) fn log(level: LogLevel, line: &str) {
    wit::log::write(convert::log_level(level), line);
}

pub(crate) fn now() -> u64 {
    wit::clock::now()
}

pub(crate) fn local_time() -> LocalTime {
    convert::local_time(wit::clock::local())
}

pub(crate) fn random() -> u64 {
    wit::random::next()
}

pub(crate) fn line(name: &str) -> Option<Line> {
    wit::directory::find(name).map(convert::line)
}

pub(crate) fn setting(line: &str, behaviour: &str, pointer: &str) -> Option<String> {
    wit::directory::setting(line, behaviour, pointer)
}

pub(crate) fn normalise(typed: &str) -> Option<String> {
    wit::numbers::normalise(typed)
}

pub(crate) fn classify(number: &str) -> NumberClass {
    convert::number_class(wit::numbers::classify(number))
}

pub(crate) fn matches(number: &str, pattern: &str) -> bool {
    wit::numbers::matches(number, pattern)
}

pub(crate) fn calendar(name: &str) -> Option<CalendarState> {
    wit::calendars::now(name).map(|state| CalendarState {
        open: state.open,
        until: state.until,
    })
}

pub(crate) fn route(number: &str) -> Result<NumberClass, RouteError> {
    match wit::trunk::route(number) {
        Ok(class) => Ok(convert::number_class(class)),
        Err(wit::trunk::RouteError::Invalid) => Err(RouteError::Invalid),
        Err(wit::trunk::RouteError::Forbidden(class)) => {
            Err(RouteError::Forbidden(convert::number_class(class)))
        }
        Err(wit::trunk::RouteError::NoTrunk) => Err(RouteError::NoTrunk),
    }
}
