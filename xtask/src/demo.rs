//! `cargo xtask demo`: an exchange with a tenant, a call that shows itself, and accounts for softphones.

mod ladder;
mod scene;
mod tenant;

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use client::Client;

use crate::run::{cargo, run, target_dir};
use crate::{guests, setup};

#[derive(Args)]
pub struct Options {
    /// Keep serving after the scripted call, until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// SIP port on 127.0.0.1, UDP and TCP
    #[arg(long, default_value_t = 5060)]
    sip_port: u16,
    /// HTTP port on 127.0.0.1
    #[arg(long, default_value_t = 8060)]
    api_port: u16,
}

/// The exchange, ended with the demo whatever happens.
struct Exchange {
    child: Child,
    folder: PathBuf,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // Asked first, so that it closes its store; the group of Ctrl-C has reached it already.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            drop(self.child.kill());
        }
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

pub fn run_demo(options: &Options) -> Result<()> {
    setup::wasm_target()?;
    println!("Building the behaviours and the exchange (the first time takes some minutes) …");
    let modules = guests::build()?;
    run(cargo().args(["build", "--quiet", "--package", "cordboard"]))?;
    let mut exchange = start(options)?;
    let client = connect(&mut exchange, options)?;
    tenant::create(&client, &guests::folder())?;
    drop(modules);
    println!("{}", tenant::accounts(options.sip_port));
    scene::play(&client, options.sip_port, &guests::folder())?;
    if options.keep {
        println!(
            "\nServing until Ctrl-C. Configuration and store: {}",
            exchange.folder.display()
        );
        serve(&mut exchange)?;
    }
    println!("\nDone.");
    Ok(())
}

fn start(options: &Options) -> Result<Exchange> {
    let folder = std::env::temp_dir().join(format!("cordboard-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let config = folder.join("cordboard.toml");
    std::fs::write(&config, configuration(&folder, options))?;
    let log = std::fs::File::create(folder.join("cordboard.log"))?;
    let binary = target_dir().join("debug").join("cordboard");
    let child = Command::new(&binary)
        .args(["serve", "--config"])
        .arg(&config)
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    Ok(Exchange { child, folder })
}

fn configuration(folder: &Path, options: &Options) -> String {
    let (sip, api) = (options.sip_port, options.api_port);
    format!(
        "data = {:?}\n\n[sip]\nudp = [\"127.0.0.1:{sip}\"]\ntcp = [\"127.0.0.1:{sip}\"]\n\n[api]\nlisten = \"127.0.0.1:{api}\"\n",
        folder.join("data")
    )
}

/// Waits until the exchange answers; fails with its log when it ends instead.
fn connect(exchange: &mut Exchange, options: &Options) -> Result<Client> {
    let token = exchange.folder.join("data").join("operator.token");
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(status) = exchange.child.try_wait()? {
            let log = std::fs::read_to_string(exchange.folder.join("cordboard.log")).unwrap_or_default();
            bail!("the exchange ended with {status}:\n{log}");
        }
        if let Ok(token) = std::fs::read_to_string(&token) {
            let client = Client::new(options.api_port, token.trim());
            if client.is_there() {
                return Ok(client);
            }
        }
        if Instant::now() > end {
            bail!("the exchange does not answer on 127.0.0.1:{}", options.api_port);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Until Ctrl-C, which reaches the exchange too, or until it ends by itself.
fn serve(exchange: &mut Exchange) -> Result<()> {
    static STOP: AtomicBool = AtomicBool::new(false);
    while !STOP.load(Ordering::Relaxed) {
        if exchange.child.try_wait()?.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}
