//! Providers, gateways and their habits: early media, forking, offerless calls, registration, challenges, glare.

use std::time::Duration;

use contract::{Command, Event, SessionScope};
use cordboard_exchange::directory::{Document, Trunk};
use cordboard_exchange::{Fact, Input, Server};
use phone::{CallRef, CallState};
use serde_json::json;
use sip::endpoint::Transport;

use crate::logic::{self, decided};
use crate::office::{Office, module};
use crate::provider::{SDP, answer, count, header, invite, last, receive, request, to_tag};
use crate::trunks::trunk;
use crate::world::World;

fn office() -> Office {
    Office::new()
        .line("201")
        .with(trunk("provider", 50, 1))
        .behaviour("reception", module(1), SessionScope::PerCall)
        .number("+33123456789", &["reception"])
}

/// 201 dials outside; the INVITE is at the provider.
fn calling_out(office: Office) -> (World, CallRef, String) {
    let mut world = office.open(&["201"]);
    let call = world.call("201", "0612345678");
    let invite = last(&world, "INVITE");
    (world, call, invite)
}

fn ack_of(world: &mut World, call: &str, ok: &str, body: &str) {
    let ack = request("ACK", 1, "+33123456789", call, &to_tag(ok), "", body);
    receive(world, ack);
}

/// 183 with a description: the caller hears the provider's announcement before anybody answers.
#[test]
fn early_media_of_the_callee_reaches_the_caller() {
    let (mut world, call, invite) = calling_out(office());
    world.media.clear();
    receive(&mut world, answer(&invite, 183, "a", "", SDP));
    world.settle();
    assert_eq!(world.state("201", call), CallState::Ringing);
    assert!(
        world.with("201", |phone, _| phone.theirs(call).is_some()),
        "183 with our answer"
    );
    assert!(
        world
            .media
            .iter()
            .any(|command| matches!(command, media::Command::Listen { .. }))
    );
    receive(&mut world, answer(&invite, 200, "a", "", SDP));
    world.settle();
    assert_eq!(world.state("201", call), CallState::Up);
    assert_eq!(count(&world, "ACK"), 1);
    world.hangs_up("201", call);
    let bye = last(&world, "BYE");
    receive(&mut world, answer(&bye, 200, "a", "", ""));
    world.assert_idle();
}

/// RFC 3261 §13.2.2.4: the first 2xx wins, the other branch is acknowledged and ended.
#[test]
fn of_several_early_dialogs_the_first_answer_wins() {
    let (mut world, call, invite) = calling_out(office());
    receive(&mut world, answer(&invite, 183, "a", "", SDP));
    receive(&mut world, answer(&invite, 180, "b", "", ""));
    receive(&mut world, answer(&invite, 200, "b", "", SDP));
    world.settle();
    assert_eq!(world.state("201", call), CallState::Up);
    receive(&mut world, answer(&invite, 200, "a", "", SDP));
    let bye = last(&world, "BYE");
    assert!(header(&bye, "To").ends_with(";tag=a"));
    receive(&mut world, answer(&bye, 200, "a", "", ""));
    assert_eq!(
        (count(&world, "ACK"), world.state("201", call)),
        (2, CallState::Up)
    );
    world.hangs_up("201", call);
    let bye = last(&world, "BYE");
    assert!(header(&bye, "To").ends_with(";tag=b"));
    receive(&mut world, answer(&bye, 200, "b", "", ""));
    world.assert_idle();
}

/// No offer in the INVITE: ours is in the 200, the answer in the ACK (RFC 3261 §13.2.1).
#[test]
fn a_caller_without_an_offer_gets_ours() {
    let mut world = office().open(&["201"]);
    world.behaves(module(1), logic::menu);
    receive(&mut world, invite("+33123456789", "bare", "", ""));
    world.settle();
    let ok = last(&world, "SIP/2.0 200");
    assert!(ok.contains("m=audio"), "{ok}");
    ack_of(&mut world, "bare", &ok, SDP);
    let heard = |command: &media::Command| matches!(command, media::Command::Update { stream, .. } if stream.remote.is_some());
    assert!(world.media.iter().any(heard));
    receive(
        &mut world,
        request("BYE", 2, "+33123456789", "bare", &to_tag(&ok), "", ""),
    );
    assert_eq!(header(&last(&world, "SIP/2.0 200"), "CSeq"), "2 BYE");
    world.assert_idle();
}

