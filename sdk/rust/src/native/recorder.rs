//! Stands in for the host while a behaviour runs natively: answers from a [`View`], keeps
//! commands, questions and explanations, and refuses what the host would refuse.

use std::cell::RefCell;
use std::sync::Arc;

use base::{Moment, Random};
use contract::{
    CalendarState, Command, CommandError, EmptyView, Explanation, HeldLeg, Invocation, LegId, Limits, Line,
    LocalTime, LogLevel, LogLine, NumberClass, Query, Record, RouteError, View,
};

/// As `wit/log.wit` and `wit/explain.wit` have them.
const LOG_LINES_MAX: usize = 64;
const EXPLANATIONS_MAX: usize = 32;

/// One event's host.
#[derive(Debug)]
pub(crate) struct Recorder {
    view: Arc<dyn View>,
    now: Moment,
    random: Random,
    limits: Limits,
    /// None outside of an event: then nothing is held, and nothing can be done.
    held: Option<Vec<HeldLeg>>,
    commands: Vec<Command>,
    record: Record,
}

thread_local! {
    static RECORDER: RefCell<Recorder> =
        RefCell::new(Recorder::new(Arc::new(EmptyView), Moment::ZERO));
}

/// Runs something with this recorder in place, and gives it back with what it recorded.
pub(crate) fn during<T>(recorder: Recorder, run: impl FnOnce() -> T) -> (T, Recorder) {
    let before = RECORDER.with_borrow_mut(|slot| std::mem::replace(slot, recorder));
    let result = run();
    let recorder = RECORDER.with_borrow_mut(|slot| std::mem::replace(slot, before));
    (result, recorder)
}

pub(crate) fn ask<T>(question: impl FnOnce(&mut Recorder) -> T) -> T {
    RECORDER.with_borrow_mut(question)
}

pub(crate) fn queue(command: Command) -> Result<(), CommandError> {
    ask(|recorder| recorder.queue(command))
}

impl Recorder {
    pub(crate) fn new(view: Arc<dyn View>, now: Moment) -> Self {
        Self {
            view,
            now,
            random: Random::from_seed(0),
            limits: Limits::default(),
            held: None,
            commands: Vec::new(),
            record: Record::default(),
        }
    }

    pub(crate) fn of(invocation: &Invocation) -> Self {
        Self {
            random: Random::from_seed(invocation.seed),
            limits: invocation.limits,
            held: Some(invocation.held.clone()),
            ..Self::new(Arc::clone(&invocation.view), invocation.now)
        }
    }

    pub(crate) fn into_parts(self) -> (Vec<Command>, Record) {
        (self.commands, self.record)
    }

    fn queue(&mut self, command: Command) -> Result<(), CommandError> {
        if self.commands.len() >= self.limits.commands {
            return Err(CommandError::TooManyCommands);
        }
        self.allow(&command)?;
        self.commands.push(command);
        Ok(())
    }

    fn allow(&self, command: &Command) -> Result<(), CommandError> {
        match command {
            Command::Ring { leg, .. }
            | Command::Answer { leg, .. }
            | Command::Reject { leg, .. }
            | Command::HangUp { leg, .. }
            | Command::Hold { leg, .. }
            | Command::Resume { leg, .. }
            | Command::Unbridge { leg, .. }
            | Command::SendDigits { leg, .. }
            | Command::StopAudio { leg } => self.held(*leg).map(drop),
            Command::Bridge { a, b, .. } => self.held(*a).and_then(|_| self.held(*b)).map(drop),
            Command::Play { leg, sounds, .. } => {
                in_range(!sounds.is_empty(), "nothing to play")?;
                self.may_play(*leg)
            }
            Command::Gather { leg, options, .. } => {
                in_range(
                    (1..=64).contains(&options.max_digits),
                    "1 to 64 digits are gathered",
                )?;
                self.may_play(*leg)
            }
            Command::Dial { caller, stages, .. } => {
                in_range(!stages.is_empty(), "a dial has a stage")?;
                let sizes = stages.iter().all(|stage| (1..=64).contains(&stage.targets.len()));
                in_range(sizes, "a stage has 1 to 64 targets")?;
                caller.map_or(Ok(()), |leg| self.held(leg).map(drop))
            }
            Command::CancelDial { .. }
            | Command::SetTimer { .. }
            | Command::CancelTimer { .. }
            | Command::Send { .. }
            | Command::Finish => self.legs().map(drop),
        }
    }

