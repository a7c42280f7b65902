//! What a tenant notices of others whose modules misbehave.
//!
//! Each hostile module (`tests/hostile`) is a tenant's own. It gets past the upload, since it rejects its calls until its settings
//! change. The same calls to it go on in both turns of a pair; between them only the settings differ. So what the table compares
//! is the harm that the module does, not that there are more calls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use hostile::sleeper::{AWAKE, TAME, sleeper};
use hostile::{events, uploads};
use serde_json::{Value, json};

use super::process::Running;
use super::sipp::{self, Step};
use super::stage::{Stage, Subject};
use super::table;

#[derive(Args)]
pub struct Options {
    /// Calls a second of the tenant that is to notice nothing
    #[arg(long, default_value_t = 200)]
    rate: u64,
    /// Calls a second of each hostile module
    #[arg(long, default_value_t = 10)]
    hostile_rate: u64,
    /// Seconds that each turn lasts
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Pairs of turns for each module; figures are medians over them
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only modules whose description contains this
    #[arg(long, default_value = "")]
    only: String,
    #[command(flatten)]
    subject: Subject,
}

/// A hostile module and its tenant.
struct Guest {
    name: &'static str,
    tenant: String,
    /// Its callers come from here.
    ip: String,
    module: Value,
    number: String,
}

/// Pairs of turns with one kind of harm: the same number of turns without and with it, in the order of the pairs.
#[derive(Default)]
struct Row {
    name: String,
    without: Vec<Step>,
    with: Vec<Step>,
    /// What the trace says of it, or the upload's answer.
    told: String,
}

