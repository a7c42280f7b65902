use cordboard::test::{Flow, Tenant};

use super::*;

/// The line 201, bound to its own number.
fn flow(settings: &LineSettings) -> Flow {
    let mut flow = Flow::of::<line>(settings);
    flow.tenant().lines(&["201", "202"]).calendar("opening", true);
    flow
}

fn call(flow: &mut Flow) -> LegId {
    call_with(flow, |_| {})
}

fn call_with(flow: &mut Flow, change: impl FnOnce(&mut cordboard::Offer)) -> LegId {
    flow.call_with("0147200001", |offer| {
        offer.number = "201".into();
        offer.called = "201".into();
        offer.has_next = true;
        change(offer);
    })
}

fn to(number: &str) -> Forward {
    Forward {
        on: true,
        to: Some(number.into()),
    }
}

#[test]
fn r20_the_line_rings_three_times_then_the_call_goes_to_voicemail() {
    let mut flow = flow(&LineSettings::default());
    let caller = call(&mut flow);
    assert_eq!(flow.did(), ["dial line 201 for 15 s"]);
    flow.fails(caller, Cause::NoAnswer);
    assert_eq!(flow.did(), ["dial next"]);
    assert!(flow.cited("R21 no-answer") && flow.cited("R19 voicemail"));
}

#[test]
fn r20_a_refusal_counts_as_no_answer_and_rings_are_settable() {
    let mut flow = flow(&LineSettings {
        rings: 10,
        no_answer: to("202"),
        ..LineSettings::default()
    });
    let caller = call(&mut flow);
    assert_eq!(flow.did(), ["dial line 201 for 50 s"]);
    flow.fails(caller, Cause::Declined);
    assert_eq!(flow.did(), ["dial number 202"]);
}

#[test]
fn r20_a_line_without_a_registered_device_is_unreachable() {
    let mut flow = flow(&LineSettings {
        unreachable: to("0612345678"),
        ..LineSettings::default()
    });
    flow.tenant().line("201").registered = false;
    call(&mut flow);
    assert_eq!(flow.did(), ["dial outside +33612345678"]);
    assert!(flow.cited("R20 unreachable"));
}

#[test]
fn r21_scheduled_comes_before_immediate_and_immediate_before_the_rest() {
    let settings = LineSettings {
        immediate: to("202"),
        scheduled: ScheduledForward {
            on: true,
            calendar: Some("opening".into()),
            to: Some("0612345678".into()),
        },
        do_not_disturb: true,
        ..LineSettings::default()
    };
    let mut closed = flow(&settings);
    closed.tenant().calendar("opening", false);
    call(&mut closed);
    assert_eq!(closed.did(), ["dial outside +33612345678"]);

    let mut open = flow(&settings);
    open.tenant().line("201").registered = false;
    call(&mut open);
    assert_eq!(open.did(), ["dial number 202"]);
}

#[test]
fn r21_check_lets_a_line_have_only_one_of_immediate_and_scheduled() {
    let settings = LineSettings {
        immediate: to("202"),
        scheduled: ScheduledForward {
            on: true,
            calendar: None,
            to: None,
        },
        ..LineSettings::default()
    };
    assert_eq!(
        problems(&settings),
        [
            "/scheduled/on: a line has an immediate forward or a scheduled one, not both",
            "/scheduled/calendar: a scheduled forward needs opening hours",
        ]
    );
}

#[test]
fn r13_do_not_disturb_uses_the_busy_forward() {
    let mut with = flow(&LineSettings {
        do_not_disturb: true,
        busy: to("202"),
        ..LineSettings::default()
    });
    call(&mut with);
    assert_eq!(with.did(), ["dial number 202"]);

    let off = Forward { on: false, to: None };
    let mut without = flow(&LineSettings {
        do_not_disturb: true,
        busy: off,
        ..LineSettings::default()
    });
    call(&mut without);
    assert_eq!(without.did(), ["reject busy"]);
}

#[test]
fn r14_callers_without_a_number_are_told_to_show_it() {
    let mut flow = flow(&LineSettings {
        reject_anonymous: true,
        ..LineSettings::default()
    });
    let caller = call_with(&mut flow, |offer| offer.caller.anonymous = true);
    assert_eq!(flow.did(), ["play anonymous-refused"]);
    flow.played(caller);
    assert_eq!(flow.did(), ["reject anonymous-refused"]);
}

#[test]
fn r14_anonymous_rejection_is_off_by_default() {
    let mut flow = flow(&LineSettings::default());
    call_with(&mut flow, |offer| offer.caller.number = None);
    assert_eq!(flow.did(), ["dial line 201 for 15 s"]);
}

