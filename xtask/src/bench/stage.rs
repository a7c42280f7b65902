//! An exchange with a tenant under load, for benches that do something else to it meanwhile.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use client::{Client, Server};

use super::prober::{self, Callees};
use super::sipp::Step;
use super::subject::{self, Scale};
use crate::run::{cargo, run, target_dir};
use crate::{guests, setup};

/// What is measured.
#[derive(Args)]
pub struct Subject {
    /// A build of `cordboard` to measure, instead of one made for it
    #[arg(long)]
    binary: Option<PathBuf>,
}

impl Subject {
    /// Builds and installs what is missing. The binary, and a folder for stores, logs and scenario data.
    pub fn prepare(&self) -> Result<(PathBuf, PathBuf)> {
        setup::tools(&[setup::SIPP], &[])?;
        guests::build()?;
        let binary = match &self.binary {
            Some(binary) => binary.canonicalize()?,
            None => {
                run(cargo().args([
                    "build",
                    "--quiet",
                    "--release",
                    "--package",
                    "cordboard",
                    "--bins",
                ]))?;
                target_dir().join("release").join("cordboard")
            }
        };
        let folder = std::env::temp_dir().join(format!("cordboard-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        eprintln!("Stores, logs and scenario data: {}", folder.display());
        Ok((binary, folder))
    }
}

/// The exchange, and the phones of its tenant `load`.
pub struct Stage {
    pub server: Server,
    pub folder: PathBuf,
    _callees: Callees,
}

impl Stage {
    /// Starts it with a store of its own below `folder`.
    pub fn start(binary: &Path, folder: &Path) -> Result<Self> {
        Self::around(serve(binary, folder)?, folder)
    }

    /// The tenant `load` and its phones, on a server that runs already and stores below `folder`.
    pub fn around(server: Server, folder: &Path) -> Result<Self> {
        subject::configure(&server.client, Scale::default())?;
        let callees = client::ports::free(1)?;
        let calls = folder.join("calls");
        std::fs::create_dir_all(&calls)?;
        subject::register(&calls, sip(&server)?, callees, subject::LINES)?;
        let running = Callees::start(callees)?;
        let stage = Self {
            server,
            folder: calls,
            _callees: running,
        };
        // Not counted: first calls fill caches.
        stage.call(100, 2)?;
        Ok(stage)
    }

    /// Calls the tenant at a rate for some seconds.
    pub fn call(&self, rate: u64, seconds: u64) -> Result<Step> {
        prober::call(
            sip(&self.server)?,
            &subject::numbers(subject::LINES),
            rate,
            seconds,
        )
    }

    pub fn client(&self) -> &Client {
        &self.server.client
    }

    pub fn sip(&self) -> Result<SocketAddr> {
        sip(&self.server)
    }
}

/// One that serves from `folder`, at ports that nobody has.
pub fn serve(binary: &Path, folder: &Path) -> Result<Server> {
    std::fs::create_dir_all(folder)?;
    let port = client::ports::free(1)?;
    let configuration = format!(
        "[sip]\nudp = [\"127.0.0.1:{port}\"]\ntcp = []\n\
         [media]\naddress = \"127.0.0.3\"\nports = \"10000-59999\"\n\
         [api]\nlisten = \"127.0.0.1:0\"\n"
    );
    Server::start(binary, folder, &configuration)
}

fn sip(server: &Server) -> Result<SocketAddr> {
    server
        .sip
        .first()
        .copied()
        .context("the exchange listens at no SIP address")
}
