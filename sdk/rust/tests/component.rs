//! The component decides as the native code does: the same state, commands, questions and
//! explanations, for whole call flows picked at random.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use base::Random;
use behaviours::{Config, Image, Invoker, Runtime};
use contract::{
    Cause, GatherOutcome, Invocation, LineChange, Message, OutcomeKind, PlayOutcome, SessionScope, Target,
};
use cordboard::test::Flow;
use cordboard::{Event, LegId, native, secs};

const MENU: &str = r#"{"enabled":true,"calendar":"opening","attempts":3,"wait":5,"goodbye":"goodbye","fallback":null,"extension-digits":3,
    "by-name":{"key":"9","people":[{"name":"Anne Weber","number":"101"},{"name":"Otto Weber","number":"102"}]},
    "open":{"greeting":"welcome","keys":[{"key":"1","number":"101","submenu":null},
        {"key":"2","number":null,"submenu":{"greeting":"sales","keys":[{"key":"1","number":"0612345678"}]}}]},
    "closed":{"greeting":"closed","keys":[{"key":"1","number":"0899123456","submenu":null}]}}"#;

const GROUP: &str = r#"{"members":["101","102","103"],"mode":"cyclic","rings":5,"wrap-up":10,"queue-length":3,
    "max-wait":60,"greeting":"welcome","greeting-interruptive":false,"waiting":"please-wait",
    "overflow":"number","overflow-number":"0147200001","playlist":["waltz","tango"],"place":{"every":10,"estimate":"estimated-wait"},
    "call-back":{"on":true,"after":5,"noted":"noted"},"priority":["06*"],"weights":[{"line":"102","weight":3}],
    "skills":[{"name":"english","members":["102"],"callers":["0044*"]}],"skill-wait":20}"#;

const LINE: &str = r#"{"blocked":["0899*"],"call-waiting":true,"greeting":{"announcement":"hello","interruptive":true},
    "multi-ring":{"on":true,"order":"sequential","numbers":["102","0612345678"]},
    "busy":{"on":true,"to":"103"},"no-answer":{"on":true,"to":null}}"#;

#[test]
fn echo_decides_alike() {
    compare("echo", native::Module::of::<echo::echo>(), "{}");
}

#[test]
fn announcement_decides_alike() {
    let settings = r#"{"announcement":"closed","times":2,"then":"number","number":"101"}"#;
    compare(
        "announcement",
        native::Module::of::<announcement::announcement>(),
        settings,
    );
}

#[test]
fn menu_decides_alike() {
    compare("menu", native::Module::of::<menu::menu>(), MENU);
}

#[test]
fn outgoing_decides_alike() {
    let settings = r#"{"caller-id":"hidden","profile":"shop","profiles":[{"name":"shop","mobile":true,"calendar":"opening"}],
        "short-numbers":[{"short":"300","number":"0612345678"}]}"#;
    compare("outgoing", native::Module::of::<outgoing::outgoing>(), settings);
}

#[test]
fn busy_alerter_decides_alike() {
    let settings = r#"{"outside":"menu","voicemail":"102","attendant":"103","call-back":"call-back","keys":{"wait":"2","voicemail":"5"}}"#;
    compare(
        "busy_alerter",
        native::Module::of::<busy_alerter::BusyAlerter>(),
        settings,
    );
}

#[test]
fn call_back_decides_alike() {
    compare("call_back", native::Module::of::<call_back::CallBack>(), "{}");
}

#[test]
fn line_decides_alike() {
    compare("line", native::Module::of::<line::line>(), LINE);
}

/// R14, R17, R18, R20, R21, R24, R26: settings under which each of them comes to bear.
#[test]
fn line_decides_alike_with_every_service() {
    let all = [
        "{}",
        r#"{"do-not-disturb":true,"busy":{"on":false,"to":null}}"#,
        r#"{"reject-anonymous":true,"distinctive-ring":true,"call-waiting":true,"double-call":null}"#,
        r#"{"immediate":{"on":true,"to":"102"}}"#,
        r#"{"scheduled":{"on":true,"calendar":"opening","to":"0612345678"}}"#,
        r#"{"multi-ring":{"on":true,"order":"simultaneous","numbers":["102","112"]},"rings":10}"#,
        r#"{"greeting":{"announcement":"hello","interruptive":false,"calendar":"opening"}}"#,
        r#"{"unreachable":{"on":true,"to":"0899123456"},"no-answer":{"on":true,"to":"15"}}"#,
    ];
    compare_all("line", native::Module::of::<line::line>(), &all, 8);
}

#[test]
fn group_decides_alike() {
    compare("group", native::Module::of::<group::Group>(), GROUP);
}

/// R33, R36 to R40: every mode and every overflow.
#[test]
fn group_decides_alike_in_every_mode_and_overflow() {
    let modes = ["linear", "free-line", "parallel"].map(|mode| GROUP.replace("cyclic", mode));
    let mut all: Vec<&str> = modes.iter().map(String::as_str).collect();
    all.extend([
        r#"{"members":[]}"#,
        r#"{"members":["101"],"queue-length":0,"overflow":"hang-up","waiting":null,"greeting":null}"#,
        r#"{"members":["101","102"],"calendar":"opening","closed-number":"103","max-wait":10}"#,
    ]);
    compare_all("group", native::Module::of::<group::Group>(), &all, 8);
}

