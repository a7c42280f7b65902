//! `cargo xtask demo`: an exchange with a tenant, a call that shows itself, and accounts for softphones.

pub mod cli;
mod ending;
pub mod scene;
pub mod tenant;

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use client::{Client, Server};

use self::cli::Cli;

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

/// The exchange and its folder: both go with the demo, however that ends.
struct House {
    server: Server,
    folder: PathBuf,
}

impl Drop for House {
    fn drop(&mut self) {
        if let Err(error) = self.server.stop() {
            eprintln!("{error:#}");
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// Whoever takes it out ends it.
type Shared = Arc<Mutex<Option<House>>>;

pub fn run_demo(options: &Options) -> Result<()> {
    setup::wasm_target()?;
    println!("Building the behaviours and the exchange (the first time takes some minutes) …");
    guests::build()?;
    run(cargo().args(["build", "--quiet", "--package", "cordboard"]))?;
    let house: Shared = Arc::default();
    ending::on_ctrl_c(Arc::clone(&house))?;
    let result = show(options, &house);
    drop(take(&house));
    result?;
    println!("Done.");
    Ok(())
}

fn take(house: &Shared) -> Option<House> {
    house.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn show(options: &Options, house: &Shared) -> Result<()> {
    let (client, cli) = open(options, house)?;
    tenant::create(&client, &guests::folder())?;
    println!("{}", tenant::accounts(options.sip_port));
    let call = scene::play(&client, options.sip_port, &guests::folder())?;
    let id = call.to_string();
    println!("\n$ cordboard why {id}");
    std::io::stdout().flush()?;
    cli.run(&["why", &id])?;
    println!("\n$ cordboard behaviour versions reception");
    std::io::stdout().flush()?;
    cli.run(&["behaviour", "versions", "reception"])?;
    println!();
    if options.keep {
        cli.tell();
        serve(house)?;
    }
    Ok(())
}

/// Starts the exchange and puts it where Ctrl-C finds it.
fn open(options: &Options, house: &Shared) -> Result<(Client, Cli)> {
    let folder = std::env::temp_dir().join(format!("cordboard-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let binary = target_dir().join("debug").join("cordboard");
    let (sip, api) = (options.sip_port, options.api_port);
    let configuration = format!(
        "[sip]\nudp = [\"127.0.0.1:{sip}\"]\ntcp = [\"127.0.0.1:{sip}\"]\n\n[api]\nlisten = \"127.0.0.1:{api}\"\n"
    );
    let server = match Server::start(&binary, &folder, &configuration) {
        Ok(server) => server,
        Err(error) => {
            drop(std::fs::remove_dir_all(&folder));
            return Err(error)
                .context("choose other ports with --sip-port and --api-port if these are taken");
        }
    };
    let cli = Cli::of(&server, &binary);
    let secret = std::fs::read_to_string(&cli.token)?;
    let client = Client::new(server.api.port(), secret.trim());
    *house.lock().unwrap_or_else(PoisonError::into_inner) = Some(House { server, folder });
    Ok((client, cli))
}

/// Until Ctrl-C, or until the exchange ends by itself.
fn serve(house: &Shared) -> Result<()> {
    loop {
        {
            let mut house = house.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(house) = house.as_mut() else {
                // Ctrl-C has taken it, and ends the process.
                std::thread::park();
                continue;
            };
            if let Some(status) = house.server.ended()? {
                bail!("the exchange ended with {status}:\n{}", house.server.log());
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