pub fn run_hostile(options: &Options) -> Result<()> {
    let (binary, folder) = options.subject.prepare()?;
    let stage = Stage::start(&binary, &folder)?;
    let guests = guests(&stage, options)?;
    let mut rows = Vec::new();
    for guest in &guests {
        rows.push(pairs(&stage, options, guest.name, std::slice::from_ref(guest))?);
    }
    if guests.len() > 1 {
        rows.push(pairs(&stage, options, "all of these at once", &guests)?);
    }
    for upload in uploads::uploads() {
        if upload.name.contains(&options.only) {
            rows.push(uploaded(&stage, options, &upload)?);
        }
    }
    println!("\n{}", report(&rows));
    drop(stage);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// A tenant for each module.
fn guests(stage: &Stage, options: &Options) -> Result<Vec<Guest>> {
    let mut guests = Vec::new();
    let wanted = |case: &events::Case| !case.migrates && case.name.contains(&options.only);
    for (number, case) in (1..).zip(events::cases().into_iter().filter(wanted)) {
        let tenant = format!("hostile-{number}");
        let ip = format!("127.0.4.{number}");
        let client = stage.client();
        client.put(
            &format!("/v1/tenants/{tenant}"),
            &json!({ "name": case.name, "domains": [format!("{tenant}.test")] }),
        )?;
        client.put(
            &format!("/v1/tenants/{tenant}/trunks/callers"),
            &json!({ "name": "Callers", "access": { "address": { "networks": [ip] } } }),
        )?;
        let module = sleeper(&case.guest, number);
        let uploaded = client.upload(
            &format!("/v1/tenants/{tenant}/modules"),
            "application/wasm",
            &module,
        )?;
        let guest = Guest {
            name: case.name,
            module: uploaded
                .get("digest")
                .context("the upload names no digest")?
                .clone(),
            number: format!("+33123452{number:03}"),
            tenant,
            ip,
        };
        guest.set(stage, TAME)?;
        client.put(
            &format!("/v1/tenants/{}/numbers/{}", guest.tenant, guest.number),
            &json!({ "name": case.name, "behaviours": [{ "behaviour": "hostile" }] }),
        )?;
        guests.push(guest);
    }
    Ok(guests)
}

impl Guest {
    fn behaviour(&self) -> String {
        format!("/v1/tenants/{}/behaviours/hostile", self.tenant)
    }

    /// Changes what its module does.
    fn set(&self, stage: &Stage, settings: &str) -> Result<()> {
        let settings: Value = serde_json::from_str(settings)?;
        let document = json!({ "module": self.module, "settings": settings });
        stage.client().put(&self.behaviour(), &document)?;
        Ok(())
    }

    /// Why its last call failed.
    fn told(&self, stage: &Stage) -> Result<String> {
        let tenant = &self.tenant;
        let calls = stage
            .client()
            .get(&format!("/v1/tenants/{tenant}/cdrs?limit=1"))?;
        let call = calls.pointer("/items/0/call").and_then(Value::as_u64);
        let Some(call) = call else {
            bail!("no call of {tenant}'s has ended: {calls}");
        };
        let story = stage
            .client()
            .get(&format!("/v1/tenants/{tenant}/calls/{call}/why"))?;
        let steps = story.get("steps").and_then(Value::as_array);
        let step = steps
            .into_iter()
            .flatten()
            .find(|step| matches!(step["kind"].as_str(), Some("not-decided" | "ladder")));
        let text = step.and_then(|step| step["text"].as_str());
        Ok(text.unwrap_or("nothing").to_owned())
    }
}

/// Turns without and with the harm, the other one first each time.
fn pairs(stage: &Stage, options: &Options, name: &str, guests: &[Guest]) -> Result<Row> {
    let mut row = Row {
        name: name.to_owned(),
        ..Row::default()
    };
    // Together they call as often as one alone, or each once a second.
    let rate = (options.hostile_rate / guests.len() as u64).max(1);
    for round in 0..options.rounds {
        for awake in if round % 2 == 0 {
            [false, true]
        } else {
            [true, false]
        } {
            let settings = if awake { AWAKE } else { TAME };
            for guest in guests {
                guest.set(stage, settings)?;
            }
            let callers: Vec<Running> = guests
                .iter()
                .map(|guest| callers(stage, guest, rate))
                .collect::<Result<_>>()?;
            // Until their modules are known for what they are.
            std::thread::sleep(Duration::from_millis(500));
            let step = stage.call(options.rate, options.seconds)?;
            drop(callers);
            if awake {
                row.with.push(step);
                if let [guest] = guests {
                    row.told = guest.told(stage)?;
                }
            } else {
                row.without.push(step);
            }
        }
    }
    for guest in guests {
        guest.set(stage, TAME)?;
    }
    eprintln!("{}", row.cells().join("  "));
    Ok(row)
}

/// Callers of a hostile module, until dropped.
fn callers(stage: &Stage, guest: &Guest, rate: u64) -> Result<Running> {
    let folder = stage.folder.join(&guest.tenant);
    std::fs::create_dir_all(&folder)?;
    sipp::callers(
        &folder,
        "hostile.xml",
        stage.sip()?,
        &guest.ip,
        &guest.number,
        rate,
    )
}

/// Turns without and with somebody who uploads it again and again.
fn uploaded(stage: &Stage, options: &Options, upload: &uploads::Upload) -> Result<Row> {
    let mut row = Row {
        name: upload.name.to_owned(),
        ..Row::default()
    };
    for _ in 0..options.rounds {
        row.without.push(stage.call(options.rate, options.seconds)?);
        let stop = AtomicBool::new(false);
        let (step, told) = std::thread::scope(|scope| {
            let uploader = scope.spawn(|| upload_again_and_again(stage, upload, &stop));
            let step = stage.call(options.rate, options.seconds);
            stop.store(true, Ordering::Relaxed);
            (step, uploader.join())
        });
        row.with.push(step?);
        row.told = told.map_err(|_| anyhow::anyhow!("the uploads panicked"))??;
    }
    eprintln!("{}", row.cells().join("  "));
    Ok(row)
}

/// What the refusals say.
fn upload_again_and_again(stage: &Stage, upload: &uploads::Upload, stop: &AtomicBool) -> Result<String> {
    let mut times = 0_u32;
    loop {
        let answer = stage
            .client()
            .upload("/v1/tenants/load/modules", "application/wasm", &upload.bytes);
        let Err(refused) = answer else {
            bail!("{} was taken", upload.name);
        };
        let text = format!("{refused:#}");
        if !text.contains(upload.reason) {
            bail!("{} was refused for something else: {text}", upload.name);
        }
        times += 1;
        if stop.load(Ordering::Relaxed) {
            return Ok(format!("refused {times} times: {}", reason(&text)));
        }
    }
}

/// The first message of a refusal's JSON.
fn reason(text: &str) -> String {
    let json = text.find('{').and_then(|at| text.get(at..)).unwrap_or_default();
    let problem: Value = serde_json::from_str(json).unwrap_or_default();
    let first = problem
        .pointer("/errors/0/message")
        .or_else(|| problem.get("detail"));
    first.and_then(Value::as_str).unwrap_or(text).to_owned()
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let of = |turns: &[Step], figure: fn(&Step) -> f64| {
            format!("{:.2}", table::median(turns.iter().map(figure).collect()))
        };
        let failed: u64 = self.with.iter().map(|step| step.failed).sum();
        vec![
            self.name.clone(),
            of(&self.without, |step| step.p50),
            of(&self.with, |step| step.p50),
            of(&self.without, |step| step.p99),
            of(&self.with, |step| step.p99),
            format!("{:.2}", table::median(self.ratios().collect())),
            failed.to_string(),
            shortened(&self.told),
        ]
    }

    /// Of each pair, the p99 with the harm to that without.
    fn ratios(&self) -> impl Iterator<Item = f64> {
        let pairs = self.with.iter().zip(&self.without);
        pairs.map(|(with, without)| with.p99 / without.p99)
    }
}

/// Fits a table's cell.
fn shortened(text: &str) -> String {
    text.replace(['|', '\n'], " ").chars().take(90).collect()
}

fn report(rows: &[Row]) -> String {
    let head = [
        "harm",
        "p50 ms without",
        "with",
        "p99 ms without",
        "with",
        "p99, with to without",
        "failed",
        "told",
    ];
    let failed: u64 = rows
        .iter()
        .flat_map(|row| &row.with)
        .map(|step| step.failed)
        .sum();
    let ratios: Vec<f64> = rows.iter().flat_map(Row::ratios).collect();
    let pairs = ratios.len();
    format!(
        "{}\nOver all {pairs} pairs of turns the ratio of the p99s has the median {:.2}; {failed} calls failed.\n",
        table::markdown(&head, rows.iter().map(Row::cells)),
        table::median(ratios),
    )
}
