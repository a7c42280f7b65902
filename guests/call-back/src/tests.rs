use cordboard::test::Flow;

use super::*;

/// The first phone that is rung has this number in the flow's words.
const FIRST: LegId = LegId(1 << 62);

/// Call backs to 300, which 201, 202 and 203 ask for.
fn flow(settings: &CallBackSettings) -> Flow {
    let mut flow = Flow::of::<CallBack>(settings);
    flow.tenant().lines(&["201", "202", "203", "300"]);
    flow.tenant().line("300").calls = 1;
    flow
}

/// What it did, but for ending its session when nobody waits any more, and telling the other line's session of a request.
fn did(flow: &mut Flow) -> Vec<String> {
    let did = flow.did().into_iter();
    did.filter(|what| what != "finish" && !what.starts_with("send to"))
        .collect()
}

fn says(flow: &mut Flow, what: &str) {
    flow.happens(Event::Message(cordboard::contract::Message {
        sender: Some(("busy-alerter".into(), "300".into())),
        body: what.into(),
    }));
}

fn callee(flow: &mut Flow, registered: bool, calls: u32) {
    flow.line_has("300", registered, calls);
}

/// The callee hangs up, and has had time to put the receiver down.
fn frees(flow: &mut Flow) {
    callee(flow, true, 0);
    flow.passes(secs(3));
}

#[test]
fn r58_when_the_callee_frees_the_callers_phone_rings_and_shows_the_called_number() {
    let mut flow = flow(&CallBackSettings::default());
    says(&mut flow, "request 201");
    flow.passes(secs(600));
    assert_eq!(did(&mut flow), [""; 0], "nothing happens while the callee talks");
    callee(&mut flow, true, 0);
    assert_eq!(did(&mut flow), ["dial line 201 for 25 s, as 300"]);
    let caller = flow.answers(FIRST, 0);
    assert_eq!(
        did(&mut flow),
        ["dial line 300 for 25 s, as 201"],
        "with ringback"
    );
    let callee = flow.answers(caller, 0);
    flow.hangs_up(callee);
    assert_eq!(did(&mut flow), ["hang up"]);
    flow.passes(secs(600));
    assert_eq!(did(&mut flow), [""; 0], "it is done");
}

#[test]
fn r61_the_callees_phone_may_ring_first() {
    let mut flow = flow(&CallBackSettings {
        first: First::Callee,
        ..CallBackSettings::default()
    });
    says(&mut flow, "request 201");
    frees(&mut flow);
    assert_eq!(
        did(&mut flow),
        ["dial line 300 for 25 s, as 201"],
        "once the receiver is down"
    );
    flow.answers(FIRST, 0);
    assert_eq!(did(&mut flow), ["dial line 201 for 25 s, as 300"]);
}

#[test]
fn r65_who_was_not_registered_is_called_when_registered_again() {
    let mut flow = flow(&CallBackSettings::default());
    callee(&mut flow, false, 0);
    says(&mut flow, "request 201");
    flow.passes(secs(60));
    assert_eq!(did(&mut flow), [""; 0]);
    frees(&mut flow);
    assert_eq!(did(&mut flow), ["dial line 201 for 25 s, as 300"]);
}

#[test]
fn r65_who_did_not_answer_is_called_after_the_next_call() {
    let mut flow = flow(&CallBackSettings::default());
    callee(&mut flow, true, 0);
    says(&mut flow, "request 201 no-answer");
    flow.passes(secs(600));
    assert_eq!(did(&mut flow), [""; 0], "nobody is there");
    says(&mut flow, "request 202");
    assert_eq!(
        did(&mut flow),
        ["dial line 202 for 25 s, as 300"],
        "who saw it free is not kept waiting"
    );
    flow.fails(FIRST, Cause::Declined);
    callee(&mut flow, true, 1);
    assert_eq!(did(&mut flow), [""; 0], "somebody is, in a call");
    callee(&mut flow, true, 0);
    assert_eq!(did(&mut flow), ["dial line 201 for 25 s, as 300"]);
}

