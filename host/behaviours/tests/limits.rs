//! What a guest may cost, and that nothing of a failed event is carried out.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod support;

use behaviours::Invoker;
use contract::{Command, Failure, LegId, LogLevel};
use support::{Guest, LOG, RANDOM, RING, Wakes, invocation};

#[test]
fn an_endless_loop_runs_out_of_fuel() {
    let guest = Guest {
        handle: "(loop $again (br $again)) (unreachable)",
        ..Guest::default()
    };
    let decision = guest.wake(|invocation| invocation.limits.fuel = 1_000_000);
    assert_eq!(decision.result, Err(Failure::OutOfFuel));
    assert!(decision.spent.fuel >= 1_000_000);
}

/// Fuel counts a fill as one instruction, however long it is: the deadline catches it.
#[test]
fn slow_work_that_costs_little_fuel_overruns_its_deadline() {
    let guest = Guest {
        handle: "(loop $again
                   (memory.fill (i32.const 0x10000) (i32.const 0) (i32.const 0x30000))
                   (br $again))
                 (unreachable)",
        ..Guest::default()
    };
    let (runtime, module) = guest.loaded();
    let mut invocation = invocation(module);
    invocation.limits.fuel = u64::MAX;
    let decision = std::thread::scope(|scope| {
        let guest = scope.spawn(|| runtime.invoke(invocation));
        // Ticks as fast as they come: a deadline is so many of them, then patience with a busy processor is.
        while !guest.is_finished() {
            runtime.tick();
        }
        guest.join().unwrap()
    });
    assert_eq!(decision.result, Err(Failure::Overrun));
}

