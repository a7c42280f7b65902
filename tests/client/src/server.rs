//! An exchange as a process of its own, for tests, benches and the demo.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Client;

/// For the first start on a loaded machine: modules may have to be compiled.
const START: Duration = Duration::from_secs(60);

/// For a stop that was asked for; afterwards it is ended.
const STOP: Duration = Duration::from_secs(15);

/// Ended when dropped, asked first.
pub struct Server {
    child: Child,
    /// What it says while it serves; locked by nobody, but a server is shared between threads.
    said: Mutex<Receiver<String>>,
    binary: PathBuf,
    /// Holds its configuration, its store (`data`) and its log.
    pub folder: PathBuf,
    /// Where phones reach it.
    pub sip: Vec<SocketAddr>,
    pub api: SocketAddr,
    /// Where its metrics are, when that is elsewhere.
    pub metrics: Option<SocketAddr>,
    /// Speaks with its API as operator.
    pub client: Client,
}

/// What a server that has just started says.
struct Started {
    child: Child,
    /// What it says from here on; its end comes with the process's.
    said: Receiver<String>,
    sip: Vec<SocketAddr>,
    metrics: Option<SocketAddr>,
    api: SocketAddr,
}

impl Server {
    /// Starts `binary` with a store in `folder` and these lines of configuration, and waits until it serves.
    ///
    /// # Errors
    ///
    /// When it ends instead, with its log.
    pub fn start(binary: &Path, folder: &Path, configuration: &str) -> Result<Self> {
        let data = folder.join("data");
        let text = format!("data = {data:?}\n{configuration}\n");
        fs::write(folder.join("cordboard.toml"), text)?;
        let started = spawn(binary, folder, &[])?;
        let token = fs::read_to_string(data.join("operator.token"))?;
        Ok(Self {
            child: started.child,
            said: Mutex::new(started.said),
            binary: binary.to_owned(),
            folder: folder.to_owned(),
            sip: started.sip,
            api: started.api,
            metrics: started.metrics,
            client: Client::new(started.api.port(), token.trim()),
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, and a new process with the same configuration and store.
    ///
    /// # Errors
    ///
    /// As at the first start.
    pub fn crash_and_start_again(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.start_again()
    }

    /// Starts it once more after [`stop`](Self::stop), where it was: free ports are chosen only once.
    ///
    /// # Errors
    ///
    /// As at the first start.
    pub fn start_again(&mut self) -> Result<()> {
        let mut options = vec!["--api".to_owned(), self.api.to_string()];
        if let [sip] = self.sip.as_slice() {
            options.extend(["--sip".to_owned(), sip.to_string()]);
        }
        let started = spawn(&self.binary, &self.folder, &options)?;
        (self.child, self.said) = (started.child, Mutex::new(started.said));
        Ok(())
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// When there is no such process any more.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.pid())?), signal)?)
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    ///
    /// When it does not end by itself; it is killed then.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        self.signal(Signal::SIGTERM)?;
        if self.falls_silent(Instant::now() + STOP) {
            return Ok(self.child.wait()?);
        }
        self.child.kill()?;
        self.child.wait()?;
        bail!(
            "the exchange did not end within {} s; it was killed",
            STOP.as_secs()
        )
    }

    /// Whether its output ended in time: it does when the process does.
    fn falls_silent(&mut self, by: Instant) -> bool {
        let said = self.said.get_mut().unwrap_or_else(PoisonError::into_inner);
        loop {
            match said.recv_timeout(by.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Everything that it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("cordboard.log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop());
    }
}

fn spawn(binary: &Path, folder: &Path, options: &[String]) -> Result<Started> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.join("cordboard.log"))?;
    let mut child = Command::new(binary)
        .args(["serve", "--config"])
        .arg(folder.join("cordboard.toml"))
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let said = child.stdout.take().context("it has no output")?;
    let mut started = Started {
        child,
        said: lines(said),
        sip: Vec::new(),
        metrics: None,
        api: SocketAddr::from(([127, 0, 0, 1], 0)),
    };
    let heard = listen(&mut started);
    if heard.is_err() {
        drop(started.child.kill());
        let status = started.child.wait()?;
        let log = fs::read_to_string(folder.join("cordboard.log")).unwrap_or_default();
        bail!("the exchange ended with {status} instead of serving:\n{log}");
    }
    Ok(started)
}

/// Reads on for as long as the process lives, so that it never waits for a reader.
fn lines(output: std::process::ChildStdout) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            drop(sender.send(line));
        }
    });
    receiver
}

/// Until the line that tells where its API is: that is the last thing it opens.
fn listen(started: &mut Started) -> Result<()> {
    loop {
        let line = started.said.recv_timeout(START)?;
        match line.trim().split_once(char::is_whitespace) {
            Some(("SIP", address)) => started.sip.push(address.trim().parse()?),
            Some(("Metrics", url)) => {
                let url = url.trim().trim_start_matches("http://");
                started.metrics = Some(url.trim_end_matches("/metrics").parse()?);
            }
            Some(("API", url)) => {
                started.api = url.trim().trim_start_matches("http://").parse()?;
                return Ok(());
            }
            _ => {}
        }
    }
}
