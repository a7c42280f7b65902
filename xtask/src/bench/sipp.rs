//! SIPp as callers and callees.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::process::Running;
use crate::run::root;

pub const CALLEE_IP: &str = "127.0.0.1";

/// Callers come from another address, so that an exchange can tell trunk and phones apart.
pub const CALLER_IP: &str = "127.0.0.2";

/// How a ladder's step went.
pub struct Step {
    pub calls: u64,
    pub failed: u64,
    /// INVITE to 200 in milliseconds: median, 95th and 99th percentile.
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    /// The same of each call, in order of length.
    pub times: Vec<f64>,
    pub took: Duration,
    /// How long the calls were to take.
    pub planned: Duration,
}

impl Step {
    /// The calls could not be made as fast as was asked for.
    pub fn fell_behind(&self) -> bool {
        self.took > self.planned.mul_f64(1.25) + Duration::from_secs(2)
    }
}

fn scenario(name: &str) -> PathBuf {
    root().join("benches").join("load").join(name)
}

/// Callees that ring and answer whatever comes to `port`, until dropped.
pub fn callees(folder: &Path, port: u16) -> Result<Running> {
    let log = fs::File::create(folder.join("callees.log"))?;
    let child = Command::new("sipp")
        .current_dir(folder)
        .arg("-sf")
        .arg(scenario("uas.xml"))
        .args(["-i", CALLEE_IP, "-p", &port.to_string(), "-nostdin"])
        .stdout(log.try_clone()?)
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .context("cannot start sipp")?;
    Ok(Running(child))
}

/// Registers accounts from the callees' port; each is a user and a password. To be done before the callees start.
pub fn register(
    folder: &Path,
    server: SocketAddr,
    domain: &str,
    accounts: &[(String, String)],
    port: u16,
) -> Result<()> {
    let mut lines = String::from("SEQUENTIAL\n");
    for (user, password) in accounts {
        lines.push_str(&format!(
            "{domain};{user};[authentication username={user} password={password}]\n"
        ));
    }
    let file = folder.join("accounts.csv");
    fs::write(&file, lines)?;
    let port = port.to_string();
    let count = accounts.len().to_string();
    let output = Command::new("sipp")
        .current_dir(folder)
        .arg(server.to_string())
        .arg("-sf")
        .arg(scenario("register.xml"))
        .arg("-inf")
        .arg(&file)
        .args([
            "-i", CALLEE_IP, "-p", &port, "-m", &count, "-r", "100", "-timeout", "60", "-nostdin",
        ])
        .output()
        .context("cannot start sipp")?;
    if !output.status.success() {
        bail!(
            "not every account could register:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// Calls `server` at a rate for a while.
pub fn call(
    folder: &Path,
    server: SocketAddr,
    numbers: &[String],
    rate: u64,
    seconds: u64,
    hold: u64,
) -> Result<Step> {
    let file = numbers_file(folder, server, numbers)?;
    for old in fs::read_dir(folder)?.flatten() {
        if old.file_name().to_string_lossy().contains("_rtt.csv") {
            fs::remove_file(old.path())?;
        }
    }
    let calls = rate * seconds;
    let start = std::time::Instant::now();
    let output = Command::new("sipp")
        .current_dir(folder)
        .arg(server.to_string())
        .arg("-sf")
        .arg(scenario("uac.xml"))
        .arg("-inf")
        .arg(&file)
        .args([
            "-i",
            CALLER_IP,
            "-p",
            &client::ports::free(1)?.to_string(),
            "-nostdin",
            "-trace_rtt",
            "-rtt_freq",
            "1",
        ])
        .args([
            "-m",
            &calls.to_string(),
            "-r",
            &rate.to_string(),
            "-d",
            &hold.to_string(),
        ])
        .args([
            "-l",
            "60000",
            "-timeout",
            &(seconds + hold / 1_000 + 40).to_string(),
        ])
        .output()
        .context("cannot start sipp")?;
    let took = start.elapsed();
    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    let successful = counter(&screen, "Successful call");
    let times = times(folder)?;
    Ok(Step {
        calls,
        failed: calls.saturating_sub(successful),
        p50: percentile(&times, 0.5),
        p95: percentile(&times, 0.95),
        p99: percentile(&times, 0.99),
        times,
        took,
        planned: Duration::from_secs(seconds) + Duration::from_millis(hold),
    })
}

/// Callers of one number that come from `ip` at a rate, until dropped; nobody looks at how their calls go.
pub fn callers(
    folder: &Path,
    script: &str,
    server: SocketAddr,
    ip: &str,
    number: &str,
    rate: u64,
) -> Result<Running> {
    let log = fs::File::create(folder.join("callers.log"))?;
    let child = Command::new("sipp")
        .current_dir(folder)
        .arg(server.to_string())
        .arg("-sf")
        .arg(scenario(script))
        .arg("-inf")
        .arg(numbers_file(folder, server, &[number.to_owned()])?)
        .args(["-i", ip, "-p", &client::ports::free(1)?.to_string()])
        .args(["-r", &rate.to_string(), "-l", "10000", "-nostdin"])
        .stdout(log.try_clone()?)
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .context("cannot start sipp")?;
    Ok(Running(child))
}

/// Calls `server` until `count` calls are up, and leaves them so until dropped.
pub fn hold(folder: &Path, server: SocketAddr, numbers: &[String], rate: u64, count: u64) -> Result<Running> {
    let log = fs::File::create(folder.join("holders.log"))?;
    let child = Command::new("sipp")
        .current_dir(folder)
        .arg(server.to_string())
        .arg("-sf")
        .arg(scenario("uac.xml"))
        .arg("-inf")
        .arg(numbers_file(folder, server, numbers)?)
        .args(["-i", CALLER_IP, "-p", &client::ports::free(1)?.to_string()])
        .args(["-m", &count.to_string(), "-l", &count.to_string()])
        .args(["-r", &rate.to_string(), "-d", "3600000", "-nostdin"])
        .stdout(log.try_clone()?)
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .context("cannot start sipp")?;
    Ok(Running(child))
}

/// The scenario's data: whom to call in turn.
fn numbers_file(folder: &Path, server: SocketAddr, numbers: &[String]) -> Result<PathBuf> {
    let lines: String = numbers
        .iter()
        .map(|number| format!("{server};{number}\n"))
        .collect();
    let file = folder.join("numbers.csv");
    fs::write(&file, format!("SEQUENTIAL\n{lines}"))?;
    Ok(file)
}

/// The cumulative column of a line of SIPp's last screen.
fn counter(screen: &str, name: &str) -> u64 {
    let line = screen.lines().rev().find(|line| line.contains(name));
    let value = line.and_then(|line| line.rsplit('|').next());
    value
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or_default()
}

/// Response times of the last run, in order of length.
fn times(folder: &Path) -> Result<Vec<f64>> {
    let mut times: Vec<f64> = Vec::new();
    for entry in fs::read_dir(folder)?.flatten() {
        if entry.file_name().to_string_lossy().contains("_rtt.csv") {
            let text = fs::read_to_string(entry.path())?;
            times.extend(
                text.lines()
                    .filter_map(|line| line.split(';').nth(1)?.trim().parse::<f64>().ok()),
            );
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// Of values in order; NaN when there is none.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
