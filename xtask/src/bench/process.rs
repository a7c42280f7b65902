//! What a process and its children have used.

use std::fs;
use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result};

/// Processor time of a process and its living children, from /proc.
pub fn cpu(pid: u32) -> Result<Duration> {
    let mut total = own_cpu(pid)?;
    let children = format!("/proc/{pid}/task/{pid}/children");
    for child in fs::read_to_string(children)
        .unwrap_or_default()
        .split_whitespace()
    {
        total += cpu(child.parse()?)?;
    }
    Ok(total)
}

fn own_cpu(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // The name, in parentheses, may hold spaces.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<u64>().ok())
            .unwrap_or_default()
    };
    // Fields 14 and 15 of proc(5), counted from the one behind the name. 100 ticks a second on Linux.
    Ok(Duration::from_millis((ticks(11) + ticks(12)) * 10))
}

/// Resident memory in KiB.
pub fn memory_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1))
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

/// A process that ends when this value does.
pub struct Running(pub Child);

impl Running {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let asked = std::process::Command::new("kill")
            .arg(self.0.id().to_string())
            .status();
        if !asked.is_ok_and(|status| status.success()) {
            drop(self.0.kill());
        }
        drop(self.0.wait());
    }
}
