//! Playing to the caller and taking digits.

use std::rc::Rc;
use std::time::Duration;

use contract::{
    CommandError, GatherOptions, GatherOutcome, LegId, OutcomeKind, PlayOptions, PlayOutcome, Sound, Tone,
};

use super::step::{Act, awaitable};
use super::tape::{Arrival, Print, Tape, Waits};
use crate::imports;
use crate::words::to_millis;

/// What is played: announcements by name, tones, spoken digits, one after the other. An empty
/// name is no sound.
///
/// ```
/// # use cordboard::prelude::*;
/// # use cordboard::Sounds;
/// let queue: Sounds = "all-busy".into();
/// let place = Sounds::from("you-are-number").then(Sound::Digits("3".into()));
/// assert!(Sounds::from("").is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sounds(pub Vec<Sound>);

impl Sounds {
    /// Whether there is nothing to play.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These, then others.
    pub fn then(mut self, next: impl Into<Sounds>) -> Self {
        self.0.extend(next.into().0);
        self
    }
}

impl From<&str> for Sounds {
    fn from(announcement: &str) -> Self {
        match announcement {
            "" => Self::default(),
            name => Self(vec![Sound::Announcement(name.to_owned())]),
        }
    }
}

impl From<&String> for Sounds {
    fn from(announcement: &String) -> Self {
        announcement.as_str().into()
    }
}

impl From<&Option<String>> for Sounds {
    fn from(announcement: &Option<String>) -> Self {
        announcement.as_deref().unwrap_or_default().into()
    }
}

impl From<Sound> for Sounds {
    fn from(sound: Sound) -> Self {
        Self(vec![sound])
    }
}

impl From<Tone> for Sounds {
    fn from(tone: Tone) -> Self {
        Sound::Tone(tone).into()
    }
}

impl From<Vec<Sound>> for Sounds {
    fn from(sounds: Vec<Sound>) -> Self {
        Self(sounds)
    }
}

/// Plays to the caller. Made by [`Call::play`](super::Call::play).
///
/// Before the call is answered it is early media.
#[must_use = "await it"]
pub struct Play {
    act: Playing,
    tape: Rc<Tape>,
}

impl Play {
    pub(crate) fn new(tape: Rc<Tape>, leg: LegId, sounds: Sounds) -> Self {
        let options = PlayOptions {
            times: 1,
            barge_in: false,
        };
        Self {
            act: Playing {
                leg,
                sounds: sounds.0,
                options,
            },
            tape,
        }
    }

    /// How often the whole list plays.
    pub fn times(mut self, times: u32) -> Self {
        self.act.options.times = times.max(1);
        self
    }

    /// Again and again, until something else takes its place.
    pub fn forever(mut self) -> Self {
        self.act.options.times = 0;
        self
    }

    /// Any key ends it; the outcome tells which.
    pub fn barge_in(mut self) -> Self {
        self.act.options.barge_in = true;
        self
    }

    /// Lets it play while the script goes on, until something else takes its place.
    ///
    /// ```
    /// # use cordboard::prelude::*;
    /// # async fn example(call: Call) {
    /// call.play("in-a-call").forever().start();
    /// let answer = call.ring_line("201").keep_playing().await;
    /// # }
    /// ```
    pub fn start(mut self) {
        if self.act.at_once().is_none() {
            let print = self.act.print();
            self.tape.begin(print, Waits::Nothing, |tag| self.act.act(tag));
        }
    }
}

#[doc(hidden)]
pub struct Playing {
    leg: LegId,
    sounds: Vec<Sound>,
    options: PlayOptions,
}

impl Act for Playing {
    type Output = PlayOutcome;
    const WAITS: Waits = Waits::Outcome;

    fn print(&self) -> Print {
        Print::of(b"play").value(&self.sounds).value(&self.options)
    }

    fn act(&mut self, tag: u64) -> Result<(), CommandError> {
        imports::audio::play(tag, self.leg, std::mem::take(&mut self.sounds), self.options)
    }

    fn call_back(&self, _: u64) -> Result<(), CommandError> {
        imports::audio::stop(self.leg)
    }

    fn at_once(&self) -> Option<PlayOutcome> {
        self.sounds.is_empty().then_some(PlayOutcome::Finished)
    }

    fn read(&mut self, arrival: Arrival) -> Option<PlayOutcome> {
        match arrival {
            Arrival::Outcome(OutcomeKind::Played(PlayOutcome::Gone)) => None,
            Arrival::Outcome(OutcomeKind::Played(played)) => Some(played),
            Arrival::Outcome(_) | Arrival::Refused(_) => Some(PlayOutcome::Stopped),
            Arrival::Timer | Arrival::Ended(_) => None,
        }
    }
}

awaitable!(Play => Playing);

/// Takes digits from the caller. Made by [`Call::gather`](super::Call::gather).
///
/// One digit, 5 s to the first and 3 s between digits, unless said otherwise.
#[must_use = "await it"]
pub struct Gather {
    act: Gathering,
    tape: Rc<Tape>,
}

impl Gather {
    pub(crate) fn new(tape: Rc<Tape>, leg: LegId, prompt: Sounds) -> Self {
        let options = GatherOptions {
            prompt: prompt.0,
            barge_in: false,
            max_digits: 1,
            terminators: String::new(),
            first_digit: 5_000,
            between_digits: 3_000,
        };
        Self {
            act: Gathering { leg, options },
            tape,
        }
    }

    /// So many digits at most: 1 to 64.
    pub fn digits(mut self, max: u32) -> Self {
        self.act.options.max_digits = max;
        self
    }

    /// Time from the end of the prompt to the first digit.
    pub fn within(mut self, length: Duration) -> Self {
        self.act.options.first_digit = to_millis(length);
        self
    }

    /// Time between digits.
    pub fn between(mut self, length: Duration) -> Self {
        self.act.options.between_digits = to_millis(length);
        self
    }

    /// Keys that end the entry and are not part of it, such as `#`.
    pub fn until(mut self, keys: &str) -> Self {
        keys.clone_into(&mut self.act.options.terminators);
        self
    }

    /// The first digit cuts the prompt.
    pub fn barge_in(mut self) -> Self {
        self.act.options.barge_in = true;
        self
    }
}

#[doc(hidden)]
pub struct Gathering {
    leg: LegId,
    options: GatherOptions,
}

impl Act for Gathering {
    type Output = GatherOutcome;
    const WAITS: Waits = Waits::Outcome;

    fn print(&self) -> Print {
        Print::of(b"gather").value(&self.options)
    }

    fn act(&mut self, tag: u64) -> Result<(), CommandError> {
        imports::audio::gather(tag, self.leg, self.options.clone())
    }

    fn call_back(&self, _: u64) -> Result<(), CommandError> {
        imports::audio::stop(self.leg)
    }

    fn read(&mut self, arrival: Arrival) -> Option<GatherOutcome> {
        match arrival {
            Arrival::Outcome(OutcomeKind::Gathered(GatherOutcome::Gone)) => None,
            Arrival::Outcome(OutcomeKind::Gathered(gathered)) => Some(gathered),
            Arrival::Outcome(_) | Arrival::Refused(_) => Some(GatherOutcome::Stopped(String::new())),
            Arrival::Timer | Arrival::Ended(_) => None,
        }
    }
}

awaitable!(Gather => Gathering);
