//! Modules that have to be compiled before they can run: after an upgrade of the engine, or where the cache was deleted.
//!
//! The exchange serves meanwhile. One thread compiles what behaviours use, one module after the other, on the compiler's
//! patient threads; whose event comes first has its module compiled next, and waits for it as long as for any decision.
//! After that, or when too many wait already, the event goes down the failure ladder. No worker waits for a compiler.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use contract::{Invocation, ModuleDigest};
use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};
use store::Store;

use super::stored::component;
use super::workshop::Workshop;

/// Events that may wait for the compiler. It takes a tenth of a second for a module, and events wait for half of one.
const WAITING: usize = 64;

/// Modules of which is remembered that they do not compile.
const HOPELESS: usize = 1_024;

/// The way in.
pub struct Preparing {
    workshop: Arc<Workshop>,
    events: Sender<Invocation>,
}

impl Preparing {
    /// Starts the thread; it ends when this value is dropped. `known` are compiled when there is nothing else to do; an
    /// event whose module is ready, or will never be, goes to `run`.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start(
        workshop: Arc<Workshop>,
        store: Arc<dyn Store>,
        known: Vec<ModuleDigest>,
        run: impl Fn(Invocation) + Send + 'static,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (events, waiting) = bounded(WAITING);
        let work = Work {
            workshop: Arc::clone(&workshop),
            store,
            known: known.into(),
            waiting,
            hopeless: HashSet::new(),
            run,
        };
        let thread = thread::Builder::new()
            .name("preparing".to_owned())
            .spawn(move || work.run())?;
        Ok((Self { workshop, events }, thread))
    }

    /// Whether an event's module is loaded.
    pub fn is_ready(&self, invocation: &Invocation) -> bool {
        self.workshop.is_ready(invocation.module)
    }

    /// Whether an event's module has to be compiled before it can run.
    pub fn concerns(&self, invocation: &Invocation) -> bool {
        !self.workshop.is_ready(invocation.module) && !self.workshop.is_compiled(invocation.module)
    }

    /// The event runs when its module is compiled.
    ///
    /// # Errors
    ///
    /// The event, when too many wait already.
    pub fn wait(&self, invocation: Invocation) -> Result<(), Box<Invocation>> {
        self.events.try_send(invocation).map_err(|error| match error {
            TrySendError::Full(invocation) | TrySendError::Disconnected(invocation) => Box::new(invocation),
        })
    }
}

/// The thread's side.
struct Work<R> {
    workshop: Arc<Workshop>,
    store: Arc<dyn Store>,
    known: VecDeque<ModuleDigest>,
    waiting: Receiver<Invocation>,
    hopeless: HashSet<ModuleDigest>,
    run: R,
}

impl<R: Fn(Invocation)> Work<R> {
    fn run(mut self) {
        loop {
            let event = match self.known.is_empty() {
                true => self.waiting.recv().map_err(|_| TryRecvError::Disconnected),
                false => self.waiting.try_recv(),
            };
            match event {
                Ok(invocation) => {
                    self.have(invocation.module, |workshop, component| {
                        workshop.ready(invocation.module, component)
                    });
                    (self.run)(invocation);
                }
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {
                    if let Some(digest) = self.known.pop_front() {
                        self.have(digest, |workshop, component| workshop.prepare(digest, component));
                    }
                }
            }
        }
    }

    /// One that cannot be used costs its behaviour the failure ladder.
    fn have(
        &mut self,
        digest: ModuleDigest,
        how: impl FnOnce(&Workshop, &dyn Fn() -> Result<Vec<u8>, String>) -> Result<(), String>,
    ) {
        if self.hopeless.contains(&digest) {
            return;
        }
        let component = || component(&*self.store, digest);
        if let Err(error) = how(&self.workshop, &component) {
            tracing::error!(%digest, error, "a module that a behaviour uses cannot be compiled");
            if self.hopeless.len() < HOPELESS {
                self.hopeless.insert(digest);
            }
        }
    }
}
