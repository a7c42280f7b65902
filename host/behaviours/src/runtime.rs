use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Instant;

use base::Moment;
use contract::{Decision, Failure, Granted, Invocation, Limits, ModuleDigest, Problem, Record, Spent, View};
use desk::Desk;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::compiled::{self, Unusable};
use crate::compiler::Compiler;
use crate::config::{Config, UploadLimits};
use crate::inspect::{self, Inspected};
use crate::invoker::Invoker;
use crate::module::Module;
use crate::seat::Seat;
use crate::shelf::{Room, Shelf};
use crate::{engine, v0_1};

/// Loads components and runs them, one event at a time.
///
/// Shared by all workers: every method takes `&self`, and none waits for another but where two
/// threads load or unload at once. What is loaded stays within [`Config::room`]: a module that nobody used for
/// long may have to be loaded again.
pub struct Runtime {
    engine: Engine,
    linker: Linker<Seat>,
    config: Config,
    compiler: Compiler,
    modules: Shelf<Module>,
}

/// The runtime could not start: the machine lacks what the configuration asks for.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly engine does not start: {0}")]
pub struct StartError(String);

/// What a module is loaded from.
#[derive(Clone, Copy, Debug)]
pub enum Image<'a> {
    /// [`Inspected::compiled`], or what [`Runtime::load`] returned: a millisecond.
    Compiled(&'a [u8]),
    /// [`Inspected::component`]: up to seconds.
    Component(&'a [u8]),
}

/// Why a module could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Load the component in its place.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error("the bytes are module {found}, not {wanted}")]
    OtherModule {
        found: ModuleDigest,
        wanted: ModuleDigest,
    },
    /// This version of the exchange does not take it any more.
    #[error("the module does not fit this host: {0}")]
    Unfit(String),
}

impl Runtime {
    /// # Errors
    ///
    /// When the pool's address space cannot be had, or the processor is not supported.
    pub fn new(config: Config) -> Result<Self, StartError> {
        let start = |error: wasmtime::Error| StartError(format!("{error:#}"));
        let engine = engine::engine(&config).map_err(start)?;
        let mut linker = Linker::new(&engine);
        v0_1::link(&mut linker).map_err(start)?;
        let compiler = Compiler::new().map_err(|error| StartError(error.to_string()))?;
        let room = Room {
            bytes: config.room,
            modules: config.modules,
        };
        Ok(Self {
            engine,
            linker,
            config,
            compiler,
            modules: Shelf::new(room),
        })
    }

