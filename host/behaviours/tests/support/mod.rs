//! Runtimes for small guests, and invocations to wake them with.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    reason = "each test file uses a part of it, and a test may"
)]

pub mod hunting;

use std::sync::Arc;

use base::Moment;
use behaviours::{Config, Image, Invoker, Runtime, UploadLimits};
use contract::{
    AskId, EmptyView, Event, HeldLeg, Invocation, LegId, Limits, ModuleDigest, Session, SessionId, Task,
};
pub use hostile::guest::{Guest, LOG, RANDOM, RING, SCRATCH};

/// A guest that runs.
pub trait Wakes {
    /// A runtime with this guest loaded.
    fn loaded(&self) -> (Runtime, ModuleDigest);

    /// What comes of one event.
    fn wake(&self, change: impl FnOnce(&mut Invocation)) -> contract::Decision;
}

impl Wakes for Guest<'_> {
    fn loaded(&self) -> (Runtime, ModuleDigest) {
        let runtime = runtime();
        let inspected = runtime.inspect(&self.core()).unwrap();
        runtime
            .load(inspected.digest, Image::Compiled(&inspected.compiled))
            .unwrap();
        (runtime, inspected.digest)
    }

    fn wake(&self, change: impl FnOnce(&mut Invocation)) -> contract::Decision {
        let (runtime, module) = self.loaded();
        let mut invocation = invocation(module);
        change(&mut invocation);
        runtime.invoke(invocation)
    }
}

/// Takes modules that do wrong on purpose: see [`strict`] for one that plays them through first.
pub fn runtime() -> Runtime {
    let upload = UploadLimits {
        rehearse: false,
        ..UploadLimits::default()
    };
    Runtime::new(Config {
        instances: 4,
        upload,
        ..Config::default()
    })
    .unwrap()
}

/// As an exchange has it.
pub fn strict() -> Runtime {
    Runtime::new(Config {
        instances: 4,
        ..Config::default()
    })
    .unwrap()
}

/// An event for a session that holds leg 7, answered.
pub fn invocation(module: ModuleDigest) -> Invocation {
    Invocation {
        ask: AskId(1),
        tenant: "acme".into(),
        module,
        session: Session {
            id: SessionId(1),
            behaviour: "probe".into(),
            number: "300".into(),
            settings: "{}".into(),
        },
        state: None,
        task: Task::Handle(Event::Timer(1)),
        now: Moment::from_secs(1_000),
        seed: 1,
        limits: Limits::default(),
        held: vec![HeldLeg {
            leg: LegId(7),
            sole_holder: true,
            answered: true,
        }],
        view: Arc::new(EmptyView),
    }
}
