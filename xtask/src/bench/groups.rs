//! A thousand groups busy at once: do calls still get through, and how soon?
//!
//! Each group has two members and gets a call every few seconds, which lasts until the next one comes: so every group has a talk, and
//! now and then a second. All phones are one SIPp.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use client::{Client, Server};
use serde_json::json;

use super::process::{cpu, memory_kib};
use super::sipp::{self, Step};
use super::stage::{Subject, serve};
use super::table;
use crate::guests;

/// Of each group.
const MEMBERS: u32 = 2;
/// Between two looks at how many talk.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 1_000)]
    groups: u32,
    /// Calls a second, in turn to each group
    #[arg(long, default_value_t = 200)]
    rate: u64,
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    #[command(flatten)]
    subject: Subject,
}

pub fn run_groups(options: &Options) -> Result<()> {
    let (binary, folder) = options.subject.prepare()?;
    let server = serve(&binary, &folder)?;
    let numbers: Vec<String> = (0..options.groups).map(number).collect();
    configure(&server.client, options.groups)?;
    let calls = folder.join("calls");
    std::fs::create_dir_all(&calls)?;
    let _callees = phones(&server, &calls, options.groups * MEMBERS)?;
    let sip = *server.sip.first().context("it serves no SIP")?;
    // Not counted: the first call of each group starts its session.
    sipp::call(
        &calls,
        sip,
        &numbers,
        options.rate,
        numbers.len() as u64 / options.rate + 1,
        0,
    )?;
    let before = cpu(server.pid())?;
    // Each group's call lasts until its next one.
    let hold = numbers.len() as u64 * 1_000 / options.rate;
    let (step, most) = watched(&server.client, || {
        sipp::call(&calls, sip, &numbers, options.rate, options.seconds, hold)
    })?;
    let used = cpu(server.pid())?.saturating_sub(before);
    println!(
        "\n{}",
        report(options, &step, most, used, memory_kib(server.pid()))
    );
    drop(server);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn number(group: u32) -> String {
    format!("+3312346{group:04}")
}

fn agent(agent: u32) -> String {
    format!("agent{agent:05}")
}

fn password(agent: u32) -> String {
    format!("groups-{agent:05}-password")
}

/// A tenant with that many groups, each a number with two lines of its own.
fn configure(client: &Client, groups: u32) -> Result<()> {
    let put = |path: &str, body| client.put(&format!("/v1/tenants/groups{path}"), &body).map(drop);
    put(
        "",
        json!({ "name": "Groups", "domains": ["groups.test"], "limits": { "calls": 50_000, "hops": 20, "lines": 100_000, "sessions": 50_000 } }),
    )?;
    put(
        "/trunks/callers",
        json!({ "name": "Callers", "access": { "address": { "networks": ["127.0.0.2"] } } }),
    )?;
    for one in 0..groups * MEMBERS {
        let name = agent(one);
        let [_, _, high, low] = one.to_be_bytes();
        put(
            &format!("/devices/{name}"),
            json!({ "kind": "phone", "hardware": format!("00:00:5e:00:{high:02x}:{low:02x}"), "max-calls": 2 }),
        )?;
        put(
            &format!("/devices/{name}/password"),
            json!({ "username": name, "password": password(one) }),
        )?;
        put(
            &format!("/lines/{name}"),
            json!({ "name": name, "site": "main", "number": format!("+3312347{one:04}"), "devices": [name], "behaviours": [] }),
        )?;
    }
    let digest = client.upload_module("groups", &guests::folder().join("group.wasm"), None)?;
    let settings = json!({ "mode": "free-line", "greeting": null, "waiting": null });
    put(
        "/behaviours/group",
        json!({ "module": digest, "settings": settings }),
    )?;
    for group in 0..groups {
        let members: Vec<String> = (group * MEMBERS..(group + 1) * MEMBERS).map(agent).collect();
        put(
            &format!("/numbers/{}", number(group)),
            json!({ "name": "Group", "behaviours": [{ "behaviour": "group", "settings": { "members": members } }] }),
        )?;
    }
    Ok(())
}

fn phones(server: &Server, folder: &Path, count: u32) -> Result<super::process::Running> {
    let port = client::ports::free(1)?;
    let accounts: Vec<(String, String)> = (0..count).map(|one| (agent(one), password(one))).collect();
    let sip = *server.sip.first().context("it serves no SIP")?;
    sipp::register(folder, sip, "groups.test", &accounts, port)?;
    sipp::callees(folder, port)
}

/// What a step gives, and how many calls were up at most meanwhile.
fn watched(client: &Client, step: impl FnOnce() -> Result<Step>) -> Result<(Step, u64)> {
    let (over, most) = (AtomicBool::new(false), AtomicU64::new(0));
    let step = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let calls = client.metric("cordboard_calls").ok().flatten();
                most.fetch_max(calls.unwrap_or_default() as u64, Ordering::Relaxed);
                std::thread::sleep(LOOK);
            }
        });
        let step = step();
        over.store(true, Ordering::Relaxed);
        step
    });
    Ok((step?, most.load(Ordering::Relaxed)))
}

fn report(options: &Options, step: &Step, most: u64, used: Duration, memory: u64) -> String {
    let row = |what: &str, figure: String| vec![what.to_owned(), figure];
    let kept_up = if step.fell_behind() { "no" } else { "yes" };
    let rows = vec![
        row("groups", options.groups.to_string()),
        row("calls a second", format!("{} (kept up: {kept_up})", options.rate)),
        row("calls, failed", format!("{}, {}", step.calls, step.failed)),
        row("calls up at once, at most", most.to_string()),
        row(
            "INVITE to 200 (p50, p95, p99)",
            format!("{:.1}, {:.1}, {:.1} ms", step.p50, step.p95, step.p99),
        ),
        row(
            "processor time a call",
            format!("{:.2} ms", used.as_secs_f64() * 1_000.0 / step.calls as f64),
        ),
        row("resident", format!("{} MiB", memory / 1_024)),
    ];
    table::markdown(&["what", "figure"], rows)
}
