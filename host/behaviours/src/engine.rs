//! The wasmtime engine: pooled instances, fuel, epochs, and no feature that a behaviour has no
//! use for.

use std::num::NonZeroUsize;

use wasmtime::{Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::Config;

/// Core instances within one component: the guest's own and the adapters that `wit-component`
/// puts around it; engines for other languages bring more, Python's 38.
const CORE_INSTANCES: u32 = 48;
const TABLES: u32 = 16;
const MEMORIES: u32 = 4;

pub(crate) fn engine(config: &Config) -> wasmtime::Result<Engine> {
    let mut wasm = wasmtime::Config::new();
    wasm.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)))
        .consume_fuel(config.tuning.fuel)
        .epoch_interruption(config.tuning.epochs)
        .max_wasm_stack(config.stack)
        .memory_init_cow(config.tuning.copy_on_write)
        .memory_may_move(false)
        // One call, one thread: nothing to schedule.
        .concurrency_support(false)
        .wasm_memory64(false)
        // The same bits on every machine, so that a replay decides alike.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(16))
        .generate_address_map(false)
        .native_unwind_info(false);
    Engine::new(&wasm)
}

fn pool(config: &Config) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    let instances = config.instances.max(1);
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances.saturating_mul(MEMORIES))
        .total_tables(instances.saturating_mul(TABLES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memory_size(config.memory)
        .table_elements(usize::try_from(config.upload.table_elements).unwrap_or(usize::MAX))
        .linear_memory_keep_resident(config.tuning.keep_resident)
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(instances)
        .pagemap_scan(if config.tuning.wipe_dirty_pages {
            Enabled::Auto
        } else {
            Enabled::No
        });
    pool
}
