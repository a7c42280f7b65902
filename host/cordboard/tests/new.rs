//! What `cordboard new` makes builds, passes its tests and is fit to be uploaded, as it is.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::path::Path;
use std::process::Command;

use behaviours::{Config, Runtime};
use contract::SessionScope;

#[test]
fn a_new_script_is_ready_to_be_uploaded() {
    ready(
        "front-door",
        "--script",
        SessionScope::PerCall,
        &["audio", "dialling", "explain", "legs"],
    );
}

#[test]
fn a_new_keyed_behaviour_is_ready_to_be_uploaded() {
    ready(
        "night-desk",
        "--keyed",
        SessionScope::PerNumber,
        &["audio", "dialling", "explain", "legs"],
    );
}

fn ready(name: &str, kind: &str, scope: SessionScope, permissions: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let clone = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut new = Command::new(env!("CARGO_BIN_EXE_cordboard"));
    passes(
        new.current_dir(&folder)
            .args(["new", name, kind, "--sdk"])
            .arg(clone),
    );

    let project = folder.path().join(name);
    passes(cargo(&project).args(["test", "--quiet"]));
    passes(cargo(&project).args(["module", "--quiet"]));
    let module = format!("wasm32-unknown-unknown/release/{}.wasm", name.replace('-', "_"));
    let module = std::fs::read(Path::new(BUILT).join(module)).unwrap();
    let runtime = Runtime::new(Config {
        instances: 1,
        ..Config::default()
    });
    let inspected = runtime.unwrap().inspect(&module).unwrap();
    assert_eq!(
        (inspected.manifest.name.as_str(), inspected.manifest.scope),
        (name, scope)
    );
    assert_eq!(inspected.manifest.imports, permissions);
    assert_eq!(inspected.default_problems, []);
}

/// Kept from run to run, and shared by both kinds: the libraries are built once.
const BUILT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/new");

fn cargo(project: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(project).env("CARGO_TARGET_DIR", BUILT);
    cargo
}

fn passes(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {said}{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
