//! baresip as a process: a desk phone without a sound card. It speaks a WAV file, writes down what it hears, and is
//! told what to do over its control connection, which also tells what happens.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::{Server, free_port};
use crate::tenant::{DOMAIN, password};
use crate::{PATIENCE, program, sound, until};

/// How often the control connection is looked at.
const TICK: Duration = Duration::from_millis(20);

/// A pair for each of a few calls; baresip tries them by chance.
const RTP_PORTS: u16 = 32;

/// Who the phone is, and how it behaves.
pub struct Setup {
    user: String,
    codecs: &'static str,
    answers: bool,
    dtmf: &'static str,
    over_ipv6: bool,
    says: Vec<i16>,
}

impl Setup {
    /// A phone of this line that speaks A-law, says nothing, and waits to be answered by hand.
    pub fn of(user: &str) -> Self {
        Self {
            user: user.to_owned(),
            codecs: "pcma,pcmu",
            answers: false,
            dtmf: "rtpevent",
            over_ipv6: false,
            says: vec![0; 60 * sound::RATE],
        }
    }

    /// `pcma`, `pcmu`, or both in order of preference.
    pub fn codecs(mut self, codecs: &'static str) -> Self {
        self.codecs = codecs;
        self
    }

    pub fn answers(mut self) -> Self {
        self.answers = true;
        self
    }

    /// Keys go as SIP INFO instead of telephone-events.
    pub fn keys_by_info(mut self) -> Self {
        self.dtmf = "info";
        self
    }

    /// It has an IPv6 address only.
    pub fn over_ipv6(mut self) -> Self {
        self.over_ipv6 = true;
        self
    }

    /// Spoken again and again in every call.
    pub fn says(mut self, samples: Vec<i16>) -> Self {
        self.says = samples;
        self
    }

    /// Starts it, and waits until it is registered.
    #[track_caller]
    pub fn start(self, server: &Server) -> Baresip {
        let folder = TempDir::new().unwrap();
        let [sip, control] = [free_port(), free_port()];
        let rtp = client::ports::free(RTP_PORTS).unwrap();
        let path = folder.path();
        std::fs::write(path.join("says.wav"), sound::wav(&self.says)).unwrap();
        std::fs::write(path.join("contacts"), "").unwrap();
        let user = &self.user;
        let account = format!(
            "<sip:{user}@{DOMAIN}>;auth_user={user};auth_pass={};outbound=\"sip:{}\";regint=600;answermode={};\
             audio_codecs={};dtmfmode={}\n",
            password(user),
            if self.over_ipv6 {
                server.address_v6()
            } else {
                server.address()
            },
            if self.answers { "auto" } else { "manual" },
            self.codecs,
            self.dtmf,
        );
        std::fs::write(path.join("accounts"), account).unwrap();
        let modules: String = ["g711", "aufile", "aubridge", "sndfile"]
            .map(|name| format!("module {name}.so\n"))
            .concat();
        let config = format!(
            "sip_listen {own}:{sip}\nnet_interface {interface}\nrtp_ports {rtp}-{}\ncall_max_calls 4\n\
             audio_player aubridge,out\naudio_alert aubridge,alert\naudio_source aufile,{says}\n\
             ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n\
             ctrl_tcp_listen 127.0.0.1:{control}\nsnd_path {folder}\nmodule_path {MODULES}\n{modules}\
             module_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n",
            rtp + RTP_PORTS - 1,
            own = if self.over_ipv6 { "[::1]" } else { "127.0.0.1" },
            interface = if self.over_ipv6 { "::1" } else { "127.0.0.1" },
            says = path.join("says.wav").display(),
            folder = path.display(),
        );
        std::fs::write(path.join("config"), config).unwrap();
        let log = std::fs::File::create(path.join("log")).unwrap();
        let child = Command::new(program("baresip", "baresip"))
            .args([if self.over_ipv6 { "-6" } else { "-4" }, "-v", "-s", "-f"])
            .arg(path)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut phone = Baresip {
            child,
            folder,
            control: connect(control),
            read: Vec::new(),
            events: Vec::new(),
            user: self.user,
            rtp,
        };
        let registered = until("the phone's registration", || {
            Some(phone.command("reginfo", "")).filter(|said| said.contains("OK"))
        });
        drop(registered);
        phone
    }
}

/// Where Debian puts baresip's modules.
const MODULES: &str = "/usr/lib/baresip/modules";

fn connect(port: u16) -> TcpStream {
    let control = until("the phone's control connection", || {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
    });
    control.set_read_timeout(Some(TICK)).unwrap();
    control
}