#[test]
fn memory_over_the_cap_is_refused_and_the_trap_says_so() {
    let guest = Guest {
        handle: "(loop $again
                   (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
                 (unreachable)",
        ..Guest::default()
    };
    let decision = guest.wake(|_| {});
    let Err(Failure::Trapped(reason)) = decision.result else {
        unreachable!("{:?}", decision.result)
    };
    assert!(reason.contains("in handle"), "{reason}");
    assert!(reason.ends_with("more than its 16 MiB of memory"), "{reason}");
}

#[test]
fn a_trap_drops_the_commands_and_keeps_the_log() {
    let imports = format!("{LOG}{RING}");
    let guest = Guest {
        imports: &imports,
        handle: "(call $ring (i64.const 1) (i64.const 7) (i32.const 0x8000))
                 (call $log (i32.const 2) (i32.const 0x100) (i32.const 5))
                 (unreachable)",
        ..Guest::default()
    };
    let decision = guest.wake(|_| {});
    assert!(matches!(decision.result, Err(Failure::Trapped(_))));
    assert_eq!(decision.record.log.len(), 1);
    assert_eq!(decision.record.log[0].level, LogLevel::Warn);
    assert_eq!(decision.record.log[0].line, "probe");
}

#[test]
fn a_command_waits_until_the_guest_returns() {
    let guest = Guest {
        imports: RING,
        handle: "(call $ring (i64.const 1) (i64.const 7) (i32.const 0x8000))
                 (call $ok (i32.const 0x100) (i32.const 5))",
        ..Guest::default()
    };
    let decided = guest.wake(|_| {}).result.unwrap();
    assert_eq!(decided.state, b"probe");
    let ring = Command::Ring {
        tag: 1,
        leg: LegId(7),
    };
    assert_eq!(decided.commands, [ring]);
}

/// The guest sees `unknown-leg` as a value: case 0 within error case 1.
#[test]
fn a_leg_that_is_not_held_is_refused_at_once() {
    let guest = Guest {
        imports: RING,
        handle: "(call $ring (i64.const 1) (i64.const 8) (i32.const 0x8000))
                 (call $ok (i32.const 0x8000) (i32.const 24))",
        ..Guest::default()
    };
    let decided = guest.wake(|_| {}).result.unwrap();
    assert_eq!((decided.state[0], decided.state[8], decided.state[16]), (1, 0, 8));
    assert_eq!(decided.commands, []);
}

const RINGS: &str = "(local $left i32)
    (local.set $left (i32.const COUNT))
    (loop $again
      (call $ring (i64.const 1) (i64.const 7) (i32.const 0x8000))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (call $ok (i32.const 0x8000) (i32.const 24))";

#[test]
fn over_the_quota_commands_are_refused_but_the_event_goes_on() {
    let guest = Guest {
        imports: RING,
        handle: &RINGS.replace("COUNT", "300"),
        ..Guest::default()
    };
    let decided = guest.wake(|_| {}).result.unwrap();
    assert_eq!(decided.commands.len(), 256);
    assert_eq!((decided.state[0], decided.state[8]), (1, 2), "too-many-commands");
}

#[test]
fn a_million_commands_end_the_event() {
    let guest = Guest {
        imports: RING,
        handle: &RINGS.replace("COUNT", "1000000"),
        ..Guest::default()
    };
    let decision = guest.wake(|_| {});
    assert_eq!(decision.result, Err(Failure::TooManyCommands { limit: 256 }));
}

#[test]
fn a_million_questions_end_the_event() {
    let guest = Guest {
        imports: RANDOM,
        handle: "(loop $again (drop (call $random)) (br $again)) (unreachable)",
        ..Guest::default()
    };
    let decision = guest.wake(|_| {});
    let Err(Failure::Trapped(reason)) = decision.result else {
        unreachable!("{:?}", decision.result)
    };
    assert!(reason.starts_with("asked more than 2048 questions"), "{reason}");
    assert_eq!(decision.record.queries.len(), 2_048);
}

#[test]
fn a_flooded_log_is_cut_and_counted() {
    let guest = Guest {
        imports: LOG,
        handle: "(local $left i32)
            (local.set $left (i32.const 100))
            (loop $again
              (call $log (i32.const 1) (i32.const 0x8000) (i32.const 2000))
              (local.set $left (i32.sub (local.get $left) (i32.const 1)))
              (br_if $again (local.get $left)))
            (call $ok (i32.const 0) (i32.const 0))",
        ..Guest::default()
    };
    let decision = guest.wake(|_| {});
    assert!(decision.result.is_ok());
    assert_eq!(decision.record.log.len(), 64);
    assert!(decision.record.log.iter().all(|line| line.line.len() == 1_024));
    assert_eq!(decision.record.cut, 100);
}

#[test]
fn a_log_that_never_ends_ends_the_event() {
    let guest = Guest {
        imports: LOG,
        handle: "(loop $again (call $log (i32.const 1) (i32.const 0x100) (i32.const 5)) (br $again)) (unreachable)",
        ..Guest::default()
    };
    let decision = guest.wake(|_| {});
    let Err(Failure::Trapped(reason)) = decision.result else {
        unreachable!("{:?}", decision.result)
    };
    assert!(
        reason.starts_with("called the host more than 16384 times"),
        "{reason}"
    );
    assert_eq!(decision.record.cut, 16_384 - 64);
}

#[test]
fn one_enormous_argument_ends_the_event() {
    let guest = Guest {
        imports: LOG,
        handle: "(call $log (i32.const 1) (i32.const 0) (i32.const 0x100000))
                 (call $ok (i32.const 0) (i32.const 0))",
        pages: 32,
        ..Guest::default()
    };
    let decision = guest.wake(|_| {});
    assert!(matches!(decision.result, Err(Failure::Trapped(_))));
}

#[test]
fn endless_recursion_traps_by_name() {
    let guest = Guest {
        more: "(func $deeper (param i32) (result i32)
                 (i32.add (i32.const 1) (call $deeper (i32.add (local.get 0) (i32.const 1)))))",
        handle: "(call $deeper (i32.const 0))",
        ..Guest::default()
    };
    let decision = guest.wake(|_| {});
    let Err(Failure::Trapped(reason)) = decision.result else {
        unreachable!("{:?}", decision.result)
    };
    assert!(reason.contains("stack"), "{reason}");
    assert!(reason.contains("in deeper < deeper"), "{reason}");
}

#[test]
fn a_state_over_the_cap_is_a_failure() {
    let guest = Guest {
        handle: "(call $ok (i32.const 0) (i32.const 0x10001))",
        ..Guest::default()
    };
    let decision = guest.wake(|_| {});
    let (size, limit) = (65_537, 65_536);
    assert_eq!(decision.result, Err(Failure::StateTooLarge { size, limit }));

    let guest = Guest {
        handle: "(call $ok (i32.const 0) (i32.const 0x800000))",
        pages: 200,
        ..Guest::default()
    };
    let decision = guest.wake(|_| {});
    let Err(Failure::Trapped(reason)) = decision.result else {
        unreachable!("{:?}", decision.result)
    };
    assert!(reason.starts_with("too much data"), "{reason}");
}

#[test]
fn a_refusal_carries_its_reason() {
    let guest = Guest {
        handle: "(call $refuse (i32.const 0x190) (i32.const 10))",
        ..Guest::default()
    };
    let decision = guest.wake(|_| {});
    assert_eq!(decision.result, Err(Failure::Refused("For tests.".into())));
}
