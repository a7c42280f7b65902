//! The busy alerter and call backs (R58–R63) as phones hear them: every announcement is a tone of its own, so what a caller
//! heard is told from the recording.

use serde_json::{Value, json};

use crate::baresip::{Baresip, Setup};
use crate::ear::Ear;
use crate::linphone::Linphone;
use crate::server::Server;
use crate::sound::tone;
use crate::{tenant, until};

/// The line in question, and its number outside.
const LINE: &str = "207";
const NUMBER: &str = "+33145678907";
/// Its owner talks with somebody all the while.
const PARTNER: &str = "206";
const ATTENDANT: &str = "205";
/// A behaviour that says who it is, in place of a mailbox.
const MAILBOX: &str = "390";
const OUTSIDE: &str = "+33612345678";

/// What people say.
const OWNER: (&str, f64) = ("the owner", 620.0);
const AT_THE_DESK: (&str, f64) = ("the attendant", 740.0);
const COLLEAGUE: (&str, f64) = ("the colleague", 500.0);

const ANNOUNCEMENTS: [&str; 13] = [
    "in-a-call",
    "nobody-answers",
    "to-let-it-ring",
    "to-leave-a-message",
    "to-reach-the-attendant",
    "to-be-called-back",
    "to-wait-on-the-line",
    "soon-free",
    "please-wait",
    "it-rings-now",
    "we-will-call-back",
    "mailbox",
    "about-sales",
];

/// A company with a busy alerter in front of the line.
struct Office {
    server: Server,
    ear: Ear,
}

impl Office {
    fn open() -> Self {
        let server = Server::start();
        tenant::create(&server);
        let ear = Ear::of(&[OWNER, AT_THE_DESK, COLLEAGUE]).announcements(&server, &ANNOUNCEMENTS);
        let mailbox = json!({ "announcement": "mailbox" });
        tenant::put_behaviour(&server, "mailbox", "announcement", &mailbox);
        tenant::put_number(&server, MAILBOX, "mailbox");
        let services = json!({
            "call-waiting": true, "double-call": null,
            "busy": { "on": false }, "no-answer": { "on": false },
        });
        tenant::put_behaviour(&server, "services", "line", &services);
        tenant::put_behaviour(&server, "call-back", "call-back", &json!({ "notice": "display" }));
        let alerter = json!({
            "outside": "menu", "voicemail": MAILBOX, "attendant": ATTENDANT, "call-back": "call-back",
            "wait": { "announcement": "soon-free" },
        });
        tenant::put_behaviour(&server, "alerter", "busy-alerter", &alerter);
        let office = Self { server, ear };
        office.set(json!({}));
        office
    }

    /// What the line sets differently from each behaviour's own settings, from the next call on.
    fn set(&self, settings: Value) {
        let line = json!({
            "name": "Owner", "site": "main", "short-number": LINE, "number": NUMBER, "devices": [LINE],
            "behaviours": ["alerter", "services"], "settings": settings,
            "features": { "call-waiting": true },
        });
        let path = format!("/v1/tenants/works/lines/{LINE}");
        self.server.client.put(&path, &line).unwrap();
    }

    /// The owner, in a call with the partner.
    fn owner_in_a_call(&self) -> (Baresip, Baresip) {
        let partner = Setup::of(PARTNER).answers().start(&self.server);
        let mut owner = Setup::of(LINE).says(tone(OWNER.1, 60_000)).start(&self.server);
        owner.dial(PARTNER);
        owner.expect("CALL_ESTABLISHED");
        (owner, partner)
    }

    /// Takes its calls, and says who it is.
    fn attendant(&self) -> Baresip {
        Setup::of(ATTENDANT)
            .answers()
            .says(tone(AT_THE_DESK.1, 60_000))
            .start(&self.server)
    }