/// A re-INVITE without an offer gets ours too.
#[test]
fn a_reinvite_without_an_offer_gets_ours() {
    let mut world = office().open(&["201"]);
    world.behaves(module(1), logic::menu);
    receive(&mut world, invite("+33123456789", "re", "", SDP));
    world.settle();
    let ok = last(&world, "SIP/2.0 200");
    ack_of(&mut world, "re", &ok, "");
    receive(
        &mut world,
        request("INVITE", 2, "+33123456789", "re", &to_tag(&ok), "", ""),
    );
    let again = last(&world, "SIP/2.0 200");
    assert!(
        header(&again, "CSeq").starts_with('2') && again.contains("m=audio"),
        "{again}"
    );
    receive(
        &mut world,
        request("ACK", 2, "+33123456789", "re", &to_tag(&ok), "", SDP),
    );
    receive(
        &mut world,
        request("BYE", 3, "+33123456789", "re", &to_tag(&ok), "", ""),
    );
    world.assert_idle();
}

/// RFC 3261 §14.2: our re-INVITE is out, so the provider's gets 491; ours is answered.
#[test]
fn glare_gets_491() {
    let mut world = office().open(&["201"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            Command::Answer {
                tag: 1,
                leg: offer.leg,
            },
            Command::SetTimer {
                tag: 2,
                at: (invocation.now + Duration::from_secs(2)).as_millis(),
            },
            Command::SetTimer {
                tag: 3,
                at: (invocation.now + Duration::from_secs(60)).as_millis(),
            },
        ]),
        Event::Timer(2) => decided(vec![Command::Hold {
            tag: 4,
            leg: logic::only_leg(invocation).unwrap(),
        }]),
        _ => decided(vec![]),
    });
    receive(&mut world, invite("+33123456789", "glare", "", SDP));
    world.settle();
    let ok = last(&world, "SIP/2.0 200");
    ack_of(&mut world, "glare", &ok, "");
    world.run(Duration::from_secs(2));
    let ours = last(&world, "INVITE");
    assert!(ours.contains("a=sendonly"), "{ours}");
    receive(
        &mut world,
        request("INVITE", 2, "+33123456789", "glare", &to_tag(&ok), "", SDP),
    );
    assert_eq!(count(&world, "SIP/2.0 491"), 1);
    receive(
        &mut world,
        request("ACK", 2, "+33123456789", "glare", &to_tag(&ok), "", ""),
    );
    receive(
        &mut world,
        answer(&ours, 200, "", "", &SDP.replace("sendrecv", "recvonly")),
    );
    assert_eq!(count(&world, "ACK"), 1);
    receive(
        &mut world,
        request("BYE", 3, "+33123456789", "glare", &to_tag(&ok), "", ""),
    );
    world.assert_idle();
}

/// RFC 4028: nobody refreshes, so the call ends by itself.
#[test]
fn a_session_that_nobody_refreshes_ends() {
    let mut world = office().open(&["201"]);
    world.behaves(module(1), logic::menu);
    let timer = "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n";
    receive(&mut world, invite("+33123456789", "timer", timer, SDP));
    world.settle();
    let ok = last(&world, "SIP/2.0 200");
    assert!(
        header(&ok, "Session-Expires").starts_with("90;refresher=uac"),
        "{ok}"
    );
    ack_of(&mut world, "timer", &ok, "");
    let quiet = |world: &World| count(world, "BYE");
    let before = quiet(&world);
    // The menu lets go of who presses nothing; a timer of the session is not needed for that.
    world.run(Duration::from_secs(120));
    assert_eq!(before, 0);
    assert!(quiet(&world) >= 1);
}

/// RFC 4028 §6: less than 90 seconds is refused with what would do.
#[test]
fn a_session_timer_that_is_too_short_gets_422() {
    let mut world = office().open(&["201"]);
    receive(
        &mut world,
        invite(
            "+33123456789",
            "short",
            "Supported: timer\r\nSession-Expires: 30\r\n",
            SDP,
        ),
    );
    let refusal = last(&world, "SIP/2.0 422");
    assert_eq!(header(&refusal, "Min-SE"), "90");
    world.assert_idle();
}

fn registering() -> Office {
    let trunk: Trunk = serde_json::from_value(json!({
        "id": "provider",
        "access": { "register": {
            "registrar": "sip:192.0.2.50:5060", "username": "acme", "password": "sesame", "networks": ["192.0.2.50"]
        } },
        "caller-id": { "fallback": "+33123456700" }
    }))
    .unwrap();
    Office::new()
        .line("201")
        .with(Document::Trunk(trunk))
        .behaviour("reception", module(1), SessionScope::PerCall)
        .number("+33123456789", &["reception"])
}

