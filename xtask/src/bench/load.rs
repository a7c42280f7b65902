//! SIPp caller → subject → SIPp callee: a ladder of rates. At each rate the subjects take turns, several rounds, so that
//! whatever else the machine does meets all of them; the table shows medians.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::process::{cpu, memory_kib};
use super::sipp::{self, Step};
use super::subject::{self, Media, Scale, Subject};
use super::table::{self, median};
use crate::run::{cargo, run, target_dir};
use crate::{guests, setup};

/// What a subject does for calls after their end (records, traces) is counted too.
pub const AFTERWARDS: Duration = Duration::from_millis(2_500);

#[derive(Args)]
pub struct Options {
    /// Calls a second, one step each; the ladder ends where a subject fails calls or falls behind
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "100,200,500,1000,1500,2000,3000"
    )]
    rates: Vec<u64>,
    /// Seconds that a step lasts
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Turns that each subject takes at each rate
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Milliseconds that a call stays up
    #[arg(long, default_value_t = 0)]
    hold: u64,
    /// Only Cordboard, without the yardstick
    #[arg(long)]
    alone: bool,
    /// The build of `cordboard` to measure, instead of making one
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Other builds of `cordboard` to compare with
    #[arg(long, value_delimiter = ',')]
    against: Vec<PathBuf>,
    /// Which way sound goes; with both, they take turns
    #[arg(long, value_enum, value_delimiter = ',', default_value = "anchored")]
    media: Vec<Media>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rates: vec![100, 200, 500, 1_000, 1_500, 2_000, 3_000],
            seconds: 6,
            rounds: 3,
            hold: 0,
            alone: false,
            binary: None,
            against: Vec::new(),
            media: vec![Media::Anchored],
        }
    }
}

/// A subject's turns at one rate.
struct Row {
    name: String,
    rate: u64,
    turns: Vec<Turn>,
}

struct Turn {
    step: Step,
    /// Milliseconds of processor time per call.
    cpu: f64,
    memory_kib: u64,
}

pub fn run_load(options: &Options) -> Result<()> {
    let folder = prepare(options.alone, options.binary.is_none())?;
    let port = client::ports::free(1)?;
    let mut subjects = subjects(options, &folder, port)?;
    let _callees = sipp::callees(&folder, port)?;
    for subject in &subjects {
        // Not counted: first calls fill caches.
        sipp::call(
            &folder,
            subject.address,
            &subject::numbers(subject::LINES),
            100,
            2,
            0,
        )?;
    }
    let mut rows = Vec::new();
    for rate in &options.rates {
        let climbed = at_rate(&subjects, options, *rate, &folder)?;
        let kept = |subject: &Subject| {
            climbed
                .iter()
                .any(|row| row.name == subject.name && row.kept_up())
        };
        subjects.retain(kept);
        rows.extend(climbed);
    }
    println!("\n{}", report(&rows));
    Ok(())
}

