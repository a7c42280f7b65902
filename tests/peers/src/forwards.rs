//! A user's line with phones (R13–R26, R44): which phone rings, whose number it shows, and what the caller hears.

use serde_json::{Value, json};

use crate::baresip::{Baresip, Setup};
use crate::ear::Ear;
use crate::server::Server;
use crate::sound::tone;
use crate::tenant;

/// The line in question, and its number outside.
const LINE: &str = "207";
const NUMBER: &str = "+33145678907";
/// A line without a phone.
const NOBODY: &str = "208";
const DEPUTY: &str = "205";
const PARTNER: &str = "206";
const COLLEAGUE: &str = "201";
const OUTSIDE: &str = "+33612345678";

/// What the owner says.
const OWNER: (&str, f64) = ("the owner", 620.0);

/// The line's phone, its deputy's, and one that calls.
struct Office {
    server: Server,
    ear: Ear,
    owner: Baresip,
    deputy: Baresip,
    caller: Baresip,
}

impl Office {
    fn open() -> Self {
        let server = Server::start();
        tenant::create(&server);
        let ear = Ear::of(&[OWNER]).announcements(&server, &["hello", "anonymous-refused"]);
        let start = |user| Setup::of(user).says(tone(OWNER.1, 60_000)).start(&server);
        Self {
            owner: start(LINE),
            deputy: start(DEPUTY),
            caller: start(COLLEAGUE),
            ear,
            server,
        }
    }

    /// What the line's user has set, from the next call on; all else is off.
    fn set(&self, settings: Value) {
        self.set_for(LINE, settings);
    }

    fn set_for(&self, line: &str, mut settings: Value) {
        for forward in ["busy", "no-answer", "unreachable"] {
            if settings[forward].is_null() {
                settings[forward] = json!({ "on": false });
            }
        }
        let mut document = json!({
            "name": "Desk", "site": "main", "short-number": line, "devices": [line], "behaviours": ["desk"],
            "features": { "call-waiting": true }, "settings": { "desk": settings },
        });
        if line == LINE {
            document["number"] = json!(NUMBER);
        }
        let path = format!("/v1/tenants/works/lines/{line}");
        self.server.client.put(&path, &document).unwrap();
    }

    /// A call to the line rings at the deputy's, shows who calls, and never rang at the owner's.
    #[track_caller]
    fn goes_to_the_deputy(&mut self, line: &str) {
        self.caller.dial(line);
        let shown = self.deputy.rings();
        assert!(shown.contains(COLLEAGUE), "R23: {shown}");
        assert!(!self.owner.saw("CALL_INCOMING"), "the line rang");
        self.gives_up();
        self.deputy.expect("CALL_CLOSED");
    }

    /// It rings at the owner's.
    #[track_caller]
    fn rings_at_the_owners(&mut self) {
        self.caller.dial(LINE);
        self.owner.rings();
        self.gives_up();
        self.owner.expect("CALL_CLOSED");
        assert!(!self.deputy.saw("CALL_INCOMING"), "it was forwarded");
    }

    #[track_caller]
    fn is_refused(&mut self, status: &str) {
        self.caller.dial(LINE);
        let why = self.caller.expect("CALL_CLOSED");
        assert!(why.contains(status), "{why}");
        assert!(!self.owner.saw("CALL_INCOMING"), "the line rang");
    }

    fn gives_up(&mut self) {
        self.caller.hang_up();
        self.caller.expect("CALL_CLOSED");
    }
}

fn to_the_deputy() -> Value {
    json!({ "on": true, "to": DEPUTY })
}

#[test]
fn peers_forwards_r13_r15_r20_each_takes_the_calls_that_are_its_own() {
    let mut office = Office::open();
    office.set(json!({ "immediate": to_the_deputy() }));
    office.goes_to_the_deputy(LINE);
    office.set(json!({ "do-not-disturb": true, "busy": to_the_deputy() }));
    office.goes_to_the_deputy(LINE);
    office.set(json!({ "do-not-disturb": true }));
    office.is_refused("486");
    by_code(&mut office);
    office.set(json!({ "blocked": [COLLEAGUE] }));
    office.is_refused("603");
    office.set_for(NOBODY, json!({ "unreachable": to_the_deputy() }));
    office.goes_to_the_deputy(NOBODY);

    // A refusal counts as no answer.
    office.set(json!({ "rings": 1, "no-answer": to_the_deputy() }));
    for refuses in [true, false] {
        office.caller.dial(LINE);
        office.owner.rings();
        if refuses {
            office.owner.hang_up();
        }
        office.owner.expect("CALL_CLOSED");
        office.deputy.rings();
        office.gives_up();
        office.deputy.expect("CALL_CLOSED");
    }

    office.set(json!({ "busy": to_the_deputy() }));
    let _partner = Setup::of(PARTNER).answers().start(&office.server);
    office.owner.dial(PARTNER);
    office.owner.expect("CALL_ESTABLISHED");
    office.goes_to_the_deputy(LINE);
}

