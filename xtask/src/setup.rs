//! What a machine with nothing but rustup still lacks.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{read, run};

const WASM: &str = "wasm32-unknown-unknown";

/// Makes sure that Rust can build for Wasm.
pub fn wasm_target() -> Result<()> {
    let installed = read(Command::new("rustc").args(["--print", "target-libdir", "--target", WASM]))?;
    if Path::new(installed.trim()).is_dir() {
        return Ok(());
    }
    run(Command::new("rustup").args(["target", "add", WASM]))
        .with_context(|| format!("the Rust target {WASM} is missing; `rustup target add {WASM}` installs it"))
}

/// A program that tests or benches need, and the Debian package that has it.
pub struct Tool {
    pub program: &'static str,
    pub package: &'static str,
}

pub const SIPP: Tool = Tool {
    program: "sipp",
    package: "sip-tester",
};
pub const BARESIP: Tool = Tool {
    program: "baresip",
    package: "baresip",
};
pub const LINPHONE: Tool = Tool {
    program: "linphonec",
    package: "linphone-cli",
};
pub const KAMAILIO: Tool = Tool {
    program: "kamailio",
    package: "kamailio",
};
pub const SOX: Tool = Tool {
    program: "sox",
    package: "sox",
};

/// Makes sure that the programs are there; installs their packages when allowed to.
pub fn tools(tools: &[Tool], more_packages: &[&str]) -> Result<()> {
    let mut packages: Vec<&str> = tools
        .iter()
        .filter(|tool| !on_path(tool.program))
        .map(|tool| tool.package)
        .collect();
    packages.extend(
        more_packages
            .iter()
            .copied()
            .filter(|package| !is_installed(package)),
    );
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    let fix = format!("install them with `sudo apt-get install {list}`");
    if !on_path("apt-get") {
        bail!(
            "missing programs from the Debian packages {list}; this is no Debian or Ubuntu: {fix} or your system's equivalent"
        );
    }
    apt(&["update"]).with_context(|| format!("missing packages {list}; {fix}"))?;
    let mut words = vec!["install", "--yes", "--no-install-recommends"];
    words.extend(&packages);
    apt(&words).with_context(|| format!("missing packages {list}; {fix}"))
}

fn apt(words: &[&str]) -> Result<()> {
    let is_root = read(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command = if is_root {
        Command::new("apt-get")
    } else {
        let mut command = Command::new("sudo");
        command.args(["--non-interactive", "apt-get"]);
        command
    };
    run(command.args(words).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn on_path(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths)
        .chain(["/usr/sbin".into()])
        .any(|folder| folder.join(program).is_file())
}

fn is_installed(package: &str) -> bool {
    Command::new("dpkg")
        .args(["-s", package])
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("Status: install ok installed"))
}
