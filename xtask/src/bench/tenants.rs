//! Thousands of tenants on one node, each with a module and settings of its own: what a start takes and what they cost.
//!
//! One tenant is made through the API. The others are copies of it, written into the store and the cache of compiled modules while
//! no server runs, as compiling ten thousand modules would take an hour: each has other names, numbers and callers, and a component
//! that differs by a section, so that its digest is its own.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use clap::Args;
use client::{Client, Server};
use serde_json::json;
use store::{BlobReader, Digest, EmbeddedStore, OpenOptions, Schema, Store, Write};

use super::process::memory_kib;
use super::sipp::percentile;
use super::stage::{Subject, serve};
use super::table;
use crate::guests;

/// Tenants that are called before their modules are compiled.
const FEW: u32 = 20;
/// Documents written at once.
const BATCH: usize = 500;
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 10_000)]
    count: u32,
    /// Tenants that are called, twice each
    #[arg(long, default_value_t = 2_000)]
    called: u32,
    /// Call all of them
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    subject: Subject,
}

/// What differs between tenants, in every text that is stored of one.
struct Names {
    tenant: String,
    number: String,
    /// Its callers come from here.
    ip: String,
}

impl Names {
    fn of(tenant: u32) -> Self {
        let [_, _, high, low] = tenant.to_be_bytes();
        Self {
            tenant: format!("tenant-{tenant:05}"),
            number: format!("+331234{tenant:05}"),
            ip: format!("127.64.{high}.{low}"),
        }
    }

    fn replace(&self, with: &Self, text: &str) -> String {
        text.replace(&self.tenant, &with.tenant)
            .replace(&self.number, &with.number)
            .replace(&format!("\"{}\"", self.ip), &format!("\"{}\"", with.ip))
    }
}

