//! What a call costs while others are up. Anchored, each of those has its media ports, four sockets, and hears nothing: the exchange
//! ends it after two minutes of silence, so all steps together have to be quicker than that. With direct sound it has neither.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use super::load::{AFTERWARDS, built, prepare};
use super::process::cpu;
use super::sipp;
use super::subject::{self, Media, Scale, Subject};
use super::table::{self, median};

/// Calls a second while those that stay up are made.
const RISE: u64 = 150;

/// How long the slowest machine may take for the calls that stay up.
const PATIENCE: Duration = Duration::from_secs(90);

#[derive(Args)]
pub struct Options {
    /// Calls that are up while others come and go; one step each, rising
    #[arg(long, value_delimiter = ',', default_value = "100,1000,4000")]
    up: Vec<u64>,
    /// Calls a second that come and go
    #[arg(long, default_value_t = 200)]
    rate: u64,
    /// Seconds that a turn lasts
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Turns of each step; the table shows medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The build of `cordboard` to measure, instead of making one
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Which way sound goes; for ten thousand calls a process may lack descriptors unless it is `direct`
    #[arg(long, value_enum, default_value = "anchored")]
    media: Media,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            up: vec![100, 1_000, 4_000],
            rate: 200,
            seconds: 6,
            rounds: 3,
            binary: None,
            media: Media::Anchored,
        }
    }
}

pub fn run_held(options: &Options) -> Result<()> {
    let folder = prepare(true, options.binary.is_none())?;
    let port = client::ports::free(1)?;
    let ours = options.binary.clone().unwrap_or_else(built);
    let most = options.up.iter().copied().max().unwrap_or_default();
    let scale = Scale {
        // Some room beside the calls that stay up.
        lines: usize::try_from(most / 16)?.clamp(subject::LINES, 999),
        media: options.media,
    };
    let subject = subject::cordboard(&folder, "Cordboard", &ours, 3, port, scale)?;
    let _callees = sipp::callees(&folder, port)?;
    let numbers = subject::numbers(scale.lines);
    // Not counted: first calls fill caches and the pool of sockets.
    sipp::call(&folder, subject.address, &numbers, options.rate, 5, 0)?;
    std::thread::sleep(AFTERWARDS);
    let mut holders = Vec::new();
    let mut rows = Vec::new();
    let mut up = 0;
    for wanted in &options.up {
        if *wanted > up {
            let more = *wanted - up;
            holders.push(sipp::hold(&folder, subject.address, &numbers, RISE, more)?);
            up = *wanted;
            wait_until_up(&subject, up)?;
        }
        let mut turns = Vec::new();
        let mut failed = 0;
        for _ in 0..options.rounds {
            let before = cpu(subject.pid())?;
            let step = sipp::call(
                &folder,
                subject.address,
                &numbers,
                options.rate,
                options.seconds,
                0,
            )?;
            std::thread::sleep(AFTERWARDS);
            let used = cpu(subject.pid())?.saturating_sub(before);
            turns.push(used.as_secs_f64() * 1_000.0 / step.calls as f64);
            failed += step.failed;
        }
        let row = vec![
            up.to_string(),
            options.rate.to_string(),
            failed.to_string(),
            format!("{:.3}", median(turns)),
        ];
        eprintln!("{}", row.join("  "));
        rows.push(row);
    }
    let head = ["calls up", "calls/s", "failed", "CPU ms/call"];
    println!("\n{}", table::markdown(&head, rows));
    Ok(())
}

fn wait_until_up(subject: &Subject, wanted: u64) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let up = subject.calls()?;
        if up >= wanted {
            // What they leave to write is not counted with the calls of the next turn.
            std::thread::sleep(AFTERWARDS);
            return Ok(());
        }
        if Instant::now() > end {
            bail!("{wanted} calls could not be made: {up} are up");
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