/// A phone under way; its process ends when it is dropped.
pub struct Baresip {
    child: Child,
    folder: TempDir,
    control: TcpStream,
    read: Vec<u8>,
    events: Vec<Value>,
    user: String,
    /// The first of its RTP ports.
    rtp: u16,
}

impl Baresip {
    /// Has a command carried out; returns what the phone says about it.
    #[track_caller]
    pub fn command(&mut self, command: &str, parameters: &str) -> String {
        let text = json!({ "command": command, "params": parameters, "token": command }).to_string();
        write!(self.control, "{}:{text},", text.len()).unwrap();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            self.listen();
            let answer = self
                .events
                .iter()
                .position(|said| said["response"] == json!(true));
            if let Some(answer) = answer {
                let answer = self.events.remove(answer);
                return answer["data"].as_str().unwrap_or_default().to_owned();
            }
        }
        panic!("{}: no answer to `{command}`", self.user)
    }

    pub fn dial(&mut self, number: &str) {
        self.command("dial", number);
    }

    pub fn hang_up(&mut self) {
        self.command("hangup", "");
    }

    /// Waits for an event such as `CALL_ESTABLISHED`; returns its parameter. Events before it are forgotten.
    #[track_caller]
    pub fn expect(&mut self, kind: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.events.iter().position(|event| event["type"] == json!(kind)) {
                let event = self.events.drain(..=at).next_back().unwrap();
                return event["param"].as_str().unwrap_or_default().to_owned();
            }
            assert!(
                Instant::now() < end,
                "{}: no {kind}; instead {:#?}\n{}",
                self.user,
                self.events,
                self.log()
            );
            self.listen();
        }
    }

    /// Whether this has happened and was not waited for.
    pub fn saw(&mut self, kind: &str) -> bool {
        self.listen();
        self.events.iter().any(|event| event["type"] == json!(kind))
    }

    /// All that this phone has heard in its calls, oldest call first.
    pub fn heard(&self) -> Vec<i16> {
        self.heard_since(0)
    }

    /// The same without its first recordings; a call with sound is one.
    pub fn heard_since(&self, recordings: usize) -> Vec<i16> {
        let files = self.recordings();
        let new = files.iter().skip(recordings);
        new.flat_map(|file| sound::read_growing(file)).collect()
    }

    /// What it has written down so far, oldest first.
    pub fn recordings(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|file| file.to_string_lossy().ends_with("-dec.wav"))
            .collect();
        files.sort();
        files
    }

    /// Whether an RTP port is one of its own.
    pub fn has_port(&self, port: u16) -> bool {
        (self.rtp..self.rtp + RTP_PORTS).contains(&port)
    }

    /// RTP ports in the messages that it sent and got, in order.
    pub fn ports_told(&self) -> Vec<u16> {
        let log = self.log();
        let audio = log
            .lines()
            .filter_map(|line| line.trim().strip_prefix("m=audio "));
        audio
            .filter_map(|line| line.split(' ').next()?.parse().ok())
            .collect()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Takes in what the phone has said.
    fn listen(&mut self) {
        let mut buffer = [0; 4_096];
        match self.control.read(&mut buffer) {
            Ok(length) => self.read.extend(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => panic!(
                "{}: the control connection broke: {error}\n{}",
                self.user,
                self.log()
            ),
        }
        while let Some((message, length)) = netstring(&self.read) {
            self.events.push(message);
            self.read.drain(..length);
        }
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let log = self.log();
            let noise = |line: &&str| line.contains("handle_command") || line.contains("(bit/s)");
            let lines: Vec<&str> = log
                .split(['\n', '\r'])
                .filter(|line| !line.is_empty() && !noise(line))
                .collect();
            let tail = lines.get(lines.len().saturating_sub(80)..).unwrap_or_default();
            eprintln!("── the phone of {} ends with\n{}\n──", self.user, tail.join("\n"));
        }
    }
}

/// `12:{"a":"text"},` at the beginning of what was read, and its whole length.
fn netstring(read: &[u8]) -> Option<(Value, usize)> {
    let colon = read.iter().position(|byte| *byte == b':')?;
    let length: usize = std::str::from_utf8(read.get(..colon)?).ok()?.parse().ok()?;
    let message = read.get(colon + 1..=colon + length)?;
    let whole = colon + length + 2;
    (read.len() >= whole).then(|| (serde_json::from_slice(message).unwrap_or(Value::Null), whole))
}
