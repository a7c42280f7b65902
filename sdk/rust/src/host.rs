//! What a keyed behaviour can do: commands for the legs it holds, timers, messages.
//!
//! Tags are the SDK's: a leg's commands carry the leg's number, so that an outcome tells by its
//! tag which leg it is for ([`leg_of`]), and by its kind which command.

use std::ops::Deref;
use std::time::Duration;

use contract::{
    Cause, CommandError, Condition, DialOptions, GatherOptions, Hears, LegId, Outcome, Page, Part,
    PlayOptions, Tag,
};

use crate::imports;
use crate::module::Session;
use crate::script::{Sounds, Stages};
use crate::view::View;
use crate::words::to_millis;

/// The exchange, for a [`Behaviour`](crate::Behaviour). Also everything that can be asked: see [`View`].
pub struct Host {
    view: View,
    behaviour: String,
    number: String,
}

impl Deref for Host {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

/// What queuing a command answers.
pub type Queued = Result<(), CommandError>;

impl Host {
    pub(crate) fn of(session: &Session) -> Self {
        Self {
            view: View::direct(),
            behaviour: session.behaviour.clone(),
            number: session.number.clone(),
        }
    }

    /// The tenant's name for this behaviour.
    pub fn behaviour(&self) -> &str {
        &self.behaviour
    }

    /// The number that this session is for; a line by the name people use.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// A leg that this session holds.
    pub fn leg(&self, leg: LegId) -> Leg {
        Leg(leg)
    }

    /// A timer by the tag that comes back in [`Event::Timer`](crate::Event::Timer).
    pub fn timer(&self, tag: Tag) -> Timer {
        Timer(tag)
    }

    /// A watch by the tag that comes back in its outcome.
    pub fn watch(&self, tag: Tag) -> Watch {
        Watch(tag)
    }

    /// A page on displays, by the tag that comes back in its outcome.
    pub fn screen(&self, tag: Tag) -> Screen {
        Screen(tag)
    }

    /// Rings others for nobody yet. The leg that answers is this session's, and is told in the outcome with this
    /// tag, which is not to be the number of a leg.
    ///
    /// # Errors
    ///
    /// Why it was not queued.
    pub fn originate(&self, tag: Tag, stages: Stages, options: DialOptions) -> Queued {
        imports::dialling::dial(tag, None, stages.into_vec(), options)
    }

    /// Ends a dial that was begun with [`originate`](Self::originate). An answer may have come first; the outcome tells.
    ///
    /// # Errors
    ///
    /// Why it was not queued.
    pub fn cancel_originated(&self, tag: Tag) -> Queued {
        imports::dialling::cancel(tag)
    }

    /// Sends a message to the session of a per-number behaviour.
    ///
    /// # Errors
    ///
    /// Why it was not queued. It may still fail with `unknown-number`, as an outcome with this tag.
    pub fn send(&self, tag: Tag, behaviour: &str, number: &str, body: Vec<u8>) -> Queued {
        imports::sessions::send(tag, behaviour, number, body)
    }

    /// Keeps lines for this session's dials until the lease is over, each unless another session has it: then this one
    /// finds the line busy.
    ///
    /// # Errors
    ///
    /// Why it was not queued.
    pub fn reserve(&self, lines: Vec<String>, lease: Duration) -> Queued {
        imports::reservations::reserve(lines, to_millis(lease))
    }

    /// Ends the lease of these lines.
    ///
    /// # Errors
    ///
    /// Why it was not queued.
    pub fn release(&self, lines: Vec<String>) -> Queued {
        imports::reservations::release(lines)
    }

    /// Shows figures to people: a JSON object, instead of what was published before.
    ///
    /// # Errors
    ///
    /// Why it was not queued.
    pub fn publish(&self, json: String) -> Queued {
        imports::publish(json)
    }

    /// Ends this session; bridged legs stay up.
    ///
    /// # Errors
    ///
    /// Why it was not queued.
    pub fn finish(&self) -> Queued {
        imports::sessions::finish()
    }
}

/// Which leg an outcome is for.
pub fn leg_of(outcome: &Outcome) -> LegId {
    LegId(outcome.tag)
}

/// Commands for a leg. Each is queued, and carried out once the event has been handled.
///
/// Every method fails only when the command was not even queued: the leg has ended, the quota is used up.
#[derive(Clone, Copy, Debug)]
pub struct Leg(LegId);

#[allow(clippy::missing_errors_doc, reason = "said once for all of them above")]
impl Leg {
    /// Tells the caller that it rings.
    pub fn ring(self) -> Queued {
        imports::legs::ring(self.0.0, self.0)
    }

    /// Answers the caller.
    pub fn answer(self) -> Queued {
        imports::legs::answer(self.0.0, self.0)
    }

    /// Gives the caller back with a cause.
    pub fn reject(self, cause: Cause) -> Queued {
        imports::legs::reject(self.0.0, self.0, cause)
    }

    /// Ends the leg.
    pub fn hang_up(self) -> Queued {
        imports::legs::hang_up(self.0.0, self.0, Cause::Normal)
    }

