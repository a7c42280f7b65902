//! SIPp scenarios that other projects wrote for their servers, run against ours: only parameters are adapted.
//!
//! Each has the result that the standard asks for. Where a scenario wants something of its own server, or breaks
//! the standard itself, the table says what and why, and its failure is what is expected.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::borrowed_cases::{B2BUA, Case, METHODS, Role, Want};
use crate::collected;
use crate::server::{Server, free_port};
use crate::sipp::Sipp;
use crate::tenant::{self, PROVIDER, REGISTRAR};

/// There is one carrier, and one scenario at a time is it.
static CARRIER: Mutex<()> = Mutex::new(());

/// Scenarios that run at the same time; each mostly waits.
const AT_ONCE: usize = 4;

#[test]
fn peers_borrowed_scenarios_go_as_the_standard_says() {
    let Some(folder) = collected() else {
        println!(
            "left out: `../shared/peers` with the collected scenarios is not there (`CORDBOARD_PEERS` may name it)"
        );
        return;
    };
    let mut server = Server::start();
    tenant::create(&server);
    let mut wrong = Vec::new();
    // One scenario alone, for whoever looks into it.
    let only = std::env::var("CORDBOARD_SCENARIO").ok();
    for (suite, first, cases) in [("sipp-b2bua", 4, B2BUA), ("sipp-methods", 5, METHODS)] {
        assert_all_named(&folder.join(suite), cases);
        let results = run_all(&server, &folder.join(suite), cases, only.as_deref(), first);
        println!(
            "\n{suite}\n{:<36} {:<9} {:<9} {:<10} why",
            "scenario", "role", "transport", "result"
        );
        for (case, result) in &results {
            println!(
                "{:<36} {:<9} {:<9} {:<10} {}",
                case.file,
                case.role.name(),
                "UDP",
                result.word(case),
                result.why(case)
            );
        }
        let unexpected = results.iter().filter(|(case, result)| !result.is_expected(case));
        wrong.extend(unexpected.map(|(case, _)| case.file));
    }
    assert!(wrong.is_empty(), "unexpected results: {wrong:?}");
    server.assert_alive();
    Sipp::new("options", server.address()).run();
}

/// What came of one scenario.
enum Result {
    Passed,
    Failed(String),
    NotRun,
}

impl Result {
    fn is_expected(&self, case: &Case) -> bool {
        match (self, &case.want) {
            (Self::Passed, Want::Passes)
            | (Self::Failed(_), Want::Fails(_))
            | (Self::Passed | Self::Failed(_), Want::Varies(_))
            | (Self::NotRun, Want::NotRun(_)) => true,
            (Self::Passed | Self::Failed(_) | Self::NotRun, _) => false,
        }
    }

    fn word(&self, case: &Case) -> &'static str {
        match (self, self.is_expected(case)) {
            (Self::Passed, true) => "passes",
            (Self::Failed(_), true) => "differs",
            (Self::NotRun, _) => "not run",
            (Self::Passed, false) => "PASSES",
            (Self::Failed(_), false) => "FAILS",
        }
    }

    fn why(&self, case: &Case) -> String {
        match (self, &case.want) {
            (Self::Failed(complaint), Want::Passes) => complaint.clone(),
            (_, Want::Fails(why) | Want::Varies(why) | Want::NotRun(why)) => (*why).to_owned(),
            (Self::Passed | Self::NotRun, Want::Passes) => String::new(),
        }
    }
}

/// A scenario added to the collection must be judged, too.
fn assert_all_named(folder: &Path, cases: &[Case]) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let known = cases
            .iter()
            .any(|case| name.strip_suffix(".xml") == Some(case.file));
        assert!(known || !name.ends_with(".xml"), "{name} is not in the table");
    }
}

