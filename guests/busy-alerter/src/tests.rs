use std::time::Duration;

use cordboard::test::Flow;
use cordboard::{LineChange, Played};

use super::*;

const PROMPT: &str = "gather a key to-let-it-ring, digits 1, to-leave-a-message, digits 2, \
    to-reach-the-attendant, digits 3, to-be-called-back, digits 4, to-wait-on-the-line, digits 5";

fn settings() -> AlerterSettings {
    AlerterSettings {
        voicemail: Some("390".into()),
        attendant: Some("200".into()),
        call_back: Some("call-back".into()),
        ..AlerterSettings::default()
    }
}

/// What it did, but for pages.
fn did(flow: &mut Flow) -> Vec<String> {
    let did = flow.did().into_iter();
    did.filter(|what| !what.starts_with("show ") && what != "dismiss the page")
        .collect()
}

/// In front of the line 300, which is in a call.
fn flow(settings: &AlerterSettings) -> Flow {
    let mut flow = Flow::of::<BusyAlerter>(settings);
    flow.tenant()
        .lines(&["201", "202", "300"])
        .number("200")
        .number("390");
    flow.tenant().line("300").calls = 1;
    flow
}

fn inside(flow: &mut Flow) -> LegId {
    flow.call_with("201", |offer| {
        offer.caller.line = Some("201".into());
        offer.has_next = true;
    })
}

fn outside(flow: &mut Flow) -> LegId {
    flow.call_with("0612345678", |offer| offer.has_next = true)
}

fn callee(flow: &mut Flow, calls: u32) {
    changes(flow, true, calls);
}

fn changes(flow: &mut Flow, registered: bool, calls: u32) {
    let line = flow.tenant().line("300");
    (line.registered, line.calls) = (registered, calls);
    flow.happens(Event::LineChanged(LineChange {
        line: "300".into(),
        registered,
        calls,
    }));
}

/// An inside caller hears the menu.
fn asked(flow: &mut Flow) -> LegId {
    let caller = inside(flow);
    flow.played(caller);
    flow.did();
    caller
}

#[test]
fn a_line_that_is_free_just_rings() {
    let mut flow = flow(&settings());
    flow.tenant().line("300").calls = 0;
    let caller = inside(&mut flow);
    assert_eq!(did(&mut flow), ["dial next"]);
    flow.answers(caller, 0);
    flow.hangs_up(caller);
    assert_eq!(did(&mut flow), ["hang up"]);
}

#[test]
fn r59_callers_are_told_when_the_line_is_in_a_call_busy_or_does_not_answer() {
    for (cause, said) in [
        (None, "play in-a-call"),
        (Some(Cause::Busy), "play in-a-call"),
        (Some(Cause::NoAnswer), "play nobody-answers"),
        (Some(Cause::Declined), "play nobody-answers"),
    ] {
        let mut flow = flow(&settings());
        flow.tenant().line("300").calls = u32::from(cause.is_none());
        let caller = inside(&mut flow);
        if let Some(cause) = cause {
            assert_eq!(did(&mut flow), ["dial next"]);
            flow.fails(caller, cause);
        }
        assert_eq!(did(&mut flow), [said], "{cause:?}");
        assert!(flow.cited("R59"));
    }
}

#[test]
fn r59_each_condition_may_be_off() {
    let off = AlerterSettings {
        in_call: false,
        busy: false,
        no_answer: false,
        ..settings()
    };
    for cause in [Cause::Busy, Cause::NoAnswer, Cause::Unreachable] {
        let mut flow = flow(&off);
        let caller = inside(&mut flow);
        flow.fails(caller, cause);
        assert_eq!(
            did(&mut flow),
            ["dial next".to_owned(), format!("reject {cause}")]
        );
    }
}