#[test]
fn r15_blocked_callers_do_not_get_through_in_any_spelling() {
    for blocked in ["01 47 20 00 01", "+33147200001", "0147*"] {
        let mut flow = flow(&LineSettings {
            blocked: vec![blocked.into()],
            ..LineSettings::default()
        });
        call(&mut flow);
        assert_eq!(flow.did(), ["reject declined"], "{blocked}");
    }
}

#[test]
fn r16_without_call_waiting_one_call_makes_the_line_busy() {
    let mut flow = flow(&LineSettings {
        busy: to("202"),
        ..LineSettings::default()
    });
    flow.tenant().line("201").calls = 1;
    call(&mut flow);
    assert_eq!(flow.did(), ["dial number 202"]);
    assert!(flow.cited("R16 call-waiting"));
}

#[test]
fn r16_with_call_waiting_the_line_is_busy_when_its_devices_are_full() {
    let settings = LineSettings {
        call_waiting: true,
        ..LineSettings::default()
    };
    let mut flow = flow(&settings);
    flow.tenant().line("201").calls = 2;
    call(&mut flow);
    assert_eq!(flow.did(), ["dial next"]);
    assert!(flow.cited("R21 busy"));
}

#[test]
fn r17_inside_and_outside_callers_may_ring_differently() {
    let settings = LineSettings {
        distinctive_ring: true,
        ..LineSettings::default()
    };
    let mut outside = flow(&settings);
    call(&mut outside);
    assert_eq!(outside.did(), ["dial line 201 for 15 s, external ring"]);
    let mut inside = flow(&settings);
    call_with(&mut inside, |offer| offer.caller.line = Some("202".into()));
    assert_eq!(inside.did(), ["dial line 201 for 15 s, internal ring"]);
}

#[test]
fn r16_refusing_a_second_call_is_no_answer() {
    let settings = LineSettings {
        call_waiting: true,
        double_call: None,
        no_answer: to("202"),
        ..LineSettings::default()
    };
    let mut flow = flow(&settings);
    flow.tenant().line("201").calls = 1;
    let caller = call(&mut flow);
    flow.fails(caller, Cause::Declined);
    assert_eq!(flow.did(), ["dial line 201 for 15 s", "dial number 202"]);
}

#[test]
fn r17_only_fixed_lines_ring_differently() {
    let settings = LineSettings {
        distinctive_ring: true,
        ..LineSettings::default()
    };
    for kind in [LineKind::Mobile, LineKind::Analogue] {
        let mut flow = flow(&settings);
        flow.tenant().line("201").kind = kind;
        call(&mut flow);
        assert_eq!(flow.did(), ["dial line 201 for 15 s"], "{kind:?}");
    }
}

#[test]
fn r18_other_numbers_ring_with_the_line_or_after_it() {
    let multi_ring = |order| LineSettings {
        multi_ring: MultiRing {
            on: true,
            order,
            numbers: vec!["0612345678".into(), "202".into()],
        },
        ..LineSettings::default()
    };
    let mut together = flow(&multi_ring(Order::Simultaneous));
    call(&mut together);
    assert_eq!(
        together.did(),
        ["dial line 201 + outside +33612345678 + number 202 for 15 s"]
    );

    let mut in_turn = flow(&multi_ring(Order::Sequential));
    call(&mut in_turn);
    assert_eq!(
        in_turn.did(),
        ["dial line 201 for 15 s, then outside +33612345678 for 15 s, then number 202 for 15 s"]
    );
}

#[test]
fn r18_the_other_numbers_ring_when_the_line_is_not_registered() {
    let multi_ring = MultiRing {
        on: true,
        order: Order::Simultaneous,
        numbers: vec!["0612345678".into()],
    };
    let mut flow = flow(&LineSettings {
        multi_ring,
        ..LineSettings::default()
    });
    flow.tenant().line("201").registered = false;
    call(&mut flow);
    assert_eq!(flow.did(), ["dial line 201 + outside +33612345678 for 15 s"]);
}

#[test]
fn r19_by_default_busy_no_answer_and_unreachable_go_to_voicemail() {
    for cause in [Cause::Busy, Cause::NoAnswer, Cause::Unreachable] {
        let mut flow = flow(&LineSettings::default());
        let caller = call(&mut flow);
        flow.fails(caller, cause);
        assert_eq!(flow.did(), ["dial line 201 for 15 s", "dial next"]);
    }
}

#[test]
fn r19_without_voicemail_behind_the_line_the_cause_goes_back() {
    let mut flow = flow(&LineSettings::default());
    let caller = call_with(&mut flow, |offer| offer.has_next = false);
    flow.fails(caller, Cause::NoAnswer);
    assert_eq!(flow.did(), ["dial line 201 for 15 s", "reject no-answer"]);
}

