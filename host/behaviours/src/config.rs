use std::time::Duration;

use contract::Granted;

/// How a [`Runtime`](crate::Runtime) is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Instances alive at one time: one for each worker, and a few for uploads and checks.
    pub instances: u32,
    /// Bytes of linear memory that any invocation may be granted. An invocation's own limit is
    /// usually lower.
    pub memory: usize,
    /// Bytes of stack for a guest's calls; deeper recursion traps. The caller's thread needs
    /// this much and about 256 KiB more.
    pub stack: usize,
    /// Bytes of compiled modules that may be loaded at a time, and how many modules.
    pub room: usize,
    pub modules: usize,
    /// How often somebody calls [`Runtime::tick`](crate::Runtime::tick). Deadlines are kept to
    /// within one such period.
    pub tick: Duration,
    pub upload: UploadLimits,
    pub tuning: Tuning,
}

/// Choices that the `decision` bench compares. The defaults are what it decided; turning `fuel` or
/// `epochs` off takes limits away.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// Count instructions: the same event runs out at the same place.
    pub fuel: bool,
    /// Look at the deadline at each loop and call.
    pub epochs: bool,
    /// Map a module's initial memory instead of copying it.
    pub copy_on_write: bool,
    /// Bytes of an instance's memory that are wiped in place when it ends; the rest goes back to the
    /// kernel and is faulted in again. What a small guest touches fits.
    pub keep_resident: usize,
    /// Ask the kernel which pages were written and wipe those only (Linux 6.7).
    pub wipe_dirty_pages: bool,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            fuel: true,
            epochs: true,
            copy_on_write: true,
            keep_resident: 1 << 20,
            wipe_dirty_pages: true,
        }
    }
}

/// What an upload may be. Compiling takes time in proportion to these, and cannot be stopped.
#[derive(Clone, Debug)]
pub struct UploadLimits {
    /// Of the component. Rust guests take about 0.1 MB; those that bring a JavaScript or Python
    /// engine along, 12 to 18 MB.
    pub bytes: usize,
    /// Functions of all its core modules together.
    pub functions: u32,
    /// Bytes of one function's body: the compiler's time and memory grow faster than linearly in it. The worst
    /// found of 450 KB, 40 000 branches, took 7.5 s and 500 MB.
    pub function_bytes: usize,
    /// The same for tenants who were granted large modules: Python's interpreter has a function of 427 KB.
    pub large_function_bytes: usize,
    /// Elements of one table.
    pub table_elements: u64,
    /// What `describe` and `check` may cost each, and the dry run in all; far more than an event.
    pub fuel: u64,
    pub deadline: Duration,
    /// Play everyday calls through with the module before it is taken. Only tests of what happens later
    /// leave it out.
    pub rehearse: bool,
}

impl UploadLimits {
    /// Those of a tenant with these grants.
    pub(crate) fn granting(&self, granted: &Granted) -> Self {
        let mut limits = self.clone();
        if granted.large_modules {
            limits.function_bytes = limits.function_bytes.max(limits.large_function_bytes);
        }
        limits
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            instances: 64,
            memory: 64 << 20,
            stack: 512 << 10,
            room: 1 << 30,
            modules: 4_096,
            tick: Duration::from_millis(5),
            upload: UploadLimits::default(),
            tuning: Tuning::default(),
        }
    }
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            bytes: 32 << 20,
            functions: 100_000,
            function_bytes: 256 << 10,
            large_function_bytes: 512 << 10,
            table_elements: 100_000,
            fuel: 1_000_000_000,
            deadline: Duration::from_secs(2),
            rehearse: true,
        }
    }
}