fn run_all<'a>(
    server: &Server,
    folder: &Path,
    cases: &'a [Case],
    only: Option<&str>,
    first: u8,
) -> Vec<(&'a Case, Result)> {
    let waiting: Mutex<VecDeque<(usize, &Case)>> = Mutex::new(
        cases
            .iter()
            .filter(|case| only.is_none_or(|only| case.file == only))
            .enumerate()
            .collect(),
    );
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            let (waiting, done) = (&waiting, &done);
            scope.spawn(move || {
                loop {
                    let Some((at, case)) = waiting.lock().unwrap().pop_front() else {
                        return;
                    };
                    let result = run(server, folder, case, &format!("{first}{at:02}"));
                    done.lock().unwrap().push((at, case, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, ..)| *at);
    done.into_iter().map(|(_, case, result)| (case, result)).collect()
}

/// Three of the files write `<` inside of an attribute, which SIPp 3.6 does not read: it gets a copy without.
fn readable(folder: &Path, file: &str, copies: &Path) -> PathBuf {
    let original = folder.join(format!("{file}.xml"));
    let text = std::fs::read_to_string(&original).unwrap();
    let repaired = text.replace("\"<sip:(.*)>\"", "\"&lt;sip:(.*)&gt;\"");
    if repaired == text {
        return original;
    }
    let copy = copies.join(format!("{file}.xml"));
    std::fs::write(&copy, repaired).unwrap();
    copy
}

/// `line` is new: calls that other scenarios leave up do not keep it busy.
fn run(server: &Server, folder: &Path, case: &Case, line: &str) -> Result {
    if let Want::NotRun(_) = case.want {
        return Result::NotRun;
    }
    // Without an ACK the exchange ends a call after 64·T1.
    let seconds = if case.file == "uac-drop-all-200" { 45 } else { 12 };
    let address = if case.file.ends_with("ipv6") {
        server.address_v6()
    } else {
        server.address()
    };
    let sipp = Sipp::of_file(&readable(folder, case.file, server.folder.path()), address)
        .service(case.service)
        .seconds(seconds)
        .with(&["-d", "300", "-default_behaviors", "all,-bye"]);
    let sipp = if matches!(case.file, "proxy_invite_bye" | "refer") {
        sipp.fields(&format!("{};{};", server.address().ip(), server.port))
    } else {
        sipp
    };
    let registered = || {
        tenant::add_line(server, line);
        let port = free_port();
        Sipp::new("register", server.address())
            .user(line)
            .port(port)
            .run();
        port
    };
    let ours = |name: &str| Sipp::new(name, server.address()).seconds(seconds);
    let mut carrier = None;
    // Our other party plays no part in the result: it is there until the scenario ends.
    let (mut sipp, other) = match case.role {
        Role::Provider if address.is_ipv6() => (sipp.from("::1").start(), None),
        Role::Provider => (sipp.from(PROVIDER).start(), None),
        Role::Phone => (sipp.user(case.service).start(), None),
        Role::Caller(other) => {
            let other = ours(other).port(registered()).start();
            (sipp.service(line).from(PROVIDER).start(), Some(other))
        }
        Role::Callee(other) => {
            let sipp = sipp.port(registered()).start();
            (sipp, Some(ours(other).service(line).start()))
        }
        Role::Carrier => {
            carrier = Some(CARRIER.lock().unwrap());
            let port = sipp.port;
            let sipp = sipp.start();
            tenant::put_carrier(server, port);
            (sipp, Some(ours("call").service(tenant::OUTSIDE).start()))
        }
        Role::Registrar => {
            carrier = Some(CARRIER.lock().unwrap());
            let port = sipp.port;
            let sipp = sipp.from(REGISTRAR).start();
            tenant::put_registrar(server, port);
            (sipp, None)
        }
    };
    let end = sipp.end();
    drop(carrier);
    match end.is_some_and(|status| status.success()) {
        true => Result::Passed,
        false if matches!(case.want, Want::Passes) => {
            let other = other.map_or_else(String::new, |other| {
                format!("\nthe other party:\n{}", other.story())
            });
            Result::Failed(format!("{}{other}", sipp.story()))
        }
        false => Result::Failed(sipp.complaint()),
    }
}
