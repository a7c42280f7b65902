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

/// Resident memory of a process.
pub struct Memory {
    pub resident_kib: u64,
    /// What is not pages of files.
    pub anonymous_kib: u64,
}

/// What a process takes of memory now, from /proc.
pub fn memory(pid: u32) -> Result<Memory> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1))
            .and_then(|text| text.parse().ok())
            .unwrap_or_default()
    };
    Ok(Memory {
        resident_kib: field("VmRSS:"),
        anonymous_kib: field("RssAnon:"),
    })
}

/// Resident memory in KiB; 0 when the process is gone.
pub fn memory_kib(pid: u32) -> u64 {
    memory(pid).map_or(0, |memory| memory.resident_kib)
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
