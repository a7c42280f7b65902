//! A part of a session, as it is read back.

use std::sync::Arc;

use base::Moment;
use contract::{Command, Failure, HeldLeg, ModuleDigest, Record, SessionId, Task};
use serde::{Deserialize, Serialize};

/// The first byte of what is stored. Entries of another format are skipped: a journal outlives the exchange that wrote it.
pub(crate) const FORMAT: u8 = 2;

/// What holds for all steps of a [`Recorded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub session: SessionId,
    pub behaviour: Arc<str>,
    /// The number it is bound to.
    pub number: Arc<str>,
    /// The version at the first step.
    pub module: ModuleDigest,
    pub version: Arc<str>,
    /// JSON, complete.
    pub settings: Arc<str>,
    /// Before the first step; none where the session begins here.
    pub state: Option<Arc<[u8]>>,
}

/// One event of a session, with everything that its answer came from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Step {
    pub at: Moment,
    /// The call that it was about; none when a session per number has several, or none.
    pub call: Option<u64>,
    /// The version that was asked, where it is another than before.
    pub version: Option<(ModuleDigest, Arc<str>)>,
    /// Where they are others than before.
    pub settings: Option<Arc<str>>,
    pub task: Task,
    pub seed: u64,
    pub held: Vec<HeldLeg>,
    pub answer: Answer,
    /// Questions with their answers, explanations, lines of log.
    pub record: Record,
}

/// What came of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// These commands, and so many bytes of state.
    Decided(Vec<Command>, usize),
    Failed(Failure),
    /// The session ended before it came.
    None,
}

/// A session, or a part of a long one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub header: Header,
    pub steps: Vec<Step>,
    /// The session ended here.
    pub ended: bool,
    /// Steps at the end that were too large to keep.
    pub missing: u32,
}

/// Why bytes are no recorded session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it was written by another version of the exchange")]
    OtherFormat,
    #[error("it is damaged")]
    Damaged,
}

impl Recorded {
    /// Reads what [`Segment::close`](crate::Segment::close) gave.
    ///
    /// # Errors
    ///
    /// See [`Unreadable`].
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let damaged = |_| Unreadable::Damaged;
        let Some((&FORMAT, rest)) = bytes.split_first() else {
            return Err(Unreadable::OtherFormat);
        };
        let (header, mut rest) = postcard::take_from_bytes::<Header>(rest).map_err(damaged)?;
        let mut steps = Vec::new();
        loop {
            let (more, after) = postcard::take_from_bytes::<bool>(rest).map_err(damaged)?;
            rest = after;
            if !more {
                break;
            }
            let (step, after) = postcard::take_from_bytes::<Step>(rest).map_err(damaged)?;
            steps.push(step);
            rest = after;
        }
        let (ended, missing) = postcard::from_bytes(rest).map_err(damaged)?;
        Ok(Self {
            header,
            steps,
            ended,
            missing,
        })
    }

    /// The calls that it was about.
    pub fn calls(&self) -> Vec<u64> {
        let mut calls: Vec<u64> = self.steps.iter().filter_map(|step| step.call).collect();
        calls.sort_unstable();
        calls.dedup();
        calls
    }

    /// When it begins.
    pub fn begins(&self) -> Moment {
        self.steps.first().map_or(Moment::ZERO, |step| step.at)
    }
}
