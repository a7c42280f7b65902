//! What is put under load.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::process::Running;
use super::sipp;
use crate::guests;
use crate::run::root;
use client::{Client, Server};

/// Lines that are called in turn, if nothing is said; each may have 20 calls.
pub const LINES: usize = 250;

/// What the tenant that is called has.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Fewer than a thousand.
    pub lines: usize,
    pub media: Media,
}

impl Default for Scale {
    fn default() -> Self {
        Self {
            lines: LINES,
            media: Media::Anchored,
        }
    }
}

/// Which way sound goes.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Media {
    Anchored,
    Direct,
}

impl Media {
    const fn name(self) -> &'static str {
        match self {
            Self::Anchored => "anchored",
            Self::Direct => "direct",
        }
    }
}

/// A server that takes calls for [`numbers`] and rings the callees.
pub struct Subject {
    pub name: String,
    pub address: SocketAddr,
    process: Process,
}

/// Ends when this value does.
enum Process {
    Ours(Box<Server>),
    Other(Running),
}

impl Subject {
    pub fn pid(&self) -> u32 {
        match &self.process {
            Process::Ours(server) => server.pid(),
            Process::Other(running) => running.pid(),
        }
    }

    /// Calls that are up, as far as it tells.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub fn calls(&self) -> Result<u64> {
        let calls = match &self.process {
            Process::Ours(server) => server.client.metric("cordboard_calls")?,
            Process::Other(_) => None,
        };
        Ok(calls.unwrap_or_default() as u64)
    }
}

fn phone(line: usize) -> String {
    format!("phone{line:03}")
}

/// A MAC address.
fn hardware(line: usize) -> String {
    format!("00:00:5e:00:{:02x}:{:02x}", line >> 8, line & 0xff)
}

fn password(line: usize) -> String {
    format!("load-{line:03}-password")
}

/// `+33123451nnn`.
pub fn numbers(lines: usize) -> Vec<String> {
    (0..lines).map(|line| format!("+33123451{line:03}")).collect()
}

/// Kamailio, stateful, with a Lua script; `allocator` chooses its memory manager.
pub fn kamailio(folder: &Path, name: &str, allocator: Option<&str>, callees: u16) -> Result<Subject> {
    let port = client::ports::free(1)?;
    let source = root().join("benches").join("load");
    let lua = fs::read_to_string(source.join("kamailio.lua"))?;
    let script = folder.join(format!("kamailio-{port}.lua"));
    fs::write(&script, lua.replace("KAMAILIO_CALLEE", &callees.to_string()))?;
    let config = fs::read_to_string(source.join("kamailio.cfg"))?
        .replace("KAMAILIO_PORT", &port.to_string())
        .replace("KAMAILIO_LUA", &script.to_string_lossy());
    let file = folder.join(format!("kamailio-{port}.cfg"));
    fs::write(&file, config)?;
    let log = fs::File::create(folder.join(format!("kamailio-{port}.log")))?;
    let mut command = Command::new("kamailio");
    command
        .arg("-f")
        .arg(&file)
        .args(["-DD", "-E", "-m", "1024", "-M", "32"]);
    command.arg("-P").arg(folder.join(format!("kamailio-{port}.pid")));
    if let Some(allocator) = allocator {
        command.args(["-x", allocator]);
    }
    let child = command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start kamailio")?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    // It says nothing when it is ready; its children have bound the port within a second.
    std::thread::sleep(Duration::from_secs(2));
    Ok(Subject {
        name: name.to_owned(),
        address,
        process: Process::Other(Running(child)),
    })
}

/// Cordboard with a tenant whose lines stand behind the `line` behaviour. Its media is at `127.0.0.HOST`.
pub fn cordboard(
    folder: &Path,
    name: &str,
    binary: &Path,
    host: u8,
    callees: u16,
    scale: Scale,
) -> Result<Subject> {
    let own = folder.join(format!("cordboard-{host}"));
    fs::create_dir_all(&own)?;
    let configuration = format!(
        "[sip]\nudp = [\"127.0.0.1:0\"]\ntcp = []\n\
         [media]\naddress = \"127.0.0.{host}\"\nports = \"10000-59999\"\n\
         [api]\nlisten = \"127.0.0.1:0\"\n"
    );
    let server = Server::start(binary, &own, &configuration)?;
    let address = *server.sip.first().context("it serves no SIP")?;
    configure(&server.client, scale)?;
    register(folder, address, callees, scale.lines)?;
    Ok(Subject {
        name: name.to_owned(),
        address,
        process: Process::Ours(Box::new(server)),
    })
}

/// Registers the phones of [`configure`]'s tenant, at the callees' port.
pub fn register(folder: &Path, server: SocketAddr, callees: u16, lines: usize) -> Result<()> {
    let accounts: Vec<(String, String)> = (0..lines).map(|line| (phone(line), password(line))).collect();
    sipp::register(folder, server, "load.test", &accounts, callees)
}

/// A tenant `load` whose lines stand behind the `line` behaviour, with a phone each.
pub fn configure(client: &Client, scale: Scale) -> Result<()> {
    client.put(
        "/v1/tenants/load",
        &json!({ "name": "Load", "domains": ["load.test"], "media": scale.media.name(), "limits": { "calls": 50_000, "hops": 20, "lines": 100_000, "sessions": 50_000 } }),
    )?;
    client.put(
        "/v1/tenants/load/trunks/callers",
        &json!({ "name": "Callers", "access": { "address": { "networks": ["127.0.0.2"] } } }),
    )?;
    let module = fs::read(guests::folder().join("line.wasm"))?;
    let uploaded = client.upload("/v1/tenants/load/modules", "application/wasm", &module)?;
    let digest = uploaded
        .get("digest")
        .and_then(Value::as_str)
        .context("the upload names no digest")?;
    client.put(
        "/v1/tenants/load/behaviours/line",
        &json!({ "module": digest, "settings": { "call-waiting": true, "double-call": null } }),
    )?;
    for (line, number) in numbers(scale.lines).iter().enumerate() {
        let device = phone(line);
        client.put(
            &format!("/v1/tenants/load/devices/{device}"),
            &json!({ "kind": "phone", "hardware": hardware(line), "max-calls": 20 }),
        )?;
        client.put(
            &format!("/v1/tenants/load/devices/{device}/password"),
            &json!({ "username": device, "password": password(line) }),
        )?;
        client.put(
            &format!("/v1/tenants/load/lines/{device}"),
            &json!({ "name": device, "site": "main", "number": number, "devices": [device], "behaviours": ["line"], "features": { "call-waiting": true } }),
        )?;
    }
    Ok(())
}
