//! What a caller hears who calls a line that is in a call: the seven rows of R28, as a phone wrote them down.
//!
//! The greeting, the announcement for a second caller and the exchange's ringback are tones of their own, so the recording tells
//! which of them was heard, in which order, and for how long.

use serde_json::{Value, json};

use crate::baresip::{Baresip, Setup};
use crate::ear::{Ear, RINGBACK};
use crate::server::Server;
use crate::{tenant, until};

/// The announcements.
const GREETING: &str = "hello";
const IN_A_CALL: &str = "engaged";

/// Tenths of a second that are surely more than an announcement once.
const AGAIN: usize = 10;

/// The line in question; its owner talks with somebody all the while.
const LINE: &str = "207";
const PARTNER: &str = "206";
const CALLER: &str = "201";

/// What the table says of a row.
enum Row {
    /// The call goes where the busy forward leads: nowhere, 486.
    Busy,
    /// The one sound goes on and on.
    Loop(&'static str),
    /// The greeting once, then this.
    GreetingThen(&'static str),
    /// The phone's own ringback.
    Rings,
}

fn set(server: &Server, settings: &Value) {
    let line = json!({
        "name": "Desk", "site": "main", "short-number": LINE, "devices": [LINE], "behaviours": ["desk"],
        "features": { "call-waiting": true },
        "settings": { "desk": settings },
    });
    let path = format!("/v1/tenants/works/lines/{LINE}");
    server.client.put(&path, &line).unwrap();
}

#[track_caller]
fn calls(ear: &Ear, caller: &mut Baresip, owner: &mut Baresip, row: &str, expected: &Row) {
    let before = caller.recordings().len();
    caller.dial(LINE);
    if !matches!(expected, Row::Busy) {
        owner.expect("CALL_INCOMING");
    }
    match expected {
        Row::Busy => {
            let why = caller.expect("CALL_CLOSED");
            assert!(why.contains("486"), "{row}: {why}");
            let all = ear.heard(&caller.heard_since(before));
            assert_eq!(all, [], "{row}");
            return;
        }
        Row::Rings => {
            caller.expect("CALL_RINGING");
            assert_eq!(ear.heard(&caller.heard_since(before)), [], "{row}");
        }
        Row::Loop(sound) => {
            let all = until(row, || {
                let all = ear.heard(&caller.heard_since(before));
                all.iter().any(|(_, chunks)| *chunks > AGAIN).then_some(all)
            });
            assert!(all.iter().all(|(other, _)| other == sound), "{row}: {all:?}");
        }
        Row::GreetingThen(sound) => {
            let all = until(row, || {
                let all = ear.heard(&caller.heard_since(before));
                all.iter()
                    .any(|(other, chunks)| other == sound && *chunks > AGAIN)
                    .then_some(all)
            });
            let order: Vec<&str> = all.iter().map(|(sound, _)| *sound).collect();
            assert_eq!(order, [GREETING, *sound], "{row}");
            assert!(all[0].1 <= AGAIN, "{row}: the greeting comes once: {all:?}");
        }
    }
    caller.hang_up();
    caller.expect("CALL_CLOSED");
}

/// Row by row, with the settings changed in between: a change holds for the next call.
#[test]
fn peers_lines_r28_what_a_second_caller_hears_row_by_row() {
    let server = Server::start();
    tenant::create(&server);
    let ear = Ear::of(&[RINGBACK]).announcements(&server, &[GREETING, IN_A_CALL]);
    let settings = |waiting: bool, double: bool, greeting: Option<bool>| {
        json!({
            "call-waiting": waiting, "rings": 4,
            "double-call": double.then_some(IN_A_CALL),
            "greeting": { "announcement": greeting.map(|_| GREETING), "interruptive": greeting.unwrap_or_default() },
        })
    };
    let rows = [
        ("waiting off", settings(false, true, None), Row::Busy),
        (
            "on, on, played out",
            settings(true, true, Some(false)),
            Row::GreetingThen(IN_A_CALL),
        ),
        (
            "on, on, interruptive",
            settings(true, true, Some(true)),
            Row::Loop(IN_A_CALL),
        ),
        ("on, on, none", settings(true, true, None), Row::Loop(IN_A_CALL)),
        (
            "on, off, played out",
            settings(true, false, Some(false)),
            Row::GreetingThen(RINGBACK.0),
        ),
        (
            "on, off, interruptive",
            settings(true, false, Some(true)),
            Row::Loop(GREETING),
        ),
        ("on, off, none", settings(true, false, None), Row::Rings),
    ];
    set(&server, &rows[0].1);
    let _partner = Setup::of(PARTNER).answers().start(&server);
    let mut owner = Setup::of(LINE).start(&server);
    let mut caller = Setup::of(CALLER).start(&server);
    owner.dial(PARTNER);
    owner.expect("CALL_ESTABLISHED");
    for (row, settings, expected) in &rows {
        set(&server, settings);
        calls(&ear, &mut caller, &mut owner, row, expected);
    }
    owner.hang_up();
}