pub fn run_tenants(options: &Options) -> Result<()> {
    let (binary, folder) = options.subject.prepare()?;
    let mut server = serve(&binary, &folder)?;
    let alone = memory_kib(server.pid());
    let first = Names::of(0);
    let digest = create(&server.client, &first)?;
    server.stop()?;
    copy(&folder.join("data"), &digest, options.count)?;

    let began = Instant::now();
    server.start_again()?;
    let started = began.elapsed();
    let idle = memory_kib(server.pid());
    let wanted = if options.all {
        options.count
    } else {
        options.called
    };
    let step = (options.count / wanted.max(1)).max(1) as usize;
    let called: Vec<u32> = (0..options.count).step_by(step).collect();
    let (first_call, again) = (calls(&server, &called)?, calls(&server, &called)?);
    let mut rows = vec![
        row("tenants", options.count.to_string()),
        row(
            "start, until it serves",
            format!("{:.1} s", started.as_secs_f64()),
        ),
        row("resident without tenants", mib(alone)),
        row("resident after the start", mib(idle)),
        row(
            &format!("resident after {} tenants were called", called.len()),
            mib(memory_kib(server.pid())),
        ),
        row(
            "INVITE to refusal, a tenant's first call (p50, p99)",
            times(&first_call),
        ),
        row("the same, its second call", times(&again)),
        row(
            "of it, the module loaded from the cache (p50, p99)",
            quantiles(&server, "cordboard_module_load_seconds")?,
        ),
        row(
            "of that, its file read",
            quantiles(&server, "cordboard_module_read_seconds")?,
        ),
        row(
            "modules loaded in all",
            figure(&server, "cordboard_module_load_seconds_count")?.to_string(),
        ),
    ];
    rows.extend(without_cache(&mut server, &folder.join("data"), options.count)?);
    println!("\n{}", table::markdown(&["what", "figure"], rows));
    drop(server);
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// A start that finds nothing compiled, and the first calls then.
fn without_cache(server: &mut Server, data: &Path, count: u32) -> Result<Vec<Vec<String>>> {
    server.stop()?;
    fs::remove_dir_all(data.join("compiled"))?;
    let began = Instant::now();
    server.start_again()?;
    let started = began.elapsed();
    // The last to be compiled by themselves.
    let called: Vec<u32> = (count.saturating_sub(FEW)..count).collect();
    let first_call = calls(server, &called)?;
    Ok(vec![
        row(
            "start without the cache, until it serves",
            format!("{:.1} s", started.as_secs_f64()),
        ),
        row(
            &format!(
                "INVITE to refusal of {} tenants then, the module compiled first",
                called.len()
            ),
            times(&first_call),
        ),
    ])
}

/// Of one of the server's metrics.
fn quantiles(server: &Server, name: &str) -> Result<String> {
    let of = |share: &str| figure(server, &format!("{name}{{quantile=\"{share}\"}}"));
    Ok(format!(
        "{:.2}, {:.2} ms",
        of("0.5")? * 1_000.0,
        of("0.99")? * 1_000.0
    ))
}

fn figure(server: &Server, name: &str) -> Result<f64> {
    Ok(server.client.metric(name)?.unwrap_or(f64::NAN))
}

fn row(what: &str, figure: String) -> Vec<String> {
    vec![what.to_owned(), figure]
}

fn mib(kib: u64) -> String {
    format!("{} MiB", kib / 1_024)
}

fn times(sorted: &[f64]) -> String {
    format!(
        "{:.1}, {:.1} ms",
        percentile(sorted, 0.5),
        percentile(sorted, 0.99)
    )
}

/// A tenant with a number, behind which the shipped `line` finds no phone. Its module's digest.
fn create(client: &Client, names: &Names) -> Result<String> {
    let tenant = format!("/v1/tenants/{}", names.tenant);
    client.put(
        &tenant,
        &json!({ "name": names.tenant, "domains": [format!("{}.test", names.tenant)] }),
    )?;
    client.put(
        &format!("{tenant}/trunks/callers"),
        &json!({ "name": "Callers", "access": { "address": { "networks": [names.ip] } } }),
    )?;
    let digest = client.upload_module(&names.tenant, &guests::folder().join("line.wasm"), None)?;
    client.put(
        &format!("{tenant}/behaviours/line"),
        &json!({ "module": digest, "settings": { "call-waiting": true, "double-call": null } }),
    )?;
    client.put(
        &format!("{tenant}/lines/desk"),
        &json!({ "name": names.tenant, "site": "main", "number": names.number, "devices": [], "behaviours": ["line"] }),
    )?;
    Ok(digest)
}

/// Copies the first tenant until there are `count`.
fn copy(data: &Path, digest: &str, count: u32) -> Result<()> {
    let store = EmbeddedStore::open_file(
        &data.join("cordboard.redb"),
        &Schema::default(),
        OpenOptions::default(),
    )?;
    let first = Names::of(0);
    let documents = documents_of(&store, &first)?;
    let wanted: Digest = digest.parse()?;
    let blob = store.blob(&wanted)?.context("the module is not stored")?;
    let mut component = Vec::new();
    std::io::copy(&mut BlobReader::new(&store, blob), &mut component)?;
    let (cache, compiled) = compiled(data, digest)?;
    let mut writes = Vec::new();
    for tenant in 1..count {
        let names = Names::of(tenant);
        let own = another(&component, &names.tenant);
        let stored = store.put_blob(&mut own.as_slice(), u64::MAX)?;
        let own_digest = stored.digest.to_string();
        fs::write(
            cache.join(format!("{own_digest}.cwasm")),
            sealed_for(&compiled, &stored.digest)?,
        )?;
        for (key, text) in &documents {
            let text = first.replace(&names, text).replace(digest, &own_digest);
            let key = first.replace(&names, key).replace(digest, &own_digest);
            writes.push(Write::set(key, Some(Bytes::from(text))));
        }
        if writes.len() >= BATCH {
            store.write_batch(&std::mem::take(&mut writes), None)?;
        }
    }
    store.write_batch(&writes, None)?;
    Ok(())
}

fn documents_of(store: &EmbeddedStore, names: &Names) -> Result<Vec<(String, String)>> {
    let mut documents = Vec::new();
    for prefix in ["document/", "module/"] {
        for document in store
            .list(&format!("{prefix}{}/", names.tenant), None, 1_000)?
            .documents
        {
            documents.push((document.key, String::from_utf8(document.value.to_vec())?));
        }
    }
    if documents.len() < 5 {
        bail!("the first tenant has only {} documents", documents.len());
    }
    Ok(documents)
}

/// The same component with a section that says whose it is, and that no engine looks at.
fn another(component: &[u8], whose: &str) -> Vec<u8> {
    let mut own = component.to_vec();
    let name = b"whose";
    own.extend([0, (1 + name.len() + whose.len()) as u8, name.len() as u8]);
    own.extend(name);
    own.extend(whose.bytes());
    own
}

/// The folder of compiled modules, and the module there.
fn compiled(data: &Path, digest: &str) -> Result<(PathBuf, Vec<u8>)> {
    for folder in fs::read_dir(data.join("compiled"))? {
        let folder = folder?.path();
        if let Ok(compiled) = fs::read(folder.join(format!("{digest}.cwasm"))) {
            return Ok((folder, compiled));
        }
    }
    bail!("module {digest} is not in the cache of compiled modules")
}

/// A compiled module with another's name on its seal: behind eight bytes that say what it is.
fn sealed_for(compiled: &[u8], digest: &Digest) -> Result<Vec<u8>> {
    let mut own = compiled.to_vec();
    own.get_mut(8..40)
        .context("the compiled module is too short for a seal")?
        .copy_from_slice(&digest.0);
    Ok(own)
}

/// Calls each of these tenants once; milliseconds until the refusal, in order of length.
fn calls(server: &Server, tenants: &[u32]) -> Result<Vec<f64>> {
    let sip = *server
        .sip
        .first()
        .context("the exchange listens at no SIP address")?;
    let mut times = Vec::new();
    for tenant in tenants {
        times.push(call(sip, &Names::of(*tenant))?);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn call(sip: SocketAddr, names: &Names) -> Result<f64> {
    let socket = UdpSocket::bind((names.ip.as_str(), 0))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let local = socket.local_addr()?;
    let unique = format!("{}-{}", names.tenant, local.port());
    let request = |method: &str, to_tag: &str| {
        format!(
            "{method} sip:{number}@{sip} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{unique}\r\nMax-Forwards: 70\r\n\
             From: <sip:+33612345678@{local}>;tag=a\r\nTo: <sip:{number}@{sip}>{to_tag}\r\nCall-ID: {unique}\r\n\
             CSeq: 1 {method}\r\nContact: <sip:{local}>\r\nContent-Length: 0\r\n\r\n",
            number = names.number,
        )
    };
    let began = Instant::now();
    socket.send_to(request("INVITE", "").as_bytes(), sip)?;
    let mut buffer = [0; 4_096];
    loop {
        let length = socket
            .recv(&mut buffer)
            .with_context(|| format!("{} gets no answer", names.tenant))?;
        let answer = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
        let status = answer.get(8..11).unwrap_or_default();
        if status.starts_with('1') {
            continue;
        }
        let took = began.elapsed().as_secs_f64() * 1_000.0;
        let to = answer
            .lines()
            .find(|line| line.starts_with("To:"))
            .unwrap_or_default();
        let tag = to.find(";tag=").and_then(|at| to.get(at..)).unwrap_or_default();
        socket.send_to(request("ACK", tag.trim_end()).as_bytes(), sip)?;
        // The line has no phone: anything else would be another path than the one that is measured.
        if status != "480" {
            bail!(
                "{} answered {}",
                names.tenant,
                answer.lines().next().unwrap_or_default()
            );
        }
        return Ok(took);
    }
}