#[test]
fn r60_a_caller_of_the_house_chooses() {
    for (key, expected) in [
        ("1", vec!["dial next"]),
        ("2", vec!["dial number 390"]),
        ("3", vec!["dial number 200"]),
        ("4", vec!["send to call-back 300", "play we-will-call-back"]),
        ("5", vec!["play waiting tone for ever"]),
    ] {
        let mut flow = flow(&settings());
        let caller = inside(&mut flow);
        flow.played(caller);
        assert_eq!(did(&mut flow), ["play in-a-call", "answer", PROMPT]);
        flow.presses(caller, key);
        assert_eq!(did(&mut flow), expected, "key {key}");
    }
}

#[test]
fn r63_r65_neither_waiting_nor_a_call_back_is_offered_for_a_line_that_forwards_all_its_calls() {
    for (pointer, open) in [
        ("/immediate/on", true),
        ("/scheduled/on", false),
        ("/scheduled/on", true),
    ] {
        let mut flow = flow(&settings());
        flow.with_displays();
        flow.tenant()
            .setting("300", "line", pointer, "true")
            .setting("300", "line", "/scheduled/calendar", "\"hours\"")
            .calendar("hours", open);
        let offers = pointer == "/scheduled/on" && open;
        let caller = inside(&mut flow);
        flow.played(caller);
        let said = flow.did();
        for words in ["to-be-called-back", "Call me back", "to-wait", "Wait on the line"] {
            assert_eq!(
                said.iter().any(|what| what.contains(words)),
                offers,
                "{words}: {said:?}"
            );
        }
        flow.presses(caller, "4");
        let asks = flow
            .did()
            .iter()
            .any(|what| what.starts_with("send to call-back"));
        assert_eq!(asks, offers, "the key has no choice, either");
    }
}

/// The page that the caller reads, and what is done with this choice.
fn chosen(settings: &AlerterSettings, choice: u32) -> (String, Vec<String>) {
    let mut flow = flow(settings);
    flow.with_displays();
    let caller = inside(&mut flow);
    flow.played(caller);
    let shown = flow.did().pop().unwrap();
    flow.chooses("201", choice);
    (shown, flow.did())
}

#[test]
fn r60_a_caller_of_the_house_reads_the_menu_and_chooses_on_the_display() {
    let (shown, did) = chosen(&settings(), 4);
    assert_eq!(
        shown,
        "show 201: 300 is in a call: Let it ring, Voicemail, Attendant, Call me back, Wait on the line"
    );
    assert_eq!(did, ["send to call-back 300", "play we-will-call-back"]);
    assert_eq!(chosen(&settings(), 2).1, ["dial number 390"]);
    assert_eq!(chosen(&settings(), 0).1, [""; 0], "dismissed: the keys are left");
}

#[test]
fn r60_the_display_speaks_its_language_and_its_title_is_configurable() {
    let french = AlerterSettings {
        voicemail: None,
        attendant: None,
        display: Display {
            language: cordboard::Language::French,
            busy: "Jeanne est occupée".into(),
            ..Display::default()
        },
        ..settings()
    };
    let (shown, _) = chosen(&french, 1);
    assert_eq!(
        shown,
        "show 201: Jeanne est occupée: Laisser sonner, Me rappeler, Attendre"
    );
}

#[test]
fn r60_the_page_goes_with_the_menu() {
    let mut flow = flow(&settings());
    flow.with_displays();
    let caller = asked(&mut flow);
    assert_eq!(flow.showing(), ["201"]);
    flow.presses(caller, "1");
    assert_eq!(flow.showing(), [""; 0]);
    let mut gone = crate::tests::flow(&settings());
    gone.with_displays();
    let caller = asked(&mut gone);
    gone.hangs_up(caller);
    assert_eq!(gone.showing(), [""; 0]);
    let caller = outside(&mut gone);
    gone.played(caller);
    assert_eq!(gone.showing(), [""; 0], "nobody outside has one");
}

#[test]
fn r60_who_lets_it_ring_is_not_asked_again() {
    let mut flow = flow(&settings());
    let caller = asked(&mut flow);
    flow.presses(caller, "1");
    flow.fails(caller, Cause::NoAnswer);
    assert_eq!(did(&mut flow), ["dial next", "reject no-answer"]);
}

