//! Ringing others.

use std::rc::Rc;
use std::time::Duration;

use contract::{
    Cause, CommandError, DialAnswer, DialOptions, DialResult, Hears, LegId, OutcomeKind, Shown, Stage,
    Target, TargetOutcome,
};

use super::step::{Act, awaitable};
use super::tape::{Arrival, Print, Refused, Tape, Waits};
use crate::imports;
use crate::words::{rings, to_millis};

/// A line's devices and nothing else: its forwards and its do-not-disturb do not apply.
pub fn line(name: impl AsRef<str>) -> Target {
    Target::Line(name.as_ref().to_owned())
}

/// A number through the dial plan, as if somebody had dialled it.
pub fn number(number: impl AsRef<str>) -> Target {
    Target::Number(number.as_ref().to_owned())
}

/// The next behaviour stacked on the same number.
pub fn next() -> Target {
    Target::Next
}

/// One device by its name.
pub fn device(name: impl AsRef<str>) -> Target {
    Target::Device(name.as_ref().to_owned())
}

/// A number outside, over a trunk of the tenant's choice. Needs the permission `trunk`, which
/// [`View::route`](crate::View::route) brings.
pub fn outside(number: impl AsRef<str>) -> Target {
    Target::Outside {
        number: number.as_ref().to_owned(),
        trunk: None,
    }
}

/// What is rung, stage after stage; the targets of a stage ring together.
///
/// ```
/// # use cordboard::prelude::*;
/// # use cordboard::{line, number};
/// let plan = stage![line("201"), line("202")].for_rings(3).then(stage![number("0147200001")]);
/// assert_eq!(plan.as_slice().len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stages(Vec<Stage>);

impl Stages {
    /// One stage, ringing for as long as the caller waits.
    pub fn one(targets: Vec<Target>) -> Self {
        Self(vec![Stage { targets, ring_for: 0 }])
    }

    /// None yet.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Lets the last stage ring so many times (5 s each).
    pub fn for_rings(self, count: u32) -> Self {
        self.for_time(rings(count))
    }

    /// Lets the last stage ring for so long.
    pub fn for_time(mut self, length: Duration) -> Self {
        if let Some(last) = self.0.last_mut() {
            last.ring_for = to_millis(length);
        }
        self
    }

    /// These, then others.
    pub fn then(mut self, next: Stages) -> Self {
        self.0.extend(next.0);
        self
    }

    /// As the contract has them.
    pub fn as_slice(&self) -> &[Stage] {
        &self.0
    }

    pub(crate) fn into_vec(self) -> Vec<Stage> {
        self.0
    }
}

impl From<Target> for Stages {
    fn from(target: Target) -> Self {
        Self::one(vec![target])
    }
}

/// Targets that ring together: `stage![line("201"), line("202")]`.
#[macro_export]
macro_rules! stage {
    ($($target:expr),+ $(,)?) => {
        $crate::Stages::one(vec![$($target),+])
    };
}

/// Nobody answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// The most telling cause of all the targets'.
    pub cause: Cause,
    /// Every target that was tried, in order.
    pub targets: Vec<TargetOutcome>,
}

/// Rings others for the caller. Made by [`Call::dial`](super::Call::dial) and its relatives.
///
/// `Ok` once somebody answered: the two are connected then.
#[must_use = "await it"]
pub struct Dial {
    act: Dialling,
    tape: Rc<Tape>,
}

impl Dial {
    pub(crate) fn new(tape: Rc<Tape>, leg: LegId, stages: Stages) -> Self {
        let options = DialOptions::default();
        Self {
            act: Dialling { leg, stages, options },
            tape,
        }
    }

    /// Lets the last stage ring so many times (5 s each).
    pub fn for_rings(mut self, count: u32) -> Self {
        self.act.stages = self.act.stages.for_rings(count);
        self
    }

    /// Lets the last stage ring for so long.
    pub fn for_time(mut self, length: Duration) -> Self {
        self.act.stages = self.act.stages.for_time(length);
        self
    }

    /// What plays to the caller goes on, instead of ringback.
    pub fn keep_playing(mut self) -> Self {
        self.act.options.hears = Hears::Unchanged;
        self
    }

    /// The identity that the callee sees; the caller's own unless said otherwise (R23).
    pub fn shown(mut self, shown: Shown) -> Self {
        self.act.options.shown = shown;
        self
    }

    /// The ring of the callee's phone: `internal`, `external`, or a name it knows (R17).
    pub fn alert(mut self, ring: &str) -> Self {
        self.act.options.alert = Some(ring.to_owned());
        self
    }
}

#[doc(hidden)]
pub struct Dialling {
    leg: LegId,
    stages: Stages,
    options: DialOptions,
}

impl Act for Dialling {
    type Output = Result<DialAnswer, Unanswered>;
    const WAITS: Waits = Waits::Dial;

    fn print(&self) -> Print {
        Print::of(b"dial").value(&self.stages.0).value(&self.options)
    }

    fn act(&mut self, tag: u64) -> Result<(), CommandError> {
        let stages = std::mem::replace(&mut self.stages, Stages::none());
        imports::dialling::dial(tag, Some(self.leg), stages.into_vec(), self.options.clone())
    }

    fn call_back(&self, tag: u64) -> Result<(), CommandError> {
        imports::dialling::cancel(tag)
    }

    fn read(&mut self, arrival: Arrival) -> Option<Self::Output> {
        let failed = |cause| {
            Some(Err(Unanswered {
                cause,
                targets: Vec::new(),
            }))
        };
        match arrival {
            Arrival::Outcome(OutcomeKind::Dialled(dialled)) => Some(match dialled.result {
                DialResult::Answered(answer) => Ok(answer),
                DialResult::Failed(cause) => Err(Unanswered {
                    cause,
                    targets: dialled.targets,
                }),
            }),
            Arrival::Outcome(OutcomeKind::Failed(cause)) => failed(cause),
            Arrival::Refused(Refused::NotGranted) => failed(Cause::Forbidden),
            Arrival::Outcome(_) | Arrival::Refused(_) => failed(Cause::Failed),
            Arrival::Timer | Arrival::Ended(_) => None,
        }
    }
}

awaitable!(Dial => Dialling);