/// Builds and installs what is missing; a folder for logs and scenario data.
pub fn prepare(alone: bool, build: bool) -> Result<PathBuf> {
    setup::tools(&[setup::SIPP], &[])?;
    if !alone {
        setup::tools(&[setup::KAMAILIO], &["kamailio-lua-modules"])?;
    }
    guests::build()?;
    if build {
        run(cargo().args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "cordboard",
            "--bins",
        ]))?;
    }
    let folder = std::env::temp_dir().join(format!("cordboard-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    eprintln!("Logs and scenario data: {}", folder.display());
    Ok(folder)
}

/// Where [`prepare`] leaves what it builds.
pub fn built() -> PathBuf {
    target_dir().join("release").join("cordboard")
}

fn subjects(options: &Options, folder: &Path, callees: u16) -> Result<Vec<Subject>> {
    let ours = options.binary.clone().unwrap_or_else(built);
    let mut subjects = Vec::new();
    for (host, media) in (3..).zip(&options.media) {
        let name = if subjects.is_empty() {
            "Cordboard"
        } else {
            "Cordboard, the other way"
        };
        subjects.push(subject::cordboard(
            folder,
            name,
            &ours,
            host,
            callees,
            scale(*media),
        )?);
    }
    for (host, other) in (9..).zip(&options.against) {
        let first = options.media.first().copied().unwrap_or(Media::Anchored);
        let name = other.display().to_string();
        subjects.push(subject::cordboard(
            folder,
            &name,
            other,
            host,
            callees,
            scale(first),
        )?);
    }
    if !options.alone {
        subjects.push(subject::kamailio(folder, "Kamailio, Lua", None, callees)?);
        subjects.push(subject::kamailio(
            folder,
            "Kamailio, Lua, -x fm",
            Some("fm"),
            callees,
        )?);
    }
    Ok(subjects)
}

fn scale(media: Media) -> Scale {
    Scale {
        media,
        ..Scale::default()
    }
}

fn at_rate(subjects: &[Subject], options: &Options, rate: u64, folder: &Path) -> Result<Vec<Row>> {
    let empty = |subject: &Subject| Row {
        name: subject.name.clone(),
        rate,
        turns: Vec::new(),
    };
    let mut rows: Vec<Row> = subjects.iter().map(empty).collect();
    for _ in 0..options.rounds {
        for (subject, row) in subjects.iter().zip(&mut rows) {
            if row.kept_up() {
                row.turns.push(turn(subject, options, rate, folder)?);
            }
        }
    }
    for row in &rows {
        eprintln!("{}", row.cells().join("  "));
    }
    Ok(rows)
}

fn turn(subject: &Subject, options: &Options, rate: u64, folder: &Path) -> Result<Turn> {
    let pid = subject.pid();
    let before = cpu(pid)?;
    let numbers = subject::numbers(subject::LINES);
    let step = sipp::call(
        folder,
        subject.address,
        &numbers,
        rate,
        options.seconds,
        options.hold,
    )?;
    std::thread::sleep(AFTERWARDS);
    let used = cpu(pid)?.saturating_sub(before);
    Ok(Turn {
        cpu: used.as_secs_f64() * 1_000.0 / step.calls as f64,
        memory_kib: memory_kib(pid),
        step,
    })
}

impl Row {
    /// Hardly a call failed, and the calls took about as long as they should. Not "none": a proxy of several
    /// processes lets a 200 overtake its 180 now and then, which SIPp counts as a failed call.
    fn kept_up(&self) -> bool {
        self.turns
            .iter()
            .all(|turn| turn.step.failed * 100 <= turn.step.calls && !turn.step.fell_behind())
    }

    fn median(&self, of: impl Fn(&Turn) -> f64) -> f64 {
        median(self.turns.iter().map(of).collect())
    }

    fn cpu(&self) -> f64 {
        self.median(|turn| turn.cpu)
    }

    fn cells(&self) -> Vec<String> {
        let sum = |of: fn(&Step) -> u64| self.turns.iter().map(|turn| of(&turn.step)).sum::<u64>();
        vec![
            self.name.to_owned(),
            format!("{}", self.rate),
            format!("{}", sum(|step| step.calls)),
            format!("{}", sum(|step| step.failed)),
            format!("{:.1}", self.median(|turn| turn.step.p50)),
            format!("{:.1}", self.median(|turn| turn.step.p95)),
            format!("{:.1}", self.median(|turn| turn.step.p99)),
            format!("{:.3}", self.cpu()),
            format!("{:.0}", self.median(|turn| turn.memory_kib as f64 / 1_024.0)),
        ]
    }
}

fn report(rows: &[Row]) -> String {
    let head = [
        "subject",
        "calls/s",
        "calls",
        "failed",
        "set-up p50 ms",
        "p95",
        "p99",
        "CPU ms/call",
        "MiB",
        "Cordboard's CPU to it",
    ];
    let body = rows.iter().map(|row| {
        let ours = rows
            .iter()
            .find(|other| other.rate == row.rate && other.name == "Cordboard");
        let ratio = ours.map_or_else(String::new, |ours| format!("{:.2}", ours.cpu() / row.cpu()));
        let mut cells = row.cells();
        cells.push(ratio);
        cells
    });
    let mut text = table::markdown(&head, body);
    for row in rows.iter().filter(|row| !row.kept_up()) {
        let _ = writeln!(text, "{} did not keep up at {} calls/s.", row.name, row.rate);
    }
    text
}
