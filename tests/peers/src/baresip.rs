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
use crate::tenant::{DOMAIN, PROVIDER, password};
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
    place: Place,
    says: Vec<i16>,
    /// Further numbers that it answers to.
    also: Vec<&'static str>,
}

/// Where a phone is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Inside,
    /// Inside, with an IPv6 address only.
    OverIpv6,
    /// Behind the provider, who knows it and whom the exchange trusts.
    Outside,
}

impl Place {
    fn address(self) -> &'static str {
        match self {
            Self::Inside => "127.0.0.1",
            Self::OverIpv6 => "[::1]",
            Self::Outside => PROVIDER,
        }
    }

    /// Of sound; what the provider's calls come from matters for signalling only.
    fn interface(self) -> &'static str {
        match self {
            Self::OverIpv6 => "::1",
            Self::Inside | Self::Outside => "127.0.0.1",
        }
    }
}

impl Setup {
    /// A phone of this line that speaks A-law, says nothing, and waits to be answered by hand.
    pub fn of(user: &str) -> Self {
        Self {
            user: user.to_owned(),
            codecs: "pcma,pcmu",
            answers: false,
            dtmf: "rtpevent",
            place: Place::Inside,
            says: vec![0; 60 * sound::RATE],
            also: Vec::new(),
        }
    }

    /// A phone of somebody outside who has this number: it registers with nobody, and its calls come from the provider.
    pub fn outside(number: &str) -> Self {
        Self {
            place: Place::Outside,
            ..Self::of(number)
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
        self.place = Place::OverIpv6;
        self
    }

    /// Spoken again and again in every call.
    pub fn says(mut self, samples: Vec<i16>) -> Self {
        self.says = samples;
        self
    }

    /// This is its number, too.
    pub fn also(mut self, number: &'static str) -> Self {
        self.also.push(number);
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
        let users = std::iter::once(self.user.as_str()).chain(self.also.iter().copied());
        let accounts: String = users.map(|user| self.account(server, user)).collect();
        std::fs::write(path.join("accounts"), accounts).unwrap();
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
            own = self.place.address(),
            interface = self.place.interface(),
            says = path.join("says.wav").display(),
            folder = path.display(),
        );
        std::fs::write(path.join("config"), config).unwrap();
        let log = std::fs::File::create(path.join("log")).unwrap();
        let child = Command::new(program("baresip", "baresip"))
            .args([self.family(), "-v", "-s", "-f"])
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
            at: format!("{}:{sip}", self.place.address()),
            rtp,
        };
        if self.place != Place::Outside {
            until("the phone's registration", || {
                phone.command("reginfo", "").contains("OK").then_some(())
            });
        }
        phone
    }

    /// A line of baresip's file of accounts.
    fn account(&self, server: &Server, user: &str) -> String {
        let at = match self.place {
            Place::OverIpv6 => server.address_v6(),
            Place::Inside | Place::Outside => server.address(),
        };
        let registers = match self.place {
            Place::Outside => "regint=0".to_owned(),
            Place::Inside | Place::OverIpv6 => {
                format!("auth_user={user};auth_pass={};regint=600", password(user))
            }
        };
        format!(
            "<sip:{user}@{DOMAIN}>;{registers};outbound=\"sip:{at}\";answermode={};audio_codecs={};dtmfmode={}\n",
            if self.answers { "auto" } else { "manual" },
            self.codecs,
            self.dtmf,
        )
    }

    fn family(&self) -> &'static str {
        match self.place {
            Place::OverIpv6 => "-6",
            Place::Inside | Place::Outside => "-4",
        }
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
    at: String,
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
        let event = self.event(kind);
        event["param"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until it rings; returns whose address it shows.
    #[track_caller]
    pub fn rings(&mut self) -> String {
        let event = self.event("CALL_INCOMING");
        event["peeruri"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until it rings, and takes the call; returns whose address it showed.
    #[track_caller]
    pub fn accepts(&mut self) -> String {
        let shown = self.rings();
        self.command("accept", "");
        self.expect("CALL_ESTABLISHED");
        shown
    }

    #[track_caller]
    fn event(&mut self, kind: &str) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.events.iter().position(|event| event["type"] == json!(kind)) {
                return self.events.drain(..=at).next_back().unwrap();
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

    /// Where it listens for SIP, as in a URI.
    pub fn address(&self) -> &str {
        &self.at
    }

    /// The values of a header in the messages that it sent and got, in order.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let log = self.log();
        let values = log.lines().filter_map(|line| line.trim().strip_prefix(name));
        let values = values.filter_map(|rest| rest.strip_prefix(':'));
        values.map(|value| value.trim().to_owned()).collect()
    }

    /// The latest INVITE that it got or sent.
    pub fn latest_invite(&self) -> String {
        let log = self.log();
        let from = log.rfind("\nINVITE sip:").map_or(0, |at| at + 1);
        let whole = log.get(from..).unwrap_or_default();
        let end = whole.find("\nContent-Length").unwrap_or(whole.len());
        whole.get(..end).unwrap_or_default().to_owned()
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