#[test]
fn r22_call_waiting_comes_before_the_forward_for_a_busy_line() {
    for (call_waiting, expected) in [(true, "dial line 201 for 15 s"), (false, "dial number 202")] {
        let settings = LineSettings {
            call_waiting,
            double_call: None,
            busy: to("202"),
            ..LineSettings::default()
        };
        let mut flow = flow(&settings);
        flow.tenant().line("201").calls = 1;
        call(&mut flow);
        assert_eq!(flow.did(), [expected]);
    }
}

/// What is shown is said only where it is not the caller's own.
#[test]
fn r23_whoever_takes_a_forwarded_call_sees_its_caller() {
    let settings = LineSettings {
        immediate: to("0612345678"),
        ..LineSettings::default()
    };
    let mut flow = flow(&settings);
    call(&mut flow);
    assert_eq!(flow.did(), ["dial outside +33612345678"]);
    assert!(flow.cited("R23"));
}

#[test]
fn r15_r18_r20_limits_are_those_of_the_form() {
    let schema = cordboard::native::Module::of::<line>().describe().settings_schema;
    let field = |name: &str| {
        let found = schema.split(&format!("\"{name}\":{{")).nth(1);
        found.unwrap_or_else(|| panic!("no {name}")).to_owned()
    };
    assert!(field("blocked").contains(r#""maxItems":36"#));
    assert!(field("numbers").contains(r#""maxItems":5"#));
    assert!(field("rings").contains(r#""minimum":1,"maximum":10,"default":3"#));
}

#[test]
fn r24_a_forward_to_a_number_that_is_not_allowed_is_not_dialled() {
    for number in ["112", "0899123456", "118218", "001 212 555 0100", "*98"] {
        let mut refused = flow(&LineSettings {
            immediate: to(number),
            ..LineSettings::default()
        });
        call(&mut refused);
        assert_eq!(refused.did(), ["reject unreachable"], "{number}");
        assert!(refused.cited("R24"), "{number}");
    }
    for (number, dialled) in [
        ("0147200009", "+33147200009"),
        ("0032 2 555 01 00", "+3225550100"),
    ] {
        let mut allowed = flow(&LineSettings {
            immediate: to(number),
            ..LineSettings::default()
        });
        call(&mut allowed);
        assert_eq!(allowed.did(), [format!("dial outside {dialled}")]);
    }
}

#[test]
fn r24_check_names_each_number_that_is_not_allowed() {
    let multi_ring = MultiRing {
        on: true,
        order: Order::Simultaneous,
        numbers: vec!["112".into()],
    };
    let settings = LineSettings {
        busy: to("0899123456"),
        multi_ring,
        ..LineSettings::default()
    };
    assert_eq!(
        problems(&settings),
        [
            "/busy/to: calls are not sent on to special numbers",
            "/multi-ring/numbers/0: calls are not sent on to emergency numbers",
        ]
    );
}

#[test]
fn r26_the_greeting_plays_to_its_end_then_the_line_rings_in_opening_hours_only() {
    let greeting = || Greeting {
        announcement: Some("hello".into()),
        interruptive: false,
        calendar: Some("opening".into()),
    };
    let mut open = flow(&LineSettings {
        greeting: greeting(),
        ..LineSettings::default()
    });
    let caller = call(&mut open);
    assert_eq!(open.did(), ["play hello"]);
    open.played(caller);
    assert_eq!(open.did(), ["dial line 201 for 15 s"]);

    let mut closed = flow(&LineSettings {
        greeting: greeting(),
        ..LineSettings::default()
    });
    closed.tenant().calendar("opening", false);
    call(&mut closed);
    assert_eq!(closed.did(), ["dial line 201 for 15 s"]);
}

/// R28's table: call waiting, double-call announcement, greeting and whether it is interruptive; then what happens. With a
/// calendar that is closed there is no greeting (R26).
#[test]
fn r28_what_a_second_caller_hears_row_by_row() {
    let ring = "dial line 201 for 15 s";
    let playing_on = "dial line 201 for 15 s, playing on";
    let (double, hello) = (Some("double"), Some("hello"));
    type Row<'a> = (bool, Option<&'a str>, Option<&'a str>, bool, &'a [&'a str]);
    let rows: [Row<'_>; 8] = [
        (false, None, None, false, &["dial number 202"]),
        (false, double, hello, true, &["dial number 202"]),
        (
            true,
            double,
            hello,
            false,
            &["play hello", "play double for ever", playing_on],
        ),
        (true, double, hello, true, &["play double for ever", playing_on]),
        (true, double, None, false, &["play double for ever", playing_on]),
        (true, None, hello, false, &["play hello", ring]),
        (true, None, hello, true, &["play hello for ever", playing_on]),
        (true, None, None, false, &[ring]),
    ];
    for (call_waiting, double_call, announcement, interruptive, expected) in rows {
        let settings = |calendar: Option<&str>, announcement: Option<&str>| LineSettings {
            call_waiting,
            double_call: double_call.map(String::from),
            busy: to("202"),
            greeting: Greeting {
                announcement: announcement.map(String::from),
                interruptive,
                calendar: calendar.map(String::from),
            },
            ..LineSettings::default()
        };
        for calendar in [None, Some("opening")] {
            assert_eq!(second_call(&settings(calendar, announcement), true), expected);
        }
        let closed = second_call(&settings(Some("opening"), announcement), false);
        assert_eq!(
            closed,
            second_call(&settings(None, None), true),
            "closed: as without"
        );
    }
}

#[test]
fn r28_without_call_waiting_and_without_a_forward_the_caller_hears_busy() {
    let settings = LineSettings {
        busy: Forward { on: false, to: None },
        ..LineSettings::default()
    };
    assert_eq!(second_call(&settings, true), ["reject busy"]);
}

/// What the line does for a caller while it is in a call; a greeting that plays to its end is heard out, and nothing rings
/// before.
fn second_call(settings: &LineSettings, open: bool) -> Vec<String> {
    let mut flow = flow(settings);
    flow.tenant().calendar("opening", open);
    flow.tenant().line("201").calls = 1;
    let caller = call(&mut flow);
    let mut did = flow.did();
    if did == ["play hello"] {
        flow.played(caller);
        did.extend(flow.did());
    }
    did
}

#[test]
fn r3_a_virtual_line_never_rings_and_has_immediate_and_scheduled_forwards_only() {
    let mut without = flow(&LineSettings::default());
    without.tenant().line("201").kind = LineKind::Virtual;
    call(&mut without);
    assert_eq!(without.did(), ["dial line 201"], "R19: its mobile has the call");

    let mut with = flow(&LineSettings {
        immediate: to("0612345678"),
        ..LineSettings::default()
    });
    with.tenant().line("201").kind = LineKind::Virtual;
    call(&mut with);
    assert_eq!(with.did(), ["dial outside +33612345678"]);
}

#[test]
fn r3_an_analogue_line_has_the_immediate_forward_only() {
    let mut flow = flow(&LineSettings::default());
    flow.tenant().line("201").kind = LineKind::Analogue;
    let caller = call(&mut flow);
    flow.fails(caller, Cause::NoAnswer);
    assert_eq!(flow.did(), ["dial line 201 for 15 s", "reject no-answer"]);
}

#[test]
fn r3_an_analogue_line_only_rings() {
    let settings = LineSettings {
        do_not_disturb: true,
        multi_ring: MultiRing {
            on: true,
            order: Order::Simultaneous,
            numbers: vec!["202".into()],
        },
        greeting: Greeting {
            announcement: Some("hello".into()),
            ..Greeting::default()
        },
        ..LineSettings::default()
    };
    let mut flow = flow(&settings);
    flow.tenant().line("201").kind = LineKind::Analogue;
    call(&mut flow);
    assert_eq!(flow.did(), ["dial line 201 for 15 s"]);
}

#[test]
fn one_of_several_branches_plays_no_greeting() {
    let greeting = Greeting {
        announcement: Some("hello".into()),
        ..Greeting::default()
    };
    let mut flow = flow(&LineSettings {
        greeting,
        ..LineSettings::default()
    });
    call_with(&mut flow, |offer| offer.sole_holder = false);
    assert_eq!(flow.did(), ["dial line 201 for 15 s"]);
}

#[test]
fn a_number_without_a_line_is_unknown() {
    let mut flow = flow(&LineSettings::default());
    flow.call_with("0147200001", |offer| offer.number = "999".into());
    assert_eq!(flow.did(), ["reject unknown-number"]);
}

#[test]
fn the_readme_names_a_test_for_each_rule_and_no_test_that_is_not_there() {
    // The second part names tests of other rooms.
    let readme = include_str!("../README.md")
        .split("## Requirements of a line")
        .next();
    let rows = || {
        readme
            .unwrap_or_default()
            .lines()
            .filter(|line| line.starts_with('|'))
    };
    for rule in [3, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 26, 28] {
        let begins = format!("| R{rule} |");
        assert!(rows().any(|row| row.starts_with(&begins)), "R{rule} has no row");
    }
    for name in rows().flat_map(|row| row.split('`').skip(1).step_by(2)) {
        let test = format!("fn {name}()");
        assert!(
            include_str!("tests.rs").contains(&test),
            "there is no test {name}"
        );
    }
}

fn problems(settings: &LineSettings) -> Vec<String> {
    let mut json = String::new();
    cordboard::settings::Value::json(settings, &mut json);
    let mut tenant = Tenant::default();
    tenant.lines(&["201", "202"]);
    let module = cordboard::native::Module::of::<line>();
    let found = module.check(&json, std::sync::Arc::new(tenant), Default::default());
    found
        .into_iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect()
}
