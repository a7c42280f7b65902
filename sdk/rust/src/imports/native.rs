//! The same doors, natively: commands and questions go to the recorder of the event at hand.

use contract::{
    CalendarState, Cause, Command, Condition, DialOptions, GatherOptions, LegId, Line, LocalTime, LogLevel,
    NumberClass, Page, Part, PlayOptions, RouteError, Sound, Stage, Tag,
};

use super::Queued;
use crate::native::recorder::{ask, queue, tell};

pub(crate) mod legs {
    use super::*;

    pub(crate) fn ring(tag: Tag, leg: LegId) -> Queued {
        queue(Command::Ring { tag, leg })
    }

    pub(crate) fn answer(tag: Tag, leg: LegId) -> Queued {
        queue(Command::Answer { tag, leg })
    }

    pub(crate) fn reject(tag: Tag, leg: LegId, cause: Cause) -> Queued {
        queue(Command::Reject { tag, leg, cause })
    }

    pub(crate) fn hang_up(tag: Tag, leg: LegId, cause: Cause) -> Queued {
        queue(Command::HangUp { tag, leg, cause })
    }

    pub(crate) fn hold(tag: Tag, leg: LegId) -> Queued {
        queue(Command::Hold { tag, leg })
    }

    pub(crate) fn resume(tag: Tag, leg: LegId) -> Queued {
        queue(Command::Resume { tag, leg })
    }

    pub(crate) fn bridge(tag: Tag, a: LegId, b: LegId) -> Queued {
        queue(Command::Bridge { tag, a, b })
    }

    pub(crate) fn unbridge(tag: Tag, leg: LegId) -> Queued {
        queue(Command::Unbridge { tag, leg })
    }

    pub(crate) fn send_digits(tag: Tag, leg: LegId, digits: String) -> Queued {
        queue(Command::SendDigits { tag, leg, digits })
    }
}

pub(crate) mod dialling {
    use super::*;

    pub(crate) fn dial(tag: Tag, caller: Option<LegId>, stages: Vec<Stage>, options: DialOptions) -> Queued {
        queue(Command::Dial {
            tag,
            caller,
            stages,
            options,
        })
    }

    pub(crate) fn cancel(tag: Tag) -> Queued {
        queue(Command::CancelDial { tag })
    }
}

pub(crate) mod audio {
    use super::*;

    pub(crate) fn play(tag: Tag, leg: LegId, sounds: Vec<Sound>, options: PlayOptions) -> Queued {
        queue(Command::Play {
            tag,
            leg,
            sounds,
            options,
        })
    }

    pub(crate) fn gather(tag: Tag, leg: LegId, options: GatherOptions) -> Queued {
        queue(Command::Gather { tag, leg, options })
    }

    pub(crate) fn stop(leg: LegId) -> Queued {
        queue(Command::StopAudio { leg })
    }
}

pub(crate) mod timers {
    use super::*;

    pub(crate) fn after(tag: Tag, delay: u64) -> Queued {
        let at = tell(|desk| desk.after(delay));
        queue(Command::SetTimer { tag, at })
    }

    pub(crate) fn at(tag: Tag, instant: u64) -> Queued {
        queue(Command::SetTimer { tag, at: instant })
    }

    pub(crate) fn cancel(tag: Tag) -> Queued {
        queue(Command::CancelTimer { tag })
    }
}

pub(crate) mod sessions {
    use super::*;

    pub(crate) fn send(tag: Tag, behaviour: &str, number: &str, body: Vec<u8>) -> Queued {
        queue(Command::Send {
            tag,
            behaviour: behaviour.into(),
            number: number.into(),
            body,
        })
    }

    pub(crate) fn finish() -> Queued {
        queue(Command::Finish)
    }
}

pub(crate) mod watches {
    use super::*;

    pub(crate) fn watch(tag: Tag, line: &str, condition: Condition, expiry: u64) -> Queued {
        queue(Command::Watch {
            tag,
            line: line.into(),
            condition,
            expiry,
        })
    }

    pub(crate) fn cancel(tag: Tag) -> Queued {
        queue(Command::CancelWatch { tag })
    }
}

pub(crate) mod reservations {
    use super::*;

    pub(crate) fn reserve(lines: Vec<String>, lease: u64) -> Queued {
        queue(Command::Reserve { lines, lease })
    }

    pub(crate) fn release(lines: Vec<String>) -> Queued {
        queue(Command::Release { lines })
    }
}

pub(crate) mod conferences {
    use super::*;

    pub(crate) fn join(tag: Tag, leg: LegId, room: &str, part: Part) -> Queued {
        queue(Command::Join {
            tag,
            leg,
            room: room.into(),
            part,
        })
    }

    pub(crate) fn leave(tag: Tag, leg: LegId) -> Queued {
        queue(Command::Leave { tag, leg })
    }
}

pub(crate) fn publish(json: String) -> Queued {
    queue(Command::Publish { json })
}

pub(crate) mod screens {
    use super::*;

    pub(crate) fn show(tag: Tag, line: &str, page: Page) -> Queued {
        queue(Command::Show {
            tag,
            line: line.into(),
            page,
        })
    }

    pub(crate) fn dismiss(tag: Tag) -> Queued {
        queue(Command::Dismiss { tag })
    }
}

pub(crate) fn explain(rule: &str, sentence: &str) {
    tell(|desk| desk.because(rule.to_owned(), sentence.to_owned()));
}

pub(crate) fn log(level: LogLevel, line: &str) {
    tell(|desk| desk.log(level, line.to_owned()));
}

pub(crate) fn now() -> u64 {
    tell(|desk| desk.now())
}

pub(crate) fn local_time() -> LocalTime {
    tell(|desk| desk.local_time())
}

pub(crate) fn random() -> u64 {
    ask(|desk| desk.random(), 0)
}

pub(crate) fn line(name: &str) -> Option<Line> {
    ask(|desk| desk.line(name.to_owned()), None)
}

pub(crate) fn setting(line: &str, behaviour: &str, pointer: &str) -> Option<String> {
    ask(
        |desk| desk.setting(line.to_owned(), behaviour.to_owned(), pointer.to_owned()),
        None,
    )
}

pub(crate) fn normalise(typed: &str) -> Option<String> {
    ask(|desk| desk.normalise(typed.to_owned()), None)
}

pub(crate) fn classify(number: &str) -> NumberClass {
    ask(|desk| desk.classify(number.to_owned()), NumberClass::Invalid)
}

pub(crate) fn matches(number: &str, pattern: &str) -> bool {
    ask(|desk| desk.matches(number.to_owned(), pattern.to_owned()), false)
}

pub(crate) fn calendar(name: &str) -> Option<CalendarState> {
    ask(|desk| desk.calendar(name.to_owned()), None)
}

pub(crate) fn route(number: &str) -> Result<NumberClass, RouteError> {
    ask(|desk| desk.route(number.to_owned()), Err(RouteError::Invalid))
}
