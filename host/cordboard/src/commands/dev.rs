//! `cordboard dev`: from a saved file to the developer's own phone.
//!
//! ```text
//!  a file changes ─▶ build ─▶ test ─▶ upload ─▶ candidate for one phone ─▶ the phone's calls are told as they happen
//!        ▲───────────── wait ◀── what is wrong, in the words of the tool that found it
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use super::client::{Connection, segment};
use super::tenant::Tenant;

/// Between two looks at the files, and between two attempts to listen.
const LOOK: Duration = Duration::from_millis(300);
const AGAIN: Duration = Duration::from_secs(2);

/// Of the project's folder, what no module is made of.
const PASSED_OVER: [&str; 2] = ["target", ".git"];

#[derive(Args)]
#[command(
    after_help = "Example:\n  cordboard new reception && cd reception\n  cordboard dev --behaviour door --phone 201"
)]
pub struct Dev {
    /// The project's folder, as `cordboard new` makes it
    #[arg(default_value = ".")]
    project: PathBuf,
    #[command(flatten)]
    tenant: Tenant,
    /// The behaviour whose candidate it becomes; made when there is none
    #[arg(long)]
    behaviour: String,
    /// The line or number whose calls it gets; all others stay with the active version
    #[arg(long)]
    phone: String,
    /// Leave the project's own tests out
    #[arg(long)]
    no_test: bool,
    /// Build, test and try once, then end
    #[arg(long)]
    once: bool,
}

pub fn run(connection: &Connection, dev: &Dev) -> Result<()> {
    let tenant = dev.tenant.path()?;
    if dev.once {
        return round(connection, dev, &tenant);
    }
    let (listener, path, phone) = (connection.clone(), format!("{tenant}/events"), dev.phone.clone());
    std::thread::spawn(move || listen(&listener, &path, &phone));
    loop {
        let before = newest(&dev.project)?;
        if let Err(error) = round(connection, dev, &tenant) {
            println!("✗ {error:#}");
        }
        println!("… waiting for a change in {}", dev.project.display());
        while newest(&dev.project)? <= before {
            std::thread::sleep(LOOK);
        }
    }
}

/// From the source to the phone, once.
fn round(connection: &Connection, dev: &Dev, tenant: &str) -> Result<()> {
    println!("… building");
    let module = build(&dev.project)?;
    if !dev.no_test {
        println!("… testing");
        test(&dev.project)?;
    }
    let bytes = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let uploaded = connection.upload(&format!("{tenant}/modules"), "application/wasm", &bytes)?;
    let digest = uploaded["digest"].as_str().unwrap_or_default().to_owned();
    let version = uploaded
        .pointer("/manifest/version")
        .and_then(Value::as_str)
        .unwrap_or_default();
    println!(
        "✓ {version} ({:.12}): {}",
        digest,
        try_out(connection, dev, tenant, &digest)?
    );
    Ok(())
}

/// Gives the phone's calls to the module.
fn try_out(connection: &Connection, dev: &Dev, tenant: &str, digest: &str) -> Result<String> {
    let path = format!("{tenant}/behaviours/{}", segment(&dev.behaviour)?);
    let Some(known) = connection.find(&path)? else {
        connection.put(&path, &json!({ "module": digest }))?;
        return Ok(format!(
            "is behaviour `{0}` now; bind it: cordboard number set 300 name=… 'behaviours=[{{\"behaviour\":\"{0}\"}}]'",
            dev.behaviour
        ));
    };
    if known.pointer("/document/active").and_then(Value::as_str) == Some(digest) {
        return Ok("is the active version already".to_owned());
    }
    let body = json!({ "module": digest, "callers": [dev.phone], "why": "cordboard dev" });
    connection.put(&format!("{path}/candidate"), &body)?;
    Ok(format!("calls from {} go through it", dev.phone))
}

/// Builds the module; where it is.
fn build(project: &Path) -> Result<PathBuf> {
    if is_made(project) {
        make(project, &[])?;
        return made(project);
    }
    let output = Command::new("cargo")
        .args(["build", "--release", "--target", "wasm32-unknown-unknown"])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(project)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("it does not build");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    artifact(&messages).context("the build made no WebAssembly module: its crate type has to be `cdylib`")
}

/// The last module that cargo says it made: the project's own comes after what it depends on.
fn artifact(messages: &str) -> Option<PathBuf> {
    let made = |line: &str| -> Option<PathBuf> {
        let message: Value = serde_json::from_str(line).ok()?;
        let files = message.get("filenames")?.as_array()?;
        let mut modules = files
            .iter()
            .filter_map(Value::as_str)
            .filter(|name| name.ends_with(".wasm"));
        modules.next().map(PathBuf::from)
    };
    messages.lines().filter_map(made).next_back()
}