    /// The call back of a colleague, whose phone rings first, and the owner: both take it and hear each other.
    #[track_caller]
    fn are_called_back(&self, phone: &mut Baresip, owner: &mut Baresip) {
        let recordings = (phone.recordings().len(), owner.recordings().len());
        let shown = phone.accepts();
        assert!(shown.contains(LINE), "R58: the called number is shown: {shown}");
        let shown = owner.accepts();
        assert!(shown.contains("201"), "{shown}");
        self.ear.expect(phone, recordings.0, &["the owner"]);
        self.ear.expect(owner, recordings.1, &["the colleague"]);
        phone.hang_up();
        owner.expect("CALL_CLOSED");
    }

    #[track_caller]
    fn is_heard(&self, phone: &Linphone, sounds: &[&str]) {
        until(&format!("{sounds:?} is heard"), || {
            self.ear.holds(&phone.heard(), sounds).then_some(())
        });
    }

    /// Somebody calls.
    fn calls<'a>(&'a self, caller: &'a mut Baresip, number: &str) -> Caller<'a> {
        let recordings = caller.recordings().len();
        caller.dial(number);
        Caller {
            ear: &self.ear,
            phone: caller,
            recordings,
            heard: Vec::new(),
        }
    }
}

/// A call under way, and what was heard in it.
struct Caller<'a> {
    ear: &'a Ear,
    phone: &'a mut Baresip,
    recordings: usize,
    heard: Vec<&'static str>,
}

impl Caller<'_> {
    /// These sounds come next, sooner or later.
    #[track_caller]
    fn hears(&mut self, sounds: &[&'static str]) {
        self.heard.extend(sounds);
        self.ear.expect(self.phone, self.recordings, &self.heard);
    }

    /// These, and nothing else before or between.
    #[track_caller]
    fn hears_only(&self, sounds: &[&str]) {
        self.ear.expect_only(self.phone, self.recordings, sounds);
    }

    fn presses(&mut self, key: &str) {
        self.phone.command("sndcode", key);
    }

    fn hangs_up(self) {
        self.phone.hang_up();
        self.phone.expect("CALL_CLOSED");
    }

    fn ends(self) {
        self.phone.expect("CALL_CLOSED");
    }
}

/// R59, R62: the whole menu once, then each choice at its first words.
#[test]
fn peers_alerter_r62_an_outside_caller_hears_each_choice_of_the_menu() {
    let office = Office::open();
    let (mut owner, _partner) = office.owner_in_a_call();
    let _attendant = office.attendant();
    let mut phone = Setup::outside(OUTSIDE).start(&office.server);

    let mut caller = office.calls(&mut phone, NUMBER);
    caller.hears_only(&[
        "in-a-call",
        "to-let-it-ring",
        "to-leave-a-message",
        "to-reach-the-attendant",
        "to-wait-on-the-line",
    ]);
    caller.presses("1");
    assert!(owner.accepts().contains(OUTSIDE));
    caller.hears(&["the owner"]);
    caller.hangs_up();
    owner.expect("CALL_CLOSED");

    for (key, sound) in [("2", "mailbox"), ("3", "the attendant")] {
        let mut caller = office.calls(&mut phone, NUMBER);
        caller.hears(&["in-a-call", "to-let-it-ring"]);
        caller.presses(key);
        caller.hears(&[sound]);
        caller.hangs_up();
    }

    let mut caller = office.calls(&mut phone, NUMBER);
    for _ in 0..3 {
        caller.hears(&["to-let-it-ring", "to-leave-a-message"]);
        caller.presses("9");
    }
    caller.ends();

    office.set(json!({ "alerter": { "voicemail": null } }));
    let caller = office.calls(&mut phone, NUMBER);
    caller.hears_only(&[
        "in-a-call",
        "to-let-it-ring",
        "to-reach-the-attendant",
        "to-wait-on-the-line",
    ]);
    caller.hangs_up();
}