#[test]
fn r62_outside_callers_hear_a_recording_by_the_number_they_dialled_then_it_rings() {
    let mut flow = flow(&AlerterSettings {
        recordings: vec![Recording {
            numbers: vec!["3*".into()],
            announcement: "we-talk".into(),
        }],
        ..settings()
    });
    let caller = outside(&mut flow);
    flow.played(caller);
    assert_eq!(did(&mut flow), ["play we-talk", "dial next"]);
    let mut inside_too = super::tests::flow(&settings());
    inside(&mut inside_too);
    assert_eq!(inside_too.did(), ["play in-a-call"]);
}

#[test]
fn r62_or_outside_callers_choose_too_but_for_the_call_back() {
    let mut flow = flow(&AlerterSettings {
        outside: Then::Menu,
        voicemail: None,
        ..settings()
    });
    let caller = outside(&mut flow);
    flow.played(caller);
    assert_eq!(
        did(&mut flow).last().unwrap(),
        "gather a key to-let-it-ring, digits 1, to-reach-the-attendant, digits 3, to-wait-on-the-line, digits 5",
        "worded by whether there is a mailbox"
    );
    flow.presses(caller, "4");
    flow.presses(caller, "2");
    flow.presses_nothing(caller);
    assert_eq!(did(&mut flow).last().unwrap(), "hang up", "else the call ends");
    assert!(flow.cited("R62"));
}

#[test]
fn r58_who_hangs_up_on_a_busy_line_is_called_back() {
    let mut flow = flow(&settings());
    let caller = asked(&mut flow);
    flow.hangs_up(caller);
    assert_eq!(did(&mut flow), ["send to call-back 300"]);
    assert_eq!(flow.sent(), [b"request 201".to_vec()]);

    let mut off = super::tests::flow(&AlerterSettings {
        call_back_on_hang_up: false,
        ..settings()
    });
    let caller = asked(&mut off);
    off.hangs_up(caller);
    assert_eq!(did(&mut off), [""; 0]);
}

#[test]
fn r58_nobody_outside_is_called_back_nor_who_hangs_up_while_it_rings() {
    let mut flow = flow(&settings());
    let caller = outside(&mut flow);
    flow.hangs_up(caller);
    did(&mut flow);
    flow.tenant().line("300").calls = 0;
    let caller = inside(&mut flow);
    flow.hangs_up(caller);
    assert_eq!(did(&mut flow), ["2: dial next"]);
}

#[test]
fn r63_who_waits_on_the_line_gets_it_the_moment_it_is_free() {
    let mut flow = flow(&settings());
    let caller = asked(&mut flow);
    flow.presses(caller, "5");
    assert_eq!(
        did(&mut flow),
        ["play waiting tone for ever"],
        "the line could take another call"
    );
    callee(&mut flow, 0);
    flow.played(caller);
    assert_eq!(did(&mut flow), ["play it-rings-now", "dial next"]);
    flow.answers(caller, 0);
    assert!(flow.cited("R63"));
}

#[test]
fn r63_a_line_that_is_full_has_an_announcement_of_its_own() {
    let mut flow = flow(&settings());
    flow.tenant().line("300").calls = 2;
    let caller = asked(&mut flow);
    flow.presses(caller, "5");
    assert_eq!(did(&mut flow), ["play please-wait for ever"]);
}

#[test]
fn r63_those_who_wait_are_served_in_the_order_in_which_they_came() {
    let mut flow = flow(&settings());
    let first = asked(&mut flow);
    flow.presses(first, "5");
    let second = asked(&mut flow);
    flow.presses(second, "5");
    did(&mut flow);
    callee(&mut flow, 0);
    flow.played(first);
    assert_eq!(did(&mut flow), ["1: play it-rings-now", "1: dial next"]);
    callee(&mut flow, 1);
    let member = flow.answers(first, 0);
    flow.hangs_up(member);
    did(&mut flow);
    callee(&mut flow, 0);
    assert_eq!(did(&mut flow), ["2: play it-rings-now"]);
}