    /// Names what this engine's compiled modules depend on: its version, its settings and the processor. What another one
    /// compiled is not usable.
    pub fn engine_name(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.engine.precompile_compatibility_hash().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Moves deadlines on. Somebody calls this every [`Config::tick`]; it costs nanoseconds.
    pub fn tick(&self) {
        self.engine.increment_epoch();
    }

    /// Judges an upload: a component, or a core module that the SDK's bindings were built into.
    ///
    /// Compiles on threads that give way to calls, for up to seconds, and waits for it. Loads nothing.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with what to do about it.
    pub fn inspect(&self, bytes: &[u8]) -> Result<Inspected, Vec<Problem>> {
        self.inspect_within(bytes, &Granted::default())
    }

    /// The same for a tenant whose modules may be and do what is granted.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each import that is not granted included.
    pub fn inspect_within(&self, bytes: &[u8], granted: &Granted) -> Result<Inspected, Vec<Problem>> {
        inspect::inspect(self, bytes, granted)
    }

    /// Makes a module ready to be invoked. Returns what to keep for a faster load next time,
    /// when there was something to compile.
    ///
    /// # Errors
    ///
    /// See [`LoadError`]; nothing changes then.
    pub fn load(&self, digest: ModuleDigest, image: Image<'_>) -> Result<Option<Vec<u8>>, LoadError> {
        let (component, bytes, compiled) = match image {
            Image::Compiled(sealed) => (self.deserialize(digest, sealed)?, sealed.len(), None),
            Image::Component(bytes) => {
                let component = self.compile(digest, bytes)?;
                let sealed = self.serialize(digest, &component).map_err(LoadError::Unfit)?;
                (component, sealed.len(), Some(sealed))
            }
        };
        let module = self.link(&component).map_err(LoadError::Unfit)?;
        self.modules.put(digest, module, bytes);
        Ok(compiled)
    }

    /// Compiles a component that was inspected before, without loading it: what to keep.
    ///
    /// # Errors
    ///
    /// See [`LoadError`].
    pub fn compiled(&self, digest: ModuleDigest, component: &[u8]) -> Result<Vec<u8>, LoadError> {
        let component = self.compile(digest, component)?;
        self.serialize(digest, &component).map_err(LoadError::Unfit)
    }

    /// Forgets a module. Events that run on it end undisturbed.
    pub fn unload(&self, digest: ModuleDigest) {
        self.modules.take(digest);
    }

    pub fn is_loaded(&self, digest: ModuleDigest) -> bool {
        self.modules.has(digest)
    }

    /// Asks a loaded module whether settings are right; they satisfy its schema already.
    ///
    /// # Errors
    ///
    /// When it gave no answer.
    pub fn check(
        &self,
        digest: ModuleDigest,
        settings: &str,
        view: Arc<dyn View>,
        now: Moment,
    ) -> Result<Vec<Problem>, Failure> {
        let module = self.module(digest).ok_or(Failure::NotLoaded(digest))?;
        let desk = Desk::without_session(view, now, self.upload_run_limits());
        module
            .check(&self.engine, self.config.tick, desk, settings)
            .result
    }

    /// Does work that can wait for each item, on the threads that give way to calls, and waits for all: replays.
    pub fn each_patiently<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&T) -> R + Sync + Send,
    ) -> Vec<R> {
        self.compiler.each(items, work)
    }

    fn module(&self, digest: ModuleDigest) -> Option<Arc<Module>> {
        self.modules.get(digest)
    }

    fn compile(&self, wanted: ModuleDigest, bytes: &[u8]) -> Result<Component, LoadError> {
        let found = compiled::digest(bytes);
        if found != wanted {
            return Err(LoadError::OtherModule { found, wanted });
        }
        let compiled = self.patiently(|| self.compile_trusted(bytes));
        compiled.map_err(LoadError::Unfit)
    }

    fn deserialize(&self, digest: ModuleDigest, sealed: &[u8]) -> Result<Component, Unusable> {
        let code = compiled::unseal(digest, sealed)?;
        // SAFETY: the code came out of `serialize` for this very module: its seal says so, and only
        // the exchange writes where it is kept. wasmtime itself refuses another version's code.
        let component = unsafe { Component::deserialize(&self.engine, code) };
        component.map_err(|error| Unusable::OtherEngine(format!("{error:#}")))
    }
}

/// What inspection uses.
impl Runtime {
    pub(crate) fn upload_limits(&self) -> &UploadLimits {
        &self.config.upload
    }

    pub(crate) fn memory_limit(&self) -> usize {
        self.config.memory
    }

    pub(crate) fn tick_length(&self) -> std::time::Duration {
        self.config.tick
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What `describe` and `check` may cost.
    pub(crate) fn upload_run_limits(&self) -> Limits {
        Limits {
            fuel: self.config.upload.fuel,
            deadline: self.config.upload.deadline,
            memory: self.config.memory,
            ..Limits::default()
        }
    }

    /// Reads or compiles on the threads that give way to calls.
    pub(crate) fn patiently<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.compiler.run(work)
    }

    /// Compiles bytes that are within the limits of an upload.
    pub(crate) fn compile_trusted(&self, bytes: &[u8]) -> Result<Component, String> {
        Component::from_binary(&self.engine, bytes).map_err(|error| format!("{error:#}"))
    }

    pub(crate) fn link(&self, component: &Component) -> Result<Module, String> {
        Module::link(&self.linker, component).map_err(|error| format!("{error:#}"))
    }

    pub(crate) fn serialize(&self, digest: ModuleDigest, component: &Component) -> Result<Vec<u8>, String> {
        let code = component.serialize().map_err(|error| format!("{error:#}"))?;
        Ok(compiled::seal(digest, &code))
    }
}

impl Invoker for Runtime {
    /// Runs one event in a fresh instance. Never panics; every way to fail is in the decision.
    fn invoke(&self, invocation: Invocation) -> Decision {
        let started = Instant::now();
        let module = self.module(invocation.module);
        let (result, record, fuel) = match module {
            Some(module) => module.handle(&self.engine, self.config.tick, &invocation),
            None => (Err(Failure::NotLoaded(invocation.module)), Record::default(), 0),
        };
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        Decision {
            ask: invocation.ask,
            result,
            record,
            spent: Spent { fuel, micros },
        }
    }
}