/// R62: a recording by the number that was dialled, and then it rings on. R59: nobody answered, and the menu has no waiting.
#[test]
fn peers_alerter_r62_outside_callers_hear_a_recording_by_number_and_a_menu_when_nobody_answers() {
    let office = Office::open();
    let recording = json!({ "numbers": [NUMBER], "announcement": "about-sales" });
    office.set(json!({ "alerter": { "outside": "ring", "recordings": [recording] } }));
    let (mut owner, _partner) = office.owner_in_a_call();
    let mut phone = Setup::outside(OUTSIDE).start(&office.server);

    let mut caller = office.calls(&mut phone, NUMBER);
    caller.hears_only(&["about-sales"]);
    owner.accepts();
    caller.hears(&["the owner"]);
    caller.hangs_up();
    owner.expect("CALL_CLOSED");
    owner.hang_up();
    owner.expect("CALL_CLOSED");

    office.set(json!({ "services": { "rings": 1 } }));
    let caller = office.calls(&mut phone, NUMBER);
    owner.rings();
    caller.hears_only(&[
        "nobody-answers",
        "to-let-it-ring",
        "to-leave-a-message",
        "to-reach-the-attendant",
    ]);
    caller.hangs_up();
}

/// R63: first a line whose phone could take another call, then one whose phone could not.
#[test]
fn peers_alerter_r63_who_waits_on_the_line_gets_it_the_moment_it_is_free() {
    let office = Office::open();
    let (mut owner, _partner) = office.owner_in_a_call();
    let mut outside = Setup::outside(OUTSIDE).start(&office.server);
    let mut colleague = Setup::of("201").start(&office.server);

    let mut caller = office.calls(&mut outside, NUMBER);
    waits(&mut caller, &mut owner, "soon-free");
    caller.hangs_up();
    owner.expect("CALL_CLOSED");

    let path = format!("/v1/tenants/works/devices/{LINE}");
    let mut device = office.server.client.get(&path).unwrap()["document"].take();
    device["max-calls"] = json!(1);
    office.server.client.put(&path, &device).unwrap();
    owner.dial(PARTNER);
    owner.expect("CALL_ESTABLISHED");
    let mut caller = office.calls(&mut colleague, LINE);
    waits(&mut caller, &mut owner, "please-wait");
    caller.hangs_up();
}

/// The caller chooses to wait, hears this, and is there the moment the owner hangs up.
#[track_caller]
fn waits(caller: &mut Caller<'_>, owner: &mut Baresip, sound: &'static str) {
    caller.hears(&["in-a-call", "to-let-it-ring"]);
    caller.presses("5");
    caller.hears(&[sound]);
    owner.hang_up();
    owner.expect("CALL_CLOSED");
    caller.hears(&["it-rings-now"]);
    owner.accepts();
    caller.hears(&["the owner"]);
}

/// R60, R61, R66: a phone that shows pages as texts is asked what to do, and later whether to call now.
#[test]
fn peers_alerter_r60_r66_a_colleague_chooses_and_is_called_back_by_texts() {
    let office = Office::open();
    let path = "/v1/tenants/works/devices/201";
    let mut device = office.server.client.get(path).unwrap()["document"].take();
    device["screen"] = json!("text");
    office.server.client.put(path, &device).unwrap();
    let (mut owner, _partner) = office.owner_in_a_call();
    let mut phone = Linphone::start(&office.server, "201", &tone(COLLEAGUE.1, 60_000));

    phone.dial(LINE);
    reply(&mut phone, "207 is in a call", "4 Call me back");
    office.is_heard(&phone, &["in-a-call", "we-will-call-back"]);
    phone.expect("ended");
    owner.hang_up();
    owner.expect("CALL_CLOSED");
    reply(&mut phone, "207 is free", "1 Call 207");
    phone.expect("Receiving new incoming call");
    phone.command("answer");
    owner.accepts();
    office.is_heard(&phone, &["the owner"]);
    phone.command("terminate");
    owner.expect("CALL_CLOSED");
}

/// Waits for the page of this title, and answers it with the number of this choice.
#[track_caller]
fn reply(phone: &mut Linphone, title: &str, choice: &str) {
    let page = until(title, || {
        let log = phone.log();
        let (head, text) = log.split_once(&format!("\n{title}"))?;
        text.contains(choice).then_some(())?;
        let from = head.rfind("<sip:page-")?;
        Some(head.get(from + 1..)?.split_once('>')?.0.to_owned())
    });
    let (number, _) = choice.split_once(' ').unwrap();
    phone.command(&format!("chat {page} {number}"));
}

