//! A part of a session while it is written.
//!
//! Layout: a format byte, the header, then for each step a 1 and the step, then a 0, whether the session ended, and how
//! many steps are missing; all in postcard. Steps are encoded as they come, so that what waits is small and bounded.

use std::sync::Arc;

use base::Moment;
use contract::{Command, Failure, HeldLeg, ModuleDigest, Record, Task};
use serde::Serialize;

use crate::recorded::{FORMAT, Header};

/// Steps of one segment.
const STEPS: u32 = 256;
/// Bytes of one segment: a step that would grow it further is left out, and counted.
const BYTES: usize = 512 << 10;

/// See [`Step`](crate::Step): the same, borrowed. The order of the fields is the format.
#[derive(Debug, Serialize)]
pub struct StepRef<'a> {
    pub at: Moment,
    pub call: Option<u64>,
    pub version: Option<(ModuleDigest, &'a str)>,
    pub settings: Option<&'a str>,
    pub task: &'a Task,
    pub seed: u64,
    pub held: &'a [HeldLeg],
    pub answer: AnswerRef<'a>,
    pub record: &'a Record,
}

/// See [`Answer`](crate::Answer). The order of the variants is the format.
#[derive(Clone, Debug, Serialize)]
pub enum AnswerRef<'a> {
    Decided(&'a [Command], usize),
    Failed(&'a Failure),
    None,
}

/// The segment takes no more: close it, and begin another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A session's journal as it grows.
#[derive(Debug)]
pub struct Segment {
    bytes: Vec<u8>,
    steps: u32,
    missing: u32,
    /// What the latest step had: the next one names what is different.
    module: ModuleDigest,
    settings: Arc<str>,
    latest: Moment,
}

impl Segment {
    pub fn begin(header: &Header) -> Self {
        // Nothing in a header can fail to be written.
        let bytes = postcard::to_extend(header, vec![FORMAT]).unwrap_or_default();
        Self {
            bytes,
            steps: 0,
            missing: 0,
            module: header.module,
            settings: header.settings.clone(),
            latest: Moment::ZERO,
        }
    }

    /// Adds a step, with the version and the settings that it was about.
    ///
    /// # Errors
    ///
    /// [`Full`]: this was its last step.
    pub fn add<'a>(
        &mut self,
        mut step: StepRef<'a>,
        version: (ModuleDigest, &'a str),
        settings: &'a Arc<str>,
    ) -> Result<(), Full> {
        self.latest = step.at;
        step.version = (version.0 != self.module).then_some(version);
        step.settings = (*settings != self.settings).then_some(&**settings);
        let before = self.bytes.len();
        if self.missing == 0 {
            let bytes = std::mem::take(&mut self.bytes);
            self.bytes = match postcard::to_extend(&(true, &step), bytes) {
                Ok(bytes) => bytes,
                Err(_) => return Err(Full),
            };
        }
        if self.missing > 0 || self.bytes.len() > BYTES {
            self.bytes.truncate(before);
            self.missing += 1;
            return Err(Full);
        }
        self.module = version.0;
        self.settings = settings.clone();
        self.steps += 1;
        if self.steps >= STEPS { Err(Full) } else { Ok(()) }
    }

    /// What waits to be stored.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Nothing is in it that would be worth storing.
    pub fn is_empty(&self) -> bool {
        self.steps == 0 && self.missing == 0
    }

    /// When the latest step was.
    pub fn latest(&self) -> Moment {
        self.latest
    }

    /// The bytes to keep.
    pub fn close(self, ended: bool) -> Vec<u8> {
        postcard::to_extend(&(false, (ended, self.missing)), self.bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use contract::{Event, LegId, Query, SessionId};

    use super::*;
    use crate::{Answer, Recorded, Step, Unreadable};

    fn header() -> Header {
        Header {
            session: SessionId(7),
            behaviour: "menu".into(),
            number: "300".into(),
            module: ModuleDigest([1; 32]),
            version: "1.0.0".into(),
            settings: "{}".into(),
            state: None,
        }
    }

    fn task() -> Task {
        Task::Handle(Event::Timer(5))
    }

    fn record() -> Record {
        Record {
            queries: vec![
                Query::Random(9),
                Query::Matches {
                    number: "1".into(),
                    pattern: "x".into(),
                    answer: true,
                },
            ],
            ..Record::default()
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut segment = Segment::begin(&header());
        let (task, record) = (task(), record());
        let commands = [Command::Ring {
            tag: 1,
            leg: LegId(2),
        }];
        let step = |seed, answer| StepRef {
            at: Moment::from_secs(seed),
            call: Some(3),
            version: None,
            settings: None,
            task: &task,
            seed,
            held: &[],
            answer,
            record: &record,
        };
        let settings: Arc<str> = "{}".into();
        let one = (ModuleDigest([1; 32]), "1.0.0");
        let two = (ModuleDigest([2; 32]), "2.0.0");
        segment
            .add(step(1, AnswerRef::Decided(&commands, 10)), one, &settings)
            .unwrap();
        segment
            .add(step(2, AnswerRef::Failed(&Failure::OutOfFuel)), two, &settings)
            .unwrap();
        segment
            .add(step(3, AnswerRef::None), two, &"{\"a\":1}".into())
            .unwrap();
        let read = Recorded::read(&segment.close(true)).unwrap();
        assert_eq!((read.header, read.ended, read.missing), (header(), true, 0));
        let expected = |seed, answer, version: Option<(ModuleDigest, &str)>, settings: Option<&str>| Step {
            at: Moment::from_secs(seed),
            call: Some(3),
            version: version.map(|(digest, text)| (digest, text.into())),
            settings: settings.map(Into::into),
            task: task.clone(),
            seed,
            held: vec![],
            answer,
            record: record.clone(),
        };
        assert_eq!(
            read.steps,
            [
                expected(1, Answer::Decided(commands.to_vec(), 10), None, None),
                expected(2, Answer::Failed(Failure::OutOfFuel), Some(two), None),
                expected(3, Answer::None, None, Some("{\"a\":1}")),
            ]
        );
    }

    #[test]
    fn a_session_that_runs_wild_is_cut_and_says_so() {
        let mut segment = Segment::begin(&header());
        let task = Task::Handle(Event::Message(contract::Message {
            sender: None,
            body: vec![7; 400 << 10],
        }));
        let record = Record::default();
        let settings: Arc<str> = "{}".into();
        let mut add = || {
            segment.add(
                StepRef {
                    at: Moment::ZERO,
                    call: None,
                    version: None,
                    settings: None,
                    task: &task,
                    seed: 0,
                    held: &[],
                    answer: AnswerRef::None,
                    record: &record,
                },
                (ModuleDigest([1; 32]), "1.0.0"),
                &settings,
            )
        };
        assert_eq!([add(), add(), add()], [Ok(()), Err(Full), Err(Full)]);
        assert!(segment.len() < BYTES);
        let read = Recorded::read(&segment.close(false)).unwrap();
        assert_eq!((read.steps.len(), read.missing, read.ended), (1, 2, false));
    }

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        assert_eq!(Recorded::read(&[9, 9]), Err(Unreadable::OtherFormat));
        let bytes = Segment::begin(&header()).close(true);
        for end in 1..bytes.len() {
            assert_eq!(Recorded::read(&bytes[..end]), Err(Unreadable::Damaged));
        }
    }
}
