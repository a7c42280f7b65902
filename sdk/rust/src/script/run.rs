//! Runs a script over its tape.
//!
//! Saved state: a format byte, the shape of the settings (8 bytes), then in postcard the settings,
//! the offer, and the entries of the tape up to the end. Entries are only ever added. A script
//! that is over leaves the byte [`OVER`] alone.

use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use contract::{Cause, Event, LegId, Offer};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::tape::{Arrival, Entry, Meant, StepId, Tape};
use super::{Call, End, Outcome};
use crate::imports;
use crate::module::{self, Session};
use crate::refusal::Refusal;
use crate::settings::{Settings, Value};

const FORMAT: u8 = 1;
const OVER: u8 = 0;

/// What [`script`](crate::script) makes of an `async fn`.
pub trait Script: 'static {
    /// The second argument of the function.
    type Settings: Settings;

    /// The function itself.
    fn tell(call: Call, settings: Self::Settings) -> impl Future<Output = Outcome>;
}

/// Handles one event of a script.
///
/// # Errors
///
/// The first event is no call, the state is not of this script, or the script took another way
/// than before.
pub fn handle<S: Script>(
    session: &Session,
    state: Option<Vec<u8>>,
    event: Event,
) -> Result<Vec<u8>, Refusal> {
    match (state, event) {
        (None, Event::CallOffered(offer)) => start::<S>(session, offer),
        (None, _) => Err(Refusal::because("a script begins with a call")),
        (Some(state), _) if state == [OVER] => Ok(state),
        (Some(state), event) => go_on::<S>(state, &event),
    }
}

fn start<S: Script>(session: &Session, offer: Offer) -> Result<Vec<u8>, Refusal> {
    let settings: S::Settings = module::parse(&session.settings)?;
    let mut state = vec![FORMAT];
    state.extend(S::Settings::SHAPE.to_le_bytes());
    append(&mut state, &settings)?;
    append(&mut state, &offer)?;
    let saved = Saved {
        settings,
        offer,
        entries: Vec::new(),
    };
    let leg = saved.offer.leg;
    let ran = run::<S>(saved, |story, tape| {
        tape.go_live();
        story.poll(tape)
    })?;
    leave(state, leg, ran)
}

fn go_on<S: Script>(state: Vec<u8>, event: &Event) -> Result<Vec<u8>, Refusal> {
    let saved = Saved::<S::Settings>::read(&state)?;
    let leg = saved.offer.leg;
    let ran = run::<S>(saved, |story, tape| match story.replay(tape)? {
        Progress::Waits => story.deliver(tape, leg, event),
        Progress::Ended(_) | Progress::Over => Err(Refusal::because("the script ended before its tape did")),
    })?;
    leave(state, leg, ran)
}

/// Takes a call over from another version, if this one would have come to the same point.
///
/// # Errors
///
/// It would not have, or its settings have another shape.
pub fn migrate<S: Script>(state: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    if state == [OVER] {
        return Ok(state);
    }
    let saved = Saved::<S::Settings>::read(&state)?;
    match run::<S>(saved, |story, tape| story.replay(tape))?.progress {
        Progress::Waits => Ok(state),
        Progress::Ended(_) | Progress::Over => Err(Refusal::because("the script would have ended before")),
    }
}

/// How far a run came.
enum Progress {
    Waits,
    Ended(End),
    /// Nothing is left to do, not even to end the call.
    Over,
}

/// What a run leaves behind.
struct Ran {
    added: Vec<Entry>,
    progress: Progress,
}

fn run<S: Script>(
    saved: Saved<S::Settings>,
    drive: impl FnOnce(&mut Story<'_>, &Tape) -> Result<Progress, Refusal>,
) -> Result<Ran, Refusal> {
    let known = saved.entries.len();
    let tape = Rc::new(Tape::new(saved.entries));
    let call = Call::new(saved.offer, Rc::clone(&tape));
    let future = pin!(S::tell(call, saved.settings));
    let progress = drive(&mut Story(future), &tape);
    // Whatever the script still held is dropped after this, and that is not its doing.
    tape.close();
    Ok(Ran {
        added: tape.since(known),
        progress: progress?,
    })
}

/// The future of one run.
struct Story<'a>(Pin<&'a mut dyn Future<Output = Outcome>>);

