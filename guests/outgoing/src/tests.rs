use cordboard::test::{Flow, Tenant};

use super::*;

const MONDAY: u8 = 1;
const SATURDAY: u8 = 6;
const SUNDAY: u8 = 7;

fn flow(settings: &Outgoing) -> Flow {
    let mut flow = Flow::of::<outgoing>(settings);
    flow.tenant().lines(&["201", "202"]).weekday(MONDAY);
    flow.tenant().line("201").number = Some("+33147200201".into());
    flow
}

/// 201 dials, and the dial plan has read the number.
fn dials(flow: &mut Flow, number: &str) -> LegId {
    dials_with(flow, number, |_| {})
}

fn dials_with(flow: &mut Flow, number: &str, change: impl FnOnce(&mut cordboard::Offer)) -> LegId {
    flow.call_with("201", |offer| {
        offer.caller.line = Some("201".into());
        offer.called = number.into();
        offer.number = number.into();
        change(offer);
    })
}

fn under(profile: &str) -> Outgoing {
    Outgoing {
        profile: Some(profile.into()),
        ..Outgoing::default()
    }
}

/// The table, cell by cell: a number for each column, on a Monday, a Saturday and a Sunday.
#[test]
fn r57_each_profile_allows_what_its_row_says() {
    let columns = [
        "0123456789",
        "0612345678",
        "0800123456",
        "0890123456",
        "+351212345678",
        "+12025550123",
    ];
    let rows = [
        ("europe", "xxx.x.", true, true),
        ("europe-monday-to-saturday", "xxx.x.", true, false),
        ("europe-monday-to-friday", "xxx.x.", false, false),
        ("europe-with-special", "xxxxx.", true, true),
        ("national", "xx....", true, true),
        ("national-monday-to-friday", "xx....", false, false),
        ("internal", "......", true, true),
        ("none", "xxxxxx", true, true),
    ];
    for (profile, row, saturday, sunday) in rows {
        for (number, cell) in columns.iter().zip(row.chars()) {
            for (day, open) in [(MONDAY, true), (SATURDAY, saturday), (SUNDAY, sunday)] {
                let settings = match profile {
                    "none" => Outgoing::default(),
                    name => under(name),
                };
                let mut flow = flow(&settings);
                flow.tenant().weekday(day);
                dials(&mut flow, number);
                let expected = match (open, cell) {
                    (false, _) => "play no-calls-now".to_owned(),
                    (true, 'x') => {
                        let e164 = number.strip_prefix('0').map(|rest| format!("+33{rest}"));
                        format!("dial outside {}", e164.as_deref().unwrap_or(number))
                    }
                    (true, _) => "play call-not-allowed".to_owned(),
                };
                assert_eq!(flow.did(), [expected], "{profile} {number} on day {day}");
            }
        }
    }
}

#[test]
fn r57_a_call_that_is_not_allowed_hears_why_and_is_refused() {
    let mut flow = flow(&under("internal"));
    let caller = dials(&mut flow, "0612345678");
    flow.played(caller);
    assert_eq!(flow.did(), ["play call-not-allowed", "reject forbidden"]);
    assert_eq!(
        flow.why(),
        ["R57: this line makes no calls to numbers of this kind (profile internal)"]
    );
}

#[test]
fn r57_calls_in_the_house_pass_under_every_profile() {
    let mut flow = flow(&under("internal"));
    dials(&mut flow, "202");
    assert_eq!(flow.did(), ["dial number 202"]);
}

#[test]
fn r57_profiles_are_data_and_may_have_opening_hours() {
    let mut settings = under("shop");
    settings.profiles.push(Profile {
        name: "shop".into(),
        mobile: true,
        calendar: Some("opening".into()),
        ..Profile::default()
    });
    for (open, expected) in [(true, "dial outside +33612345678"), (false, "play no-calls-now")] {
        let mut flow = flow(&settings);
        flow.tenant().calendar("opening", open);
        dials(&mut flow, "0612345678");
        assert_eq!(flow.did(), [expected]);
    }
}

#[test]
fn r74_emergency_calls_pass_under_every_profile_on_every_day() {
    let mut settings = under("internal");
    settings.profiles[6].closed = vec![Day::Monday];
    let mut flow = flow(&settings);
    dials(&mut flow, "112");
    assert_eq!(flow.did(), ["dial number 112"]);
    assert!(flow.cited("R74"));
}

