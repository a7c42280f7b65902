//! `cordboard serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::config::Config;
use crate::logging;
use crate::shell::Server;

#[derive(Args)]
pub struct Options {
    /// Configuration file; without one, an exchange for phones on this machine
    #[arg(long, env = "CORDBOARD_CONFIG")]
    config: Option<PathBuf>,
    /// Folder of the store, instead of the file's `data`
    #[arg(long)]
    data: Option<PathBuf>,
    /// Address for SIP over UDP and TCP, instead of the file's; port 0 takes a free one
    #[arg(long)]
    sip: Option<SocketAddr>,
    /// Address of the API, instead of the file's `api.listen`
    #[arg(long)]
    api: Option<SocketAddr>,
}

pub fn run(options: &Options) -> Result<()> {
    let mut config = Config::read(options.config.as_deref())?;
    if let Some(data) = &options.data {
        config.data.clone_from(data);
    }
    if let Some(sip) = options.sip {
        config.sip.udp = vec![sip];
        config.sip.tcp = vec![sip];
    }
    if let Some(api) = options.api {
        config.api.listen = api;
    }
    config.check()?;
    logging::start(&config.log)?;
    small_pages();
    let mut server = Server::start(&config)?;
    println!("cordboard {} serves", env!("CARGO_PKG_VERSION"));
    for address in &server.sip {
        println!("  SIP  {address}");
    }
    if let Some(metrics) = server.metrics {
        println!("  Metrics  http://{metrics}/metrics");
    }
    println!("  API  http://{}", server.api);
    if let Some(path) = &server.new_token {
        println!("  The operator's token is in {}", path.display());
    }
    server.wait();
    println!("stopping");
    server.stop()
}

/// Memory in pages of 4 KiB. Huge ones are cleared as a whole for the few pieces that are needed of them: they made the
/// process a third larger and no faster.
fn small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_thp_disable(true) {
        tracing::debug!(%error, "huge pages stay on");
    }
}