#[test]
fn r65_a_line_that_forwards_all_its_calls_is_not_waited_for_and_the_reason_is_told() {
    let settings = [
        ("/immediate/on", "true"),
        ("/scheduled/on", "true"),
        ("/scheduled/calendar", "\"hours\""),
    ];
    for (which, refused) in [
        (&settings[..1], true),
        (&settings[1..], true),
        (&settings[2..], false),
    ] {
        let mut flow = flow(&CallBackSettings::default());
        flow.tenant().calendar("hours", false);
        for (pointer, json) in which {
            flow.tenant().setting("300", "line", pointer, json);
        }
        says(&mut flow, "request 201");
        frees(&mut flow);
        assert_eq!(did(&mut flow).is_empty(), refused, "{which:?}");
        let told = flow
            .why()
            .iter()
            .any(|line| line.contains("forwards all its calls"));
        assert_eq!(told, refused, "{which:?}");
    }
}

#[test]
fn r61_a_request_ends_when_the_callee_asks_for_the_same_and_of_two_at_once_one_stays() {
    let mut flow = flow(&CallBackSettings::default());
    says(&mut flow, "request 201");
    says(&mut flow, "request 301");
    let asked = flow.sent().pop();
    let at: u64 = String::from_utf8(asked.unwrap())
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    says(&mut flow, &format!("reversed 201 {}", at - 1));
    says(&mut flow, &format!("reversed 301 {at}"));
    assert!(!flow.cited("R61"), "an older one, and one that 300 itself wins");
    says(&mut flow, &format!("reversed 201 {at}"));
    assert!(flow.cited("R61"), "201 is the smaller number");
    frees(&mut flow);
    assert_eq!(did(&mut flow), [""; 0], "301 is no line here");
}

#[test]
fn rfc_6910_first_come_first_served_and_one_request_for_each_caller() {
    let mut flow = flow(&CallBackSettings::default());
    for caller in ["202", "201", "202"] {
        says(&mut flow, &format!("request {caller}"));
    }
    frees(&mut flow);
    for expected in ["202", "201"] {
        let dial = format!("dial line {expected} for 25 s, as 300");
        assert_eq!(did(&mut flow).pop(), Some(dial));
        let caller = flow.answers(FIRST, 0);
        let callee = flow.answers(caller, 0);
        flow.hangs_up(callee);
    }
    flow.passes(secs(60));
    assert_eq!(did(&mut flow).pop(), Some("hang up".to_owned()));
}

#[test]
fn rfc_6910_a_request_is_suspended_while_its_caller_is_busy_and_the_next_is_served() {
    let mut flow = flow(&CallBackSettings::default());
    flow.tenant().line("201").calls = 1;
    says(&mut flow, "request 201");
    says(&mut flow, "request 202");
    frees(&mut flow);
    assert_eq!(did(&mut flow), ["dial line 202 for 25 s, as 300"]);
    flow.fails(FIRST, Cause::Declined);
    did(&mut flow);
    flow.passes(secs(600));
    assert_eq!(did(&mut flow), [""; 0]);
    flow.line_has("201", true, 0);
    assert_eq!(did(&mut flow), ["dial line 201 for 25 s, as 300"]);
}

#[test]
fn rfc_6910_a_failed_recall_keeps_its_place_for_some_attempts() {
    let mut flow = flow(&CallBackSettings {
        attempts: 2,
        ..CallBackSettings::default()
    });
    says(&mut flow, "request 201");
    frees(&mut flow);
    flow.fails(FIRST, Cause::NoAnswer);
    did(&mut flow);
    flow.passes(secs(59));
    assert_eq!(did(&mut flow), [""; 0]);
    flow.passes(secs(1));
    assert_eq!(did(&mut flow), ["dial line 201 for 25 s, as 300"]);
    flow.fails(FIRST, Cause::NoAnswer);
    flow.passes(secs(3_600));
    assert_eq!(did(&mut flow), ["dial line 201 for 25 s, as 300"; 0]);
}

#[test]
fn r61_the_callee_is_taken_by_another_call_and_the_request_keeps_its_place() {
    let mut flow = flow(&CallBackSettings::default());
    says(&mut flow, "request 201");
    frees(&mut flow);
    let caller = flow.answers(FIRST, 0);
    did(&mut flow);
    callee(&mut flow, true, 1);
    flow.fails(caller, Cause::Busy);
    assert_eq!(did(&mut flow), ["reject busy"], "and hears the tone");
    flow.passes(secs(60));
    assert_eq!(did(&mut flow), [""; 0]);
    frees(&mut flow);
    assert_eq!(did(&mut flow), ["dial line 201 for 25 s, as 300"]);
}

