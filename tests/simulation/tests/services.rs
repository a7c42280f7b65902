//! Shipped behaviours with a whole exchange around them: what `cargo test -p GUEST` cannot see.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use busy_alerter::{AlerterSettings, BusyAlerter};
use call_back::{CallBack, CallBackSettings};
use contract::Decision;
use cordboard::native;
use exchange::admin::{Answer, Request};
use exchange::directory::{Document, Line};
use exchange::live::{self, Inquiry, Verdict};
use group::{Group, GroupSettings, Mode};
use phone::CallState;
use serde_json::json;
use testkit::{Office, Sim, digest_of};

const SECOND: Duration = Duration::from_secs(1);

/// 202 has a busy alerter in front, and call backs.
fn alerted() -> Sim {
    let settings = AlerterSettings {
        call_back: Some("call-back".into()),
        ..AlerterSettings::default()
    };
    let alert = |line: &mut Line| line.behaviours = Some(vec!["busy-alerter".into()]);
    let office = Office::new("acme")
        .lines(&["201", "203"])
        .line_with("202", alert)
        .behaviour::<BusyAlerter>("busy-alerter", &settings)
        .behaviour::<CallBack>("call-back", &CallBackSettings::default())
        .announcements(&["in-a-call", "we-will-call-back"]);
    Sim::new(office)
}

#[test]
fn r58_r61_r67_who_hung_up_on_a_busy_line_is_called_back_also_after_a_crash() {
    let mut sim = alerted();
    sim.call("203", "202");
    sim.answer("202");
    sim.expect_talking("203", "202");

    sim.call("201", "202");
    sim.hang_up("201");
    sim.pass(SECOND * 5);
    sim.expect_quiet("201");
    sim.restart();
    sim.hang_up("203");
    sim.pass(SECOND * 4);
    sim.answer("201");
    sim.answer("202");
    sim.expect_talking("201", "202");
    sim.hang_up("202");
    sim.expect_ended();
    let why = sim.explanations();
    assert!(
        why.iter()
            .any(|line| line == "R58: 201 is called back: the caller hung up")
    );
    assert!(why.iter().any(|line| line.starts_with("R61: they talk")));
}

/// The phone says busy whenever it rings, for so many seconds; returns when it rang.
fn says_busy(sim: &mut Sim, name: &str, seconds: u32) -> Vec<u32> {
    let id = sim.world().find(name).unwrap();
    let mut rang = Vec::new();
    for tenth in 0..seconds * 10 {
        for call in sim.world().calls_in(id, CallState::Offered) {
            rang.push(tenth / 10);
            sim.world().with(id, |phone, now| phone.refuse(now, call, 486));
        }
        sim.pass(SECOND / 10);
    }
    rang
}

#[test]
fn r63_a_phone_that_says_busy_of_itself_rings_after_growing_pauses_and_at_once_after_a_call() {
    let mut sim = alerted();
    sim.call("201", "202");
    assert_eq!(says_busy(&mut sim, "202", 5), [0]);
    sim.press("201", "5");
    let rang = says_busy(&mut sim, "202", 100);
    let pauses: Vec<u32> = rang.windows(2).map(|two| two[1] - two[0]).collect();
    assert_eq!(pauses, [4, 8, 16, 32, 32], "{rang:?}");

    // While the third of the longest pauses lasts.
    sim.call("202", "203");
    sim.answer("203");
    sim.pass(SECOND * 5);
    sim.hang_up("203");
    sim.pass(SECOND * 2);
    sim.answer("202");
    sim.expect_talking("201", "202");
    sim.hang_up("201");
    sim.expect_ended();
}

#[test]
fn r65_a_call_back_is_asked_for_by_feature_code_too() {
    let rule = json!({"name": "call back", "direction": "internal", "pattern": {"feature-code": "*37*"},
        "action": {"tell": {"behaviour": "call-back", "number": "{digits}", "message": "request {line}"}}});
    let own = json!({"name": "own numbers", "direction": "internal", "pattern": "any", "action": "own"});
    let plan = json!({"rules": [rule, own]});
    let office = Office::new("acme")
        .lines(&["201", "202", "203"])
        .behaviour::<CallBack>("call-back", &CallBackSettings::default())
        .with(Document::DialPlan(serde_json::from_value(plan).unwrap()));
    let mut sim = Sim::new(office);
    sim.call("203", "202");
    sim.answer("202");
    sim.call("201", "*37*202");
    sim.hang_up("201");
    sim.call("201", "*37*999");
    sim.pass(SECOND * 5);
    let sessions = |sim: &mut Sim| sim.world().exchange().census().sessions;
    assert_eq!(sessions(&mut sim), 1, "nobody has 999");
    sim.hang_up("203");
    sim.pass(SECOND * 4);
    sim.answer("201");
    sim.answer("202");
    sim.expect_talking("201", "202");
    sim.hang_up("202");
    sim.expect_ended();
    assert_eq!(sessions(&mut sim), 0, "nobody waits any more");
}

