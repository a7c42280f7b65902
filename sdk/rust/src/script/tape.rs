//! What a script did and what came of it, so that it can be run again from the top.
//!
//! The tape is a line of entries: a step *began*, a question was *answered*, an outcome *came*.
//! A run polls the script once for each outcome on the tape, in the order in which they came, and
//! compares every step and question with the tape as it goes. So a script sees exactly what it
//! saw before, whatever it waits for, and one that would now act differently is found out.

use std::cell::{Cell, RefCell};

use contract::{Cause, CommandError, OutcomeKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// More than any conversation needs; what gets here is a script that loops for ever.
const ENTRIES_MAX: usize = 2_048;

/// Counts the steps of a script from 0.
pub type StepId = u32;

/// Tells steps and questions apart: their kind and everything asked of them (FNV-1a, 32 bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print(u32);

impl Print {
    pub(crate) fn of(kind: &[u8]) -> Self {
        Self(0x811c_9dc5).bytes(kind)
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mix = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        Self(bytes.iter().fold(self.0, mix))
    }

    /// The length goes in too, so that `("a", "bc")` and `("ab", "c")` differ.
    pub(crate) fn text(self, text: &str) -> Self {
        self.number(text.len() as u64).bytes(text.as_bytes())
    }

    pub(crate) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    /// Anything that can be serialised, by its postcard bytes.
    pub(crate) fn value<T: Serialize>(self, value: &T) -> Self {
        match postcard::to_allocvec(value) {
            Ok(bytes) => self.number(bytes.len() as u64).bytes(&bytes),
            Err(_) => self,
        }
    }
}

/// What came for a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrival {
    Outcome(OutcomeKind),
    Timer,
    /// The caller's leg ended.
    Ended(Cause),
    /// The command was refused at once.
    Refused(Refused),
}

/// [`CommandError`] without its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
    UnknownLeg,
    NotSoleHolder,
    TooManyCommands,
    Invalid,
    NotGranted,
}

impl From<&CommandError> for Refused {
    fn from(error: &CommandError) -> Self {
        match error {
            CommandError::UnknownLeg(_) => Self::UnknownLeg,
            CommandError::NotSoleHolder(_) => Self::NotSoleHolder,
            CommandError::TooManyCommands => Self::TooManyCommands,
            CommandError::Invalid(_) => Self::Invalid,
            CommandError::NotGranted(_) => Self::NotGranted,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    Began(Print),
    Answered(Print, Vec<u8>),
    Came(StepId, Arrival),
}

/// Where a step stands in this run.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stand {
    Waiting(Waits),
    Ready(Arrival),
    Taken,
    /// Nobody waits for it any more; for a dial that matters when it is answered after all.
    Abandoned(Waits),
}

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    Outcome,
    Dial,
    Timer,
    CallersEnd,
    /// Its outcome interests nobody.
    Nothing,
}

/// How an event relates to the steps.
pub enum Meant {
    For(StepId),
    /// A dial that was given up was answered first: the call is up.
    AnsweredLate,
    Nobody,
}

/// The tape of one run.
#[derive(Default)]
pub struct Tape {
    entries: RefCell<Vec<Entry>>,
    cursor: Cell<usize>,
    steps: RefCell<Vec<Stand>>,
    /// Everything on the tape has been gone through, and this run may act.
    live: Cell<bool>,
    /// The run is over; what is dropped now was not given up by the script.
    closing: Cell<bool>,
    fault: RefCell<Option<String>>,
}

impl Tape {
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        Self {
            entries: RefCell::new(entries),
            ..Self::default()
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.live.get() && !self.closing.get()
    }

    pub(crate) fn go_live(&self) {
        self.live.set(true);
    }

    pub(crate) fn close(&self) {
        self.closing.set(true);
    }

    /// Entries from `first` on: what this run added.
    pub(crate) fn since(&self, first: usize) -> Vec<Entry> {
        self.entries.borrow().get(first..).unwrap_or_default().to_vec()
    }

    pub(crate) fn at_end(&self) -> bool {
        self.cursor.get() >= self.entries.borrow().len()
    }

    /// # Errors
    ///
    /// The script did something else than when it ran before.
    pub(crate) fn sound(&self) -> Result<(), Refusal> {
        match self.fault.borrow().as_ref() {
            None => Ok(()),
            Some(fault) => Err(Refusal(fault.clone())),
        }
    }

    fn fail(&self, what: &str) {
        let mut fault = self.fault.borrow_mut();
        if fault.is_none() {
            let at = self.cursor.get().to_string();
            *fault = Some(
                [
                    "the script took another way than before, at entry ",
                    &at,
                    ": ",
                    what,
                ]
                .concat(),
            );
        }
    }

    fn next_entry(&self) -> Option<Entry> {
        self.entries.borrow().get(self.cursor.get()).cloned()
    }

    fn step_forward(&self) {
        self.cursor.set(self.cursor.get() + 1);
    }

    /// Whether there was room for it.
    fn record(&self, entry: Entry) -> bool {
        let mut entries = self.entries.borrow_mut();
        if entries.len() >= ENTRIES_MAX {
            drop(entries);
            self.fail("it has done too much for one call");
            return false;
        }
        entries.push(entry);
        drop(entries);
        self.step_forward();
        true
    }

    /// A step begins. `act` queues its command; it is called only the first time.
    pub(crate) fn begin(
        &self,
        print: Print,
        waits: Waits,
        act: impl FnOnce(u64) -> Result<(), CommandError>,
    ) -> StepId {
        let id = self.steps.borrow().len() as StepId;
        self.steps.borrow_mut().push(Stand::Waiting(waits));
        // A run that went wrong waits for ever, and so comes to its end.
        if self.fault.borrow().is_some() {
            return id;
        }
        match self.next_entry() {
            Some(Entry::Began(before)) if before == print => {
                self.step_forward();
                self.take_refusal(id);
            }
            Some(_) => self.fail("another step"),
            None if self.is_live() => {
                if self.record(Entry::Began(print))
                    && let Err(error) = act(tag_of(id))
                {
                    self.refuse(id, &error);
                }
            }
            None => self.fail("one step more"),
        }
        id
    }