impl Story<'_> {
    fn poll(&mut self, tape: &Tape) -> Result<Progress, Refusal> {
        let polled = self.0.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        tape.sound()?;
        Ok(match polled {
            Poll::Ready(Outcome(end)) => Progress::Ended(end),
            Poll::Pending => Progress::Waits,
        })
    }

    /// Goes through the tape, one outcome at a time.
    fn replay(&mut self, tape: &Tape) -> Result<Progress, Refusal> {
        loop {
            let progress = self.poll(tape)?;
            if tape.at_end() || !matches!(progress, Progress::Waits) {
                return Ok(progress);
            }
            tape.replay_arrival();
            tape.sound()?;
        }
    }

    fn deliver(&mut self, tape: &Tape, caller: LegId, event: &Event) -> Result<Progress, Refusal> {
        match event {
            Event::Outcome(outcome) => self.arrive(tape, outcome.tag, Arrival::Outcome(outcome.kind.clone())),
            Event::Timer(tag) => self.arrive(tape, *tag, Arrival::Timer),
            Event::LegEnded(ended) if ended.leg == caller => self.lose_caller(tape, ended.cause),
            // Not a script's business; and a call keeps the settings it began with.
            Event::LegEnded(_)
            | Event::CallOffered(_)
            | Event::LegRinging(_)
            | Event::LegAnswered(_)
            | Event::LegHeld(_)
            | Event::LegResumed(_)
            | Event::Digit(_)
            | Event::TransferRequested(_)
            | Event::Schedule(_)
            | Event::LineChanged(_)
            | Event::Message(_)
            | Event::SettingsChanged => Ok(Progress::Waits),
        }
    }

    fn arrive(&mut self, tape: &Tape, tag: u64, arrival: Arrival) -> Result<Progress, Refusal> {
        match tape.meant(tag, &arrival) {
            Meant::For(step) => self.resume(tape, step, arrival),
            Meant::AnsweredLate => Ok(Progress::Over),
            Meant::Nobody => Ok(Progress::Waits),
        }
    }

    /// A script that waits for its caller's end may still do something about it; any other is over.
    fn lose_caller(&mut self, tape: &Tape, cause: Cause) -> Result<Progress, Refusal> {
        if let Some(step) = tape.waiting_for_end() {
            self.resume(tape, step, Arrival::Ended(cause))?;
        }
        Ok(Progress::Over)
    }

    fn resume(&mut self, tape: &Tape, step: StepId, arrival: Arrival) -> Result<Progress, Refusal> {
        tape.go_live();
        tape.deliver(step, arrival);
        self.poll(tape)
    }
}

/// Carries out how the script ended, and makes the new state.
fn leave(mut state: Vec<u8>, caller: LegId, ran: Ran) -> Result<Vec<u8>, Refusal> {
    // That the leg ended meanwhile is no failure of the script's.
    let _ = match ran.progress {
        Progress::Waits => {
            for entry in &ran.added {
                append(&mut state, entry)?;
            }
            return Ok(state);
        }
        Progress::Ended(End::HangUp) => imports::legs::hang_up(0, caller, Cause::Normal),
        Progress::Ended(End::Reject(cause)) => imports::legs::reject(0, caller, cause),
        Progress::Ended(End::Connected) | Progress::Over => Ok(()),
    };
    Ok(vec![OVER])
}

struct Saved<S> {
    settings: S,
    offer: Offer,
    entries: Vec<Entry>,
}

impl<S: Settings> Saved<S> {
    fn read(state: &[u8]) -> Result<Self, Refusal> {
        let broken = || Refusal::because("the state cannot be read");
        let rest = match state.split_first() {
            Some((&FORMAT, rest)) => rest,
            _ => return Err(Refusal::because("the state is not of this kind of script")),
        };
        let (shape, mut rest) = rest.split_first_chunk::<8>().ok_or_else(broken)?;
        if u64::from_le_bytes(*shape) != S::SHAPE {
            return Err(Refusal::because(
                "the settings have another shape than when the call began",
            ));
        }
        let settings = get(&mut rest).ok_or_else(broken)?;
        let offer = get(&mut rest).ok_or_else(broken)?;
        let mut entries = Vec::new();
        while !rest.is_empty() {
            entries.push(get(&mut rest).ok_or_else(broken)?);
        }
        Ok(Self {
            settings,
            offer,
            entries,
        })
    }
}

/// Postcard knows where a value ends, so nothing stands between them.
fn append<T: Serialize>(state: &mut Vec<u8>, value: &T) -> Result<(), Refusal> {
    let bytes = postcard::to_allocvec(value).map_err(|_| Refusal::because("the state cannot be written"))?;
    state.extend(bytes);
    Ok(())
}

fn get<T: DeserializeOwned>(rest: &mut &[u8]) -> Option<T> {
    let (value, after) = postcard::take_from_bytes(rest).ok()?;
    *rest = after;
    Some(value)
}
