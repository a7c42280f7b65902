//! Call backs that wait: what each takes in memory, what a minute of waiting takes of the processor, and how soon the caller's
//! phone rings once the callee has hung up, beside the calls of another tenant.
//!
//! Each waits for a line of its own, so each has a session of its own: the dearest case. Lines are written into the store while no
//! server runs, as a hundred thousand requests to make them would only measure themselves.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base::Random;
use bytes::Bytes;
use clap::Args;
use client::Client;
use phone::live::LivePhone;
use phone::{CallRef, Event};
use serde_json::json;
use store::{EmbeddedStore, OpenOptions, Schema, Store, Write};

use super::process::{cpu, memory_kib};
use super::sipp::percentile;
use super::stage::{Stage, Subject, serve};
use super::table;
use crate::guests;

const TENANT: &str = "/v1/tenants/office";
const DOMAIN: &str = "office.test";
const PASSWORD: &str = "callbacks-password";

/// The first of the lines that nobody ever answers at.
const FIRST: u32 = 1_000_000;

/// Documents written at once.
const BATCH: usize = 5_000;

/// How long a phone waits for what should come at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long memory is given to come to rest.
const REST: Duration = Duration::from_secs(5);

/// Between two looks at a phone.
const LOOK: Duration = Duration::from_millis(1);

#[derive(Args)]
pub struct Options {
    /// Call backs that wait
    #[arg(long, default_value_t = 100_000)]
    pending: u32,
    /// Calls a second of another tenant, while callees hang up
    #[arg(long, default_value_t = 200)]
    rate: u64,
    /// Callees that hang up, one after the other
    #[arg(long, default_value_t = 100)]
    notices: usize,
    #[command(flatten)]
    subject: Subject,
}

