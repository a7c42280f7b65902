//! Judging an upload: everything that is wrong with it, at once, before anything of it is kept.
//!
//! ```text
//! bytes ─size─▶ encode (core modules) ─▶ anatomy: imports, exports, limits   no compiler yet
//!       ─▶ compile ─▶ link: types ─▶ describe
//!       ─▶ manifest, check(defaults), dry run                            all of these, whatever fails
//!       ─▶ Inspected
//! ```
//!
//! What can be judged without compiling is judged whole, and so is what the module says and does; between
//! the two each step needs the result of the one before.

mod anatomy;
mod defaults;
mod encode;
mod manifest;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use base::Moment;
use contract::{EmptyView, Granted, Invocation, Limits, Manifest, ModuleDigest, Problem, View, not_granted};
use desk::Desk;
use wasmtime::component::Component;

use anatomy::Anatomy;

use crate::Runtime;
use crate::compiled;
use crate::module::Module;
use crate::rehearsal::{self, Budget};

/// An upload that is fit to be kept.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Of `component`.
    pub digest: ModuleDigest,
    /// What the module says of itself, and what it imports.
    pub manifest: Manifest,
    /// The component: the upload itself, or what a core module was encoded to.
    pub component: Vec<u8>,
    /// For [`Image::Compiled`](crate::Image::Compiled); a cache, never the only copy.
    pub compiled: Vec<u8>,
    /// The schema's defaults, as JSON.
    pub default_settings: String,
    /// What `check` says about the defaults. Not a fault: a menu has no greeting by default, and
    /// nobody can use it before somebody sets one.
    pub default_problems: Vec<Problem>,
}

/// See [`Runtime::inspect`].
///
/// The encoder and the compiler are large, and an upload is a stranger's: should one of them panic,
/// that is a problem of this upload and of nobody else's.
pub(crate) fn inspect(runtime: &Runtime, bytes: &[u8], granted: &Granted) -> Result<Inspected, Vec<Problem>> {
    catch_unwind(AssertUnwindSafe(|| judge(runtime, bytes, granted))).unwrap_or_else(|_| {
        tracing::error!(bytes = bytes.len(), "an upload made the host fail; it is refused");
        Err(vec![problem(
            "the host failed while it read the upload; build it anew, or report it with the file".into(),
        )])
    })
}

fn judge(runtime: &Runtime, bytes: &[u8], granted: &Granted) -> Result<Inspected, Vec<Problem>> {
    let one = |message: String| vec![problem(message)];
    // What the module itself does is timed, and so runs where nothing has to wait.
    let Read {
        component,
        anatomy,
        compiled,
    } = runtime.patiently(|| read(runtime, bytes, granted))?;
    let digest = compiled::digest(&component);
    let module = runtime.link(&compiled).map_err(|error| one(mismatch(&error)))?;
    let verified = module.verify(runtime.engine(), runtime.tick_length(), desk(runtime));
    verified.map_err(|error| one(mismatch(&format!("{error:#}"))))?;

    let mut manifest = describe(runtime, &module).map_err(one)?;
    manifest.imports = anatomy.permissions;
    // From here on everything is tried, and what is wrong is told together.
    let mut problems: Vec<Problem> = not_granted(&manifest.imports, granted.imports.as_deref())
        .iter()
        .map(|beyond| problem(beyond.refusal()))
        .collect();
    problems.extend(manifest::judge(&manifest).err().unwrap_or_default());
    let checked = check_defaults(runtime, &module, &manifest);
    let (default_settings, default_problems) = match checked {
        Ok(checked) => checked,
        Err(message) => {
            problems.push(problem(message));
            Default::default()
        }
    };
    if runtime.upload_limits().rehearse {
        let incomplete = !default_problems.is_empty();
        problems.extend(rehearse(runtime, &module, &manifest, incomplete));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let compiled = runtime.serialize(digest, &compiled).map_err(one)?;
    Ok(Inspected {
        digest,
        manifest,
        component,
        compiled,
        default_settings,
        default_problems,
    })
}

/// What can be said of an upload without running it.
struct Read {
    component: Vec<u8>,
    anatomy: Anatomy,
    compiled: Component,
}

fn read(runtime: &Runtime, bytes: &[u8], granted: &Granted) -> Result<Read, Vec<Problem>> {
    let one = |message: String| vec![problem(message)];
    size(runtime, bytes).map_err(one)?;
    let component = encode::componentise(bytes).map_err(one)?;
    size(runtime, &component).map_err(one)?;
    let limits = runtime.upload_limits().granting(granted);
    let anatomy = anatomy::examine(&component, &limits, runtime.memory_limit())?;
    let compiled = runtime.compile_trusted(&component);
    let compiled = compiled.map_err(|error| one(format!("the component does not compile: {error}")))?;
    Ok(Read {
        component,
        anatomy,
        compiled,
    })
}

fn size(runtime: &Runtime, bytes: &[u8]) -> Result<(), String> {
    let limit = runtime.upload_limits().bytes;
    if bytes.len() <= limit {
        return Ok(());
    }
    Err(format!(
        "the upload has {} bytes, {limit} are allowed: build it with optimisation for size and without debug \
         information",
        bytes.len()
    ))
}

fn mismatch(error: &str) -> String {
    format!(
        "the component does not fit this host's contract: {error}; rebuild it with the SDK of this version of the \
         exchange"
    )
}

fn desk(runtime: &Runtime) -> Desk {
    let view: Arc<dyn View> = Arc::new(EmptyView);
    Desk::without_session(view, Moment::ZERO, runtime.upload_run_limits())
}

fn describe(runtime: &Runtime, module: &Module) -> Result<Manifest, String> {
    let run = module.describe(runtime.engine(), runtime.tick_length(), desk(runtime));
    run.result.map_err(|failure| {
        format!("`describe` gave no manifest: {failure}; it has to work without a session")
    })
}

fn check_defaults(
    runtime: &Runtime,
    module: &Module,
    manifest: &Manifest,
) -> Result<(String, Vec<Problem>), String> {
    let settings = defaults::of(&manifest.settings_schema);
    let run = module.check(runtime.engine(), runtime.tick_length(), desk(runtime), &settings);
    let problems = run.result.map_err(|failure| {
        format!("`check` gave no answer for the default settings `{settings}`: {failure}; return a problem instead")
    })?;
    Ok((settings, problems))
}

/// Plays it through with the schema's defaults, and something for what it requires.
fn rehearse(runtime: &Runtime, module: &Module, manifest: &Manifest, incomplete: bool) -> Vec<Problem> {
    let limits = runtime.upload_limits();
    let budget = Budget {
        fuel: limits.fuel,
        // Of a machine that has other things to do.
        time: limits.deadline.saturating_mul(5),
    };
    let wake = |invocation: &Invocation| {
        let (result, _, fuel) = module.handle(runtime.engine(), runtime.tick_length(), invocation);
        (result, fuel)
    };
    let settings = defaults::complete(&manifest.settings_schema);
    let event = Limits {
        deadline: limits.deadline,
        ..Limits::default()
    };
    rehearsal::rehearse(&wake, &settings, manifest.scope, event, budget, incomplete)
}

/// A problem of the upload as a whole.
fn problem(message: String) -> Problem {
    Problem {
        path: String::new(),
        message,
    }
}