    fn refuse(&self, id: StepId, error: &CommandError) {
        crate::imports::explain("command", refusal_sentence(error));
        let arrival = Arrival::Refused(error.into());
        if self.record(Entry::Came(id, arrival.clone())) {
            self.set(id, Stand::Ready(arrival));
        }
    }

    /// A refusal follows its step at once.
    fn take_refusal(&self, id: StepId) {
        if let Some(Entry::Came(of, arrival @ Arrival::Refused(_))) = self.next_entry()
            && of == id
        {
            self.step_forward();
            self.set(id, Stand::Ready(arrival));
        }
    }

    fn set(&self, id: StepId, stand: Stand) {
        if let Some(slot) = self.steps.borrow_mut().get_mut(id as usize) {
            *slot = stand;
        }
    }

    /// What came for a step, once.
    pub(crate) fn take(&self, id: StepId) -> Option<Arrival> {
        let mut steps = self.steps.borrow_mut();
        let slot = steps.get_mut(id as usize)?;
        if !matches!(slot, Stand::Ready(_)) {
            return None;
        }
        match std::mem::replace(slot, Stand::Taken) {
            Stand::Ready(arrival) => Some(arrival),
            Stand::Waiting(_) | Stand::Taken | Stand::Abandoned(_) => None,
        }
    }

    /// Gives a step up; true when its command should be called back.
    pub(crate) fn abandon(&self, id: StepId) -> bool {
        let mut steps = self.steps.borrow_mut();
        match steps.get_mut(id as usize) {
            Some(slot @ Stand::Waiting(_)) => {
                if let Stand::Waiting(waits) = *slot {
                    *slot = Stand::Abandoned(waits);
                }
                drop(steps);
                self.is_live()
            }
            _ => false,
        }
    }

    /// Goes through the next outcome on the tape.
    pub(crate) fn replay_arrival(&self) {
        match self.next_entry() {
            Some(Entry::Came(id, arrival)) => {
                self.step_forward();
                self.set(id, Stand::Ready(arrival));
            }
            _ => self.fail("one step less"),
        }
    }

    /// Records and delivers what has come now.
    pub(crate) fn deliver(&self, id: StepId, arrival: Arrival) {
        if self.record(Entry::Came(id, arrival.clone())) {
            self.set(id, Stand::Ready(arrival));
        }
    }

    /// Which step an arrival with this tag is for.
    pub(crate) fn meant(&self, tag: u64, arrival: &Arrival) -> Meant {
        let Some(index) = tag.checked_sub(1) else {
            return Meant::Nobody;
        };
        let steps = self.steps.borrow();
        let Some(stand) = usize::try_from(index).ok().and_then(|index| steps.get(index)) else {
            return Meant::Nobody;
        };
        match (stand, arrival) {
            (Stand::Waiting(Waits::Timer), Arrival::Timer)
            | (Stand::Waiting(Waits::Outcome), Arrival::Outcome(_))
            | (Stand::Waiting(Waits::Dial), Arrival::Outcome(OutcomeKind::Dialled(_))) => {
                Meant::For(index as StepId)
            }
            (Stand::Waiting(Waits::Dial), Arrival::Outcome(OutcomeKind::Failed(_))) => {
                Meant::For(index as StepId)
            }
            (Stand::Abandoned(Waits::Dial), Arrival::Outcome(OutcomeKind::Dialled(dialled)))
                if matches!(dialled.result, contract::DialResult::Answered(_)) =>
            {
                Meant::AnsweredLate
            }
            _ => Meant::Nobody,
        }
    }

    /// The first step that waits for the caller's end.
    pub(crate) fn waiting_for_end(&self) -> Option<StepId> {
        let steps = self.steps.borrow();
        steps
            .iter()
            .position(|stand| matches!(stand, Stand::Waiting(Waits::CallersEnd)))
            .map(|index| index as StepId)
    }

    /// Asks, or repeats the answer that was given before.
    pub(crate) fn ask<T: Serialize + DeserializeOwned + Default>(
        &self,
        print: Print,
        question: impl FnOnce() -> T,
    ) -> T {
        match self.next_entry() {
            Some(Entry::Answered(before, answer)) if before == print => {
                self.step_forward();
                postcard::from_bytes(&answer).unwrap_or_else(|_| {
                    self.fail("an answer that cannot be read");
                    T::default()
                })
            }
            Some(_) => {
                self.fail("another question");
                T::default()
            }
            None if self.is_live() => {
                let answer = question();
                let bytes = postcard::to_allocvec(&answer).unwrap_or_default();
                self.record(Entry::Answered(print, bytes));
                answer
            }
            None => {
                self.fail("one question more");
                T::default()
            }
        }
    }
}

/// Tags count from 1, so that 0 is free.
pub(crate) fn tag_of(id: StepId) -> u64 {
    u64::from(id) + 1
}

fn refusal_sentence(error: &CommandError) -> &'static str {
    match error {
        CommandError::UnknownLeg(_) => "a command came too late: the leg has ended",
        CommandError::NotSoleHolder(_) => {
            "another branch holds the caller too: nothing is played before answer"
        }
        CommandError::TooManyCommands => "too many commands for one event",
        CommandError::Invalid(_) => "a command had an argument out of its range",
        CommandError::NotGranted(_) => "a command was not granted to this behaviour",
    }
}
