//! What does durability cost the exchange: one commit of so many writes, and opening the file again after a crash?

#![allow(clippy::unwrap_used, reason = "a bench may")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cordboard_store::{EmbeddedStore, OpenOptions, Schema, Store, Write};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Sessions alive, among which a commit's writes are spread.
const SESSIONS: usize = 50_000;
/// Bytes of a session's record.
const RECORD: usize = 600;

fn open(path: &std::path::Path) -> EmbeddedStore {
    EmbeddedStore::open_file(path, &Schema::default(), OpenOptions::default()).unwrap()
}

fn key(session: usize) -> String {
    format!("session/acme/{session:08}")
}

fn writes(count: usize, round: usize) -> Vec<Write> {
    let value = Bytes::from(vec![round as u8; RECORD]);
    // A stride that is prime to the number of sessions visits all of them.
    (0..count)
        .map(|n| Write::set(key((round * count + n) * 7_919 % SESSIONS), Some(value.clone())))
        .collect()
}

fn filled(path: &std::path::Path) -> EmbeddedStore {
    let store = open(path);
    for chunk in (0..SESSIONS).collect::<Vec<_>>().chunks(5_000) {
        let value = Bytes::from(vec![0; RECORD]);
        let writes: Vec<_> = chunk
            .iter()
            .map(|n| Write::set(key(*n), Some(value.clone())))
            .collect();
        store.write_batch(&writes, None).unwrap();
    }
    store
}

/// One group commit: divide by its writes for the cost of each.
fn commit(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let store = filled(&directory.path().join("store"));
    let mut group = criterion.benchmark_group("commit");
    for count in [1, 10, 100, 1_000] {
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            let mut round = 0;
            bencher.iter_custom(|iterations| {
                let mut spent = Duration::ZERO;
                for _ in 0..iterations {
                    round += 1;
                    let writes = writes(count, round);
                    let began = Instant::now();
                    store.write_batch(black_box(&writes), None).unwrap();
                    spent += began.elapsed();
                }
                spent
            });
        });
    }
    group.finish();
}

/// Opening after `kill -9`: the file is copied while it is open, which is what a crash leaves.
fn recovery(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = filled(&path);
    for seed in 0..40_u8 {
        let blob: Vec<u8> = (0..3_000_000_u32).map(|n| (n as u8).wrapping_mul(seed)).collect();
        store.put_blob(&mut blob.as_slice(), u64::MAX).unwrap();
    }
    let mut group = criterion.benchmark_group("recovery");
    group.sample_size(10);
    let copy = directory.path().join("copy");
    group.bench_function("160 MB", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut spent = Duration::ZERO;
            for _ in 0..iterations {
                std::fs::copy(&path, &copy).unwrap();
                let began = Instant::now();
                drop(black_box(open(&copy)));
                spent += began.elapsed();
            }
            spent
        });
    });
    group.finish();
    println!("{} MB on disk", std::fs::metadata(&path).unwrap().len() >> 20);
}

criterion_group!(benches, commit, recovery);
criterion_main!(benches);