const CHALLENGE: &str = "Digest realm=\"provider\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"";

fn trunk_states(world: &World) -> Vec<bool> {
    let states = world.reports.iter().filter_map(|report| match &report.fact {
        Fact::Trunk { up, .. } => Some(*up),
        _ => None,
    });
    states.collect()
}

/// The provider challenges the first REGISTER and takes the second; it is refreshed in time, and when that fails the
/// trunk takes no calls until it works again.
#[test]
fn a_trunk_registers_refreshes_and_fails() {
    let mut world = registering().open(&["201"]);
    let first = last(&world, "REGISTER");
    assert_eq!(header(&first, "Authorization"), "");
    receive(
        &mut world,
        answer(
            &first,
            401,
            "r",
            &format!("WWW-Authenticate: {CHALLENGE}\r\n"),
            "",
        ),
    );
    let second = last(&world, "REGISTER");
    let authorization = header(&second, "Authorization");
    assert!(authorization.contains("username=\"acme\"") && authorization.contains("nonce=\"n1\""));
    assert_eq!(header(&first, "Call-ID"), header(&second, "Call-ID"));
    receive(&mut world, answer(&second, 200, "r", "Expires: 100\r\n", ""));
    assert_eq!(trunk_states(&world), [true]);
    let before = count(&world, "REGISTER");
    world.run(Duration::from_secs(79));
    assert_eq!(count(&world, "REGISTER"), before);
    world.run(Duration::from_secs(2));
    let refresh = last(&world, "REGISTER");
    assert_ne!(header(&refresh, "CSeq"), header(&second, "CSeq"));
    receive(&mut world, answer(&refresh, 403, "r", "", ""));
    assert_eq!(trunk_states(&world), [true, false]);

    let call = world.call("201", "0612345678");
    assert_eq!(
        world.failure("201", call),
        Some(503),
        "a trunk that is down takes no calls"
    );
    assert_eq!(count(&world, "INVITE"), 0);
    world.run(Duration::from_secs(5));
    let again = last(&world, "REGISTER");
    receive(&mut world, answer(&again, 200, "r", "Expires: 100\r\n", ""));
    world.call("201", "0612345678");
    assert!(count(&world, "INVITE") >= 1);
}

/// An INVITE over a trunk with an account: 407, then the same with credentials.
#[test]
fn a_challenged_invite_is_sent_again_with_credentials() {
    let login = json!({ "address": { "networks": ["192.0.2.50"], "login": { "username": "acme", "password": "sesame" } } });
    let without = office();
    let trunk: Trunk = serde_json::from_value(json!({
        "id": "login", "access": login, "outbound": "sip:192.0.2.50:5060", "priority": 0,
        "caller-id": { "fallback": "+33123456700" }
    }))
    .unwrap();
    let (mut world, call, invite) = calling_out(without.with(Document::Trunk(trunk)));
    receive(
        &mut world,
        answer(
            &invite,
            407,
            "c",
            &format!("Proxy-Authenticate: {CHALLENGE}\r\n"),
            "",
        ),
    );
    let again = last(&world, "INVITE");
    assert!(
        header(&again, "Proxy-Authorization").contains("username=\"acme\""),
        "{again}"
    );
    assert_eq!(count(&world, "REGISTER"), 0, "it does not register");
    receive(&mut world, answer(&again, 200, "c", "", SDP));
    world.settle();
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);
    let bye = last(&world, "BYE");
    receive(&mut world, answer(&bye, 200, "c", "", ""));
    world.assert_idle();
}

/// A trunk by host name takes calls once, and as long as, the name has an address.
#[test]
fn a_trunk_is_found_by_the_address_of_its_name() {
    let trunk: Trunk = serde_json::from_value(json!({
        "id": "named", "access": { "address": { "networks": ["192.0.2.50"] } },
        "outbound": "sip:sbc.provider.example", "caller-id": { "fallback": "+33123456700" }
    }))
    .unwrap();
    let mut world = Office::new()
        .line("201")
        .with(Document::Trunk(trunk))
        .open(&["201"]);
    let early = world.call("201", "0612345678");
    assert_eq!(world.failure("201", early), Some(503));
    let name = |address: Option<&str>| Input::Name {
        server: Server {
            host: "sbc.provider.example".into(),
            port: None,
            transport: Transport::Udp,
        },
        addresses: address.into_iter().map(|text| text.parse().unwrap()).collect(),
    };
    world.input(name(Some("192.0.2.50:5060")));
    let call = world.call("201", "0612345678");
    let invite = last(&world, "INVITE sip:+33612345678@sbc.provider.example");
    receive(&mut world, answer(&invite, 486, "x", "", ""));
    world.settle();
    assert_eq!(world.failure("201", call), Some(486));
    world.input(name(None));
    let late = world.call("201", "0612345678");
    assert_eq!(world.failure("201", late), Some(503));
    world.assert_idle();
}

