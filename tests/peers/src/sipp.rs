//! SIPp as a process with an end: one scenario, one port, a number of calls, a time limit.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::server::free_port;
use crate::tenant::{DOMAIN, password};
use crate::{program, scenario};

/// What to run.
pub struct Sipp {
    pub scenario: PathBuf,
    pub server: SocketAddr,
    pub ip: IpAddr,
    pub port: u16,
    /// The called number, `[service]`.
    pub service: String,
    /// The account, `[field0]` and `[field1]`.
    pub user: String,
    pub tcp: bool,
    pub calls: u32,
    /// Calls a second.
    pub rate: u32,
    pub seconds: u64,
    /// The scenario's `[field0]` and so on, when it is not the account.
    pub fields: Option<String>,
    /// `[media_port]`; none: some free one.
    pub media_port: Option<u16>,
    /// Further parameters.
    pub more: Vec<String>,
}

impl Sipp {
    /// One of our scenarios, one call, on a free port of 127.0.0.1.
    pub fn new(name: &str, server: SocketAddr) -> Self {
        Self::of_file(&scenario(name), server)
    }

    pub fn of_file(file: &Path, server: SocketAddr) -> Self {
        Self {
            scenario: file.to_owned(),
            server,
            ip: Ipv4Addr::LOCALHOST.into(),
            port: free_port(),
            service: "300".to_owned(),
            user: "201".to_owned(),
            tcp: false,
            calls: 1,
            rate: 10,
            seconds: 20,
            fields: None,
            media_port: None,
            more: Vec::new(),
        }
    }

    pub fn user(mut self, user: &str) -> Self {
        self.user = user.to_owned();
        self
    }

    pub fn service(mut self, number: &str) -> Self {
        self.service = number.to_owned();
        self
    }

    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    pub fn from(mut self, ip: &str) -> Self {
        self.ip = ip.parse().unwrap();
        self
    }

    pub fn tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    pub fn calls(mut self, calls: u32) -> Self {
        self.calls = calls;
        self
    }

    pub fn rate(mut self, rate: u32) -> Self {
        self.rate = rate;
        self
    }

    pub fn media_port(mut self, port: u16) -> Self {
        self.media_port = Some(port);
        self
    }

    pub fn seconds(mut self, seconds: u64) -> Self {
        self.seconds = seconds;
        self
    }

    /// Where it will listen.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }

    pub fn fields(mut self, fields: &str) -> Self {
        self.fields = Some(fields.to_owned());
        self
    }