/// Two groups with the same member: whoever is rung for one is not rung for the other.
#[test]
fn r32_two_groups_never_ring_the_same_member_at_the_same_time() {
    let settings = GroupSettings {
        members: vec!["101".into()],
        greeting: None,
        ..GroupSettings::default()
    };
    let office = Office::new("acme")
        .lines(&["101", "201", "202"])
        .behaviour::<Group>("sales", &settings)
        .behaviour::<Group>("support", &settings)
        .announcements(&["please-wait"])
        .number("300", &["sales"])
        .number("301", &["support"]);
    let mut sim = Sim::new(office);
    for (from, number) in [("201", "300"), ("202", "301")] {
        let id = sim.world().find(from).unwrap();
        sim.world().with(id, |phone, now| phone.call(now, number));
    }
    sim.pass(SECOND * 3);
    sim.answer("101");
    sim.pass(SECOND * 20);
    sim.expect_quiet("101");
    sim.hang_up("101");
    sim.pass(SECOND * 6);
    sim.answer("101");
    sim.hang_up("101");
    sim.expect_ended();
}

#[test]
fn r63_who_waits_on_the_line_talks_the_moment_it_is_free() {
    let mut sim = alerted();
    sim.call("203", "202");
    sim.answer("202");
    sim.call("201", "202");
    sim.pass(SECOND * 3);
    sim.press("201", "5");
    sim.pass(SECOND * 20);
    sim.expect_sound("201");
    sim.hang_up("203");
    sim.pass(SECOND * 3);
    sim.answer("202");
    sim.expect_talking("201", "202");
    sim.hang_up("201");
    sim.expect_ended();
}

const CALLERS: usize = 40;

fn caller(index: usize) -> String {
    format!("{}", 401 + index)
}

/// One member, who is in a call; forty wait.
fn crowded() -> Sim {
    let settings = GroupSettings {
        members: vec!["101".into()],
        mode: Mode::Linear,
        greeting: None,
        max_wait: 3_600,
        queue_length: 50,
        ..GroupSettings::default()
    };
    let next = native::Module::of::<Group>();
    let decide = move |invocation: &contract::Invocation| -> Decision { next.invoke(invocation) };
    let mut office = Office::new("acme")
        .tenant(|tenant| tenant.limits.calls = 200)
        .lines(&["101", "102"])
        .behaviour::<Group>("group", &settings)
        .module(digest_of("group", "2.0.0"), decide)
        .announcements(&["please-wait"])
        .number("300", &["group"]);
    for index in 0..CALLERS {
        office = office.line(&caller(index));
    }
    let mut sim = Sim::new(office);
    sim.call("102", "101");
    sim.answer("101");
    for index in 0..CALLERS {
        sim.call(&caller(index), "300");
    }
    sim
}

/// The member takes one call after the other; returns who was heard, in order.
fn served(sim: &mut Sim, count: usize) -> Vec<usize> {
    let mut order = Vec::new();
    for _ in 0..count {
        sim.answer("101");
        let talks = |index: &usize| {
            let id = sim.world().find(&caller(*index)).unwrap();
            !sim.world().calls_in(id, CallState::Up).is_empty()
        };
        order.extend((0..CALLERS).filter(talks));
        sim.hang_up("101");
        sim.pass(SECOND);
    }
    order
}

#[test]
fn r29_forty_who_wait_keep_their_order_over_a_crash_and_a_swap_and_nobody_is_lost() {
    let mut sim = crowded();
    sim.hang_up("102");
    assert_eq!(served(&mut sim, 5), [0, 1, 2, 3, 4]);
    sim.restart();
    assert_eq!(
        served(&mut sim, 15),
        (5..20).collect::<Vec<_>>(),
        "after the crash"
    );
    sim.activate("group", digest_of("group", "2.0.0"), "2.0.0");
    assert_eq!(
        served(&mut sim, 20),
        (20..40).collect::<Vec<_>>(),
        "after the swap"
    );
    sim.expect_ended();
}