    /// Holds the party, with music.
    pub fn hold(self) -> Queued {
        imports::legs::hold(self.0.0, self.0)
    }

    /// Takes it from hold.
    pub fn resume(self) -> Queued {
        imports::legs::resume(self.0.0, self.0)
    }

    /// Connects it with another.
    pub fn bridge(self, other: LegId) -> Queued {
        imports::legs::bridge(self.0.0, self.0, other)
    }

    /// Parts it from the one it is connected with.
    pub fn unbridge(self) -> Queued {
        imports::legs::unbridge(self.0.0, self.0)
    }

    /// Brings it into a room of this session's, or changes its part there.
    pub fn join(self, room: &str, part: Part) -> Queued {
        imports::conferences::join(self.0.0, self.0, room, part)
    }

    /// Takes it out of its room.
    pub fn leave(self) -> Queued {
        imports::conferences::leave(self.0.0, self.0)
    }

    /// Plays once.
    pub fn play(self, sounds: impl Into<Sounds>) -> Queued {
        imports::audio::play(
            self.0.0,
            self.0,
            sounds.into().0,
            PlayOptions {
                times: 1,
                barge_in: false,
            },
        )
    }

    /// Plays again and again, until something else takes its place.
    pub fn play_forever(self, sounds: impl Into<Sounds>) -> Queued {
        imports::audio::play(
            self.0.0,
            self.0,
            sounds.into().0,
            PlayOptions {
                times: 0,
                barge_in: false,
            },
        )
    }

    /// Takes digits.
    pub fn gather(self, options: GatherOptions) -> Queued {
        imports::audio::gather(self.0.0, self.0, options)
    }

    /// Stops what plays.
    pub fn stop(self) -> Queued {
        imports::audio::stop(self.0)
    }

    /// Rings others for this caller, who hears ringback.
    pub fn dial(self, stages: Stages) -> Queued {
        self.dial_with(stages, DialOptions::default())
    }

    /// Rings others for this caller; what plays goes on.
    pub fn dial_playing(self, stages: Stages) -> Queued {
        self.dial_with(
            stages,
            DialOptions {
                hears: Hears::Unchanged,
                ..DialOptions::default()
            },
        )
    }

    /// Rings others for this caller.
    pub fn dial_with(self, stages: Stages, options: DialOptions) -> Queued {
        imports::dialling::dial(self.0.0, Some(self.0), stages.into_vec(), options)
    }

    /// Ends the dial that runs for this caller. An answer may have come first; the outcome tells.
    pub fn cancel_dial(self) -> Queued {
        imports::dialling::cancel(self.0.0)
    }
}

/// A wake-up. It survives a restart of the exchange.
#[derive(Clone, Copy, Debug)]
pub struct Timer(Tag);

#[allow(clippy::missing_errors_doc, reason = "as for `Leg`")]
impl Timer {
    /// Sets it, or sets it anew.
    pub fn after(self, length: Duration) -> Queued {
        imports::timers::after(self.0, to_millis(length))
    }

    /// The same at a point in time, in milliseconds since the epoch.
    pub fn at(self, instant: u64) -> Queued {
        imports::timers::at(self.0, instant)
    }

    /// Harmless when it is not set.
    pub fn cancel(self) -> Queued {
        imports::timers::cancel(self.0)
    }
}

/// Waiting for a line to change. It survives a restart of the exchange.
#[derive(Clone, Copy, Debug)]
pub struct Watch(Tag);

#[allow(clippy::missing_errors_doc, reason = "as for `Leg`")]
impl Watch {
    /// Sets it, or sets it anew: the outcome is `done` once the line is in this condition, at once when it is so
    /// already; `failed` with `no-answer` when the time is over.
    pub fn until(self, line: &str, condition: Condition, expiry: Duration) -> Queued {
        imports::watches::watch(self.0, line, condition, to_millis(expiry))
    }

    /// Harmless when it is not set.
    pub fn cancel(self) -> Queued {
        imports::watches::cancel(self.0)
    }
}

/// A page on the displays of a line.
#[derive(Clone, Copy, Debug)]
pub struct Screen(Tag);

#[allow(clippy::missing_errors_doc, reason = "as for `Leg`")]
impl Screen {
    /// Shows it. The outcome is `gathered`, as of keys: the number of the choice, counted from 1.
    pub fn show(self, line: &str, page: Page) -> Queued {
        imports::screens::show(self.0, line, page)
    }

    /// Harmless when there is none.
    pub fn dismiss(self) -> Queued {
        imports::screens::dismiss(self.0)
    }
}

/// For commands that may come too late.
pub trait UnlessGone {
    /// That the leg has ended meanwhile is no failure: its end is told by an event of its own.
    ///
    /// # Errors
    ///
    /// Everything else that kept the command from being queued.
    fn unless_gone(self) -> Queued;
}

impl UnlessGone for Queued {
    fn unless_gone(self) -> Queued {
        match self {
            Err(CommandError::UnknownLeg(_)) => Ok(()),
            other => other,
        }
    }
}
