//! What is put under load.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::process::Running;
use super::sipp;
use crate::guests;
use crate::run::root;
use client::Client;

/// Lines that are called in turn: a phone takes at most twenty calls at once.
const LINES: usize = 100;

/// A server that takes calls for [`numbers`] and rings the callees.
pub struct Subject {
    pub name: &'static str,
    pub address: SocketAddr,
    pub process: Running,
}

/// `+331234510nn`.
pub fn numbers() -> Vec<String> {
    (0..LINES).map(|line| format!("+331234510{line:02}")).collect()
}

/// Kamailio, stateful, with a Lua script; `allocator` chooses its memory manager.
pub fn kamailio(folder: &Path, name: &'static str, allocator: Option<&str>, callees: u16) -> Result<Subject> {
    let port = sipp::free_port()?;
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
        name,
        address,
        process: Running(child),
    })
}

/// Cordboard with a tenant whose lines stand behind the `line` behaviour. Its media is at `127.0.0.HOST`.
pub fn cordboard(
    folder: &Path,
    name: &'static str,
    binary: &Path,
    host: u8,
    callees: u16,
) -> Result<Subject> {
    let (sip, api) = (sipp::free_port()?, free_tcp_port()?);
    let data = folder.join(format!("data-{host}"));
    let config = folder.join(format!("cordboard-{host}.toml"));
    fs::write(
        &config,
        format!(
            "[sip]\nudp = [\"127.0.0.1:{sip}\"]\ntcp = []\n\
             [media]\naddress = \"127.0.0.{host}\"\nports = \"10000-59999\"\n\
             [api]\nlisten = \"127.0.0.1:{api}\"\n"
        ),
    )?;
    let log = fs::File::create(folder.join(format!("cordboard-{host}.log")))?;
    let child = Command::new(binary)
        .arg("serve")
        .arg("--config")
        .arg(&config)
        .arg("--data")
        .arg(&data)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let mut process = Running(child);
    let client = connect(&mut process, &data, api)?;
    let address = SocketAddr::from(([127, 0, 0, 1], sip));
    configure(&client)?;
    register(folder, address, callees)?;
    Ok(Subject {
        name,
        address,
        process,
    })
}

/// Registers the phones of [`configure`]'s tenant, at the callees' port.
pub fn register(folder: &Path, server: SocketAddr, callees: u16) -> Result<()> {
    let accounts: Vec<(String, String)> = (0..LINES)
        .map(|line| (format!("phone{line:02}"), format!("load-{line:02}-password")))
        .collect();
    sipp::register(folder, server, "load.test", &accounts, callees)
}

fn free_tcp_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn connect(process: &mut Running, data: &Path, api: u16) -> Result<Client> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(status) = process.0.try_wait()? {
            bail!(
                "cordboard ended with {status}; see its log beside {}",
                data.display()
            );
        }
        if let Ok(token) = fs::read_to_string(data.join("operator.token")) {
            let client = Client::new(api, token.trim());
            if client.is_there() {
                return Ok(client);
            }
        }
        if Instant::now() > end {
            bail!("cordboard does not answer");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A tenant `load` whose lines stand behind the `line` behaviour, with a phone each.
pub fn configure(client: &Client) -> Result<()> {
    client.put(
        "/v1/tenants/load",
        &json!({ "name": "Load", "domains": ["load.test"], "limits": { "calls": 50_000, "hops": 20, "lines": 100_000, "sessions": 50_000 } }),
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
    for (line, number) in numbers().iter().enumerate() {
        let device = format!("phone{line:02}");
        client.put(
            &format!("/v1/tenants/load/devices/{device}"),
            &json!({ "kind": "phone", "hardware": format!("00:00:5e:00:53:{line:02x}"), "max-calls": 20 }),
        )?;
        client.put(
            &format!("/v1/tenants/load/devices/{device}/password"),
            &json!({ "username": device, "password": format!("load-{line:02}-password") }),
        )?;
        client.put(
            &format!("/v1/tenants/load/lines/{device}"),
            &json!({ "name": device, "site": "main", "number": number, "devices": [device], "behaviours": ["line"], "features": { "call-waiting": true } }),
        )?;
    }
    Ok(())
}