/// R57: the dial plan sends what is not the tenant's own to `outgoing`.
#[test]
fn r57_a_line_that_may_not_call_outside_hears_why_and_another_gets_through() {
    let behind = |name: &str, action: serde_json::Value| json!({"name": name, "direction": "internal", "pattern": "any", "action": action});
    let restricted = |line: &mut Line| {
        let own = json!({"outgoing": {"profile": "internal"}});
        line.settings = serde_json::from_value(own).unwrap();
    };
    let plan = json!({"rules": [
        behind("own numbers", json!("own")),
        behind("outside", json!({"behaviours": [{"behaviour": "outgoing"}]})),
    ]});
    let office = Office::new("acme")
        .lines(&["201"])
        .line_with("202", restricted)
        .outside("provider", "+33611223344", 7)
        .behaviour::<outgoing::outgoing>("outgoing", &outgoing::Outgoing::default())
        .announcements(&["call-not-allowed"])
        .with(Document::DialPlan(serde_json::from_value(plan).unwrap()));
    let mut sim = Sim::new(office);
    sim.call("202", "0611223344");
    sim.expect_quiet("provider");
    sim.pass(SECOND * 5);
    sim.call("201", "0611223344");
    sim.answer("provider");
    sim.expect_talking("201", "provider");
    sim.hang_up("201");
    sim.expect_ended();
    let why = sim.explanations();
    assert!(
        why.iter()
            .any(|line| line.starts_with("R57: this line makes no calls"))
    );
}

/// The phones of 202 and 203 are another exchange's, 209 is here; what that exchange cannot connect comes to 5999.
fn another_exchange() -> Sim {
    let rule = json!({ "pilot": "5999", "trunk": "cucm" });
    let settings = AlerterSettings {
        attendant: Some("209".into()),
        ..AlerterSettings::default()
    };
    let there = |number: &str, behaviours: &[&str]| json!({ "line": { "id": number, "name": number, "site": "main", "short-number": number, "behaviours": behaviours } });
    let office = Office::new("acme")
        .tenant(|tenant| tenant.interception = serde_json::from_value(rule).unwrap())
        .outside("cucm", "203", 50)
        .document(there("202", &["busy-alerter"]))
        .document(there("203", &[]))
        .line("209")
        .behaviour::<BusyAlerter>("busy-alerter", &settings)
        .announcements(&[
            "in-a-call",
            "to-let-it-ring",
            "to-reach-the-attendant",
            "to-wait-on-the-line",
        ]);
    Sim::new(office)
}

/// What that exchange is told about a call to 202.
fn told_about_202(sim: &mut Sim) -> Verdict {
    let inquiry = Inquiry {
        calling: vec!["0611223344".to_owned()],
        called: vec!["202".to_owned()],
    };
    let request = live::Request::Intercept {
        tenant: "acme".into(),
        inquiry,
    };
    let id = sim.world().admin(Request::Live(request));
    sim.pass(SECOND);
    match sim.world().reply(id) {
        Some(Ok(Answer::Live(live::Answer::Verdict(Some(verdict))))) => verdict,
        other => panic!("{other:?}"),
    }
}

/// That exchange diverts a call to 202 to the pilot number.
fn diverted(sim: &mut Sim, reason: &str) {
    let id = sim.world().find("cucm").unwrap();
    let diversion = format!("<sip:202@198.51.100.50>;reason={reason}");
    sim.world().with(id, |phone, now| {
        phone.call_with(now, "5999", &[("Diversion", &diversion)])
    });
    sim.pass(SECOND * 8);
}

#[test]
fn r60_a_caller_at_another_exchange_is_asked_when_a_line_there_is_busy() {
    let mut sim = another_exchange();
    assert_eq!(told_about_202(&mut sim), Verdict::Continue { shown: None });
    diverted(&mut sim, "user-busy");
    sim.press("cucm", "3");
    sim.pass(SECOND);
    sim.answer("209");
    sim.expect_talking("cucm", "209");
    sim.hang_up("209");
    sim.expect_ended();
    let why = sim.explanations();
    assert!(
        why.iter()
            .any(|line| line == "R59: the caller is told that the line is in a call")
    );
    assert!(
        why.iter()
            .any(|line| line == "R60: the caller goes to the attendant")
    );
}

#[test]
fn r60_a_caller_at_another_exchange_lets_it_ring_there() {
    let mut sim = another_exchange();
    diverted(&mut sim, "user-busy");
    sim.press("cucm", "1");
    sim.pass(SECOND);
    sim.expect_ringing("cucm");
    sim.hang_up("cucm");
    sim.expect_ended();
}

#[test]
fn r59_a_line_there_that_is_in_a_call_of_ours_is_told_to_be() {
    let mut sim = another_exchange();
    sim.call("209", "202");
    sim.answer("cucm");
    sim.expect_talking("209", "cucm");
    let divert = Verdict::Divert {
        to: "5999".to_owned(),
        shown: None,
    };
    assert_eq!(told_about_202(&mut sim), divert);
    sim.hang_up("209");
    sim.pass(SECOND);
    assert_eq!(told_about_202(&mut sim), Verdict::Continue { shown: None });
    sim.expect_ended();
}