/// R58, R60: the whole menu once, then each choice at its first words; who chose the call back is rung when the owner hangs up.
#[test]
fn peers_alerter_r60_a_colleague_chooses_by_key() {
    let office = Office::open();
    let (mut owner, _partner) = office.owner_in_a_call();
    let _attendant = office.attendant();
    let mut phone = Setup::of("201")
        .says(tone(COLLEAGUE.1, 60_000))
        .start(&office.server);

    let mut caller = office.calls(&mut phone, LINE);
    caller.hears_only(&[
        "in-a-call",
        "to-let-it-ring",
        "to-leave-a-message",
        "to-reach-the-attendant",
        "to-be-called-back",
        "to-wait-on-the-line",
    ]);
    caller.presses("1");
    assert!(owner.accepts().contains("201"));
    caller.hears(&["the owner"]);
    caller.hangs_up();
    owner.expect("CALL_CLOSED");

    for (key, sound) in [("2", "mailbox"), ("3", "the attendant")] {
        let mut caller = office.calls(&mut phone, LINE);
        caller.hears(&["in-a-call", "to-let-it-ring"]);
        caller.presses(key);
        caller.hears(&[sound]);
        caller.hangs_up();
    }

    office.set(json!({ "alerter": { "voicemail": null } }));
    let mut caller = office.calls(&mut phone, LINE);
    caller.hears_only(&[
        "in-a-call",
        "to-let-it-ring",
        "to-reach-the-attendant",
        "to-be-called-back",
    ]);
    caller.presses("4");
    caller.hears(&["we-will-call-back"]);
    caller.ends();
    owner.hang_up();
    owner.expect("CALL_CLOSED");
    office.are_called_back(&mut phone, &mut owner);
}

/// R60: a phone of another family. R58: in the end its user just hangs up, and is called back.
#[test]
fn peers_alerter_r58_r60_a_colleague_with_linphone_chooses_by_key_or_hangs_up() {
    let office = Office::open();
    let (mut owner, _partner) = office.owner_in_a_call();
    let _attendant = office.attendant();
    let mut phone = Linphone::start(&office.server, "201", &tone(COLLEAGUE.1, 60_000));
    let mut all = Vec::new();
    for (key, sound) in [("2", "mailbox"), ("3", "the attendant")] {
        phone.dial(LINE);
        all.extend(["in-a-call", "to-let-it-ring"]);
        office.is_heard(&phone, &all);
        phone.command(key);
        all.push(sound);
        office.is_heard(&phone, &all);
        phone.command("terminate");
        phone.expect("ended");
    }

    phone.dial(LINE);
    all.push("in-a-call");
    office.is_heard(&phone, &all);
    phone.command("terminate");
    phone.expect("ended");
    owner.hang_up();
    owner.expect("CALL_CLOSED");
    phone.expect("Receiving new incoming call");
    phone.command("answer");
    assert!(owner.accepts().contains("201"));
    all.push("the owner");
    office.is_heard(&phone, &all);
    phone.command("terminate");
    owner.expect("CALL_CLOSED");
}

/// R58, R60, R67: asked for by key; the exchange is killed before the owner hangs up.
#[test]
fn peers_alerter_r60_r67_a_call_back_survives_a_crash() {
    let mut office = Office::open();
    let (mut owner, _partner) = office.owner_in_a_call();
    let mut phone = Setup::of("201")
        .says(tone(COLLEAGUE.1, 60_000))
        .start(&office.server);
    let mut caller = office.calls(&mut phone, LINE);
    caller.hears(&["in-a-call", "to-let-it-ring"]);
    caller.presses("4");
    caller.hears(&["we-will-call-back"]);
    caller.ends();

    office.server.crash_and_start_again();

    assert!(!phone.saw("CALL_INCOMING"), "the line is not free yet");
    owner.hang_up();
    owner.expect("CALL_CLOSED");
    office.are_called_back(&mut phone, &mut owner);
}
