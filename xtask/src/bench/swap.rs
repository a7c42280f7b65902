//! What callers notice of versions that change under them, and how long a change takes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clap::Args;
use serde_json::json;

use super::disk;
use super::sipp::{Step, percentile};
use super::stage::{Stage, Subject};
use super::table::{self, median};
use crate::guests;

/// From one version to the next.
const BETWEEN: Duration = Duration::from_secs(1);

#[derive(Args)]
pub struct Options {
    /// Calls a second
    #[arg(long, default_value_t = 500)]
    rate: u64,
    /// Seconds that a turn lasts
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Turns with swaps, and as many without between them
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Builds that are uploaded and activated for the time that it takes
    #[arg(long, default_value_t = 5)]
    uploads: usize,
    #[command(flatten)]
    subject: Subject,
}

const BEHAVIOUR: &str = "/v1/tenants/load/behaviours/line";

pub fn run_swap(options: &Options) -> Result<()> {
    let (binary, folder) = options.subject.prepare()?;
    let stage = Stage::start(&binary, &folder)?;
    println!("\n{}", uploads(&stage, options)?);
    let builds = [upload(&stage, "odd")?, upload(&stage, "even")?];
    let (mut without, mut with, mut activations) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        without.push(stage.call(options.rate, options.seconds)?);
        let (step, took) = swapping(&stage, options, &builds)?;
        with.push(step);
        activations.extend(took);
    }
    let head = [
        "calls",
        "calls/s",
        "made",
        "failed",
        "set-up p50 ms",
        "p95",
        "p99",
    ];
    let rows = [
        cells("one version", options.rate, &without),
        cells("another version every second", options.rate, &with),
    ];
    println!("{}", table::markdown(&head, rows));
    println!(
        "{} activations under load took {} (medians, with their way through the API and to the disk).",
        activations.len(),
        split(&activations)
    );
    drop(stage);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// A turn of calls while the two builds take turns.
fn swapping(stage: &Stage, options: &Options, builds: &[String; 2]) -> Result<(Step, Vec<Activation>)> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let swaps = scope.spawn(|| {
            let mut took = Vec::new();
            for build in builds.iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                took.push(activate(stage, build)?);
                std::thread::sleep(BETWEEN);
            }
            Ok::<_, anyhow::Error>(took)
        });
        let step = stage.call(options.rate, options.seconds);
        stop.store(true, Ordering::Relaxed);
        let took = swaps.join().map_err(|_| anyhow!("the swaps panicked"))??;
        Ok((step?, took))
    })
}

fn upload(stage: &Stage, build: &str) -> Result<String> {
    let module = guests::folder().join("line.wasm");
    stage.client().upload_module("load", &module, Some(build))
}

/// Milliseconds that an activation took, and the server's own account of them.
struct Activation {
    whole: f64,
    parts: Vec<(String, f64)>,
}

impl Activation {
    fn part(&self, name: &str) -> f64 {
        let part = self.parts.iter().find(|(part, _)| part == name);
        part.map_or(f64::NAN, |(_, millis)| *millis)
    }
}

fn activate(stage: &Stage, module: &str) -> Result<Activation> {
    let began = Instant::now();
    let wanted = json!({ "module": module, "why": "the bench" });
    let parts = stage
        .client()
        .post_timed(&format!("{BEHAVIOUR}/activate"), &wanted)?;
    Ok(Activation {
        whole: began.elapsed().as_secs_f64() * 1_000.0,
        parts,
    })
}

/// Where the time of activations went, medians.
fn split(activations: &[Activation]) -> String {
    let of = |figure: &dyn Fn(&Activation) -> f64| median(activations.iter().map(figure).collect());
    format!(
        "{:.1} ms: the behaviour read {:.2}, settings checked by the module {:.2}, changed in the exchange and on the disk {:.2}, \
         HTTP {:.2}",
        of(&|activation| activation.whole),
        of(&|activation| activation.part("read")),
        of(&|activation| activation.part("check")),
        of(&|activation| activation.part("change")),
        of(&|activation| activation.whole - activation.parts.iter().map(|(_, millis)| millis).sum::<f64>()),
    )
}

/// How long new builds take from upload to live, without other calls.
fn uploads(stage: &Stage, options: &Options) -> Result<String> {
    let size = std::fs::metadata(guests::folder().join("line.wasm"))?.len();
    let (mut uploads, mut activations) = (Vec::new(), Vec::new());
    for number in 0..options.uploads {
        let began = Instant::now();
        let build = upload(stage, &format!("build {number}"))?;
        uploads.push(began.elapsed().as_secs_f64() * 1_000.0);
        activations.push(activate(stage, &build)?);
    }
    let disk = disk::measure(&stage.folder)?;
    Ok(format!(
        "A module of {} KiB: upload {:.0} ms, activation {} (medians of {}).\n\
         This disk: a bare write of 4 KiB with fsync {:.2} ms, a commit of the store alone {:.2} ms.\n",
        size / 1_024,
        median(uploads),
        split(&activations),
        options.uploads,
        disk.fsync,
        disk.commit,
    ))
}

fn cells(name: &str, rate: u64, turns: &[Step]) -> Vec<String> {
    let mut times: Vec<f64> = turns.iter().flat_map(|step| step.times.iter().copied()).collect();
    times.sort_by(f64::total_cmp);
    let sum = |of: fn(&Step) -> u64| turns.iter().map(of).sum::<u64>().to_string();
    let at = |share| format!("{:.0}", percentile(&times, share));
    vec![
        name.to_owned(),
        rate.to_string(),
        sum(|step| step.calls),
        sum(|step| step.failed),
        at(0.5),
        at(0.95),
        at(0.99),
    ]
}
