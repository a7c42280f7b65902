//! Idle lines with a phone that is registered: what each takes of the whole process's memory after a start.
//!
//! One is made and registered by requests. The others are copies of what the store then holds of it, written while no server
//! runs: a hundred thousand requests would only measure themselves.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base::Random;
use bytes::Bytes;
use clap::Args;
use client::{Client, Server};
use phone::Event;
use phone::live::LivePhone;
use serde_json::json;
use store::{EmbeddedStore, OpenOptions, Schema, Store, Write};

use super::process::{Memory, memory};
use super::stage::{Subject, serve};
use super::table;

const TENANT: &str = "/v1/tenants/office";
const DOMAIN: &str = "office.test";
const PASSWORD: &str = "lines-password";

/// The first one's id: in all that is stored of it, and nowhere else.
const FIRST: u32 = 1_000_000;

/// Documents written at once.
const BATCH: usize = 5_000;

/// How long the phone waits for what should come at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long memory is given to come to rest: a server gives back what is free every few seconds.
const REST: Duration = Duration::from_secs(12);

#[derive(Args)]
pub struct Options {
    /// Lines, with a user, a phone and its registration each
    #[arg(long, default_value_t = 20_000)]
    lines: u32,
    #[command(flatten)]
    subject: Subject,
}

pub fn run_lines(options: &Options) -> Result<()> {
    let (binary, folder) = options.subject.prepare()?;
    let mut server = serve(&binary, &folder)?;
    create(&server)?;
    server.stop()?;
    server.start_again()?;
    let one = at_rest(&server)?;
    server.stop()?;
    copy(&folder.join("data"), options.lines)?;
    server.start_again()?;
    let all = at_rest(&server)?;
    check(&server.client, options.lines)?;
    let each = |of: fn(&Memory) -> u64| {
        let bytes = of(&all).saturating_sub(of(&one)) * 1_024;
        format!("{} bytes", bytes / u64::from(options.lines - 1).max(1))
    };
    let row = |what: &str, figure: String, asked: &str| vec![what.to_owned(), figure, asked.to_owned()];
    let rows = [
        row("lines, registered, after a start", options.lines.to_string(), ""),
        row(
            "memory of each, of the whole process",
            each(|memory| memory.resident_kib),
            "3072",
        ),
        row(
            "of it, not pages of files",
            each(|memory| memory.anonymous_kib),
            "",
        ),
        row("an empty process", format!("{} KiB", one.resident_kib), ""),
    ];
    println!("\n{}", table::markdown(&["what", "figure", "asked"], rows));
    drop(server);
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn at_rest(server: &Server) -> Result<Memory> {
    thread::sleep(REST);
    memory(server.pid())
}

/// A tenant with a line whose phone has registered.
fn create(server: &Server) -> Result<()> {
    let (client, id) = (&server.client, FIRST.to_string());
    client.put(
        TENANT,
        &json!({ "name": "Office", "domains": [DOMAIN], "limits": { "lines": 200_000 } }),
    )?;
    client.put(
        &format!("{TENANT}/users/{id}"),
        &json!({ "first-name": "Ann", "last-name": id, "email": format!("{id}@{DOMAIN}") }),
    )?;
    client.put(
        &format!("{TENANT}/devices/{id}"),
        &json!({ "kind": "phone", "owner": id, "hardware": hardware(FIRST) }),
    )?;
    client.put(
        &format!("{TENANT}/devices/{id}/password"),
        &json!({ "username": id, "password": PASSWORD }),
    )?;
    client.put(
        &format!("{TENANT}/lines/{id}"),
        &json!({ "name": id, "site": "main", "short-number": id, "number": format!("+3312{id}"), "user": id, "devices": [id] }),
    )?;
    let sip = *server.sip.first().context("it listens at no SIP address")?;
    let mut phone = LivePhone::new(&id, PASSWORD, DOMAIN, sip, Random::from_seed(1))?;
    let now = phone.now();
    phone.phone.register(now, 3_600);
    let registered = |event: &Event| matches!(event, Event::Registered { .. }).then_some(());
    phone.wait(PATIENCE, registered).context("the phone registers")?;
    Ok(())
}

/// Copies what is stored of the first until there are `count`.
fn copy(data: &Path, count: u32) -> Result<()> {
    let store = EmbeddedStore::open_file(
        &data.join("cordboard.redb"),
        &Schema::default(),
        OpenOptions::default(),
    )?;
    let first = FIRST.to_string();
    let stored: Vec<_> = store
        .list("", None, BATCH)?
        .documents
        .into_iter()
        .filter(|document| document.key.ends_with(&format!("/{first}")))
        .collect();
    ensure!(
        stored.len() == 4,
        "a line, a user, a phone, a registration: {} are stored",
        stored.len()
    );
    let mut writes = Vec::new();
    for n in FIRST + 1..FIRST + count {
        let number = n.to_string();
        for document in &stored {
            let own = replaced(&document.value, &first, &number);
            let own = replaced(&own, &hardware(FIRST), &hardware(n));
            writes.push(Write::set(
                document.key.replace(&first, &number),
                Some(Bytes::from(own)),
            ));
        }
        if writes.len() >= BATCH {
            store.write_batch(&std::mem::take(&mut writes), None)?;
        }
    }
    store.write_batch(&writes, None)?;
    Ok(())
}

/// A MAC address.
fn hardware(number: u32) -> String {
    let [_, high, middle, low] = number.to_be_bytes();
    format!("00:00:5e:{high:02x}:{middle:02x}:{low:02x}")
}

/// `bytes` with another text, as long as the one that it stands for.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let (mut bytes, from, to) = (bytes.to_vec(), from.as_bytes(), to.as_bytes());
    let found: Vec<usize> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| *window == from)
        .map(|(place, _)| place)
        .collect();
    for place in found {
        if let Some(window) = bytes.get_mut(place..place + to.len()) {
            window.copy_from_slice(to);
        }
    }
    bytes
}

/// The last line's phone is registered.
fn check(client: &Client, lines: u32) -> Result<()> {
    let page = client.get(&format!("{TENANT}/registrations?after={}", lines - 1))?;
    let items = page.get("items").and_then(serde_json::Value::as_array);
    ensure!(
        items.is_some_and(|items| items.len() == 1),
        "of {lines} registrations: {page}"
    );
    Ok(())
}
