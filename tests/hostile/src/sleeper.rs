//! Hostile guests that get past an upload's dry run: tame until somebody changes their settings.

use crate::guest::Guest;

/// Settings with which a sleeper rejects its calls, and those that wake it.
pub const TAME: &str = r#"{"attempts":3}"#;
pub const AWAKE: &str = r#"{"attempts":333333333}"#;

const REJECT: &str =
    r#"(import "cordboard:behaviour/legs@0.1.0" "reject" (func $reject (param i64 i64 i32 i32)))"#;

/// The guest's module with `handle` behind a look at the settings. `build` makes it one of its own.
pub fn sleeper(guest: &Guest<'_>, build: u32) -> Vec<u8> {
    // Pointer and length of the session's settings are its last words (+24, +28); the offer's leg follows the event's case.
    let handle = format!(
        "(if (i32.lt_u (i32.load offset=28 (local.get $args)) (i32.const 20)) (then
           (call $reject (i64.const 1) LEG (i32.const 1) (i32.const 0x8000))
           (return (call $ok (i32.const 0) (i32.const 0)))))
         {}",
        guest.handle
    );
    let imports = format!("{REJECT}\n{}", guest.imports);
    let more = format!("{}\n(global $build i32 (i32.const {build}))", guest.more);
    let woken = Guest {
        imports: &imports,
        handle: &handle,
        more: &more,
        leg: "(i64.load offset=56 (local.get $args))",
        ..*guest
    };
    woken.core()
}
