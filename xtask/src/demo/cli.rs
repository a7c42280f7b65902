//! The command line, as somebody at a terminal uses it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use client::Server;

/// The command line, as operator of the demo's exchange.
pub struct Cli {
    binary: PathBuf,
    url: String,
    pub token: PathBuf,
}

impl Cli {
    pub fn of(server: &Server, binary: &Path) -> Self {
        Self {
            binary: binary.to_owned(),
            url: format!("http://{}", server.api),
            token: server.folder.join("data").join("operator.token"),
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(words)
            .env("CORDBOARD_URL", &self.url)
            .env("CORDBOARD_TOKEN_FILE", &self.token)
            .env("CORDBOARD_TENANT", "demo");
        command
    }

    /// What it prints, and how it ends.
    pub fn read(&self, words: &[&str]) -> Result<Output> {
        let output = self.command(words).output();
        output.with_context(|| format!("cannot start {}", self.binary.display()))
    }

    /// What it prints goes to the terminal.
    pub fn run(&self, words: &[&str]) -> Result<()> {
        let status = self
            .command(words)
            .status()
            .with_context(|| format!("cannot start {}", self.binary.display()))?;
        if !status.success() {
            bail!("`cordboard {}` failed ({status})", words.join(" "));
        }
        Ok(())
    }

    /// How to go on from another terminal.
    pub fn tell(&self) {
        println!("Serving until Ctrl-C. To look inside from another terminal:\n");
        println!("  export CORDBOARD_URL={} CORDBOARD_TENANT=demo", self.url);
        println!("  export CORDBOARD_TOKEN_FILE={}", self.token.display());
        println!("  {} call list\n", self.binary.display());
    }
}
