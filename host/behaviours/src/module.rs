//! A loaded module: what one event needs, and how one event runs.

use std::time::Duration;

use contract::{Decided, Failure, Invocation, Limits, Manifest, Problem, Record, Task};
use desk::Desk;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::failure::failure;
use crate::seat::{self, Seat};
use crate::v0_1;

/// A component, linked against the version of the package that it was built for.
pub(crate) struct Module {
    entry: v0_1::Entry,
    /// It imports `trunk`.
    may_dial_outside: bool,
}

/// What one run came to; the store goes with its instance.
pub(crate) struct Run<T> {
    pub result: Result<T, Failure>,
    pub desk: Desk,
    pub fuel: u64,
}

impl Module {
    /// Resolves the component's imports and exports.
    pub fn link(linker: &Linker<Seat>, component: &Component) -> wasmtime::Result<Self> {
        let trunk = format!("{}/trunk@{}", v0_1::PACKAGE, v0_1::VERSION);
        let imports = component.component_type();
        let may_dial_outside = imports.imports(component.engine()).any(|(name, _)| name == trunk);
        Ok(Self {
            entry: v0_1::Entry::new(linker, component)?,
            may_dial_outside,
        })
    }

    /// Runs one event.
    pub fn handle(
        &self,
        engine: &Engine,
        tick: Duration,
        invocation: &Invocation,
    ) -> (Result<Decided, Failure>, Record, u64) {
        let desk = Desk::new(invocation, self.may_dial_outside);
        let run = self.run(engine, tick, desk, |store| {
            let state = invocation.state.as_deref();
            match &invocation.task {
                Task::Handle(event) => self.entry.handle(store, &invocation.session, state, event),
                Task::Migrate { from_version } => {
                    self.entry.migrate(store, from_version, state.unwrap_or_default())
                }
            }
        });
        decided(run, invocation.limits)
    }

    pub fn describe(&self, engine: &Engine, tick: Duration, desk: Desk) -> Run<Manifest> {
        self.run(engine, tick, desk, |store| self.entry.describe(store))
    }

    pub fn check(&self, engine: &Engine, tick: Duration, desk: Desk, settings: &str) -> Run<Vec<Problem>> {
        self.run(engine, tick, desk, |store| self.entry.check(store, settings))
    }

    /// Whether its exports have the types of the package. Instantiates it.
    pub fn verify(&self, engine: &Engine, tick: Duration, desk: Desk) -> wasmtime::Result<()> {
        self.entry.verify(&mut seat::store(engine, tick, desk))
    }

    fn run<T>(
        &self,
        engine: &Engine,
        tick: Duration,
        desk: Desk,
        body: impl FnOnce(&mut Store<Seat>) -> wasmtime::Result<T>,
    ) -> Run<T> {
        let granted = desk.limits().fuel;
        let mut store = seat::store(engine, tick, desk);
        let result = body(&mut store).map_err(|error| failure(&error, &store));
        let fuel = granted.saturating_sub(store.get_fuel().unwrap_or(0));
        let Seat { desk, .. } = store.into_data();
        Run { result, desk, fuel }
    }
}

/// Judges what was returned, and only then lets the commands out.
fn decided(run: Run<v0_1::Answer>, limits: Limits) -> (Result<Decided, Failure>, Record, u64) {
    let (record, commands) = run.desk.clear();
    let result = run.result.and_then(|answer| match answer {
        v0_1::Answer::State(state) => Ok(Decided { state, commands }),
        v0_1::Answer::TooLarge(size) => Err(Failure::StateTooLarge {
            size,
            limit: limits.state,
        }),
        v0_1::Answer::Refused(reason) => Err(Failure::Refused(crate::failure::shorten(reason))),
    });
    (result, record, run.fuel)
}
