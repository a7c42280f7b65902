//! Built components of behaviours in other languages, to play the Rust ones' call flows on.
//!
//! The flows are those of `guests/*/src/tests.rs`, taken in as they are: each file in `tests/` says which component its
//! `subject` is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "only tests use it")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use base::Moment;
use behaviours::{Config, Image, Inspected, Invoker, Runtime};
use contract::{Decision, Granted, Invocation, Limits, Manifest, ModuleDigest, Problem};
use cordboard::settings::Value;
use cordboard::test::{Flow, Tenant};
use sha2::{Digest, Sha256};

/// What behaviours are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// The shipped ones.
    Rust,
    C,
    JavaScript,
    Python,
}

impl Language {
    /// Those of the examples.
    pub const ALL: [Self; 3] = [Self::C, Self::JavaScript, Self::Python];

    /// Its folder in `sdk/`, and of what was built.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::JavaScript => "js",
            Self::Python => "python",
        }
    }

    /// What its tenants need to be granted.
    pub fn granted(self) -> Granted {
        Granted {
            large_modules: self == Self::Python,
            ..Granted::default()
        }
    }

    /// What an event may cost: what an exchange allows, but for the deadline. Python's instance faults three hundred pages
    /// in, which take a busy machine longer than an event has; these tests are not about time.
    pub fn limits(self) -> Limits {
        Limits {
            deadline: Duration::from_secs(2),
            ..Limits::default()
        }
    }
}

/// A component as its SDK built it, inspected as an upload is, and loaded.
pub struct Built {
    language: Language,
    runtime: Runtime,
    digest: ModuleDigest,
    manifest: Manifest,
    size: usize,
}

impl Built {
    /// Each is loaded once by a process.
    ///
    /// # Panics
    ///
    /// When it was not built, or an exchange would refuse it.
    pub fn of(language: Language, name: &'static str) -> Arc<Self> {
        type Known = Mutex<HashMap<(Language, &'static str), Arc<OnceLock<Arc<Built>>>>>;
        static KNOWN: OnceLock<Known> = OnceLock::new();
        let mut known = KNOWN
            .get_or_init(Known::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let slot = Arc::clone(known.entry((language, name)).or_default());
        drop(known);
        Arc::clone(slot.get_or_init(|| Arc::new(Self::load(language, name))))
    }

    /// Whether it was built.
    pub fn exists(language: Language, name: &str) -> bool {
        path(language, name).is_file()
    }

    fn load(language: Language, name: &str) -> Self {
        let path = path(language, name);
        let bytes = read(&path);
        let config = Config {
            instances: 4,
            ..Config::default()
        };
        let runtime = Runtime::new(config).unwrap();
        let kept = Kept::of(&path, &bytes);
        let (digest, manifest) = kept.load(&runtime).unwrap_or_else(|| {
            let inspected = runtime
                .inspect_within(&bytes, &language.granted())
                .unwrap_or_else(|problems| panic!("{name} in {language:?} is refused: {problems:#?}"));
            let image = Image::Compiled(&inspected.compiled);
            runtime.load(inspected.digest, image).unwrap();
            kept.keep(&inspected);
            (inspected.digest, inspected.manifest)
        });
        Self {
            language,
            runtime,
            digest,
            manifest,
            size: bytes.len(),
        }
    }

    /// What was built, in bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    pub fn describe(&self) -> Manifest {
        self.manifest.clone()
    }

    /// One event.
    pub fn decide(&self, invocation: &Invocation) -> Decision {
        self.runtime.invoke(Invocation {
            module: self.digest,
            limits: self.language.limits(),
            ..invocation.clone()
        })
    }

    /// What is wrong with settings, as JSON.
    pub fn check(&self, settings: &str, tenant: Tenant) -> Vec<Problem> {
        let tenant = Arc::new(tenant);
        let found = self.runtime.check(self.digest, settings, tenant, Moment::ZERO);
        found.unwrap()
    }

    /// A session with these settings.
    pub fn flow(self: &Arc<Self>, settings: &impl Value) -> Flow {
        let mut json = String::new();
        settings.json(&mut json);
        self.flow_with(&json)
    }

    /// The same with settings as JSON.
    pub fn flow_with(self: &Arc<Self>, settings: &str) -> Flow {
        let built = Arc::clone(self);
        Flow::through(move |invocation| built.decide(invocation), settings)
    }

    /// Lets this version take a session over.
    ///
    /// # Errors
    ///
    /// Why it declined.
    pub fn take_over(self: &Arc<Self>, flow: &mut Flow) -> Result<(), String> {
        let built = Arc::clone(self);
        let version = self.describe().version;
        flow.swap_through(&version, move |invocation| built.decide(invocation))
    }
}

/// What came of inspecting a module, kept beside it: compiling Python takes twenty seconds, and nothing of it changes
/// before the module or the engine does.
struct Kept {
    path: PathBuf,
    digest: ModuleDigest,
}

impl Kept {
    fn of(module: &Path, bytes: &[u8]) -> Self {
        Self {
            path: module.with_extension("compiled"),
            digest: ModuleDigest(Sha256::digest(bytes).into()),
        }
    }

    fn load(&self, runtime: &Runtime) -> Option<(ModuleDigest, Manifest)> {
        let manifest =
            serde_json::from_slice(&std::fs::read(self.path.with_extension("manifest")).ok()?).ok()?;
        let compiled = std::fs::read(&self.path).ok()?;
        runtime.load(self.digest, Image::Compiled(&compiled)).ok()?;
        Some((self.digest, manifest))
    }

    fn keep(&self, inspected: &Inspected) {
        std::fs::write(&self.path, &inspected.compiled).unwrap();
        let manifest = serde_json::to_vec(&inspected.manifest).unwrap();
        std::fs::write(self.path.with_extension("manifest"), manifest).unwrap();
    }
}

/// The built module.
pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `cargo xtask languages` builds the modules",
            path.display()
        )
    })
}

/// Where a built module is.
pub fn path(language: Language, name: &str) -> PathBuf {
    let folder = match language {
        Language::Rust => folder("CORDBOARD_GUESTS", "wasm32-unknown-unknown/guest"),
        other => folder("CORDBOARD_LANGUAGES", "languages").join(other.folder()),
    };
    folder.join(name).with_extension("wasm")
}

/// What xtask says, else where it builds.
fn folder(variable: &str, built: &str) -> PathBuf {
    let default = || {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        target.join(built)
    };
    std::env::var_os(variable).map_or_else(default, PathBuf::from)
}

/// What a file in `tests/` says before it takes the call flows in.
#[macro_export]
macro_rules! subject {
    ($language:ident, $name:literal, $settings:ty) => {
        #[allow(dead_code, reason = "not all call flows ask for everything")]
        mod subject {
            use std::sync::Arc;

            use contract::{Manifest, Problem};
            use cordboard::test::{Flow, Tenant};
            use $crate::{Built, Language};

            fn built() -> Arc<Built> {
                Built::of(Language::$language, $name)
            }

            /// Bytes of state that forty members and fifty callers may take.
            pub const FULL_HOUSE: usize = 16_384;

            pub fn flow(settings: &$settings) -> Flow {
                built().flow(settings)
            }

            pub fn swap(flow: &mut Flow) -> Result<(), String> {
                built().take_over(flow)
            }

            pub fn describe() -> Manifest {
                built().describe()
            }

            pub fn check(settings: &str, tenant: Tenant) -> Vec<Problem> {
                built().check(settings, tenant)
            }
        }
    };
}
