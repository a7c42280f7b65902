//! Does the cost of a call stay flat as the exchange fills?
//!
//! One call: INVITE in, a behaviour (native) decides, INVITE out, 200, 200, ACK, BYE, BYE, with all messages parsed
//! and printed, both sides' offers and answers negotiated, and the call stored and removed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench may")]

#[path = "../tests/load/rig.rs"]
mod rig;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rig::Rig;

const LIVE: [usize; 5] = [1, 100, 1_000, 10_000, 50_000];

fn whole_call(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a whole call through the exchange");
    group.sample_size(20);
    for live in LIVE {
        let mut rig = Rig::with_live(live);
        group.bench_function(BenchmarkId::from_parameter(live), |bencher| {
            bencher.iter(|| {
                let call = rig.set_up();
                rig.tear_down(&call);
                // A thousand calls a second: transactions end as they would.
                rig.pass(Duration::from_millis(1));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, whole_call);
criterion_main!(benches);
