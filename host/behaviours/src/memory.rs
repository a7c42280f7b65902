//! The memory cap of one invocation.

use wasmtime::ResourceLimiter;

/// Grants linear memory up to a limit, and remembers a refusal: a guest that is refused memory
/// usually traps on its own a moment later, and the trace should say why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryCap {
    limit: usize,
    pub refused: bool,
}

impl MemoryCap {
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            refused: false,
        }
    }

    pub fn limit(&self) -> usize {
        self.limit
    }
}

impl ResourceLimiter for MemoryCap {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let granted = desired <= self.limit;
        self.refused |= !granted;
        Ok(granted)
    }

    /// Bounded by the pool's own table size.
    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}
