//! Events, states and modules: what one run sees of another, and what can be relied on.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod support;

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use behaviours::{Image, Invoker, LoadError, Pool, Unusable, Workers};
use contract::{AskId, Decided, Decision, Failure, Invocation, ModuleDigest, Query, Record, Spent, Task};
use support::{Guest, RANDOM, RING, Wakes, invocation, runtime};

/// A guest that counts in a global and returns the count.
const COUNTING: Guest<'static> = Guest {
    more: "(global $count (mut i32) (i32.const 0))",
    handle: "(global.set $count (i32.add (global.get $count) (i32.const 1)))
             (i32.store (i32.const 0x8000) (i32.add (global.get $count) (i32.load (i32.const 0x8000))))
             (call $ok (i32.const 0x8000) (i32.const 4))",
    name: "counting",
    ..Guest::PLAIN
};

#[test]
fn nothing_but_the_state_lives_on() {
    let (runtime, module) = COUNTING.loaded();
    for _ in 0..3 {
        let decision = runtime.invoke(invocation(module));
        assert_eq!(decision.result.unwrap().state, [1, 0, 0, 0]);
    }
}

#[test]
fn the_state_comes_back_as_it_was_returned() {
    let guest = Guest {
        handle: "(call $ok (i32.load offset=36 (local.get $args)) (i32.load offset=40 (local.get $args)))",
        ..Guest::default()
    };
    let decision = guest.wake(|invocation| invocation.state = Some(Arc::from(*b"three calls wait")));
    assert_eq!(decision.result.unwrap().state, b"three calls wait");
}

/// Engines of other languages use the memory of what they returned again at once.
#[test]
fn the_state_is_read_before_the_guest_may_use_its_memory_again() {
    let guest = Guest {
        more: r#"(data (i32.const 0x8000) "seven")
                 (func (export "cabi_post_cordboard:behaviour/guest@0.1.0#handle") (param i32)
                   (i64.store (i32.const 0x8000) (i64.const 0)))"#,
        handle: "(call $ok (i32.const 0x8000) (i32.const 5))",
        ..Guest::default()
    };
    assert_eq!(guest.wake(|_| {}).result.unwrap().state, b"seven");
}

#[test]
fn one_event_decides_alike_and_costs_the_same_each_time() {
    let guest = Guest {
        imports: RANDOM,
        handle: "(i64.store (i32.const 0x8000) (call $random))
                 (call $ok (i32.const 0x8000) (i32.const 8))",
        ..Guest::default()
    };
    let (runtime, module) = guest.loaded();
    let (first, second) = (
        runtime.invoke(invocation(module)),
        runtime.invoke(invocation(module)),
    );
    assert_eq!(first.result, second.result);
    assert_eq!(first.spent.fuel, second.spent.fuel);
    let [Query::Random(noted)] = first.record.queries[..] else {
        unreachable!("{:?}", first.record)
    };
    assert_eq!(first.result.unwrap().state, noted.to_le_bytes());

    let mut other = invocation(module);
    other.seed = 2;
    assert_ne!(runtime.invoke(other).result, second.result);
}

#[test]
fn a_session_is_taken_over_but_nothing_is_done_meanwhile() {
    let decision = Guest::default().wake(|invocation| {
        invocation.state = Some(Arc::from(*b"old"));
        invocation.task = Task::Migrate {
            from_version: "0.9.0".into(),
        };
    });
    let state = b"old".to_vec();
    let commands = vec![];
    assert_eq!(decision.result, Ok(Decided { state, commands }));
}

#[test]
fn a_module_that_is_not_loaded_is_named() {
    let runtime = runtime();
    let module = ModuleDigest([7; 32]);
    let decision = runtime.invoke(invocation(module));
    assert_eq!(decision.result, Err(Failure::NotLoaded(module)));
}

#[test]
fn a_module_loads_from_its_component_and_from_what_was_compiled() {
    let runtime = runtime();
    let inspected = runtime.inspect(&COUNTING.component()).unwrap();
    let compiled = runtime.load(inspected.digest, Image::Component(&inspected.component));
    let compiled = compiled.unwrap().unwrap();
    assert!(runtime.is_loaded(inspected.digest));
    runtime.unload(inspected.digest);
    assert!(!runtime.is_loaded(inspected.digest));
    assert_eq!(
        runtime.load(inspected.digest, Image::Compiled(&compiled)),
        Ok(None)
    );
    assert!(runtime.invoke(invocation(inspected.digest)).result.is_ok());
}

#[test]
fn a_damaged_or_exchanged_compiled_module_is_not_run() {
    let runtime = runtime();
    let inspected = runtime.inspect(&COUNTING.component()).unwrap();
    let mut compiled = inspected.compiled;
    let middle = compiled.len() / 2;
    compiled[middle] ^= 1;
    let load = |digest, image| runtime.load(digest, image).unwrap_err();
    assert_eq!(
        load(inspected.digest, Image::Compiled(&compiled)),
        LoadError::Unusable(Unusable::Damaged)
    );
    let other = ModuleDigest([0; 32]);
    assert!(matches!(
        load(other, Image::Compiled(&compiled)),
        LoadError::Unusable(Unusable::OtherModule { .. })
    ));
    assert!(matches!(
        load(other, Image::Component(&inspected.component)),
        LoadError::OtherModule { .. }
    ));
}

