//! `cargo xtask tour`: from upload to rollback, on a terminal. Every line behind a `$` is run against a real exchange, with two
//! phones that play themselves; what differs from what is told ends the tour with an error.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use client::Server;
use hostile::guest::Guest;
use hostile::sleeper::sleeper;
use phone::live::LivePhone;
use phone::{CallRef, Event};
use serde_json::{Value, json};

use crate::demo::cli::Cli;
use crate::demo::{scene, tenant};
use crate::guests;
use crate::run::{cargo, run, target_dir};

const PATIENCE: Duration = Duration::from_secs(20);
const RECEPTION: &str = "/v1/tenants/demo/behaviours/reception";

/// The exchange, its terminal and its phones.
struct Tour {
    server: Server,
    cli: Cli,
    folder: PathBuf,
    caller: LivePhone,
    callee: LivePhone,
}

/// Builds what it shows, then shows it.
pub fn run_tour() -> Result<()> {
    guests::build()?;
    run(cargo().args(["build", "--quiet", "--workspace", "--bins"]))?;
    show()
}

/// Shows what is built.
pub fn show() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("cordboard-tour-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = Tour::begin(folder.clone()).and_then(Tour::go);
    std::fs::remove_dir_all(&folder)?;
    result
}

impl Tour {
    fn begin(folder: PathBuf) -> Result<Self> {
        let port = client::ports::free(1)?;
        let binary = target_dir().join("debug").join("cordboard");
        let configuration =
            format!("[sip]\nudp = [\"127.0.0.1:{port}\"]\ntcp = []\n[api]\nlisten = \"127.0.0.1:0\"\n");
        let server = Server::start(&binary, &folder, &configuration)?;
        tenant::create(&server.client, &guests::folder())?;
        let sip = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Self {
            cli: Cli::of(&server, &binary),
            caller: scene::register("robot-caller", sip, 1)?,
            callee: scene::register("robot-callee", sip, 2)?,
            server,
            folder,
        })
    }

    fn go(mut self) -> Result<()> {
        self.refused()?;
        let second = self.permissions()?;
        self.canary(&second)?;
        self.swap()?;
        let call = self.rollback()?;
        self.why(call)?;
        self.replay()?;
        println!("\nThe tour is over: all went as told.");
        Ok(())
    }

    fn refused(&self) -> Result<()> {
        title("An upload that is refused, with all its reasons");
        let module = Guest {
            name: "Not A Name",
            check: "(unreachable)",
            ..Guest::default()
        };
        let file = self.file("stranger.wasm", &module.core())?;
        let told = self.run(1, &["module", "upload", &file])?;
        ensure!(
            told.contains("name") && told.contains("check"),
            "it was refused for something else"
        );
        Ok(())
    }

    /// Another build of the menu.
    fn permissions(&self) -> Result<String> {
        title("What a module may do is told when it is uploaded, and against the active one");
        let mut second = std::fs::read(guests::folder().join("menu.wasm"))?;
        // A section that no engine looks at: its length, its name's length, its name, what is in it.
        second.extend([0, 12, 5]);
        second.extend(b"buildsecond");
        let file = self.file("menu-2.wasm", &second)?;
        let told = self.run(0, &["module", "upload", &file])?;
        ensure!(told.contains("it can"), "no permission sheet");
        let digest = self.newest("menu")?;
        let group = self.newest("group")?;
        self.run(0, &["module", "permissions", &group, "--since", &digest])?;
        Ok(digest)
    }

    fn canary(&mut self, second: &str) -> Result<()> {
        title("A canary: the second build gets the calls of one phone");
        let words = [
            "behaviour",
            "candidate",
            "reception",
            second,
            "--callers",
            "290",
            "--why",
            "only my phone",
        ];
        self.run(0, &words)?;
        say("290 calls 300, and so does 291");
        for phone in [&mut self.caller, &mut self.callee] {
            let call = dial(phone, "300")?;
            hang_up(phone, call)?;
        }
        self.run(0, &["behaviour", "versions", "reception"])?;
        let versions = self.server.client.get(&format!("{RECEPTION}/versions"))?;
        let calls = |role: &str| {
            let all = versions.get("versions").and_then(Value::as_array);
            let version = all.into_iter().flatten().find(|version| version["role"] == role);
            version.and_then(|version| version.pointer("/counters/calls")?.as_u64())
        };
        ensure!(
            (calls("candidate"), calls("active")) == (Some(1), Some(1)),
            "one call each: {versions}"
        );
        Ok(())
    }

    fn swap(&mut self) -> Result<()> {
        title("A swap while a call is up");
        say("291 calls 300 and hears the greeting, from the version that is active");
        let call = dial(&mut self.callee, "300")?;
        self.run(0, &["behaviour", "promote", "reception", "--why", "it held"])?;
        say("291 presses 9, which rings 291 itself: the new version hears the key");
        self.callee.press(call, '9');
        let offered = self
            .callee
            .wait(PATIENCE, |event| match event {
                Event::Offered { call, .. } => Some(*call),
                _ => None,
            })
            .context("291 is rung")?;
        let now = self.callee.now();
        self.callee.phone.refuse(now, offered, 486);
        hang_up(&mut self.callee, call)?;
        self.run(0, &["behaviour", "versions", "reception"]).map(drop)
    }

    /// The call that met the trap.
    fn rollback(&mut self) -> Result<u64> {
        title("A version that traps: the caller hears the version before it, and the trial ends by itself");
        let trap = Guest {
            handle: "(unreachable)",
            name: "menu",
            ..Guest::default()
        };
        let file = self.file("menu-3.wasm", &sleeper(&trap, 3))?;
        let before = self.newest("menu")?;
        self.run(0, &["module", "upload", &file])?;
        let digest = self.newest("menu")?;
        ensure!(digest != before, "the upload is not listed");
        let words = [
            "behaviour",
            "candidate",
            "reception",
            &digest,
            "--callers",
            "290",
            "--failures",
            "5",
            "--least",
            "3",
        ];
        self.run(0, &words)?;
        say("290 calls 300 until the trial is over");
        let mut calls = 0;
        while self.has_candidate()? {
            ensure!(calls < 50, "the trial does not end");
            calls += 1;
            let call = dial(&mut self.caller, "300").context("the caller is answered all the same")?;
            hang_up(&mut self.caller, call)?;
        }
        say(&format!("after {calls} calls, each of which heard the greeting"));
        self.run(0, &["behaviour", "versions", "reception"])?;
        self.last_call()
    }

    fn why(&self, call: u64) -> Result<()> {
        title("Why did that call go there?");
        let told = self.run(0, &["why", &call.to_string()])?;
        ensure!(told.contains("trapped"), "the trap is not told");
        Ok(())
    }

    fn replay(&self) -> Result<()> {
        title("A replay: what today's calls would have become with other settings");
        let settings =
            json!({ "open": { "greeting": "welcome", "keys": [{ "key": "9", "number": "201" }] } });
        let file = self.file("settings.json", settings.to_string().as_bytes())?;
        let words = [
            "replay",
            "--behaviour",
            "reception",
            "--candidate",
            "active",
            "--since",
            "1h",
            "--settings",
            &file,
        ];
        self.run(4, &words).map(drop)
    }

    /// Runs the command line, which has to end with this status. What it said.
    fn run(&self, status: i32, words: &[&str]) -> Result<String> {
        let shown: Vec<String> = words.iter().map(|word| shown(word)).collect();
        println!("$ cordboard {}", shown.join(" "));
        std::io::stdout().flush()?;
        let output = self.cli.read(words)?;
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        print!("{text}");
        match output.status.code() {
            Some(code) if code == status => {}
            code => bail!("it should have ended with {status}, not {code:?}"),
        }
        if status != 0 {
            println!("(exit status {status})");
        }
        Ok(text)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> Result<String> {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes)?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// The module of this name that was uploaded last.
    fn newest(&self, name: &str) -> Result<String> {
        let modules = self.server.client.get("/v1/tenants/demo/modules")?;
        let named = modules
            .get("items")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let newest = named
            .filter(|module| {
                module
                    .pointer("/manifest/name")
                    .is_some_and(|found| found == name)
            })
            .max_by_key(|module| module["uploaded-ms"].as_u64());
        let digest = newest.and_then(|module| module["digest"].as_str());
        digest
            .map(str::to_owned)
            .with_context(|| format!("there is no module {name}"))
    }

    fn has_candidate(&self) -> Result<bool> {
        let versions = self.server.client.get(&format!("{RECEPTION}/versions"))?;
        let all = versions.get("versions").and_then(Value::as_array);
        Ok(all
            .into_iter()
            .flatten()
            .any(|version| version["role"] == "candidate"))
    }

    /// The call that ended last, once its record is there.
    fn last_call(&self) -> Result<u64> {
        let asked = || {
            let records = self.server.client.get("/v1/tenants/demo/cdrs?limit=1");
            let call = |records: Value| records.pointer("/items/0/call").and_then(Value::as_u64);
            records.map(call).transpose()
        };
        client::within(PATIENCE, asked).context("no call is recorded")?
    }
}

fn title(text: &str) {
    println!("\n── {text}\n");
}

fn say(text: &str) {
    println!("# {text}");
}

/// A word of a command as people read it: without the folder, and short where it is a digest.
fn shown(word: &str) -> String {
    let word = word.rsplit('/').next().unwrap_or(word);
    match word.get(..12) {
        Some(short) if word.len() == 64 => format!("{short}…"),
        _ if word.contains(' ') => format!("'{word}'"),
        _ => word.to_owned(),
    }
}

/// A call that is answered.
fn dial(phone: &mut LivePhone, number: &str) -> Result<CallRef> {
    let now = phone.now();
    let call = phone.phone.call(now, number);
    phone
        .wait(PATIENCE, |event| (*event == Event::Answered(call)).then_some(()))
        .with_context(|| format!("{number} answers"))?;
    phone.talk(call);
    drop(phone.pump(Duration::from_millis(200))?);
    Ok(call)
}

fn hang_up(phone: &mut LivePhone, call: CallRef) -> Result<()> {
    let now = phone.now();
    phone.phone.hang_up(now, call);
    drop(phone.pump(Duration::from_millis(200))?);
    Ok(())
}