#[test]
fn r63_a_line_that_another_call_takes_first_keeps_the_caller_in_place() {
    let mut flow = flow(&settings());
    let caller = asked(&mut flow);
    flow.presses(caller, "5");
    callee(&mut flow, 0);
    callee(&mut flow, 1);
    flow.played(caller);
    did(&mut flow);
    flow.fails(caller, Cause::Busy);
    assert_eq!(did(&mut flow), ["play waiting tone for ever"]);
    flow.passes(secs(20));
    callee(&mut flow, 0);
    assert_eq!(did(&mut flow), ["play it-rings-now"]);
}

/// A phone that says busy of itself: each try is a call of the line for a moment.
fn says_busy(flow: &mut Flow, caller: LegId) {
    callee(flow, 1);
    callee(flow, 0);
    flow.fails(caller, Cause::Busy);
}

#[test]
fn r63_a_phone_that_says_busy_without_a_call_is_tried_again_after_growing_pauses() {
    let mut flow = flow(&settings());
    let (first, second) = (asked(&mut flow), asked(&mut flow));
    flow.presses(first, "5");
    flow.presses(second, "5");
    callee(&mut flow, 0);
    flow.played(first);
    let mut tries = Vec::new();
    for second in 0..150 {
        while let Some((leg, _)) = flow.dialling().first() {
            assert_eq!(*leg, first, "the place in the queue is kept");
            tries.push(second);
            says_busy(&mut flow, first);
        }
        flow.passes(secs(1));
    }
    assert_eq!(tries, [0, 2, 6, 14, 30, 62, 94, 126]);
    let said = did(&mut flow);
    let rings = said.iter().filter(|what| what.contains("it-rings-now"));
    assert_eq!(
        rings.count(),
        1,
        "nobody is told again and again that it rings: {said:?}"
    );
    flow.passes(secs(8));
    flow.tenant().line("300").calls = 1;
    flow.answers(first, 0);
    assert_eq!(did(&mut flow), ["1: dial next"], "the phone takes it at last");
}

#[test]
fn r63_a_pause_is_over_once_the_line_is_heard_of() {
    for news in [(true, 1), (false, 0)] {
        let mut flow = flow(&settings());
        let caller = asked(&mut flow);
        flow.presses(caller, "5");
        callee(&mut flow, 0);
        flow.played(caller);
        for _ in 0..4 {
            says_busy(&mut flow, caller);
            flow.passes(secs(17));
        }
        says_busy(&mut flow, caller);
        flow.passes(secs(2));
        did(&mut flow);
        let (registered, calls) = news;
        changes(&mut flow, registered, calls);
        assert_eq!(did(&mut flow), [""; 0], "it is in a call, or gone");
        callee(&mut flow, 0);
        assert_eq!(did(&mut flow), ["play it-rings-now"], "at once: {news:?}");
    }
}

#[test]
fn r63_who_comes_after_one_that_hung_up_in_a_pause_waits_for_its_end() {
    let mut flow = flow(&settings());
    let (first, second) = (asked(&mut flow), asked(&mut flow));
    flow.presses(first, "5");
    flow.presses(second, "5");
    callee(&mut flow, 0);
    flow.played(first);
    says_busy(&mut flow, first);
    flow.hangs_up(first);
    did(&mut flow);
    flow.passes(Duration::from_millis(1_999));
    assert_eq!(did(&mut flow), [""; 0]);
    flow.passes(Duration::from_millis(1));
    assert_eq!(did(&mut flow), ["2: dial next"]);
}

#[test]
fn r63_nobody_overtakes_who_waits() {
    let mut flow = flow(&settings());
    let caller = asked(&mut flow);
    flow.presses(caller, "5");
    callee(&mut flow, 0);
    did(&mut flow);
    inside(&mut flow);
    assert_eq!(
        did(&mut flow),
        ["2: play in-a-call"],
        "the line is free, and not for this one"
    );
}

#[test]
fn r63_a_wait_ends() {
    let mut flow = flow(&settings());
    let caller = asked(&mut flow);
    flow.presses(caller, "5");
    did(&mut flow);
    flow.passes(secs(299));
    assert_eq!(did(&mut flow), [""; 0]);
    flow.passes(secs(1));
    assert_eq!(did(&mut flow), ["reject busy"]);
}