/// A gateway that registers with us: its calls are those of its trunk, and calls go where it registered from.
#[test]
fn a_trunk_that_registers_here_calls_and_is_called() {
    let credentials =
        cordboard_exchange::directory::Credentials::from_password("gateway", "acme.example", "secret");
    let trunk: Trunk = serde_json::from_value(json!({
        "id": "gateway", "access": { "registered": { "credentials": credentials } },
        "caller-id": { "fallback": "+33123456700" }
    }))
    .unwrap();
    let mut world = Office::new()
        .line("201")
        .with(Document::Trunk(trunk))
        .behaviour("reception", module(1), SessionScope::PerCall)
        .number("+33123456789", &["reception"])
        .open(&["201"]);
    world.behaves(
        module(1),
        logic::dials(vec![logic::stage(vec![logic::line("201")], 20)]),
    );
    world.add_phone("gateway", 50);
    let early = world.call("201", "0612345678");
    assert_eq!(world.failure("201", early), Some(503), "it is not registered yet");
    world.register("gateway");
    let out = world.call("201", "0612345678");
    world.rings("gateway");
    world.answers("gateway");
    assert_eq!(world.state("201", out), CallState::Up);
    world.hangs_up("201", out);
    let inbound = world.call("gateway", "+33123456789");
    world.rings("201");
    world.answers("201");
    assert_eq!(world.state("gateway", inbound), CallState::Up);
    assert_eq!(world.cdrs().len(), 2);
    world.hangs_up("gateway", inbound);
    assert_eq!(world.cdrs()[2].trunk.as_deref(), Some("gateway"));
    world.assert_idle();
}

/// RFC 3891: a third phone takes the callee's place.
#[test]
fn a_caller_with_replaces_takes_a_place() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .open(&["201", "202", "203"]);
    let call = world.call("201", "202");
    world.rings("202");
    let callee = world.answers("202");
    let (call_id, ours, theirs) = world.with("202", |phone, _| phone.dialog_id(callee).unwrap());
    let replaces = format!("{call_id};to-tag={theirs};from-tag={ours}");
    let taker = world.with("203", |phone, now| {
        phone.call_with(now, "202", &[("Replaces", &replaces)])
    });
    world.settle();
    assert_eq!(
        (
            world.state("201", call),
            world.state("202", callee),
            world.state("203", taker)
        ),
        (CallState::Up, CallState::Over, CallState::Up)
    );
    let nobody = world.with("202", |phone, now| {
        phone.call_with(now, "203", &[("Replaces", "nothing@nowhere;to-tag=a;from-tag=b")])
    });
    world.settle();
    assert_eq!(world.failure("202", nobody), Some(481));
    world.hangs_up("203", taker);
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}

/// An answer after the deadline is counted and changes nothing.
#[test]
fn a_late_decision_is_counted_and_dropped() {
    let mut world = office().open(&["201"]);
    world.silent = vec![module(1)];
    receive(&mut world, invite("+33123456789", "late", "", SDP));
    world.run(Duration::from_secs(2));
    let ask = world.reports.iter().find_map(|report| match &report.fact {
        Fact::Asked { ask, .. } => Some(*ask),
        _ => None,
    });
    let decided = contract::Decided {
        state: vec![],
        commands: vec![Command::Finish],
    };
    for _ in 0..2 {
        world.input(Input::Decision(contract::Decision {
            ask: ask.unwrap(),
            result: Ok(decided.clone()),
            record: contract::Record::default(),
            spent: contract::Spent::default(),
        }));
    }
    assert_eq!(world.exchange.census().late_decisions, 2);
    assert_eq!(world.facts("late-decision"), 2);
    world.run(Duration::from_secs(20));
    assert!(
        count(&world, "SIP/2.0 500") >= 1,
        "the courtesy announcement, then the end"
    );
}