    fn legs(&self) -> Result<&[HeldLeg], CommandError> {
        let outside = || CommandError::NotGranted("commands outside of an event".to_owned());
        self.held.as_deref().ok_or_else(outside)
    }

    fn held(&self, leg: LegId) -> Result<HeldLeg, CommandError> {
        let found = self.legs()?.iter().find(|held| held.leg == leg);
        found.copied().ok_or(CommandError::UnknownLeg(leg))
    }

    fn may_play(&self, leg: LegId) -> Result<(), CommandError> {
        let held = self.held(leg)?;
        if held.sole_holder || held.answered {
            Ok(())
        } else {
            Err(CommandError::NotSoleHolder(leg))
        }
    }

    pub(crate) fn now_millis(&self) -> u64 {
        self.now.as_millis()
    }

    pub(crate) fn now(&mut self) -> u64 {
        let answer = self.now.as_millis();
        self.note(Query::Now(answer));
        answer
    }

    pub(crate) fn local_time(&mut self) -> LocalTime {
        let answer = self.view.local_time(self.now);
        self.note(Query::Local(answer));
        answer
    }

    pub(crate) fn random(&mut self) -> u64 {
        let answer = self.random.next_u64();
        self.note(Query::Random(answer));
        answer
    }

    pub(crate) fn line(&mut self, name: &str) -> Option<Line> {
        let answer = self.view.line(name);
        self.note(Query::Line {
            name: name.to_owned(),
            answer: answer.clone(),
        });
        answer
    }

    pub(crate) fn normalise(&mut self, typed: &str) -> Option<String> {
        let answer = self.view.normalise(typed);
        self.note(Query::Normalise {
            typed: typed.to_owned(),
            answer: answer.clone(),
        });
        answer
    }

    pub(crate) fn classify(&mut self, number: &str) -> NumberClass {
        let answer = self.view.classify(number);
        self.note(Query::Classify {
            number: number.to_owned(),
            answer,
        });
        answer
    }

    pub(crate) fn matches(&mut self, number: &str, pattern: &str) -> bool {
        let answer = self.view.matches(number, pattern);
        self.note(Query::Matches {
            number: number.to_owned(),
            pattern: pattern.to_owned(),
            answer,
        });
        answer
    }

    pub(crate) fn calendar(&mut self, name: &str) -> Option<CalendarState> {
        let answer = self.view.calendar(name, self.now);
        self.note(Query::Calendar {
            name: name.to_owned(),
            answer,
        });
        answer
    }

    pub(crate) fn route(&mut self, number: &str) -> Result<NumberClass, RouteError> {
        let answer = self.view.route(number);
        self.note(Query::Route {
            number: number.to_owned(),
            answer,
        });
        answer
    }

    fn note(&mut self, query: Query) {
        self.record.queries.push(query);
    }

    pub(crate) fn explain(&mut self, rule: &str, sentence: &str) {
        if self.record.explanations.len() >= EXPLANATIONS_MAX {
            self.record.cut += 1;
            return;
        }
        self.record.explanations.push(Explanation {
            rule: rule.to_owned(),
            sentence: sentence.to_owned(),
        });
    }

    pub(crate) fn log(&mut self, level: LogLevel, line: &str) {
        if self.record.log.len() >= LOG_LINES_MAX {
            self.record.cut += 1;
            return;
        }
        self.record.log.push(LogLine {
            level,
            line: line.to_owned(),
        });
    }
}

fn in_range(good: bool, what: &str) -> Result<(), CommandError> {
    if good {
        Ok(())
    } else {
        Err(CommandError::Invalid(what.to_owned()))
    }
}
