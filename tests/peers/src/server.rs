//! The exchange as a process.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use client::Client;
use tempfile::TempDir;

use crate::given;

/// A test must not be the one that waits for the compiler's first run on a loaded machine.
const START: Duration = Duration::from_secs(60);

/// An exchange on free loopback ports, UDP and TCP, IPv4 and IPv6. Killed when dropped; its log is shown when
/// the test fails.
pub struct Server {
    child: Child,
    pub folder: TempDir,
    pub port: u16,
    pub client: Client,
}

impl Server {
    pub fn start() -> Self {
        let folder = TempDir::new().unwrap();
        const MEDIA: u16 = 400;
        let (port, api) = (free_port(), free_port());
        let first = client::ports::free(MEDIA).unwrap();
        let config = format!(
            "data = {data:?}\n\
             [sip]\nudp = [\"127.0.0.1:{port}\", \"[::1]:{port}\"]\ntcp = [\"127.0.0.1:{port}\", \"[::1]:{port}\"]\n\
             [media]\nports = \"{first}-{last}\"\n\
             [api]\nlisten = \"127.0.0.1:{api}\"\n",
            data = folder.path().join("data"),
            last = first + MEDIA - 1,
        );
        std::fs::write(folder.path().join("cordboard.toml"), config).unwrap();
        let (child, token) = spawn(folder.path());
        Self {
            child,
            folder,
            port,
            client: Client::new(api, &token),
        }
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub fn address_v6(&self) -> SocketAddr {
        (Ipv6Addr::LOCALHOST, self.port).into()
    }

    /// `kill -9`, and a new process with the same configuration and store.
    pub fn crash_and_start_again(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(self.folder.path()).0;
    }

    /// Fails when the process has ended.
    #[track_caller]
    pub fn assert_alive(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the exchange has ended: {status}");
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines.get(lines.len().saturating_sub(40)..).unwrap_or_default();
            eprintln!("── the exchange's log ends with\n{}\n──", tail.join("\n"));
        }
    }
}

/// Starts the process and waits for the line that tells where its API is; that is the last thing it opens.
fn spawn(folder: &Path) -> (Child, String) {
    let binary = given("CORDBOARD_BIN");
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let mut child = Command::new(&binary)
        .args(["serve", "--config"])
        .arg(folder.join("cordboard.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", binary.display()));
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, said) = mpsc::channel();
    // Reads on after the test has lost interest, so that the exchange never waits for its output.
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            drop(sender.send(line));
        }
    });
    while !matches!(said.recv_timeout(START), Ok(line) if line.contains("API")) {
        if let Some(status) = child.try_wait().unwrap() {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            panic!("the exchange ended with {status} instead of serving:\n{log}");
        }
    }
    let token = std::fs::read_to_string(folder.join("data").join("operator.token")).unwrap();
    (child, token.trim().to_owned())
}

/// A loopback port free for UDP and TCP, IPv4 and IPv6, and the one above it for RTCP.
pub fn free_port() -> u16 {
    client::ports::free(2).unwrap()
}
