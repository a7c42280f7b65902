//! Guests that misbehave when they are woken.

use crate::guest::{Guest, LOG, RANDOM, RING};

/// How an event of a hostile module must end.
pub enum End {
    /// The event fails; the reason contains this.
    Fails(&'static str),
    /// The module is told no, as a value, and goes on: its state begins so.
    Told(&'static [u8]),
}

pub struct Case {
    pub name: &'static str,
    pub guest: Guest<'static>,
    /// It is `migrate` that misbehaves.
    pub migrates: bool,
    pub end: End,
}

pub fn case(name: &'static str, imports: &'static str, handle: &'static str, end: End) -> Case {
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
    "(loop $again (call $ring (i64.const 1) LEG (i32.const 0x8000)) (br $again)) (unreachable)";

/// All of them.
pub fn cases() -> Vec<Case> {
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
