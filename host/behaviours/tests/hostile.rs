//! Components that mean harm: each is contained, the trace can say how, and a neighbour on the same workers gets every answer.
//!
//! Prints a table. Times are for reading, not for judging: a busy machine is no fault of ours.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod support;

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use behaviours::{Image, Invoker, Pool, Runtime, Workers};
use contract::{
    AskId, Command, CommandError, Decision, DialOptions, Event, Failure, LegId, ModuleDigest, Stage, Target,
    Task,
};
use hostile::events::{Case, End, case, cases};
use hostile::uploads::{Upload, uploads};
use support::{Guest, RANDOM, RING, Wakes, invocation, runtime, strict};

/// Events of each hostile module, between as many of its neighbour's.
const EVENTS: u64 = 6;

const WORKERS: Workers = Workers {
    threads: 2,
    waiting: 1_000,
    patience: Duration::from_secs(60),
};

/// What deadlines are counted in, as the server has it.
const TICK: Duration = Duration::from_millis(5);

/// Workers as an exchange has them.
struct House {
    runtime: Arc<Runtime>,
    pool: Pool,
    decisions: mpsc::Receiver<(Instant, Decision)>,
}

impl House {
    fn new() -> Self {
        let runtime = Arc::new(runtime());
        let (tell, decisions) = mpsc::channel();
        let pool = Pool::start(runtime.clone(), WORKERS, move |decision| {
            tell.send((Instant::now(), decision)).unwrap();
        })
        .unwrap();
        Self {
            runtime,
            pool,
            decisions,
        }
    }

    /// The next decision. Deadlines move on while there is none.
    fn decision(&self) -> (Instant, Decision) {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            match self.decisions.recv_timeout(TICK) {
                Ok(decision) => return decision,
                Err(RecvTimeoutError::Timeout) if Instant::now() < end => self.runtime.tick(),
                Err(error) => panic!("no decision: {error}"),
            }
        }
    }

    fn load(&self, guest: &Guest<'_>) -> ModuleDigest {
        let inspected = self.runtime.inspect(&guest.core()).unwrap();
        let image = Image::Compiled(&inspected.compiled);
        self.runtime.load(inspected.digest, image).unwrap();
        inspected.digest
    }

    /// Hostile and neighbourly events in turns. The hostile decisions, then the neighbour's with how long each took.
    fn side_by_side(
        &self,
        case: &Case,
        neighbour: ModuleDigest,
    ) -> (Vec<Decision>, Vec<(Duration, Decision)>) {
        let hostile = self.load(&case.guest);
        let mut asked = Vec::new();
        for turn in 0..EVENTS {
            for (number, module) in [(2 * turn, hostile), (2 * turn + 1, neighbour)] {
                let mut event = invocation(module);
                event.ask = AskId(number);
                if module == hostile {
                    event.tenant = "mallory".into();
                    event.limits.fuel = 2_000_000_000;
                    event.limits.deadline = Duration::from_secs(20);
                    if case.name.contains("slow") {
                        (event.limits.fuel, event.limits.deadline) = (u64::MAX, Duration::from_millis(10));
                    } else if case.name.contains("loop") {
                        event.limits.fuel = 1_000_000;
                    }
                    if case.migrates {
                        event.state = Some(Arc::from(&b"old"[..]));
                        event.task = Task::Migrate {
                            from_version: "0.9.0".into(),
                        };
                    }
                } else {
                    // Its own deadline is not at issue here: a busy machine must not fail this test.
                    event.limits.deadline = Duration::from_secs(20);
                }
                self.pool.submit(event).unwrap();
                asked.push(Instant::now());
            }
        }
        self.pool.wake();
        let (mut bad, mut good) = (Vec::new(), Vec::new());
        for _ in 0..2 * EVENTS {
            let (at, decision) = self.decision();
            let number = usize::try_from(decision.ask.0).unwrap();
            if number % 2 == 0 {
                bad.push(decision);
            } else {
                good.push((at.saturating_duration_since(asked[number]), decision));
            }
        }
        (bad, good)
    }
}