pub fn run_callbacks(options: &Options) -> Result<()> {
    let (binary, folder) = options.subject.prepare()?;
    let mut server = serve(&binary, &folder)?;
    create(&server.client)?;
    server.stop()?;
    copy_lines(&folder.join("data"), options.pending)?;
    server.start_again()?;
    let stage = Stage::around(server, &folder)?;
    let mut phones = Phones::register(stage.sip()?)?;
    let mut rows = wait(&stage, options.pending)?;
    rows.extend(notices(&stage, &mut phones, options)?);
    println!("\n{}", table::markdown(&["what", "figure", "asked"], rows));
    drop(stage);
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn row(what: &str, figure: String, asked: &str) -> Vec<String> {
    vec![what.to_owned(), figure, asked.to_owned()]
}

/// A tenant with call backs, three phones, and one line without any.
fn create(client: &Client) -> Result<()> {
    client.put(
        TENANT,
        &json!({ "name": "Office", "domains": [DOMAIN], "limits": { "lines": 200_000, "sessions": 200_000 } }),
    )?;
    let digest = client.upload_module("office", &guests::folder().join("call_back.wasm"), None)?;
    client.put(
        &format!("{TENANT}/behaviours/call-back"),
        &json!({ "module": digest, "settings": { "keep": 1_440 } }),
    )?;
    for (position, phone) in ["caller", "callee", "partner"].iter().enumerate() {
        client.put(
            &format!("{TENANT}/devices/{phone}"),
            &json!({ "kind": "phone", "hardware": format!("00:00:5e:00:53:f{position}") }),
        )?;
        client.put(
            &format!("{TENANT}/devices/{phone}/password"),
            &json!({ "username": phone, "password": PASSWORD }),
        )?;
        client.put(
            &format!("{TENANT}/lines/{phone}"),
            &line(201 + position as u32, &[phone]),
        )?;
    }
    client.put(&format!("{TENANT}/lines/{FIRST}"), &line(FIRST, &[]))?;
    Ok(())
}

fn line(number: u32, devices: &[&str]) -> serde_json::Value {
    json!({ "name": number.to_string(), "site": "main", "short-number": number.to_string(), "devices": devices, "behaviours": [] })
}

/// Copies the line without a phone until there are `count`.
fn copy_lines(data: &Path, count: u32) -> Result<()> {
    let store = EmbeddedStore::open_file(
        &data.join("cordboard.redb"),
        &Schema::default(),
        OpenOptions::default(),
    )?;
    let key = format!("document/office/line/{FIRST}");
    let document = store.get(&key)?.with_context(|| format!("there is no {key}"))?;
    let text = String::from_utf8(document.value.to_vec())?;
    let (first, mut writes) = (FIRST.to_string(), Vec::new());
    for number in FIRST + 1..FIRST + count {
        let number = number.to_string();
        let own = Bytes::from(text.replace(&first, &number));
        writes.push(Write::set(key.replace(&first, &number), Some(own)));
        if writes.len() >= BATCH {
            store.write_batch(&std::mem::take(&mut writes), None)?;
        }
    }
    store.write_batch(&writes, None)?;
    Ok(())
}

fn request(client: &Client, callee: &str) -> Result<()> {
    client.post(
        &format!("{TENANT}/behaviours/call-back/messages"),
        &json!({ "number": callee, "message": "request 201" }),
    )?;
    Ok(())
}

/// Has so many call backs wait for lines that nobody is at.
fn wait(stage: &Stage, pending: u32) -> Result<Vec<Vec<String>>> {
    let pid = stage.server.pid();
    // The first finds out what the module needs.
    request(stage.client(), &FIRST.to_string())?;
    thread::sleep(REST);
    let (before, began) = (memory_kib(pid), Instant::now());
    for number in FIRST + 1..FIRST + pending {
        request(stage.client(), &number.to_string())?;
    }
    let took = began.elapsed();
    thread::sleep(REST);
    let each = memory_kib(pid).saturating_sub(before) * 1_024 / u64::from(pending - 1).max(1);
    let sessions = stage.client().metric("cordboard_sessions")?.unwrap_or_default();
    ensure!(sessions >= f64::from(pending), "{sessions} sessions of {pending}");
    let used = cpu(pid)?;
    thread::sleep(REST);
    let used = (cpu(pid)?.saturating_sub(used)).as_secs_f64() / REST.as_secs_f64();
    Ok(vec![
        row(
            "call backs that wait, each for a line of its own",
            pending.to_string(),
            "100000",
        ),
        row(
            "memory of each, of the whole process",
            format!("{each} bytes"),
            "1024",
        ),
        row(
            "to take one",
            format!("{:.2} ms", took.as_secs_f64() * 1_000.0 / f64::from(pending)),
            "",
        ),
        row(
            "processor while nothing happens",
            format!("{:.2} %", used * 100.0),
            "nothing",
        ),
    ])
}

/// Has callees hang up while others call, and looks when the callers' phone rings.
fn notices(stage: &Stage, phones: &mut Phones, options: &Options) -> Result<Vec<Vec<String>>> {
    // Three notices a second, and some seconds more.
    let seconds = options.notices as u64 / 2 + 10;
    let (times, beside) = thread::scope(|scope| {
        let calls = scope.spawn(|| stage.call(options.rate, seconds));
        let times: Result<Vec<f64>> = (0..options.notices)
            .map(|_| phones.notice(stage.client()))
            .collect();
        let beside = calls
            .join()
            .map_err(|_| anyhow::anyhow!("the calls beside broke off"));
        (times, beside)
    });
    let (mut times, beside) = (times?, beside??);
    times.sort_by(f64::total_cmp);
    let figure = format!(
        "{:.1}, {:.1} ms",
        percentile(&times, 0.5),
        percentile(&times, 0.95)
    );
    Ok(vec![
        row(
            "BYE of the callee to INVITE of the caller (p50, p95)",
            figure,
            "100 ms",
        ),
        row(
            "calls beside",
            format!("{} at {}/s, {} failed", beside.calls, options.rate, beside.failed),
            "0 failed",
        ),
    ])
}

/// Who wants to be called back, by whom, and with whom that one talks.
struct Phones {
    caller: LivePhone,
    callee: LivePhone,
    partner: LivePhone,
}

impl Phones {
    fn register(server: SocketAddr) -> Result<Self> {
        let register = |user: &str, seed| -> Result<LivePhone> {
            let mut phone = LivePhone::new(user, PASSWORD, DOMAIN, server, Random::from_seed(seed))?;
            let now = phone.now();
            phone.phone.register(now, 3_600);
            phone
                .wait(PATIENCE, |event| {
                    matches!(event, Event::Registered { .. }).then_some(())
                })
                .with_context(|| format!("{user} registers"))?;
            Ok(phone)
        };
        Ok(Self {
            caller: register("caller", 1)?,
            callee: register("callee", 2)?,
            partner: register("partner", 3)?,
        })
    }

    /// One call back: milliseconds from the callee's BYE to the ringing of the caller's phone.
    fn notice(&mut self, client: &Client) -> Result<f64> {
        let now = self.callee.now();
        let talk = self.callee.phone.call(now, "203");
        self.pump_until(|phones, events| {
            for event in events {
                if let Event::Offered { call, .. } = event {
                    let now = phones.partner.now();
                    phones.partner.phone.answer(now, *call);
                }
            }
            events.contains(&Event::Answered(talk)).then_some(())
        })
        .context("the callee is in a call")?;
        request(client, "202")?;
        let now = self.callee.now();
        self.callee.phone.hang_up(now, talk);
        let began = Instant::now();
        let offered = self
            .pump_until(|_, events| events.iter().find_map(offered))
            .context("the caller's phone rings")?;
        let took = began.elapsed().as_secs_f64() * 1_000.0;
        // Declined: the request is over (R61), and the ACK is taken in with what else comes.
        let now = self.caller.now();
        self.caller.phone.refuse(now, offered, 603);
        for _ in 0..20 {
            drop(self.pump()?);
        }
        Ok(took)
    }

    /// Lets all phones live until something came about.
    fn pump_until<T>(&mut self, mut wanted: impl FnMut(&mut Self, &[Event]) -> Option<T>) -> Result<T> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let events = self.pump()?;
            if let Some(found) = wanted(self, &events) {
                return Ok(found);
            }
        }
        bail!("it did not come about in {} s", PATIENCE.as_secs())
    }

    fn pump(&mut self) -> Result<Vec<Event>> {
        let mut events = self.callee.pump(LOOK)?;
        events.extend(self.partner.pump(LOOK)?);
        events.extend(self.caller.pump(LOOK)?);
        Ok(events)
    }
}

fn offered(event: &Event) -> Option<CallRef> {
    match event {
        Event::Offered { call, .. } => Some(*call),
        _ => None,
    }
}