fn test(project: &Path) -> Result<()> {
    if is_made(project) {
        return make(project, &["test"]).context("its test fails");
    }
    let status = Command::new("cargo")
        .args(["test", "--quiet"])
        .current_dir(project)
        .status()
        .context("cannot run cargo")?;
    if status.success() {
        Ok(())
    } else {
        bail!("its tests fail")
    }
}

/// Projects in other languages than Rust have a Makefile.
fn is_made(project: &Path) -> bool {
    !project.join("Cargo.toml").exists() && project.join("Makefile").exists()
}

fn make(project: &Path, what: &[&str]) -> Result<()> {
    let mut command = Command::new("make");
    command.arg("--silent").args(what).current_dir(project);
    if let Ok(program) = std::env::current_exe() {
        command.env("CORDBOARD", program);
    }
    if command.status().context("cannot run make")?.success() {
        Ok(())
    } else {
        bail!("it does not build")
    }
}

/// The module that was made: the newest of the folder.
fn made(project: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(project).with_context(|| format!("cannot read {}", project.display()))?;
    let modules = entries.flatten().map(|entry| entry.path());
    let modules = modules.filter(|path| path.extension().is_some_and(|it| it == "wasm"));
    let newest = modules.max_by_key(|path| path.metadata().and_then(|about| about.modified()).ok());
    newest.context("the build made no WebAssembly module in the project's folder")
}

/// When the project was changed last.
fn newest(project: &Path) -> Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    let mut folders = vec![project.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries.flatten() {
            let passed_over = PASSED_OVER.iter().any(|name| entry.file_name() == *name);
            let Ok(about) = entry.metadata() else { continue };
            let is_product = entry.path().extension().is_some_and(|it| it == "wasm");
            if passed_over || is_product || entry.file_name() == "Cargo.lock" {
                continue;
            }
            if about.is_dir() {
                folders.push(entry.path());
            } else if let Ok(changed) = about.modified() {
                newest = newest.max(changed);
            }
        }
    }
    Ok(newest)
}

/// Tells what the phone's calls do, for as long as the program runs.
fn listen(connection: &Connection, path: &str, phone: &str) {
    let mut calls = BTreeSet::new();
    loop {
        let ended = connection.watch(path, &mut |kind, step| {
            if let Some(line) = tell(&mut calls, phone, kind, &step) {
                println!("{line}");
            }
            Ok(true)
        });
        if let Err(error) = ended {
            println!("✗ the exchange's events cannot be heard: {error:#}");
        }
        std::thread::sleep(AGAIN);
    }
}

/// A step of one of the phone's calls.
fn tell(calls: &mut BTreeSet<u64>, phone: &str, kind: &str, step: &Value) -> Option<String> {
    let call = step.get("call").and_then(Value::as_u64)?;
    if kind == "call-started" && step.pointer("/detail/caller").and_then(Value::as_str) == Some(phone) {
        calls.insert(call);
    }
    if !calls.contains(&call) {
        return None;
    }
    if kind == "call-ended" {
        calls.remove(&call);
    }
    let text = step.get("text").and_then(Value::as_str).unwrap_or_default();
    Some(format!("  call {call}  {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_phones_own_calls_are_told() {
        let mut calls = BTreeSet::new();
        let mut told = |kind: &str, call: u64, caller: &str| {
            let step = json!({ "call": call, "text": kind, "detail": { "caller": caller } });
            tell(&mut calls, "201", kind, &step)
        };
        assert_eq!(
            told("call-started", 1, "201").as_deref(),
            Some("  call 1  call-started")
        );
        assert_eq!(told("call-started", 2, "202"), None);
        assert_eq!(told("decided", 2, ""), None);
        assert!(told("decided", 1, "").is_some());
        assert!(told("call-ended", 1, "").is_some());
        assert_eq!(told("leg-ended", 1, ""), None, "it is over");
    }

    #[test]
    fn the_module_is_the_last_that_cargo_made() {
        let messages = "{\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/libserde.rlib\"]}\nnoise\n\
                        {\"filenames\":[\"/t/door.wasm\",\"/t/libdoor.rlib\"]}\n{\"reason\":\"build-finished\"}";
        assert_eq!(artifact(messages), Some(PathBuf::from("/t/door.wasm")));
        assert_eq!(artifact(""), None);
    }

    #[test]
    fn a_change_is_seen_and_what_cargo_writes_is_not() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("src")).unwrap();
        fs::create_dir_all(at("target")).unwrap();
        fs::write(at("src/lib.rs"), "").unwrap();
        let before = newest(folder.path()).unwrap();
        let later = before + Duration::from_secs(5);
        for path in ["target/out", "Cargo.lock"] {
            fs::File::create(at(path)).unwrap().set_modified(later).unwrap();
            assert_eq!(newest(folder.path()).unwrap(), before, "{path}");
        }
        fs::File::create(at("src/new.rs"))
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert_eq!(newest(folder.path()).unwrap(), later);
    }
}