/// Answers what it was asked, and nothing else; rings its own leg.
fn neighbour() -> Guest<'static> {
    Guest {
        imports: RING,
        handle: "(call $ring (i64.const 1) (i64.const 7) (i32.const 0x8000)) (call $ok (i32.const 0x100) (i32.const 5))",
        ..Guest::default()
    }
}

#[test]
fn whatever_a_module_does_its_neighbours_get_their_answers() {
    let house = House::new();
    let good = house.load(&neighbour());
    println!(
        "\n{:<34} {:<62} {:>9} {:>12}",
        "hostile", "contained", "µs", "neighbour"
    );
    for case in cases() {
        let (bad, answers) = house.side_by_side(&case, good);
        let slowest = bad.iter().map(|decision| decision.spent.micros).max().unwrap();
        let contained = contained(&case, &bad);
        for (_, decision) in &answers {
            let decided = decision
                .result
                .as_ref()
                .unwrap_or_else(|failure| panic!("{}: {failure}", case.name));
            assert_eq!(decided.state, b"probe", "{}", case.name);
            let ring = Command::Ring {
                tag: 1,
                leg: LegId(7),
            };
            assert_eq!(decided.commands, [ring], "{}", case.name);
        }
        println!(
            "{:<34} {contained:<62.62} {slowest:>9} {:>9}/{EVENTS}",
            case.name,
            answers.len()
        );
    }
}

/// However much a tenant has waiting, and however long its events are, another one's are answered first.
#[test]
fn a_tenant_that_burns_its_fuel_does_not_delay_another_one() {
    const BURNING: u64 = 200;
    const NEIGHBOURLY: u64 = 20;
    let house = House::new();
    let good = house.load(&neighbour());
    let burns = case("", "", "(loop $again (br $again)) (unreachable)", End::Told(b""));
    let bad = house.load(&burns.guest);
    let submit = |ask, tenant: &str, module| {
        let mut event = invocation(module);
        (event.ask, event.tenant) = (AskId(ask), tenant.into());
        (event.limits.fuel, event.limits.deadline) = (10_000_000, Duration::from_secs(20));
        house.pool.submit(event).unwrap();
    };
    (0..BURNING).for_each(|ask| submit(ask, "mallory", bad));
    (BURNING..BURNING + NEIGHBOURLY).for_each(|ask| submit(ask, "acme", good));
    house.pool.wake();
    let mut order = Vec::new();
    for _ in 0..BURNING + NEIGHBOURLY {
        let (_, decision) = house.decision();
        assert_eq!(decision.result.is_ok(), decision.ask.0 >= BURNING);
        order.push(decision.ask.0 >= BURNING);
    }
    let last = order.iter().rposition(|good| *good).unwrap();
    let before = order.iter().take(last).filter(|good| !**good).count();
    assert!(
        before < 100,
        "{before} events of somebody else's were answered before"
    );
}

/// An event that nobody waits for any more is not run.
#[test]
fn who_has_waited_too_long_is_answered_without_being_asked() {
    let (tell, decisions) = mpsc::channel();
    let workers = Workers {
        patience: Duration::ZERO,
        ..WORKERS
    };
    let (runtime, module) = neighbour().loaded();
    let pool = Pool::start(Arc::new(runtime), workers, move |decision| {
        tell.send(decision).unwrap();
    })
    .unwrap();
    pool.submit(invocation(module)).unwrap();
    pool.wake();
    let decision = decisions.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!((decision.result, decision.spent.fuel), (Err(Failure::Overrun), 0));
}