#[test]
fn r64_every_message_is_configurable() {
    let schema = cordboard::native::Module::of::<BusyAlerter>()
        .describe()
        .settings_schema;
    let announcements = schema.matches(r#""x-kind":"announcement""#).count();
    assert_eq!(announcements, 12);
}

#[test]
fn one_of_several_branches_is_told_nothing() {
    let mut flow = flow(&settings());
    flow.call_with("201", |offer| offer.sole_holder = false);
    assert_eq!(did(&mut flow), ["dial next"]);
}

#[test]
fn a_missing_announcement_does_not_keep_the_caller() {
    let mut flow = flow(&settings());
    let caller = inside(&mut flow);
    flow.audio(
        caller,
        cordboard::OutcomeKind::Played(Played::Missing("in-a-call".into())),
    );
    assert_eq!(did(&mut flow), ["play in-a-call", "answer", PROMPT]);
}

#[test]
fn check_finds_keys_with_two_choices_and_numbers_that_are_not_allowed() {
    let settings = r#"{"voicemail":"0899123456","keys":{"ring":"1","voicemail":"1"}}"#;
    let module = cordboard::native::Module::of::<BusyAlerter>();
    let tenant = cordboard::test::Tenant::default();
    let found = module.check(settings, std::sync::Arc::new(tenant), Default::default());
    let paths: Vec<_> = found.into_iter().map(|problem| problem.path).collect();
    assert_eq!(paths, ["/voicemail", "/keys/voicemail"]);
}

/// Every order of what can happen, to a depth, with two callers; from then on the phone says busy by itself to
/// whatever rings it, for a minute.
#[test]
fn r63_whatever_happened_a_phone_that_says_busy_is_not_dialled_in_a_loop() {
    const DEPTH: u32 = 4;
    for story in 0..WHAT.pow(DEPTH) {
        let mut flow = told(story, DEPTH);
        callee(&mut flow, 0);
        let mut dials = 0;
        for _ in 0..60 {
            for leg in flow.hearing() {
                flow.played(leg);
            }
            while let Some((leg, _)) = flow.dialling().first().cloned() {
                dials += 1;
                assert!(dials <= 8, "story {story}");
                says_busy(&mut flow, leg);
            }
            flow.passes(secs(1));
        }
    }
}

/// Every order of what can happen, to a depth, with two callers: no leg is left, and nobody is lost.
#[test]
fn whatever_happens_in_whatever_order_no_leg_is_left() {
    const DEPTH: u32 = 5;
    for story in 0..WHAT.pow(DEPTH) {
        let mut flow = told(story, DEPTH);
        for _ in 0..4 {
            for leg in flow.legs() {
                flow.hangs_up(leg);
            }
        }
        assert_eq!(flow.legs(), [], "story {story}");
    }
}

/// How many things can happen: the digits of a story.
const WHAT: usize = 8;

/// Two callers, and so many of the things that can happen, as the story's digits say.
fn told(story: usize, depth: u32) -> Flow {
    let mut flow = flow(&settings());
    inside(&mut flow);
    inside(&mut flow);
    let mut rest = story;
    for _ in 0..depth {
        happens(&mut flow, rest % WHAT);
        rest /= WHAT;
    }
    flow
}

fn happens(flow: &mut Flow, what: usize) {
    let heard = flow.hearing().first().copied();
    let dial = flow.dialling().first().map(|(leg, _)| *leg);
    match (what, heard, dial) {
        (0, Some(leg), _) => flow.played(leg),
        (1, Some(leg), _) => flow.presses(leg, "5"),
        (2, Some(leg), _) => flow.presses(leg, "1"),
        (3, _, Some(leg)) => drop(flow.answers(leg, 0)),
        (4, _, Some(leg)) => flow.fails(leg, Cause::Busy),
        (5, ..) => callee(flow, 0),
        (6, ..) => callee(flow, 1),
        (7, ..) => {
            if let Some(leg) = flow.legs().first() {
                flow.hangs_up(*leg);
            }
        }
        _ => flow.passes(secs(301)),
    }
}