#[test]
fn r56_the_number_shown_is_the_lines_own_unless_hidden_or_another() {
    let alternate = Some("0147200000".into());
    for (caller_id, expected) in [
        (OwnNumber::Own, "dial outside +33612345678"),
        (OwnNumber::Hidden, "dial outside +33612345678, anonymous"),
        (OwnNumber::Alternate, "dial outside +33612345678, as 0147200000"),
    ] {
        let mut flow = flow(&Outgoing {
            caller_id,
            alternate: alternate.clone(),
            ..Outgoing::default()
        });
        dials(&mut flow, "0612345678");
        assert_eq!(flow.did(), [expected]);
    }
}

#[test]
fn r56_a_code_before_the_number_hides_or_shows_it_for_one_call() {
    let mut hidden = flow(&Outgoing::default());
    dials(&mut hidden, "*31*0612345678");
    assert_eq!(hidden.did(), ["dial outside +33612345678, anonymous"]);

    let mut shown = flow(&Outgoing {
        caller_id: OwnNumber::Hidden,
        ..Outgoing::default()
    });
    dials_with(&mut shown, "*32*0612345678", |offer| {
        offer.caller.anonymous = true
    });
    assert_eq!(shown.did(), ["dial outside +33612345678, as +33147200201"]);
}

#[test]
fn r56_a_phone_that_asks_for_privacy_by_itself_gets_it() {
    let mut flow = flow(&Outgoing::default());
    dials_with(&mut flow, "0612345678", |offer| offer.caller.anonymous = true);
    assert_eq!(flow.did(), ["dial outside +33612345678, anonymous"]);
}

#[test]
fn r8_a_short_number_stands_for_a_contact_outside_and_the_profile_holds_for_it() {
    let contacts = |profile: Option<&str>| Outgoing {
        profile: profile.map(String::from),
        short_numbers: vec![ShortNumber {
            short: "5501".into(),
            number: "06 12 34 56 78".into(),
            name: "Zoé".into(),
        }],
        ..Outgoing::default()
    };
    let mut free = flow(&contacts(None));
    dials(&mut free, "5501");
    assert_eq!(free.did(), ["dial outside +33612345678"]);
    assert!(free.cited("R8"));
    let mut restricted = flow(&contacts(Some("internal")));
    dials(&mut restricted, "5501");
    assert_eq!(restricted.did(), ["play call-not-allowed"]);
}

#[test]
fn the_way_the_call_ends_is_the_callees() {
    let mut flow = flow(&Outgoing::default());
    let caller = dials(&mut flow, "0612345678");
    flow.fails(caller, Cause::Busy);
    assert_eq!(flow.did(), ["dial outside +33612345678", "reject busy"]);
}

#[test]
fn without_a_trunk_or_a_number_the_call_is_refused() {
    let mut no_trunk = flow(&Outgoing::default());
    no_trunk.tenant().without_trunk();
    dials(&mut no_trunk, "0612345678");
    assert_eq!(no_trunk.did(), ["reject congestion"]);
    let mut code = flow(&Outgoing::default());
    dials(&mut code, "*77");
    assert_eq!(code.did(), ["reject unknown-number"]);
}

#[test]
fn check_finds_profiles_and_short_numbers_that_cannot_be() {
    let settings = r#"{"profile":"none","caller-id":"alternate",
        "profiles":[{"name":"a","calendar":"never"},{"name":"a"}],
        "short-numbers":[{"short":"2010","number":"x"},{"short":"2010","number":"0612345678"},
            {"short":"4000","number":"0612345678"}]}"#;
    let mut tenant = Tenant::default();
    tenant.lines(&["4000"]);
    let module = cordboard::native::Module::of::<outgoing>();
    let found = module.check(settings, std::sync::Arc::new(tenant), Default::default());
    let paths: Vec<_> = found.into_iter().map(|problem| problem.path).collect();
    assert_eq!(
        paths,
        [
            "/profile",
            "/alternate",
            "/profiles/0/calendar",
            "/profiles/1/name",
            "/short-numbers/0/number",
            "/short-numbers/1/short",
            "/short-numbers/2/short"
        ]
    );
}
