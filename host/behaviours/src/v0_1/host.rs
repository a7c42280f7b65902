//! The host's side of each interface: converts, and hands over to the [`Desk`].

use contract::Command;
use desk::Desk;
use wasmtime::component::{HasSelf, Linker};

use super::bindings::cordboard::behaviour::{
    audio, calendars, clock, conferences, dialling, directory, events, explain, figures, legs, log, numbers,
    random, reservations, screens, sessions, timers, trunk, types, watches,
};
use super::from_guest::{self, cause, leg};
use super::to_guest;
use crate::seat::Seat;

type Queued = wasmtime::Result<Result<(), types::CommandError>>;

/// Offers every interface of this version that has a host side.
pub(crate) fn link(linker: &mut Linker<Seat>) -> wasmtime::Result<()> {
    fn seat(seat: &mut Seat) -> &mut Seat {
        seat
    }
    types::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    events::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    log::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    explain::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    clock::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    random::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    directory::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    numbers::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    calendars::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    legs::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    dialling::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    trunk::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    audio::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    timers::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    sessions::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    watches::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    reservations::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    conferences::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    figures::add_to_linker::<_, HasSelf<Seat>>(linker, seat)?;
    screens::add_to_linker::<_, HasSelf<Seat>>(linker, seat)
}

impl Seat {
    /// The desk, once the call is counted.
    fn desk(&mut self) -> wasmtime::Result<&mut Desk> {
        self.desk.count_call()?;
        Ok(&mut self.desk)
    }

    fn queue(&mut self, command: Command) -> Queued {
        Ok(self.desk()?.queue(command)?.map_err(to_guest::command_error))
    }
}

impl types::Host for Seat {}
impl events::Host for Seat {}

impl log::Host for Seat {
    fn write(&mut self, level: log::Level, line: String) -> wasmtime::Result<()> {
        self.desk()?.log(from_guest::log_level(level), line);
        Ok(())
    }
}

impl explain::Host for Seat {
    fn because(&mut self, rule: String, sentence: String) -> wasmtime::Result<()> {
        self.desk()?.because(rule, sentence);
        Ok(())
    }
}

impl clock::Host for Seat {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.desk()?.now())
    }

    fn local(&mut self) -> wasmtime::Result<clock::LocalTime> {
        Ok(to_guest::local_time(self.desk()?.local_time()))
    }
}

impl random::Host for Seat {
    fn next(&mut self) -> wasmtime::Result<u64> {
        Ok(self.desk()?.random()?)
    }
}

impl directory::Host for Seat {
    fn find(&mut self, name: String) -> wasmtime::Result<Option<directory::Line>> {
        Ok(self.desk()?.line(name)?.map(to_guest::line))
    }

    fn setting(
        &mut self,
        line: String,
        behaviour: String,
        pointer: String,
    ) -> wasmtime::Result<Option<String>> {
        Ok(self.desk()?.setting(line, behaviour, pointer)?)
    }
}

impl numbers::Host for Seat {
    fn normalise(&mut self, typed: String) -> wasmtime::Result<Option<String>> {
        Ok(self.desk()?.normalise(typed)?)
    }

    fn classify(&mut self, number: String) -> wasmtime::Result<types::NumberClass> {
        Ok(to_guest::number_class(self.desk()?.classify(number)?))
    }

    fn matches(&mut self, number: String, pattern: String) -> wasmtime::Result<bool> {
        Ok(self.desk()?.matches(number, pattern)?)
    }
}

impl calendars::Host for Seat {
    fn now(&mut self, calendar: String) -> wasmtime::Result<Option<calendars::State>> {
        let state = self.desk()?.calendar(calendar)?;
        Ok(state.map(|state| calendars::State {
            open: state.open,
            until: state.until,
        }))
    }
}

impl trunk::Host for Seat {
    fn route(&mut self, number: String) -> wasmtime::Result<Result<types::NumberClass, trunk::RouteError>> {
        let route = self.desk()?.route(number)?;
        Ok(route.map(to_guest::number_class).map_err(to_guest::route_error))
    }
}

impl legs::Host for Seat {
    fn ring(&mut self, tag: u64, id: u64) -> Queued {
        self.queue(Command::Ring { tag, leg: leg(id) })
    }

    fn answer(&mut self, tag: u64, id: u64) -> Queued {
        self.queue(Command::Answer { tag, leg: leg(id) })
    }

    fn reject(&mut self, tag: u64, id: u64, why: types::Cause) -> Queued {
        self.queue(Command::Reject {
            tag,
            leg: leg(id),
            cause: cause(why),
        })
    }

    fn hang_up(&mut self, tag: u64, id: u64, why: types::Cause) -> Queued {
        self.queue(Command::HangUp {
            tag,
            leg: leg(id),
            cause: cause(why),
        })
    }

