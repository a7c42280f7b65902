//! SIPp caller → subject → SIPp callee, a ladder of rates, one subject after the other in one run.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use super::process::{cpu, memory_kib};
use super::sipp::{self, Step};
use super::subject::{self, Subject};
use crate::run::{cargo, run};
use crate::{guests, setup};

#[derive(Args)]
pub struct Options {
    /// Calls a second, one step each
    #[arg(long, value_delimiter = ',', default_value = "100,200,500,1000")]
    rates: Vec<u64>,
    /// Seconds that a step lasts
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Milliseconds that a call stays up
    #[arg(long, default_value_t = 0)]
    hold: u64,
    /// Only Cordboard, without the yardstick
    #[arg(long)]
    alone: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rates: vec![100, 200, 500, 1_000],
            seconds: 10,
            hold: 0,
            alone: false,
        }
    }
}

struct Row {
    name: &'static str,
    rate: u64,
    step: Step,
    /// Milliseconds of processor time per call.
    cpu: f64,
    memory_kib: u64,
}

pub fn run_load(options: &Options) -> Result<()> {
    setup::tools(&[setup::SIPP], &[])?;
    if !options.alone {
        setup::tools(&[setup::KAMAILIO], &["kamailio-lua-modules"])?;
    }
    guests::build()?;
    run(cargo().args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "cordboard",
        "--bins",
    ]))?;
    let folder = std::env::temp_dir().join(format!("cordboard-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    println!("Logs and scenario data: {}", folder.display());
    let mut rows = Vec::new();
    {
        let subject = subject::cordboard(&folder, 7260, 8260)?;
        climb(&subject, options, &folder, &mut rows)?;
    }
    if !options.alone {
        let subject = subject::kamailio(&folder, "Kamailio, Lua", 7360, None)?;
        climb(&subject, options, &folder, &mut rows)?;
        drop(subject);
        let subject = subject::kamailio(&folder, "Kamailio, Lua, -x fm", 7460, Some("fm"))?;
        climb(&subject, options, &folder, &mut rows)?;
    }
    print(&rows);
    Ok(())
}

fn climb(subject: &Subject, options: &Options, folder: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let callees = sipp::callees(folder)?;
    let numbers = subject::numbers();
    // Not counted: first calls fill caches.
    sipp::call(folder, subject.address, &numbers, 50, 2, 0)?;
    for rate in &options.rates {
        let before = cpu(subject.process.pid())?;
        let step = sipp::call(
            folder,
            subject.address,
            &numbers,
            *rate,
            options.seconds,
            options.hold,
        )?;
        let used = cpu(subject.process.pid())?.saturating_sub(before);
        let row = Row {
            name: subject.name,
            rate: *rate,
            cpu: used.as_secs_f64() * 1_000.0 / step.calls as f64,
            memory_kib: memory_kib(subject.process.pid()),
            step,
        };
        println!("{}", line(&row));
        rows.push(row);
    }
    drop(callees);
    Ok(())
}

fn line(row: &Row) -> String {
    format!(
        "{:<28} {:>6}/s {:>7} calls {:>6} failed  set-up p50 {:>6.1} p95 {:>6.1} p99 {:>7.1} ms  cpu {:>6.3} ms/call  {:>7} KiB  {:>5.1} s",
        row.name,
        row.rate,
        row.step.calls,
        row.step.failed,
        row.step.p50,
        row.step.p95,
        row.step.p99,
        row.cpu,
        row.memory_kib,
        row.step.took.as_secs_f64(),
    )
}

fn print(rows: &[Row]) {
    println!("\nProcessor time per call, as a ratio to Cordboard's at the same rate:");
    for row in rows {
        let ours = rows
            .iter()
            .find(|other| other.rate == row.rate && other.name.starts_with("Cordboard"));
        if let Some(ours) = ours {
            println!(
                "  {:<28} {:>6}/s  {:>5.2}",
                row.name,
                row.rate,
                row.cpu / ours.cpu
            );
        }
    }
}
