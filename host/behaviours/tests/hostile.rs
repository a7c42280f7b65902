//! Components that mean harm: each is contained, the trace can say how, and a neighbour on the same workers gets every answer.
//!
//! Prints a table. Times are for reading, not for judging: a busy machine is no fault of ours.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use behaviours::{Image, Invoker, Pool, Runtime, Workers};
use contract::{
    AskId, Command, CommandError, Decision, DialOptions, Event, Failure, LegId, ModuleDigest, Stage, Target,
    Task,
};
use support::{Guest, LOG, RANDOM, RING, invocation, runtime, strict};

/// Events of each hostile module, between as many of its neighbour's.
const EVENTS: u64 = 12;

const WORKERS: Workers = Workers {
    threads: 2,
    waiting: 1_000,
    patience: Duration::from_secs(60),
};

/// How an event of a hostile module must end.
enum End {
    /// The event fails; the reason contains this.
    Fails(&'static str),
    /// The module is told no, as a value, and goes on: its state begins so.
    Told(&'static [u8]),
}

struct Case {
    name: &'static str,
    guest: Guest<'static>,
    migrates: bool,
    end: End,
}

fn case(name: &'static str, imports: &'static str, handle: &'static str, end: End) -> Case {
    let guest = Guest {
        imports,
        handle,
        ..Guest::default()
    };
    Case {
        name,
        guest,
        migrates: false,
        end,
    }
}

/// Calls `$ring` for ever.
const RINGS: &str =
    "(loop $again (call $ring (i64.const 1) (i64.const 7) (i32.const 0x8000)) (br $again)) (unreachable)";

fn cases() -> Vec<Case> {
    use End::{Fails, Told};
    let deep = "(func $deeper (param i32) (result i32)
                 (i32.add (i32.const 1) (call $deeper (i32.add (local.get 0) (i32.const 1)))))";
    vec![
        case(
            "endless loop",
            "",
            "(loop $again (br $again)) (unreachable)",
            Fails("used up its fuel"),
        ),
        case(
            "slow work that costs little fuel",
            "",
            "(loop $again (memory.fill (i32.const 0x10000) (i32.const 0) (i32.const 0x30000)) (br $again)) (unreachable)",
            Fails("did not answer in time"),
        ),
        Case {
            guest: Guest {
                more: deep,
                ..case("", "", "(call $deeper (i32.const 0))", Told(b"")).guest
            },
            ..case("endless recursion", "", "", Fails("call stack exhausted"))
        },
        case(
            "memory without end",
            "",
            "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)",
            Fails("more than its 16 MiB of memory"),
        ),
        case(
            "huge state",
            "",
            "(call $ok (i32.const 0) (i32.const 0x10001))",
            Fails("65537 bytes of state"),
        ),
        Case {
            guest: Guest {
                pages: 200,
                ..case("", "", "(call $ok (i32.const 0) (i32.const 0x800000))", Told(b"")).guest
            },
            ..case("enormous state", "", "", Fails("too much data"))
        },
        case(
            "a state outside of its memory",
            "",
            "(call $ok (i32.const 0) (i32.const -1))",
            Fails("trapped"),
        ),
        Case {
            guest: Guest {
                pages: 32,
                ..case(
                    "",
                    LOG,
                    "(call $log (i32.const 1) (i32.const 0) (i32.const 0x100000)) (unreachable)",
                    Told(b""),
                )
                .guest
            },
            ..case("huge strings", "", "", Fails("too much data"))
        },
        case("a million commands", RING, RINGS, Fails("more than 256 commands")),
        case(
            "host calls without end",
            RANDOM,
            "(loop $again (drop (call $random)) (br $again)) (unreachable)",
            Fails("asked more than 2048 questions"),
        ),
        case(
            "a log without end",
            LOG,
            "(loop $again (call $log (i32.const 1) (i32.const 0x100) (i32.const 5)) (br $again)) (unreachable)",
            Fails("called the host more than 16384 times"),
        ),
        case(
            "an id that was never given",
            RING,
            "(call $ring (i64.const 1) (i64.const -1) (i32.const 0x8000)) (call $ok (i32.const 0x8000) (i32.const 24))",
            Told(&[1, 0, 0, 0, 0, 0, 0, 0, 0]),
        ),
        case(
            "another tenant's leg",
            RING,
            "(call $ring (i64.const 1) (i64.const 77) (i32.const 0x8000)) (call $ok (i32.const 0x8000) (i32.const 24))",
            Told(&[1, 0, 0, 0, 0, 0, 0, 0, 0]),
        ),
        case("a trap in handle", "", "(unreachable)", Fails("unreachable")),
        Case {
            guest: Guest {
                migrate: "(unreachable)",
                ..Guest::default()
            },
            migrates: true,
            ..case("a trap in migrate", "", "", Fails("unreachable"))
        },
        Case {
            guest: Guest {
                migrate: "(loop $again (br $again)) (unreachable)",
                ..Guest::default()
            },
            migrates: true,
            ..case("a loop in migrate", "", "", Fails("used up its fuel"))
        },
    ]
}

/// Workers as an exchange has them, with deadlines that move on.
struct House {
    runtime: Arc<Runtime>,
    pool: Pool,
    decisions: mpsc::Receiver<(Instant, Decision)>,
    stop: Arc<AtomicBool>,
    ticker: Option<std::thread::JoinHandle<()>>,
}

impl House {
    fn new() -> Self {
        let runtime = Arc::new(runtime());
        let (tell, decisions) = mpsc::channel();
        let pool = Pool::start(runtime.clone(), WORKERS, move |decision| {
            tell.send((Instant::now(), decision)).unwrap();
        })
        .unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let ticker = std::thread::spawn({
            let (runtime, stop) = (runtime.clone(), stop.clone());
            move || {
                while !stop.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(5));
                    runtime.tick();
                }
            }
        });
        Self {
            runtime,
            pool,
            decisions,
            stop,
            ticker: Some(ticker),
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
            let (at, decision) = self.decisions.recv_timeout(Duration::from_secs(60)).unwrap();
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

impl Drop for House {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.ticker.take().unwrap().join().unwrap();
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
        let (_, decision) = house.decisions.recv_timeout(Duration::from_secs(60)).unwrap();
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
    let grows = "(func (export \"grow\") (result i32) (i32.const 0))".repeat(30_000);
    let branches = format!(
        "(func $many (param i32) (result i32) {} (i32.const 0))",
        "(if (local.get 0) (then (nop)))".repeat(60_000)
    );
    let text = |text: String| wat::parse_str(text).unwrap();
    let core = |guest: Guest<'_>| guest.core();
    let uploads: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "a trap in describe",
            core(Guest {
                describe: "(unreachable)",
                ..Guest::default()
            }),
            "`describe` gave no manifest",
        ),
        (
            "a loop in describe",
            core(Guest {
                describe: "(loop $again (br $again)) (unreachable)",
                ..Guest::default()
            }),
            "`describe` gave no manifest",
        ),
        (
            "a trap in check",
            core(Guest {
                check: "(unreachable)",
                ..Guest::default()
            }),
            "`check` gave no answer",
        ),
        (
            "a describe that lies about its name",
            core(Guest {
                name: "../../etc",
                ..Guest::default()
            }),
            "the manifest's name",
        ),
        (
            "a describe that points elsewhere",
            core(Guest {
                describe: "(i32.store (i32.const 0) (i32.const -16)) (i32.store (i32.const 4) (i32.const -1)) (i32.const 0)",
                ..Guest::default()
            }),
            "`describe` gave no manifest",
        ),
        (
            "a memory bomb in a hundred bytes",
            core(Guest {
                pages: 60_000,
                ..Guest::default()
            }),
            "MiB of memory",
        ),
        (
            "a table bomb",
            core(Guest {
                more: "(table 50000000 funcref)",
                ..Guest::default()
            }),
            "table",
        ),
        (
            "a compile bomb: one function of branches",
            core(Guest {
                more: &branches,
                ..Guest::default()
            }),
            "a function has",
        ),
        (
            "a component within a component, a thousand deep",
            nested(1_000),
            "",
        ),
        (
            "no WebAssembly: a compressed stream",
            vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1],
            "",
        ),
        (
            "no exports of ours",
            text(format!("(module {})", grows.replace("(export \"grow\")", ""))),
            "",
        ),
    ];
    let runtime = strict();
    println!("\n{:<50} {:>8} {:>8}  refused", "upload", "bytes", "ms");
    for (name, bytes, reason) in uploads {
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

/// A component with a component inside, and so on.
fn nested(depth: usize) -> Vec<u8> {
    let mut component = Vec::new();
    for _ in 0..depth {
        let inside = std::mem::replace(&mut component, b"\0asm\x0d\0\x01\0".to_vec());
        if !inside.is_empty() {
            component.push(4);
            let mut length = inside.len();
            while length >= 0x80 {
                component.push((length as u8) | 0x80);
                length >>= 7;
            }
            component.push(length as u8);
            component.extend(inside);
        }
    }
    component
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