#[test]
fn an_event_goes_on_while_its_module_is_unloaded() {
    let guest = Guest {
        imports: RING,
        handle: "(call $ring (i64.const 1) (i64.const 7) (i32.const 0x8000))
                 (call $ok (i32.const 0) (i32.const 0))",
        ..Guest::default()
    };
    let (runtime, module) = guest.loaded();
    let runtime = Arc::new(runtime);
    std::thread::scope(|scope| {
        scope.spawn(|| runtime.unload(module));
        for _ in 0..100 {
            let result = runtime.invoke(invocation(module)).result;
            assert!(matches!(result, Ok(_) | Err(Failure::NotLoaded(_))));
        }
    });
}

/// Waits for a permit before each answer, and panics on ask 99.
struct Gate(crossbeam_channel::Receiver<()>);

impl Invoker for Gate {
    fn invoke(&self, invocation: Invocation) -> Decision {
        let _ = self.0.recv();
        assert!(invocation.ask != AskId(99), "a fault of the host's");
        Decision {
            ask: invocation.ask,
            result: Ok(Decided::default()),
            record: Record::default(),
            spent: Spent::default(),
        }
    }
}

#[test]
fn a_full_pool_gives_the_event_back_instead_of_waiting() {
    let (permit, gate) = crossbeam_channel::unbounded();
    let (deliver, delivered) = mpsc::channel();
    let workers = Workers {
        threads: 1,
        waiting: 1,
        patience: Duration::from_secs(60),
    };
    let pool = Pool::start(Arc::new(Gate(gate)), workers, move |decision| {
        deliver.send(decision).unwrap();
    })
    .unwrap();
    let event = |ask| Invocation {
        ask: AskId(ask),
        ..invocation(ModuleDigest([0; 32]))
    };

    pool.submit(event(1)).unwrap();
    pool.wake();
    while pool.waiting() > 0 {
        std::thread::yield_now();
    }
    pool.submit(event(99)).unwrap();
    let saturated = pool.submit(event(3)).unwrap_err();
    assert_eq!((saturated.invocation.ask, saturated.waiting), (AskId(3), 1));

    permit.send(()).unwrap();
    permit.send(()).unwrap();
    let next = || delivered.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(next().result, Ok(Decided::default()));
    let failed = next();
    assert_eq!(failed.ask, AskId(99));
    assert!(matches!(failed.result, Err(Failure::Trapped(_))));
}

/// Needs ten million of fuel from ask 20 000 on, and none before.
struct Hungry;

impl Invoker for Hungry {
    fn invoke(&self, invocation: Invocation) -> Decision {
        let enough = invocation.ask < AskId(20_000) || invocation.limits.fuel >= 10_000_000;
        Decision {
            ask: invocation.ask,
            result: enough.then(Decided::default).ok_or(Failure::OutOfFuel),
            record: Record::default(),
            spent: Spent::default(),
        }
    }
}

fn event(ask: u64) -> Invocation {
    Invocation {
        ask: AskId(ask),
        ..invocation(ModuleDigest([0; 32]))
    }
}

/// A pool, and what its worker decides.
fn hungry() -> (Pool, mpsc::Receiver<Decision>) {
    let (deliver, delivered) = mpsc::channel();
    let workers = Workers {
        threads: 1,
        waiting: 10,
        patience: Duration::from_secs(60),
    };
    let pool = Pool::start(Arc::new(Hungry), workers, move |decision| {
        deliver.send(decision).unwrap();
    });
    (pool.unwrap(), delivered)
}

/// Events from `first` on, until one is run by whoever asks.
fn until_trusted(pool: &Pool, delivered: &mpsc::Receiver<Decision>, first: u64) -> Decision {
    // Many, because a machine with much else to do may make one look long.
    (first..first + 9_000)
        .find_map(|ask| {
            let invocation = match pool.answer(event(ask)) {
                Ok(decision) => return Some(decision),
                Err(invocation) => invocation,
            };
            pool.submit(*invocation).unwrap();
            pool.wake();
            delivered.recv_timeout(Duration::from_secs(10)).unwrap();
            None
        })
        .unwrap()
}

#[test]
fn whoever_asks_runs_brief_events_itself_once_they_are_known_to_be() {
    let (pool, delivered) = hungry();
    let unknown = pool.answer(event(1)).unwrap_err();
    assert_eq!(unknown.ask, AskId(1));
    let decision = until_trusted(&pool, &delivered, 100);
    assert!(decision.ask >= AskId(116), "known after {}", decision.ask.0 - 100);
    assert!(
        delivered.try_recv().is_err(),
        "and only whoever asked has the decision"
    );
}

#[test]
fn an_event_that_is_not_brief_after_all_is_begun_again_by_a_worker() {
    let (pool, delivered) = hungry();
    until_trusted(&pool, &delivered, 100);
    let long = pool.answer(event(20_000)).unwrap_err();
    assert_eq!(long.ask, AskId(20_000));
    assert_eq!(long.limits, invocation(ModuleDigest([0; 32])).limits);
    pool.submit(*long).unwrap();
    pool.wake();
    let decision = delivered.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(decision.result, Ok(Decided::default()));
    // Its tenant has lost that trust.
    assert!(pool.answer(event(1)).is_err());
}

#[test]
fn whoever_naps_while_nobody_works_is_roused_when_a_worker_is_called() {
    const NAP: Duration = Duration::from_secs(60);
    let (pool, delivered) = hungry();
    let keeper = pool.keeper();
    let began = std::time::Instant::now();
    let nap = std::thread::spawn(move || keeper.sleep(Duration::ZERO, NAP));
    while !nap.is_finished() {
        pool.submit(event(1)).unwrap();
        pool.wake();
        delivered.recv_timeout(Duration::from_secs(10)).unwrap();
    }
    assert!(began.elapsed() < NAP);
}
