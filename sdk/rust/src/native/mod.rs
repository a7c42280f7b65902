//! Runs a behaviour natively, in the words of `contract`: for tests, the test kit and benches.
//!
//! The same code as in the component, without the component: [`Module::invoke`] takes the
//! exchange's [`Invocation`] and gives its [`Decision`], with the checks the host makes.

pub(crate) mod recorder;

use std::sync::Arc;

use base::Moment;
use contract::{
    Decided, Decision, EmptyView, Event, Failure, Invocation, Limits, Manifest, Problem, Spent, Task, View,
};

use desk::Stop;

use crate::module::{self, Session};
use crate::refusal::Refusal;
use recorder::Recorder;

type Handle = fn(Session, Option<Vec<u8>>, Event) -> Result<Vec<u8>, Refusal>;

/// A behaviour, natively.
///
/// ```
/// use cordboard::prelude::*;
///
/// /// Sends everybody away.
/// #[cordboard::script]
/// pub async fn hermit(call: Call) -> Outcome {
///     call.reject(Cause::Busy)
/// }
///
/// # fn main() {
/// let module = cordboard::native::Module::of::<hermit>();
/// assert_eq!(module.describe().summary, "Sends everybody away.");
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Module {
    describe: fn() -> Manifest,
    check: fn(&str) -> Vec<Problem>,
    handle: Handle,
    migrate: fn(&str, Vec<u8>) -> Result<Vec<u8>, Refusal>,
}

impl Module {
    /// The behaviour of this type: a script's name, or a keyed behaviour.
    pub fn of<M: module::Module>() -> Self {
        Self {
            describe: module::describe::<M>,
            check: module::check::<M>,
            handle: M::handle,
            migrate: M::migrate,
        }
    }

    /// What it says of itself. Its imports are known of a component only.
    pub fn describe(&self) -> Manifest {
        recorder::during(Recorder::new(Arc::new(EmptyView), Moment::ZERO), self.describe).0
    }

    /// What is wrong with settings, as the tenant stands.
    pub fn check(&self, settings: &str, view: Arc<dyn View>, now: Moment) -> Vec<Problem> {
        recorder::during(Recorder::new(view, now), || (self.check)(settings)).0
    }

    /// Answers an invocation as a worker would; nothing is spent.
    pub fn invoke(&self, invocation: &Invocation) -> Decision {
        let state = invocation.state.as_deref().map(<[u8]>::to_vec);
        let (answer, recorder) = recorder::during(Recorder::of(invocation), || match &invocation.task {
            Task::Handle(event) => (self.handle)(session(invocation), state, event.clone()),
            Task::Migrate { from_version } => (self.migrate)(from_version, state.unwrap_or_default()),
        });
        let (commands, record, stopped) = recorder.into_parts();
        let stopped = stopped.map(failure);
        Decision {
            ask: invocation.ask,
            result: stopped.map_or_else(|| decide(answer, commands, &invocation.limits), Err),
            record,
            spent: Spent::default(),
        }
    }
}

/// How a component would have failed.
fn failure(stop: Stop) -> Failure {
    match stop {
        Stop::TooManyCommands { limit } => Failure::TooManyCommands { limit },
        Stop::TooManyQuestions | Stop::TooManyCalls => Failure::Trapped(stop.to_string()),
    }
}

fn session(invocation: &Invocation) -> Session {
    let session = &invocation.session;
    Session {
        id: session.id,
        behaviour: session.behaviour.to_string(),
        number: session.number.to_string(),
        settings: session.settings.to_string(),
    }
}

fn decide(
    answer: Result<Vec<u8>, Refusal>,
    commands: Vec<contract::Command>,
    limits: &Limits,
) -> Result<Decided, Failure> {
    match answer {
        Err(Refusal(reason)) => Err(Failure::Refused(reason)),
        Ok(state) if state.len() > limits.state => Err(Failure::StateTooLarge {
            size: state.len(),
            limit: limits.state,
        }),
        Ok(state) => Ok(Decided { state, commands }),
    }
}