    pub fn with(mut self, words: &[&str]) -> Self {
        self.more.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    /// Starts it, and waits until it listens.
    pub fn start(self) -> Running {
        let folder = TempDir::new().unwrap();
        let fields = folder.path().join("account.csv");
        let account = account(&self.user);
        let line = self.fields.as_deref().unwrap_or(&account);
        std::fs::write(&fields, format!("SEQUENTIAL\n{line}\n")).unwrap();
        let media = self.media_port.unwrap_or_else(media_port);
        let mut command = Command::new(program("sipp", "sip-tester"));
        command
            .current_dir(folder.path())
            .arg(self.server.to_string())
            .arg("-sf")
            .arg(&self.scenario)
            .args(["-i", &self.ip.to_string(), "-p", &self.port.to_string()])
            .args(["-mi", &self.ip.to_string(), "-mp", &media.to_string()])
            .args([
                "-s",
                &self.service,
                "-au",
                &self.user,
                "-ap",
                &password(&self.user),
            ])
            .args(["-m", &self.calls.to_string(), "-r", &self.rate.to_string()])
            .args(["-timeout", &self.seconds.to_string(), "-timeout_error"])
            .args([
                "-nostdin",
                "-trace_err",
                "-error_file",
                "errors",
                "-trace_msg",
                "-message_file",
                "messages",
            ])
            .args(["-t", if self.tcp { "t1" } else { "u1" }])
            .arg("-inf")
            .arg(&fields)
            .args(&self.more);
        let child = command
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(folder.path().join("screen")).unwrap())
            .stderr(std::fs::File::create(folder.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut running = Running {
            child,
            folder,
            limit: Instant::now() + Duration::from_secs(self.seconds + 10),
        };
        running.wait_for_port(self.ip, self.port, self.tcp);
        running
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) {
        self.start().succeeds();
    }
}

/// A run under way; killed when dropped.
pub struct Running {
    child: Child,
    folder: TempDir,
    limit: Instant,
}

impl Running {
    /// The port is taken, or the run is over already.
    fn wait_for_port(&mut self, ip: IpAddr, port: u16, tcp: bool) {
        let left = self.left();
        client::within(left, || {
            let over = self.child.try_wait().unwrap().is_some();
            (over || is_bound(ip, port, tcp)).then_some(())
        });
    }

    /// Its end, or `None` when it ran into its limit twice over.
    pub fn end(&mut self) -> Option<ExitStatus> {
        let left = self.left();
        client::within(left, || self.child.try_wait().unwrap())
    }

    fn left(&self) -> Duration {
        self.limit.saturating_duration_since(Instant::now())
    }

    /// All calls went as the scenario says.
    #[track_caller]
    pub fn succeeds(self) {
        drop(self.succeeds_and_said());
    }

    /// The same, with every message that was said and heard.
    #[track_caller]
    pub fn succeeds_and_said(mut self) -> String {
        let end = self.end();
        if !end.is_some_and(|status| status.success()) {
            panic!("SIPp ended with {end:?}\n{}", self.story());
        }
        self.messages()
    }

    /// Every message that was said and heard so far.
    pub fn messages(&self) -> String {
        let bytes = std::fs::read(self.folder.path().join("messages")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What SIPp found wrong, and what was said.
    pub fn story(&self) -> String {
        let read = |name: &str| std::fs::read(self.folder.path().join(name)).unwrap_or_default();
        let tail = |name: &str, length: usize| {
            let bytes = read(name);
            String::from_utf8_lossy(
                bytes
                    .get(bytes.len().saturating_sub(length)..)
                    .unwrap_or_default(),
            )
            .into_owned()
        };
        format!(
            "{}\n{}\n{}",
            tail("stderr", 1_000),
            tail("errors", 2_000),
            tail("messages", 6_000)
        )
    }

    /// What it found wrong, in one line.
    pub fn complaint(&self) -> String {
        let errors = std::fs::read(self.folder.path().join("errors")).unwrap_or_default();
        let errors = String::from_utf8_lossy(&errors).into_owned();
        let line = errors.lines().find(|line| {
            line.contains("Aborting")
                || line.contains("Failed")
                || line.contains("Timeout")
                || line.contains("unexpected")
        });
        line.or_else(|| errors.lines().nth(1))
            .unwrap_or("no reason given")
            .chars()
            .take(300)
            .collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("── SIPp's story\n{}\n──", self.story());
        }
    }
}

/// Whether some socket has this port. The system's list is read: to try the port would take it for a moment from whom
/// we wait for.
fn is_bound(ip: IpAddr, port: u16, tcp: bool) -> bool {
    let list = match (ip, tcp) {
        (IpAddr::V4(_), false) => "/proc/net/udp",
        (IpAddr::V6(_), false) => "/proc/net/udp6",
        (IpAddr::V4(_), true) => "/proc/net/tcp",
        (IpAddr::V6(_), true) => "/proc/net/tcp6",
    };
    let wanted = format!(":{port:04X}");
    let text = std::fs::read_to_string(list).unwrap();
    text.lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .any(|local| local.ends_with(&wanted))
}

/// The fields of a scenario: user name, password, domain, and what SIPp puts its credentials for.
pub fn account(user: &str) -> String {
    let password = password(user);
    format!("{user};{password};{DOMAIN};[authentication username={user} password={password}];")
}

/// An even port; SIPp takes the next ones, too, for RTCP and video.
fn media_port() -> u16 {
    client::ports::free(6).unwrap().next_multiple_of(2)
}