    fn hold(&mut self, tag: u64, id: u64) -> Queued {
        self.queue(Command::Hold { tag, leg: leg(id) })
    }

    fn resume(&mut self, tag: u64, id: u64) -> Queued {
        self.queue(Command::Resume { tag, leg: leg(id) })
    }

    fn bridge(&mut self, tag: u64, a: u64, b: u64) -> Queued {
        self.queue(Command::Bridge {
            tag,
            a: leg(a),
            b: leg(b),
        })
    }

    fn unbridge(&mut self, tag: u64, id: u64) -> Queued {
        self.queue(Command::Unbridge { tag, leg: leg(id) })
    }

    fn send_digits(&mut self, tag: u64, id: u64, digits: String) -> Queued {
        self.queue(Command::SendDigits {
            tag,
            leg: leg(id),
            digits,
        })
    }
}

impl dialling::Host for Seat {
    fn dial(
        &mut self,
        tag: u64,
        caller: Option<u64>,
        stages: Vec<dialling::Stage>,
        options: dialling::Options,
    ) -> Queued {
        self.queue(Command::Dial {
            tag,
            caller: caller.map(leg),
            stages: stages.into_iter().map(from_guest::stage).collect(),
            options: from_guest::dial_options(options),
        })
    }

    fn whisper(&mut self, tag: u64, announcement: String) -> Queued {
        let queued = self.desk()?.whisper(tag, announcement);
        Ok(queued.map_err(to_guest::command_error))
    }

    fn cancel(&mut self, tag: u64) -> Queued {
        self.queue(Command::CancelDial { tag })
    }
}

impl audio::Host for Seat {
    fn play(&mut self, tag: u64, id: u64, sounds: Vec<audio::Sound>, options: audio::PlayOptions) -> Queued {
        self.queue(Command::Play {
            tag,
            leg: leg(id),
            sounds: sounds.into_iter().map(from_guest::sound).collect(),
            options: from_guest::play_options(options),
        })
    }

    fn gather(&mut self, tag: u64, id: u64, options: audio::GatherOptions) -> Queued {
        self.queue(Command::Gather {
            tag,
            leg: leg(id),
            options: from_guest::gather_options(options),
        })
    }

    fn stop(&mut self, id: u64) -> Queued {
        self.queue(Command::StopAudio { leg: leg(id) })
    }
}

impl timers::Host for Seat {
    fn after(&mut self, tag: u64, delay: u64) -> Queued {
        let at = self.desk.after(delay);
        self.queue(Command::SetTimer { tag, at })
    }

    fn at(&mut self, tag: u64, at: u64) -> Queued {
        self.queue(Command::SetTimer { tag, at })
    }

    fn cancel(&mut self, tag: u64) -> Queued {
        self.queue(Command::CancelTimer { tag })
    }
}

impl sessions::Host for Seat {
    fn send(&mut self, tag: u64, behaviour: String, number: String, body: Vec<u8>) -> Queued {
        self.queue(Command::Send {
            tag,
            behaviour,
            number,
            body,
        })
    }

    fn finish(&mut self) -> Queued {
        self.queue(Command::Finish)
    }
}

impl watches::Host for Seat {
    fn watch(&mut self, tag: u64, line: String, condition: watches::Condition, expiry: u64) -> Queued {
        self.queue(Command::Watch {
            tag,
            line,
            condition: from_guest::condition(condition),
            expiry,
        })
    }

    fn cancel(&mut self, tag: u64) -> Queued {
        self.queue(Command::CancelWatch { tag })
    }
}

impl reservations::Host for Seat {
    fn reserve(&mut self, lines: Vec<String>, lease: u64) -> Queued {
        self.queue(Command::Reserve { lines, lease })
    }

    fn release(&mut self, lines: Vec<String>) -> Queued {
        self.queue(Command::Release { lines })
    }
}

impl conferences::Host for Seat {
    fn join(&mut self, tag: u64, id: u64, room: String, part: conferences::Part) -> Queued {
        self.queue(Command::Join {
            tag,
            leg: leg(id),
            room,
            part: from_guest::part(part),
        })
    }

    fn leave(&mut self, tag: u64, id: u64) -> Queued {
        self.queue(Command::Leave { tag, leg: leg(id) })
    }
}

impl figures::Host for Seat {
    fn publish(&mut self, json: String) -> Queued {
        self.queue(Command::Publish { json })
    }
}

impl screens::Host for Seat {
    fn show(&mut self, tag: u64, line: String, page: screens::Page) -> Queued {
        self.queue(Command::Show {
            tag,
            line,
            page: from_guest::page(page),
        })
    }

    fn dismiss(&mut self, tag: u64) -> Queued {
        self.queue(Command::Dismiss { tag })
    }
}