/// How the hostile events ended; all alike, and none left anything to be carried out.
fn contained(case: &Case, decisions: &[Decision]) -> String {
    let mut how = String::new();
    for decision in decisions {
        how = match (&case.end, &decision.result) {
            (End::Fails(reason), Err(failure)) => {
                let text = failure.to_string();
                assert!(text.contains(reason), "{}: {text}", case.name);
                text
            }
            (End::Told(state), Ok(decided)) => {
                assert!(
                    decided.state.starts_with(state),
                    "{}: {:?}",
                    case.name,
                    decided.state
                );
                assert_eq!(decided.commands, [], "{}", case.name);
                "is told no, and nothing is done".to_owned()
            }
            (_, other) => panic!("{}: {other:?}", case.name),
        };
    }
    how
}

/// Fresh instances, seeded randomness, a clock that stands still: whatever it tries, the same event gets the same answer.
#[test]
fn a_module_that_wants_to_answer_otherwise_each_time_cannot() {
    let guest = Guest {
        imports: RANDOM,
        more: "(global $times (mut i64) (i64.const 0))",
        handle: "(global.set $times (i64.add (global.get $times) (i64.const 1)))
                 (i64.store (i32.const 0x8000) (call $random))
                 (i64.store (i32.const 0x8008) (global.get $times))
                 (i64.store (i32.const 0x8010) (i64.load (i32.const 0x9000)))
                 (i64.store (i32.const 0x9000) (i64.const 99))
                 (f64.store (i32.const 0x8018) (f64.div (f64.const 0) (f64.const 0)))
                 (call $ok (i32.const 0x8000) (i32.const 0x20))",
        ..Guest::default()
    };
    let (runtime, module) = guest.loaded();
    let once = runtime.invoke(invocation(module));
    let state = once.result.clone().unwrap().state;
    for _ in 0..20 {
        assert_eq!(runtime.invoke(invocation(module)).result, once.result);
    }
    let mut other = invocation(module);
    other.seed = 2;
    assert_ne!(
        runtime.invoke(other).result.unwrap().state,
        state,
        "the seed alone decides"
    );
}

/// Each is refused before anybody can call it, with what to do, and within what an upload may take.
#[test]
fn uploads_that_mean_harm_are_refused() {
    let runtime = strict();
    println!("\n{:<50} {:>8} {:>8}  refused", "upload", "bytes", "ms");
    for Upload { name, bytes, reason } in uploads() {
        let began = Instant::now();
        let problems = match runtime.inspect(&bytes) {
            Err(problems) => problems,
            Ok(taken) => panic!("{name} was taken: {:?}", taken.manifest),
        };
        let took = began.elapsed().as_millis();
        let told = problems.iter().find(|problem| problem.message.contains(reason));
        let told = told.unwrap_or_else(|| panic!("{name}: {problems:#?}"));
        println!("{name:<50} {:>8} {took:>8}  {:.90}", bytes.len(), told.message);
    }
    let good = support::hunting::build("hunt");
    assert!(
        runtime.inspect(&good).is_ok(),
        "and a good one is taken after all that"
    );
}

/// Dials of dials: what one command may hold is bounded before the exchange sees it.
#[test]
fn a_dial_that_would_ring_the_world_is_told_no() {
    let stages = |count: usize, targets: usize| -> Vec<Stage> {
        let target = || Target::Number("300".into());
        let stage = || Stage {
            targets: (0..targets).map(|_| target()).collect(),
            ring_for: 1_000,
        };
        (0..count).map(|_| stage()).collect()
    };
    for (count, targets) in [(10_000, 1), (1, 10_000), (1_000, 1_000)] {
        let mut event = invocation(ModuleDigest([1; 32]));
        event.task = Task::Handle(Event::Timer(1));
        let mut desk = desk::Desk::new(&event, true);
        let dial = Command::Dial {
            tag: 1,
            caller: Some(LegId(7)),
            stages: stages(count, targets),
            options: DialOptions::default(),
        };
        let refused = desk.queue(dial).unwrap();
        assert!(
            matches!(refused, Err(CommandError::Invalid(_))),
            "{count} stages of {targets}: {refused:?}"
        );
        assert_eq!(desk.clear().1, []);
    }
}
