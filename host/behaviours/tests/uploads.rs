//! What an upload is told.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod support;

use behaviours::{Config, Inspected, Runtime, UploadLimits};
use support::{Guest, LOG, RING, runtime};

fn refusals(result: Result<Inspected, Vec<contract::Problem>>) -> Vec<String> {
    let problems = result.unwrap_err();
    problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn a_good_module_says_what_it_is_and_what_it_imports() {
    let imports = format!("{RING}{LOG}");
    let guest = Guest {
        imports: &imports,
        ..Guest::default()
    };
    let inspected = runtime().inspect(&guest.component()).unwrap();
    assert_eq!(
        (&*inspected.manifest.name, &*inspected.manifest.version),
        ("probe", "1.2.3")
    );
    assert_eq!(inspected.manifest.imports, ["legs", "log"]);
    assert_eq!(inspected.default_settings, r#"{"attempts":3}"#);
    assert_eq!(inspected.default_problems, []);
}

#[test]
fn a_core_module_of_the_sdk_becomes_the_same_component() {
    let runtime = runtime();
    let guest = Guest::default();
    let (core, component) = (guest.core(), guest.component());
    let (core, component) = (
        runtime.inspect(&core).unwrap(),
        runtime.inspect(&component).unwrap(),
    );
    assert_eq!(core.digest, component.digest);
}

#[test]
fn every_unknown_import_is_named_at_once() {
    let component = wat::parse_str(
        r#"(component
             (import "acme:billing/charge@1.0.0" (instance))
             (import "wasi:cli/environment@0.2.0" (instance))
             (import "cordboard:behaviour/legs@2.0.0" (instance)))"#,
    );
    let refusals = refusals(runtime().inspect(&component.unwrap()));
    assert_eq!(refusals.len(), 4, "{refusals:#?}");
    assert!(refusals[0].starts_with("the host does not offer `acme:billing/charge@1.0.0`"));
    assert!(refusals[1].contains("`wasi:cli/environment@0.2.0`: behaviours have no WASI"));
    assert!(refusals[2].contains("only version 0.1.0"));
    assert!(refusals[3].starts_with("it does not export `cordboard:behaviour/guest@0.1.0`"));
}

#[test]
fn an_interface_of_a_later_release_is_not_offered_yet() {
    let guest = Guest {
        imports: r#"(import "cordboard:behaviour/mailboxes@0.1.0" "set-lamp"
                      (func (param i64 i32 i32 i32 i32)))"#,
        ..Guest::default()
    };
    let refusals = refusals(runtime().inspect(&guest.component()));
    assert_eq!(refusals.len(), 1, "{refusals:#?}");
    assert!(refusals[0].starts_with("`cordboard:behaviour/mailboxes` is not offered here yet"));
}

#[test]
fn an_import_of_another_shape_is_a_mismatch() {
    let component = wat::parse_str(
        r#"(component
             (import "cordboard:behaviour/clock@0.1.0" (instance
               (export "now" (func (result string)))))
             (instance $empty)
             (export "cordboard:behaviour/guest@0.1.0" (instance $empty)))"#,
    );
    let refusals = refusals(runtime().inspect(&component.unwrap()));
    assert_eq!(refusals.len(), 1, "{refusals:#?}");
    assert!(refusals[0].starts_with("the component does not fit this host's contract"));
}

#[test]
fn what_is_no_webassembly_is_said_to_be_none() {
    for bytes in [&b""[..], b"<html>", b"\0asm", b"\0asm\x0d\0\x01\0garbage"] {
        let refusals = refusals(runtime().inspect(bytes));
        assert_eq!(refusals.len(), 1, "{refusals:#?}");
    }
}

#[test]
fn sizes_are_judged_before_anything_is_compiled() {
    let upload = UploadLimits {
        functions: 3,
        function_bytes: 40,
        ..UploadLimits::default()
    };
    let strict = Runtime::new(Config {
        instances: 1,
        memory: 4 << 20,
        upload,
        ..Config::default()
    })
    .unwrap();
    let guest = Guest {
        pages: 100,
        ..Guest::default()
    };
    let refusals = refusals(strict.inspect(&guest.component()));
    assert!(
        refusals[0].starts_with("it starts with 6 MiB of memory, 4 MiB"),
        "{refusals:#?}"
    );
    assert!(
        refusals
            .iter()
            .any(|refusal| refusal.starts_with("a function has")),
        "{refusals:#?}"
    );
    assert!(
        refusals
            .iter()
            .any(|refusal| refusal.starts_with("it has more than 3 functions")),
        "{refusals:#?}"
    );

    let small = Runtime::new(Config {
        instances: 1,
        upload: UploadLimits {
            bytes: 100,
            ..UploadLimits::default()
        },
        ..Config::default()
    });
    let refusals = small.unwrap().inspect(&Guest::default().component());
    assert!(refusals.unwrap_err()[0].message.contains("100 are allowed"));
}

#[test]
fn a_describe_that_traps_is_a_problem_and_not_a_crash() {
    let guest = Guest {
        name: "Bad Name",
        ..Guest::default()
    };
    let refusals = refusals(runtime().inspect(&guest.component()));
    assert_eq!(refusals.len(), 1, "{refusals:#?}");
    assert!(refusals[0].starts_with("the manifest's name \"Bad Name\""));
}

/// Found by the test below: packages that name each other made the encoder recurse until the
/// process ended. A module's own description is not read any more.
#[test]
fn what_a_module_says_of_its_world_is_not_believed() {
    let mut core = Guest::default().core();
    let name = b"component-type:evil";
    core.extend([0, (1 + name.len() + 4) as u8, name.len() as u8]);
    core.extend(name);
    core.extend([0xff; 4]);
    let good = runtime().inspect(&Guest::default().core()).unwrap();
    assert_eq!(runtime().inspect(&core).unwrap().digest, good.digest);
}

/// Bytes changed, cut and repeated at random: refused or accepted, never a panic.
#[test]
fn a_mangled_upload_is_judged_like_any_other() {
    let runtime = runtime();
    let guest = Guest::default();
    let originals = [guest.core(), guest.component()];
    let mut random = base::Random::from_seed(99);
    let (mut refused, mut taken) = (0, 0);
    for round in 0..2_000 {
        let mut bytes = originals[round % 2].clone();
        for _ in 0..=random.below(4) {
            mangle(&mut bytes, &mut random);
        }
        match runtime.inspect(&bytes) {
            Ok(_) => taken += 1,
            Err(problems) => {
                assert!(!problems.is_empty());
                let fault = problems
                    .iter()
                    .find(|problem| problem.message.contains("host failed"));
                assert_eq!(fault, None, "round {round}");
                refused += 1;
            }
        }
    }
    assert!(refused > 1_000 && taken > 0, "{refused} refused, {taken} taken");
}

fn mangle(bytes: &mut Vec<u8>, random: &mut base::Random) {
    let at = random.below(bytes.len() as u64) as usize;
    match random.below(4) {
        0 | 1 => bytes[at] = random.next_u32() as u8,
        2 => bytes.truncate(at.max(9)),
        _ => {
            let end = bytes.len().min(at + 20);
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}
