//! Real phones that speak and listen: the prompt is heard, keys are understood however they are sent, and two people
//! hear each other.

use crate::baresip::{Baresip, Setup};
use crate::server::Server;
use crate::sound::{RATE, holds_tone, key, likeness, song, tone};
use crate::{tenant, until};

/// What the caller and the called say.
const CALLER: f64 = 700.0;
const CALLED: f64 = 1_100.0;

/// Of a prompt heard through G.711, and of another one.
const SAME: f64 = 0.95;
const OTHER: f64 = 0.5;

/// The best part of the prompt: a second from its middle.
fn prompt() -> Vec<i16> {
    song()[RATE / 2..RATE * 3 / 2].to_vec()
}

/// Waits until the phone has heard the prompt, and makes sure that nothing else would have done.
#[track_caller]
fn hears_the_prompt(phone: &Baresip) {
    let heard = until("the prompt is heard", || {
        let heard = phone.heard();
        (likeness(&heard, &prompt()) > SAME).then_some(heard)
    });
    let backwards: Vec<i16> = prompt().into_iter().rev().collect();
    let other = likeness(&heard, &backwards);
    assert!(other < OTHER, "another prompt is in there as well: {other}");
}

#[track_caller]
fn hear_each_other(caller: &Baresip, called: &Baresip) {
    until("the called phone hears the caller", || {
        holds_tone(&called.heard(), CALLER).then_some(())
    });
    until("the caller hears the called phone", || {
        holds_tone(&caller.heard(), CALLED).then_some(())
    });
    assert!(
        !holds_tone(&called.heard(), CALLED) && !holds_tone(&caller.heard(), CALLER),
        "an echo"
    );
}

/// The newest call's story, as text.
fn why(server: &Server, call: u64) -> String {
    let story = server.client.get(&format!("/v1/tenants/works/calls/{call}/why"));
    story.unwrap().to_string()
}

fn newest_call(server: &Server) -> u64 {
    let calls = server.client.get("/v1/tenants/works/calls").unwrap();
    let ids = calls["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|call| call["id"].as_u64());
    ids.max().unwrap()
}

/// A caller hears the menu, presses a key, and talks with whom the key leads to.
#[track_caller]
fn talk_through_the_menu(server: &Server, caller: Setup, called: Setup, press: impl FnOnce(&mut Baresip)) {
    let mut called = called.answers().says(tone(CALLED, 30_000)).start(server);
    let mut caller = caller.start(server);
    caller.dial(tenant::MENU);
    caller.expect("CALL_ESTABLISHED");
    hears_the_prompt(&caller);
    let call = newest_call(server);
    press(&mut caller);
    called.expect("CALL_ESTABLISHED");
    hear_each_other(&caller, &called);
    caller.hang_up();
    called.expect("CALL_CLOSED");
    let story = why(server, call);
    for word in ["INVITE", "BYE", "call-offered", "gather"] {
        assert!(story.contains(word), "no `{word}` in the call's story:\n{story}");
    }
}

#[test]
fn peers_baresip_a_key_sent_as_telephone_event_leads_on_and_laws_are_transcoded() {
    let server = Server::start();
    tenant::create(&server);
    let caller = Setup::of("201").codecs("pcma").says(tone(CALLER, 30_000));
    talk_through_the_menu(&server, caller, Setup::of("202").codecs("pcmu"), |phone| {
        phone.command("sndcode", "2");
    });
}

#[test]
fn peers_baresip_a_key_sent_as_info_leads_on() {
    let server = Server::start();
    tenant::create(&server);
    let caller = Setup::of("201")
        .keys_by_info()
        .codecs("pcmu")
        .says(tone(CALLER, 30_000));
    talk_through_the_menu(&server, caller, Setup::of("202").codecs("pcma"), |phone| {
        phone.command("sndcode", "2");
    });
}

/// The key's tones are in what the caller says: three seconds of silence, then the key, then speech.
#[test]
fn peers_baresip_a_key_heard_in_band_leads_on() {
    let server = Server::start();
    tenant::create(&server);
    let mut says = vec![0; 3 * RATE];
    says.extend(key('2'));
    says.extend(tone(CALLER, 30_000));
    let caller = Setup::of("201").says(says);
    talk_through_the_menu(&server, caller, Setup::of("202"), |_| {});
}

/// RFC 4566 §5.7: `c=IN IP6 ::1` on one side, `IP4` on the other.
#[test]
fn peers_baresip_a_phone_with_ipv6_alone_talks_with_one_with_ipv4() {
    let server = Server::start();
    tenant::create(&server);
    let mut called = Setup::of("204")
        .answers()
        .says(tone(CALLED, 30_000))
        .start(&server);
    let mut caller = Setup::of("203")
        .over_ipv6()
        .says(tone(CALLER, 30_000))
        .start(&server);
    caller.dial("204");
    caller.expect("CALL_ESTABLISHED");
    hear_each_other(&caller, &called);
    assert!(caller.log().contains("c=IN IP6 ::1"), "{}", caller.log());
    caller.hang_up();
    called.expect("CALL_CLOSED");
}

/// `media: direct`: the ports that each is told are its own and the other's, and none of the exchange's; then one of them is
/// transferred, and hears the announcement there.
#[test]
fn peers_baresip_sound_goes_straight_between_two_phones_until_one_is_transferred() {
    let server = Server::start();
    tenant::create(&server);
    for device in ["201", "202"] {
        let path = format!("/v1/tenants/works/devices/{device}");
        let mut document = server.client.get(&path).unwrap()["document"].take();
        document["media"] = "direct".into();
        server.client.put(&path, &document).unwrap();
    }
    let mut called = Setup::of("202")
        .answers()
        .says(tone(CALLED, 30_000))
        .start(&server);
    let mut caller = Setup::of("201").says(tone(CALLER, 30_000)).start(&server);
    caller.dial("202");
    caller.expect("CALL_ESTABLISHED");
    hear_each_other(&caller, &called);
    for (own, other) in [(&caller, &called), (&called, &caller)] {
        let ports = own.ports_told();
        assert!(ports.iter().any(|port| other.has_port(*port)), "{ports:?}");
        let known = |port: &u16| own.has_port(*port) || other.has_port(*port);
        assert!(ports.iter().all(known), "another port in {ports:?}");
    }
    called.command("transfer", tenant::NEWS);
    hears_the_prompt(&caller);
    caller.hang_up();
}
