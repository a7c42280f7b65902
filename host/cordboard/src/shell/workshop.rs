//! The runtime of behaviours with its cache of compiled modules on disk, and the decoder of recordings.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::Moment;
use behaviours::{Image, Inspected, Invoker, Runtime};
use contract::{Decision, Granted, Invocation, Limits, ModuleDigest, Problem, View};
use journal::{Candidate, Recorded, Verdict};

/// How often the runtime's deadlines move on.
pub const TICK: Duration = Duration::from_millis(5);

/// Loads, keeps and checks modules. Everything here may take long; never call it from the exchange's thread.
pub struct Workshop {
    runtime: Arc<Runtime>,
    /// Compiled modules by digest: a cache that may be deleted at any time.
    cache: PathBuf,
}

impl Workshop {
    /// # Errors
    ///
    /// When the cache's folder cannot be made.
    pub fn new(runtime: Arc<Runtime>, data: &Path) -> std::io::Result<Self> {
        let (all, own) = (data.join("compiled"), runtime.engine_name());
        let cache = all.join(&own);
        fs::create_dir_all(&cache)?;
        clear_others(&all, &own)?;
        Ok(Self { runtime, cache })
    }

    /// Judges an upload and, when it is good, has it ready for calls.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn admit(&self, upload: &[u8], granted: &Granted) -> Result<Inspected, Vec<Problem>> {
        let inspected = self.runtime.inspect_within(upload, granted)?;
        self.keep(inspected.digest, &inspected.compiled);
        if let Err(error) = self
            .runtime
            .load(inspected.digest, Image::Compiled(&inspected.compiled))
        {
            return Err(vec![Problem {
                path: String::new(),
                message: format!("the compiled module does not load: {error}"),
            }]);
        }
        Ok(inspected)
    }

    /// Has a stored module ready for calls: from the cache, else compiled again.
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub fn ready(
        &self,
        digest: ModuleDigest,
        component: impl FnOnce() -> Result<Vec<u8>, String>,
    ) -> Result<(), String> {
        if self.runtime.is_loaded(digest) {
            return Ok(());
        }
        let began = Instant::now();
        if let Ok(compiled) = fs::read(self.path(digest)) {
            let read = began.elapsed();
            match self.runtime.load(digest, Image::Compiled(&compiled)) {
                Ok(_) => {
                    metrics::histogram!("cordboard_module_read_seconds").record(read);
                    metrics::histogram!("cordboard_module_load_seconds").record(began.elapsed());
                    return Ok(());
                }
                // Another version of the engine, or a damaged file.
                Err(error) => tracing::info!(%digest, %error, "compiling a module again"),
            }
        }
        let component = component()?;
        let compiled = self
            .runtime
            .load(digest, Image::Component(&component))
            .map_err(|error| error.to_string())?;
        if let Some(compiled) = compiled {
            self.keep(digest, &compiled);
        }
        Ok(())
    }

    /// Sees to it that a module can be had ready within a moment: compiles it where this engine has not done so.
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub fn prepare(
        &self,
        digest: ModuleDigest,
        component: impl FnOnce() -> Result<Vec<u8>, String>,
    ) -> Result<(), String> {
        if self.is_compiled(digest) {
            return Ok(());
        }
        let compiled = self
            .runtime
            .compiled(digest, &component()?)
            .map_err(|error| error.to_string())?;
        self.keep(digest, &compiled);
        Ok(())
    }

    /// Whether a module is in the cache, as far as looking at names tells.
    pub fn is_compiled(&self, digest: ModuleDigest) -> bool {
        self.path(digest).exists()
    }

    /// What a module says of settings.
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
    ) -> Result<Vec<Problem>, String> {
        self.runtime
            .check(digest, settings, view, now)
            .map_err(|failure| failure.to_string())
    }

    /// Plays recorded sessions on a module that is ready, on threads that give way to calls.
    pub fn replay(
        &self,
        digest: ModuleDigest,
        view: Arc<dyn View>,
        sessions: &[Arc<Recorded>],
        settings: &(dyn Fn(&Arc<str>) -> Arc<str> + Sync),
    ) -> Vec<Verdict> {
        let limits = Limits {
            // They may have to wait for the processor: fuel alone tells what runs too long.
            deadline: Duration::from_secs(5),
            ..Limits::default()
        };
        let candidate = Candidate {
            module: digest,
            limits,
            view,
        };
        let invoke = |invocation| self.runtime.invoke(invocation);
        self.runtime.each_patiently(sessions, |recorded| {
            journal::play(recorded, &candidate, &settings, &invoke)
        })
    }

    /// Removes what was compiled of a module. Calls that still run it go on.
    pub fn forget(&self, digest: ModuleDigest) {
        // There may be none: recordings are forgotten by the same way.
        drop(fs::remove_file(self.path(digest)));
    }

    fn path(&self, digest: ModuleDigest) -> PathBuf {
        self.cache.join(format!("{digest}.cwasm"))
    }

    pub fn is_ready(&self, digest: ModuleDigest) -> bool {
        self.runtime.is_loaded(digest)
    }

    pub fn invoke(&self, invocation: Invocation) -> Decision {
        self.runtime.invoke(invocation)
    }

    /// Losing the cache costs time only, so failing to write it is no error.
    fn keep(&self, digest: ModuleDigest, compiled: &[u8]) {
        let path = self.path(digest);
        let new = path.with_extension("new");
        let written = fs::File::create(&new)
            .and_then(|mut file| file.write_all(compiled))
            .and_then(|()| fs::rename(&new, &path));
        if let Err(error) = written {
            tracing::warn!(path = %path.display(), %error, "a compiled module cannot be kept");
        }
    }
}

/// Removes what other engines compiled.
fn clear_others(all: &Path, own: &str) -> std::io::Result<()> {
    for entry in fs::read_dir(all)? {
        let entry = entry?;
        if entry.file_name() == own {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
