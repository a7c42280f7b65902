//! What one decision costs: a step of a hunt group in a fresh instance, and where the time goes.
//!
//! Goal: median ≤ 40 µs. The parts are taken from outside, with the same component: an event that
//! it ignores, with and without settings and state to read, and an empty guest; page faults are
//! counted by the kernel. The same step runs natively beside it.
//!
//! ```text
//! cargo bench -p cordboard-behaviours --bench decision
//! ```
#![allow(clippy::unwrap_used, reason = "a bench may")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Instant;

use behaviours::{Config, Image, Invoker, Runtime, Tuning, UploadLimits};
use contract::{Event, Invocation, ModuleDigest, Task};
use criterion::{Criterion, criterion_group, criterion_main};
use nix::sys::resource::{UsageWho, getrusage};
use support::Guest;
use support::hunting::{build, offer, step};

fn decision(criterion: &mut Criterion) {
    let runtime = runtime(Tuning::default());
    let hunt = load(&runtime, &build("hunt"));
    let empty = load(&runtime, &Guest::default().core());

    let step = step(&runtime, hunt);
    let ignored = with(&step, |it| {
        it.task = Task::Handle(Event::Schedule("never".into()))
    });
    let bare = with(&ignored, |it| {
        it.session.settings = "{}".into();
        it.state = None;
    });
    let nothing = with(&step, |it| it.module = empty);
    let native = cordboard::native::Module::of::<hunt::Hunt>();
    let answer = runtime.invoke(step.clone());
    assert_eq!(answer.result, native.invoke(&step).result, "both decide alike");

    let mut group = criterion.benchmark_group("decision");
    let mut bench = |name: &str, invocation: &Invocation| {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || invocation.clone(),
                |invocation| black_box(runtime.invoke(invocation)),
                criterion::BatchSize::SmallInput,
            );
        });
    };
    bench("fresh-instance", &step);
    bench("fresh-instance/event-ignored", &ignored);
    bench("fresh-instance/empty-guest", &nothing);
    group.bench_function("native", |bencher| {
        bencher.iter(|| black_box(native.invoke(&step)))
    });
    group.finish();

    println!(
        "\n{:<28} {:>10} {:>10} {:>12} {:>10}",
        "decision", "median µs", "p99 µs", "page faults", "fuel"
    );
    let whole = row("hunt step", &runtime, &step);
    let ignored = row("the same, event ignored", &runtime, &ignored);
    let bare = row("without settings and state", &runtime, &bare);
    let empty = row("empty guest", &runtime, &nothing);
    let natively = median(20_000, || drop(black_box(native.invoke(&step))));
    let group = load(&runtime, &build("group"));
    row(
        "the shipped group, a call",
        &runtime,
        &with(&step, |it| {
            it.module = group;
            it.session.settings = r#"{"members":["201","202","203","204","205","206","207","208"]}"#.into();
            it.state = None;
            it.task = Task::Handle(offer(1));
        }),
    );
    let given_back = compare();
    println!("\n{:<44} {:>10}", "where the time of the hunt step goes", "µs");
    for (part, micros) in [
        ("instantiation, call and return (empty guest)", empty),
        ("a larger component, the event converted", bare - empty),
        ("settings and state in and out", ignored - bare),
        ("the guest's own work, commands converted", whole - ignored),
        ("all of it", whole),
        ("page faults, if pages were given back", given_back - whole),
        ("the same step natively", natively),
    ] {
        println!("{part:<44} {micros:>10.1}");
    }
}

/// The choices of `Tuning`, one changed at a time. Returns the median of the last: what it takes with all
/// pages faulted in anew.
fn compare() -> f64 {
    let module = build("hunt");
    let as_shipped = Tuning::default();
    let row_with = |name: &str, tuning: Tuning| {
        let runtime = runtime(tuning);
        let inspected = runtime.inspect(&module).unwrap();
        let image = Image::Compiled(&inspected.compiled);
        runtime.load(inspected.digest, image).unwrap();
        row(name, &runtime, &step(&runtime, inspected.digest))
    };
    row_with(
        "hunt step, no fuel",
        Tuning {
            fuel: false,
            ..as_shipped
        },
    );
    row_with(
        "hunt step, no epochs",
        Tuning {
            epochs: false,
            ..as_shipped
        },
    );
    row_with(
        "hunt step, neither",
        Tuning {
            fuel: false,
            epochs: false,
            ..as_shipped
        },
    );
    row_with(
        "hunt step, memory copied",
        Tuning {
            copy_on_write: false,
            ..as_shipped
        },
    );
    row_with(
        "hunt step, all of it wiped",
        Tuning {
            wipe_dirty_pages: false,
            ..as_shipped
        },
    );
    row_with(
        "hunt step, pages given back",
        Tuning {
            wipe_dirty_pages: false,
            keep_resident: 0,
            ..as_shipped
        },
    )
}

fn runtime(tuning: Tuning) -> Runtime {
    // The empty guest does nothing for its caller, which no exchange would take.
    let upload = UploadLimits {
        rehearse: false,
        ..UploadLimits::default()
    };
    let config = Config {
        instances: 8,
        tuning,
        upload,
        ..Config::default()
    };
    Runtime::new(config).unwrap()
}

/// Median of so many runs, in microseconds.
fn median(runs: usize, mut run: impl FnMut()) -> f64 {
    let mut times: Vec<_> = (0..runs)
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[runs / 2].as_nanos() as f64 / 1_000.0
}

/// Prints a line, and returns the median in microseconds.
fn row(name: &str, runtime: &Runtime, invocation: &Invocation) -> f64 {
    const RUNS: usize = 20_000;
    let mut times = Vec::with_capacity(RUNS);
    let result = runtime.invoke(invocation.clone()).result;
    assert!(result.is_ok(), "{name}: {result:?}");
    let faults = minor_faults();
    let mut fuel = 0;
    for _ in 0..RUNS {
        let invocation = invocation.clone();
        let started = Instant::now();
        fuel = black_box(runtime.invoke(invocation)).spent.fuel;
        times.push(started.elapsed());
    }
    let faults = (minor_faults() - faults) as f64 / RUNS as f64;
    times.sort_unstable();
    let micros = |share: usize| times[RUNS * share / 100].as_nanos() as f64 / 1_000.0;
    println!(
        "{name:<28} {:>10.1} {:>10.1} {faults:>12.2} {fuel:>10}",
        micros(50),
        micros(99)
    );
    micros(50)
}

fn minor_faults() -> i64 {
    getrusage(UsageWho::RUSAGE_SELF).unwrap().minor_page_faults()
}

fn with(step: &Invocation, change: impl FnOnce(&mut Invocation)) -> Invocation {
    let mut invocation = step.clone();
    change(&mut invocation);
    invocation
}

fn load(runtime: &Runtime, bytes: &[u8]) -> ModuleDigest {
    let inspected = runtime.inspect(bytes).unwrap();
    let image = Image::Compiled(&inspected.compiled);
    let started = Instant::now();
    runtime.load(inspected.digest, image).unwrap();
    println!(
        "{}: component {} bytes, compiled {} bytes, loaded in {:?}",
        inspected.manifest.name,
        inspected.component.len(),
        inspected.compiled.len(),
        started.elapsed()
    );
    inspected.digest
}

criterion_group!(benches, decision);
criterion_main!(benches);