#[test]
fn menu_decides_alike_switched_off_and_without_a_calendar() {
    let off = MENU.replace(r#""enabled":true"#, r#""enabled":false"#);
    let always = MENU
        .replace(r#""calendar":"opening""#, r#""calendar":null"#)
        .replace(r#""fallback":null"#, r#""fallback":"102""#);
    compare_all("menu", native::Module::of::<menu::menu>(), &[&off, &always], 8);
}

/// Also what must hold of any run of a group: nobody is rung for two callers.
#[test]
fn r29_no_member_of_a_group_is_ever_rung_for_two_callers() {
    for mode in ["linear", "free-line", "cyclic", "parallel"] {
        let settings = GROUP.replace("cyclic", mode);
        for seed in 0..200 {
            let module = native::Module::of::<group::Group>();
            let mut flow = Flow::through(move |invocation| module.invoke(invocation), &settings);
            walk(&mut flow, true, seed, |flow| {
                let mut rung = BTreeSet::new();
                for (caller, targets) in flow.dialling() {
                    for target in targets
                        .into_iter()
                        .filter(|target| matches!(target, Target::Line(_)))
                    {
                        let name = format!("{target:?}");
                        assert!(
                            rung.insert(name.clone()),
                            "{name} rings for {caller} too: seed {seed}, {mode}"
                        );
                    }
                }
            });
        }
    }
}

fn compare(name: &str, native: native::Module, settings: &str) {
    compare_all(name, native, &[settings], 20);
}

/// With each of these settings, in so many walks.
fn compare_all(name: &str, native: native::Module, all_settings: &[&str], walks: u64) {
    let runtime = Arc::new(Runtime::new(Config::default()).unwrap());
    let inspected = runtime.inspect(&support::built(name)).unwrap();
    let (digest, manifest) = (inspected.digest, inspected.manifest);
    runtime
        .load(digest, Image::Component(&inspected.component))
        .unwrap();
    let described = contract::Manifest {
        imports: manifest.imports.clone(),
        ..native.describe()
    };
    assert_eq!(
        manifest, described,
        "the module is older than the code? `cargo xtask guests` builds it"
    );
    for (settings, seed) in all_settings
        .iter()
        .flat_map(|settings| (0..walks).map(move |seed| (settings.to_string(), seed)))
    {
        let runtime = Arc::clone(&runtime);
        let told = settings.clone();
        let decide = move |invocation: &Invocation| {
            let expected = native.invoke(invocation);
            let found = runtime.invoke(Invocation {
                module: digest,
                ..invocation.clone()
            });
            assert_eq!(
                found.result, expected.result,
                "seed {seed}, {settings}, {:?}",
                invocation.task
            );
            assert_eq!(
                found.record, expected.record,
                "seed {seed}, {settings}, {:?}",
                invocation.task
            );
            found
        };
        let many = manifest.scope == SessionScope::PerNumber;
        walk(&mut Flow::through(decide, &told), many, seed, |_| {});
    }
}

/// Lets things happen at random, and looks after each.
fn walk(flow: &mut Flow, many: bool, seed: u64, look: impl Fn(&Flow)) {
    let mut random = Random::from_seed(seed);
    flow.tenant()
        .lines(&["101", "102", "103", "300"])
        .calendar("opening", random.chance(0.7));
    flow.call("0147200001");
    for _ in 0..40 {
        step(flow, many, &mut random);
        look(flow);
    }
}

fn step(flow: &mut Flow, many: bool, random: &mut Random) {
    let pick = |legs: Vec<LegId>, random: &mut Random| {
        let index = random.below(legs.len() as u64) as usize;
        legs.get(index).copied()
    };
    match random.below(10) {
        // Only sessions for a number take a second call.
        0 | 1 if many => drop(flow.call("0612345678")),
        2 => {
            if let Some(leg) = pick(flow.legs(), random) {
                flow.hangs_up(leg);
            }
        }
        3 | 4 => {
            if let Some(leg) = pick(flow.hearing(), random) {
                flow.audio(leg, heard(random));
            }
        }
        5 | 6 => {
            let dials = flow.dialling();
            let index = random.below(dials.len() as u64) as usize;
            if let Some((leg, targets)) = dials.get(index) {
                if random.chance(0.5) {
                    flow.answers(*leg, random.below(targets.len() as u64) as u32);
                } else {
                    flow.fails(
                        *leg,
                        [Cause::NoAnswer, Cause::Busy, Cause::Unreachable][random.below(3) as usize],
                    );
                }
            }
        }
        7 => {
            let line = ["101", "102", "103"][random.below(3) as usize];
            let (registered, calls) = (random.chance(0.8), random.below(2) as u32);
            let known = flow.tenant().line(line);
            (known.registered, known.calls) = (registered, calls);
            if many {
                flow.happens(Event::LineChanged(LineChange {
                    line: line.into(),
                    registered,
                    calls,
                }));
            }
        }
        8 if many => {
            let word = [
                "absent 101",
                "present 101",
                "disconnect 102",
                "nonsense",
                "request 101",
                "request 102",
            ][random.below(6) as usize];
            flow.happens(Event::Message(Message {
                sender: None,
                body: word.into(),
            }));
        }
        _ => flow.passes(secs(random.below(40))),
    }
}

fn heard(random: &mut Random) -> OutcomeKind {
    match random.below(6) {
        0 => OutcomeKind::Played(PlayOutcome::Finished),
        1 => OutcomeKind::Played(PlayOutcome::Missing("welcome".into())),
        2 => OutcomeKind::Gathered(GatherOutcome::Digits("1".into())),
        3 => OutcomeKind::Gathered(GatherOutcome::Digits("2".into())),
        4 => OutcomeKind::Gathered(GatherOutcome::Timeout(String::new())),
        _ => OutcomeKind::Played(PlayOutcome::Finished),
    }
}