#[test]
fn r61_a_request_is_cancelled_by_declining_or_by_hanging_up() {
    let mut declined = flow(&CallBackSettings::default());
    says(&mut declined, "request 201");
    frees(&mut declined);
    declined.fails(FIRST, Cause::Declined);
    did(&mut declined);
    declined.passes(secs(600));
    assert_eq!(did(&mut declined), [""; 0]);

    let mut hung_up = flow(&CallBackSettings::default());
    says(&mut hung_up, "request 201");
    frees(&mut hung_up);
    let caller = hung_up.answers(FIRST, 0);
    did(&mut hung_up);
    hung_up.hangs_up(caller);
    hung_up.passes(secs(600));
    assert_eq!(did(&mut hung_up), [""; 0]);
}

#[test]
fn r61_a_cancel_while_the_phone_rings_ends_the_ringing_also_when_an_answer_crosses_it() {
    let mut flow = flow(&CallBackSettings::default());
    flow.hold_outcomes();
    says(&mut flow, "request 201");
    frees(&mut flow);
    did(&mut flow);
    says(&mut flow, "cancel 201");
    assert_eq!(did(&mut flow), ["cancel the dial"]);
    flow.answers(FIRST, 0);
    assert_eq!(did(&mut flow), ["hang up"]);
    assert_eq!(flow.legs(), []);
}

fn on_displays(first: First) -> Flow {
    let mut flow = flow(&CallBackSettings {
        first,
        notice: Notice::Display,
        language: cordboard::Language::French,
        ..CallBackSettings::default()
    });
    flow.with_displays();
    flow
}

#[test]
fn r61_r66_the_callers_display_asks_in_its_language_and_the_phone_rings_when_chosen() {
    for (choice, expected) in [(1, vec!["dial line 201 for 25 s, as 300"]), (2, vec![])] {
        let mut flow = on_displays(First::Caller);
        says(&mut flow, "request 201");
        callee(&mut flow, true, 0);
        assert_eq!(did(&mut flow), ["show 201: 300 est libre: Appeler 300, Annuler"]);
        flow.chooses("201", choice);
        assert_eq!(did(&mut flow), expected);
    }
}

#[test]
fn r61_the_callees_display_lists_those_who_wait() {
    let mut flow = on_displays(First::Callee);
    for caller in ["202", "201", "203"] {
        says(&mut flow, &format!("request {caller}"));
    }
    flow.tenant().line("203").calls = 1;
    frees(&mut flow);
    assert_eq!(
        did(&mut flow),
        ["show 300: À rappeler: Appeler 202, Appeler 201, Annuler"]
    );
    flow.chooses("300", 2);
    assert_eq!(did(&mut flow), ["dial line 300 for 25 s, as 201"]);
}

#[test]
fn r66_who_does_not_choose_keeps_the_place_and_a_cancel_takes_the_page_away() {
    let mut flow = on_displays(First::Caller);
    says(&mut flow, "request 201");
    frees(&mut flow);
    did(&mut flow);
    flow.passes(secs(30));
    assert_eq!(flow.showing(), [""; 0]);
    flow.passes(secs(60));
    assert_eq!(flow.showing(), ["201"]);
    says(&mut flow, "cancel 201");
    assert_eq!(flow.showing(), [""; 0]);
    assert!(flow.dialling().is_empty());
}

#[test]
fn r66_a_phone_without_a_display_rings() {
    let mut flow = flow(&CallBackSettings {
        notice: Notice::Display,
        ..CallBackSettings::default()
    });
    says(&mut flow, "request 201");
    frees(&mut flow);
    assert_eq!(
        did(&mut flow).pop(),
        Some("dial line 201 for 25 s, as 300".into())
    );
}

#[test]
fn r65_the_callers_display_says_why_there_is_no_call_back() {
    let mut flow = on_displays(First::Caller);
    flow.tenant().setting("300", "line", "/immediate/on", "true");
    says(&mut flow, "request 201");
    assert_eq!(flow.did(), ["show 201: Pas de rappel"]);
    flow.passes(secs(10));
    assert_eq!(flow.did(), ["finish"], "not before it was read");
}

#[test]
fn who_calls_back_nobody_any_more_costs_nothing() {
    let mut flow = flow(&CallBackSettings::default());
    says(&mut flow, "request 201");
    assert_eq!(flow.did(), ["send to under-test 201"]);
    says(&mut flow, "cancel 201");
    assert_eq!(flow.did(), ["finish"]);
}

#[test]
fn bound_to_a_number_it_passes_calls_on() {
    let mut flow = flow(&CallBackSettings::default());
    let caller = flow.call("201");
    flow.fails(caller, Cause::Busy);
    assert_eq!(flow.did(), ["dial next", "reject busy", "finish"]);
}

