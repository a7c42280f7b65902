//! linphonec as a process: a phone of another family than baresip. It speaks a WAV file, writes down what it hears, and
//! is told what to do over its console.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use tempfile::TempDir;

use crate::server::Server;
use crate::tenant::{DOMAIN, password};
use crate::{program, sound, until};

/// One for SIP over UDP and TCP, pairs for sound and a picture that never comes.
const PORTS: u16 = 8;

/// A registered phone; its process ends when it is dropped.
pub struct Linphone {
    child: Child,
    console: ChildStdin,
    folder: TempDir,
    user: String,
    /// How much of what it said has been looked at.
    read: usize,
}

impl Linphone {
    /// Starts a phone of this line that says so all the time, and waits until it is registered.
    #[track_caller]
    pub fn start(server: &Server, user: &str, says: &[i16]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path();
        std::fs::create_dir_all(path.join(".local/share/linphone")).unwrap();
        std::fs::write(path.join("says.wav"), sound::wav(says)).unwrap();
        std::fs::write(path.join("config"), config(server, user)).unwrap();
        let mut child = Command::new(program("linphonec", "linphone-cli"))
            .env("HOME", path)
            .arg("-c")
            .arg(path.join("config"))
            .args(["-d", "6", "-l"])
            .arg(path.join("log"))
            .stdin(Stdio::piped())
            .stdout(File::create(path.join("said")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let console = child.stdin.take().unwrap();
        let mut phone = Self {
            child,
            console,
            folder,
            user: user.to_owned(),
            read: 0,
        };
        phone.command("soundcard use files");
        phone.command(&format!("play {}", phone.file("says.wav").display()));
        phone.command(&format!("record {}", phone.file("heard.wav").display()));
        until("the phone's registration", || {
            phone.log().contains("[LinphoneRegistrationOk]").then_some(())
        });
        phone
    }

    /// Types a line.
    pub fn command(&mut self, line: &str) {
        writeln!(self.console, "{line}").unwrap();
        self.console.flush().unwrap();
    }

    pub fn dial(&mut self, number: &str) {
        self.command(&format!("call sip:{number}@{DOMAIN}"));
    }

    /// Waits until it says these words, after whatever was waited for before.
    #[track_caller]
    pub fn expect(&mut self, words: &str) {
        let read = self.read;
        let end = until(&format!("{} says `{words}`", self.user), || {
            let said = self.said();
            let found = said.get(read..)?.find(words)?;
            Some(read + found + words.len())
        });
        self.read = end;
    }

    /// All that it heard since its sound was last set up.
    pub fn heard(&self) -> Vec<i16> {
        sound::read_growing(&self.file("heard.wav"))
    }

    /// Every message it sent or got, among much else.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.file("log")).unwrap_or_default()).into_owned()
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.file("said")).unwrap_or_default()).into_owned()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("── linphonec of {} said\n{}\n──", self.user, self.said());
            let log = self.log();
            let sip = |line: &&str| !line.contains("mediastreamer") && !line.contains("ortp");
            let lines: Vec<&str> = log.lines().filter(sip).collect();
            let tail = lines.get(lines.len().saturating_sub(120)..).unwrap_or_default();
            eprintln!("── and its log ends with\n{}\n──", tail.join("\n"));
        }
    }
}

fn config(server: &Server, user: &str) -> String {
    let first = client::ports::free(PORTS).unwrap();
    let (sound, picture) = (first + 2, first + 6);
    let at = server.address();
    let secret = password(user);
    format!(
        "[sip]\nsip_port={first}\nsip_tcp_port={first}\nsip_tls_port=-1\nguess_hostname=0\ndefault_proxy=0\n\
         register_only_when_network_is_up=0\n\
         [rtp]\naudio_rtp_port={sound}\nvideo_rtp_port={picture}\naudio_adaptive_jitt_comp_enabled=0\n\
         [video]\nenabled=0\ncapture=0\ndisplay=0\n[sound]\nechocancellation=0\n\
         [proxy_0]\nreg_proxy=sip:{at}\nreg_identity=sip:{user}@{DOMAIN}\nreg_route=sip:{at}\nreg_expires=600\n\
         reg_sendregister=1\npublish=0\n\
         [auth_info_0]\nusername={user}\npasswd={secret}\nrealm={DOMAIN}\n"
    )
}
