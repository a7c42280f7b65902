//! Threads on which uploads are read and compiled: few, patient, and with room to recurse.
//!
//! Compiling cannot be stopped once it runs, and takes processor time in proportion to what a stranger
//! uploads. So it gives way to calls: these threads have the lowest priority but idle ones, and there are
//! half as many as processors.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::processor;

/// Nice value (Linux keeps one for each thread).
const NICE: libc::c_int = 15;
/// Readers of WebAssembly recurse in places; a guest's own stack is taken from this too.
const STACK: usize = 16 << 20;

pub(crate) struct Compiler(ThreadPool);

impl Compiler {
    pub fn new() -> Result<Self, ThreadPoolBuildError> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let pool = ThreadPoolBuilder::new()
            .num_threads((processors / 2).max(1))
            .thread_name(|number| format!("compiler-{number}"))
            .stack_size(STACK)
            .start_handler(|_| processor::set_nice(NICE));
        Ok(Self(pool.build()?))
    }

    /// Does this for each item there, side by side, and waits for all.
    pub fn each<T: Sync, R: Send>(&self, items: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
        self.0.install(|| items.par_iter().map(work).collect())
    }

    /// Does this work there and waits for it; wasmtime's own parallel work stays there too.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.0.install(work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiling_gives_way_to_calls() {
        // SAFETY: takes and returns integers.
        let priority = || unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
        let compiler = Compiler::new().unwrap();
        assert!(compiler.run(priority) >= NICE);
    }
}