#[test]
fn r66_a_request_ends_after_its_time() {
    let mut flow = flow(&CallBackSettings {
        keep: 1,
        ..CallBackSettings::default()
    });
    says(&mut flow, "request 201");
    flow.passes(minutes(1));
    frees(&mut flow);
    assert_eq!(did(&mut flow), [""; 0]);
    assert!(flow.cited("R61"));
}

#[test]
fn r65_nobody_calls_themselves_back_nor_somebody_outside() {
    let mut flow = flow(&CallBackSettings::default());
    says(&mut flow, "request 300");
    says(&mut flow, "request 0612345678");
    says(&mut flow, "nonsense");
    frees(&mut flow);
    assert_eq!(did(&mut flow), [""; 0]);
}

#[test]
fn r67_requests_survive_a_swap_and_are_a_few_bytes_each() {
    let mut flow = flow(&CallBackSettings {
        queue_length: 200,
        ..CallBackSettings::default()
    });
    for caller in 0..200 {
        let name = format!("4{caller:03}");
        flow.tenant().line(&name);
        says(&mut flow, &format!("request {name}"));
    }
    assert!(flow.state_len() < 200 * 20, "{} bytes", flow.state_len());
    flow.swap::<CallBack>().unwrap();
    frees(&mut flow);
    assert_eq!(did(&mut flow), ["dial line 4000 for 25 s, as 300"]);
}

/// Every order of what can happen to a call back, to a depth: nothing is left behind, and no phone rings twice at once.
#[test]
fn whatever_happens_in_whatever_order_no_leg_is_left_and_one_phone_rings_at_a_time() {
    const WHAT: [&str; 9] = [
        "chooses",
        "answers",
        "declines",
        "lets it ring",
        "hangs up",
        "callee busy",
        "callee free",
        "cancels",
        "waits",
    ];
    const DEPTH: u32 = 4;
    let mut rung = 0;
    for story in 0..2 * WHAT.len().pow(DEPTH) {
        let notice = match story % 2 {
            0 => Notice::Ring,
            _ => Notice::Display,
        };
        let mut flow = flow(&CallBackSettings {
            notice,
            ..CallBackSettings::default()
        });
        flow.with_displays();
        flow.hold_outcomes();
        says(&mut flow, "request 201");
        says(&mut flow, "request 202");
        frees(&mut flow);
        let mut rest = story / 2;
        let mut told = Vec::new();
        for _ in 0..DEPTH {
            let what = WHAT[rest % WHAT.len()];
            rest /= WHAT.len();
            told.push(what);
            happens(&mut flow, what);
            let dials = flow.dialling();
            rung += dials.len();
            assert!(dials.len() <= 2 && flow.legs().len() <= 2, "{told:?}: {dials:?}");
            assert!(flow.showing().len() + dials.len() <= 2, "{told:?}");
        }
        // Everybody goes home.
        for line in ["201", "202"] {
            if flow.showing().contains(&line) {
                flow.chooses(line, 2);
            }
        }
        for (leg, _) in flow.dialling() {
            flow.fails(leg, Cause::NoAnswer);
        }
        for leg in flow.legs() {
            flow.hangs_up(leg);
        }
        callee(&mut flow, false, 0);
        for (leg, _) in flow.dialling() {
            flow.fails(leg, Cause::NoAnswer);
        }
        assert_eq!((flow.legs(), flow.dialling().len()), (vec![], 0), "{told:?}");
    }
    assert!(rung > 1_000);
}

fn happens(flow: &mut Flow, what: &str) {
    let shows = flow.showing().first().map(ToString::to_string);
    if let ("chooses", Some(line)) = (what, &shows) {
        return flow.chooses(line, 1);
    }
    let dial = flow.dialling().first().map(|(leg, _)| *leg);
    match (what, dial) {
        ("answers", Some(leg)) => drop(flow.answers(leg, 0)),
        ("declines", Some(leg)) => flow.fails(leg, Cause::Declined),
        ("lets it ring", Some(leg)) => flow.fails(leg, Cause::NoAnswer),
        ("hangs up", _) => {
            if let Some(leg) = flow.legs().first() {
                flow.hangs_up(*leg);
            }
        }
        ("callee busy", _) => callee(flow, true, 1),
        ("callee free", _) => frees(flow),
        ("cancels", _) => says(flow, "cancel 201"),
        _ => flow.passes(secs(61)),
    }
}
