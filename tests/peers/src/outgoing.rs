//! Calls to the outside with phones at both ends: which number the callee is shown (R23, R56), what callers hear who may not
//! dial it (R57), short numbers (R8), emergency calls (R74).

use serde_json::{Value, json};

use crate::baresip::{Baresip, Setup};
use crate::ear::Ear;
use crate::server::Server;
use crate::tenant;

/// The line that calls, its number outside, and another one of the company's.
const LINE: &str = "203";
const NUMBER: &str = "+33145678903";
const ALTERNATE: &str = "+33145678900";
/// A line that forwards all its calls outside.
const FORWARDED: &str = "204";

/// Somebody outside, and how the number is dialled.
const OUTSIDE: &str = "+33612345678";
const DIALLED: &str = "0612345678";
const ANOTHER: &str = "+33711223344";
const EMERGENCY: &str = "112";

struct Office {
    server: Server,
    ear: Ear,
    /// Inside.
    caller: Baresip,
    /// Outside; emergency calls end there, too.
    callee: Baresip,
}

impl Office {
    fn open() -> Self {
        let server = Server::start();
        tenant::create(&server);
        let ear = Ear::of(&[]).announcements(&server, &["call-not-allowed"]);
        let short = json!({ "short": "7001", "number": OUTSIDE, "name": "A client" });
        let settings = json!({ "short-numbers": [short] });
        tenant::put_behaviour(&server, "outgoing", "outgoing", &settings);
        tenant::put_outgoing(&server, "outgoing");
        let caller = Setup::of(LINE).start(&server);
        let callee = Setup::outside(OUTSIDE).also(EMERGENCY).start(&server);
        tenant::put_provider_at(&server, callee.address());
        let office = Self {
            server,
            ear,
            caller,
            callee,
        };
        office.set(json!({}));
        office
    }

    /// What the line's user has set, from the next call on.
    fn set(&self, settings: Value) {
        let line = json!({
            "name": "Alice", "site": "main", "short-number": LINE, "number": NUMBER, "devices": [LINE],
            "settings": { "outgoing": settings },
        });
        let path = format!("/v1/tenants/works/lines/{LINE}");
        self.server.client.put(&path, &line).unwrap();
    }

    /// A call that arrives; what the callee's phone was sent.
    #[track_caller]
    fn arrives(&mut self, dialled: &str) -> String {
        self.caller.dial(dialled);
        self.callee.rings();
        let invite = self.callee.latest_invite();
        self.caller.hang_up();
        self.caller.expect("CALL_CLOSED");
        self.callee.expect("CALL_CLOSED");
        invite
    }
}

/// The value of a header, or nothing.
fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let values = message.lines().filter_map(|line| line.strip_prefix(name));
    let mut values = values.filter_map(|rest| rest.strip_prefix(':'));
    values.next().unwrap_or_default().trim()
}

/// In From, and in what the provider may believe (RFC 3325).
#[track_caller]
fn shows(invite: &str, number: &str) {
    let own = format!("sip:{number}@");
    assert!(header(invite, "From").contains(&own), "{invite}");
    assert!(header(invite, "P-Asserted-Identity").contains(&own), "{invite}");
    assert_eq!(header(invite, "Privacy"), "", "{invite}");
}

/// RFC 3323, RFC 3325: the provider is told who calls, and that the callee is not to know.
#[track_caller]
fn hides(invite: &str, number: &str) {
    assert!(
        header(invite, "From").contains("sip:anonymous@anonymous.invalid"),
        "{invite}"
    );
    assert!(!header(invite, "Contact").contains(number), "{invite}");
    assert!(header(invite, "P-Asserted-Identity").contains(number), "{invite}");
    assert!(header(invite, "Privacy").contains("id"), "{invite}");
}

#[test]
fn peers_outgoing_r8_r23_r56_what_the_callee_outside_is_shown() {
    let mut office = Office::open();
    shows(&office.arrives(DIALLED), NUMBER);
    shows(&office.arrives("7001"), NUMBER);
    hides(&office.arrives(&format!("*31*{DIALLED}")), NUMBER);
    office.set(json!({ "caller-id": "hidden" }));
    hides(&office.arrives(DIALLED), NUMBER);
    shows(&office.arrives(&format!("*32*{DIALLED}")), NUMBER);
    office.set(json!({ "caller-id": "alternate", "alternate": ALTERNATE }));
    shows(&office.arrives(DIALLED), ALTERNATE);

    // R23: not the line that forwards.
    let line = json!({
        "name": "Bob", "site": "main", "short-number": FORWARDED, "number": "+33145678904", "devices": [FORWARDED],
        "behaviours": ["desk"], "settings": { "desk": { "immediate": { "on": true, "to": OUTSIDE } } },
    });
    let path = format!("/v1/tenants/works/lines/{FORWARDED}");
    office.server.client.put(&path, &line).unwrap();
    let mut another = Setup::outside(ANOTHER).start(&office.server);
    another.dial("+33145678904");
    assert!(office.callee.rings().contains(ANOTHER));
    shows(&office.callee.latest_invite(), ANOTHER);
    another.hang_up();
    another.expect("CALL_CLOSED");
}

#[test]
fn peers_outgoing_r24_r57_r74_who_may_not_call_hears_so_and_emergency_calls_pass() {
    let mut office = Office::open();
    office.set(json!({ "profile": "internal" }));
    office.caller.dial(DIALLED);
    office.ear.expect(&office.caller, 0, &["call-not-allowed"]);
    let why = office.caller.expect("CALL_CLOSED");
    assert!(why.contains("403"), "{why}");
    assert!(!office.callee.saw("CALL_INCOMING"), "the call went outside");

    let invite = office.arrives(EMERGENCY);
    assert!(invite.starts_with("INVITE sip:112@"), "{invite}");
    office.set(json!({ "profile": "national" }));
    shows(&office.arrives(DIALLED), NUMBER);
    office.caller.dial("+12025550123");
    let why = office.caller.expect("CALL_CLOSED");
    assert!(why.contains("403"), "{why}");
}