/// R13: the same, switched at the phone.
#[track_caller]
fn by_code(office: &mut Office) {
    office.set(json!({}));
    for (code, on) in [("*78", true), ("*79", false)] {
        let set = json!({ "set": { "feature": "do-not-disturb", "on": on } });
        tenant::put_code(&office.server, code, &set);
        office.owner.dial(code);
        // Two beeps.
        office.owner.expect("CALL_ESTABLISHED");
        office.owner.expect("CALL_CLOSED");
        match on {
            true => office.is_refused("486"),
            false => office.rings_at_the_owners(),
        }
    }
}

/// R24: a forward that nobody may set, asked for at the phone: it hears no, and the line rings as before. One that is allowed holds.
#[test]
fn peers_forwards_r24_a_forbidden_forward_is_refused_at_the_phone() {
    let mut office = Office::open();
    office.set(json!({}));
    let set = json!({ "set": { "feature": "forward-immediate", "on": true } });
    tenant::put_code(&office.server, "*21*", &set);
    for number in ["0899123456", "112"] {
        office.owner.dial(&format!("*21*{number}"));
        let why = office.owner.expect("CALL_CLOSED");
        assert!(why.contains("403"), "{number}: {why}");
        office.rings_at_the_owners();
    }
    office.owner.dial(&format!("*21*{DEPUTY}"));
    office.owner.expect("CALL_ESTABLISHED");
    office.owner.expect("CALL_CLOSED");
    office.goes_to_the_deputy(LINE);
}

#[test]
fn peers_forwards_r21_r26_r44_opening_hours_decide_over_forwards_and_the_greeting() {
    let mut office = Office::open();
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let always = json!({ "hours": [{ "days": days, "from": "00:00", "to": "24:00" }] });
    for (name, calendar) in [("always", always), ("never", json!({ "hours": [] }))] {
        let path = format!("/v1/tenants/works/calendars/{name}");
        office.server.client.put(&path, &calendar).unwrap();
    }
    let scheduled = |calendar| json!({ "on": true, "calendar": calendar, "to": DEPUTY });
    office.set(json!({ "scheduled": scheduled("never"), "do-not-disturb": true }));
    office.goes_to_the_deputy(LINE);
    office.set(json!({ "scheduled": scheduled("always") }));
    office.rings_at_the_owners();

    let greeting = |calendar| json!({ "greeting": { "announcement": "hello", "calendar": calendar } });
    office.set(greeting("never"));
    let recordings = office.caller.recordings().len();
    office.rings_at_the_owners();
    let heard = office.ear.heard(&office.caller.heard_since(recordings));
    assert_eq!(heard, [], "R26: closed, and there is no greeting");
    office.set(greeting("always"));
    let recordings = office.caller.recordings().len();
    office.caller.dial(LINE);
    office.ear.expect(&office.caller, recordings, &["hello"]);
    office.owner.accepts();
    office
        .ear
        .expect_only(&office.caller, recordings, &["hello", OWNER.0]);
}

#[test]
fn peers_forwards_r14_r17_r18_who_calls_decides_how_it_rings_and_several_phones_may() {
    let mut office = Office::open();
    let mut outside = Setup::outside(OUTSIDE).start(&office.server);

    // R17: the phones are told where the call comes from. R23: a forward shows the number outside.
    office.set(json!({ "distinctive-ring": true }));
    office.rings_at_the_owners();
    outside.dial(NUMBER);
    office.owner.rings();
    let alerts = office.owner.headers("Alert-Info");
    assert_eq!(
        alerts,
        ["<urn:alert:source:internal>", "<urn:alert:source:external>"]
    );
    outside.hang_up();
    outside.expect("CALL_CLOSED");
    office.set(json!({ "immediate": to_the_deputy() }));
    outside.dial(NUMBER);
    let shown = office.deputy.rings();
    assert!(shown.contains(OUTSIDE), "R23: {shown}");
    outside.hang_up();
    outside.expect("CALL_CLOSED");

    // R18: together, and the first answer wins; or one after the other.
    let others = |order| json!({ "on": true, "order": order, "numbers": [DEPUTY] });
    office.set(json!({ "rings": 10, "multi-ring": others("simultaneous") }));
    office.caller.dial(LINE);
    office.owner.rings();
    office.deputy.accepts();
    office.owner.expect("CALL_CLOSED");
    office.gives_up();
    office.set(json!({ "rings": 1, "multi-ring": others("sequential") }));
    office.caller.dial(LINE);
    office.owner.rings();
    assert!(!office.deputy.saw("CALL_INCOMING"), "it is not the deputy's turn");
    office.owner.expect("CALL_CLOSED");
    office.deputy.rings();
    office.gives_up();

    // R14: who hides the number hears that the line wants to see it.
    office.set(json!({ "reject-anonymous": true }));
    let mut hidden = Setup::outside("anonymous").start(&office.server);
    hidden.dial(NUMBER);
    office.ear.expect(&hidden, 0, &["anonymous-refused"]);
    let why = hidden.expect("CALL_CLOSED");
    assert!(why.contains("433"), "{why}");
    office.rings_at_the_owners();
}
