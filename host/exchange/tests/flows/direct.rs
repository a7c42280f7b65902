//! Sound that goes straight from phone to phone: who may, how it begins, and who comes to the exchange after all.

use std::net::SocketAddr;

use contract::{Interests, SessionScope};
use cordboard_exchange::Fact;
use cordboard_exchange::directory::MediaWay;
use phone::{CallRef, CallState, Event};

use crate::logic::{self, dials, line, stage};
use crate::office::{Office, module};
use crate::world::{World, server};

/// An office whose phones talk to each other directly.
pub fn direct() -> Office {
    Office::new().tenant(|tenant| tenant.media = MediaWay::Direct)
}

pub fn rtp(world: &mut World, name: &str) -> SocketAddr {
    world.with(name, |phone, _| phone.config().rtp)
}

/// Where a phone sends its sound.
pub fn sends_to(world: &mut World, name: &str, call: CallRef) -> SocketAddr {
    world.with(name, |phone, _| phone.theirs(call).unwrap().rtp)
}

/// Both phones send to each other, and the exchange has no part in it.
#[track_caller]
pub fn assert_direct(world: &mut World, (a, of_a): (&str, CallRef), (b, of_b): (&str, CallRef)) {
    assert_eq!(sends_to(world, a, of_a), rtp(world, b), "{a} sends to {b}");
    assert_eq!(sends_to(world, b, of_b), rtp(world, a), "{b} sends to {a}");
    assert_eq!(world.exchange.census().ports, 0);
}

/// Both phones send to ports of the exchange, which connects them.
#[track_caller]
pub fn assert_anchored(world: &mut World, (a, of_a): (&str, CallRef), (b, of_b): (&str, CallRef)) {
    for (name, call) in [(a, of_a), (b, of_b)] {
        assert_eq!(
            sends_to(world, name, call).ip(),
            server().ip(),
            "{name} sends to us"
        );
    }
    assert_eq!(world.exchange.census().ports, 2);
    let connects = |command: &media::Command| matches!(command, media::Command::Connect { .. });
    assert!(world.media.iter().any(connects), "they hear each other");
}

/// 201 talks to 202; the call as each of them sees it.
pub fn talking(world: &mut World) -> (CallRef, CallRef) {
    let call = world.call("201", "202");
    world.rings("202");
    (call, world.answers("202"))
}

/// The descriptions that went to a phone, in order.
pub fn told(world: &mut World, name: &str) -> Vec<String> {
    let at = world.with(name, |phone, _| phone.config().local);
    let sent = world.reports.iter().filter_map(|report| match &report.fact {
        Fact::Sip(message) if message.sent && message.path.remote == at => {
            let text = String::from_utf8_lossy(&message.text).into_owned();
            let (_, body) = text.split_once("\r\n\r\n")?;
            body.starts_with("v=0").then(|| body.to_owned())
        }
        _ => None,
    });
    sent.collect()
}

/// `o=` of a description, as its number of the session and its version.
pub fn origin(description: &str) -> (u64, u64) {
    let line = description.lines().find(|line| line.starts_with("o=")).unwrap();
    let mut words = line.split(' ').skip(1).map(|word| word.parse().unwrap());
    (words.next().unwrap(), words.next().unwrap())
}

/// ```text
/// 201 ──INVITE A──▶ exchange ──INVITE A──▶ 202
/// 201 ◀──200 B───── exchange ◀──200 B───── 202
///  └◀════════════════ sound ═══════════════▶┘
/// ```
#[test]
fn sound_goes_straight_and_no_port_is_opened() {
    let mut world = direct().line("201").line("202").open(&["201", "202"]);
    let (call, callee) = talking(&mut world);
    assert_direct(&mut world, ("201", call), ("202", callee));
    assert!(world.media.is_empty(), "{:?}", world.media);
    let ours = server().ip().to_string();
    assert!(
        told(&mut world, "202")[0].contains(&format!(" 1 IN IP4 {ours}\r\n")),
        "o= is ours"
    );
    world.hangs_up("202", callee);
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}

/// Codecs, streams and encryption that the exchange does not know pass unread; anchored, they are refused.
#[test]
fn what_the_exchange_does_not_speak_passes() {
    let more = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\nm=video 5004 RTP/SAVPF 97\r\na=rtpmap:97 VP8/90000\r\n";
    let open = |office: Office| {
        let mut world = office.line("201").line("202").open(&[]);
        for (name, host) in [("201", 10), ("202", 11)] {
            world.add_phone_with(name, host, |phone| {
                phone.more = more.to_owned();
                phone.codecs = vec![111];
            });
            world.register(name);
        }
        world
    };
    let mut world = open(direct());
    let (call, _) = talking(&mut world);
    for name in ["201", "202"] {
        let descriptions = told(&mut world, name);
        assert!(
            descriptions.iter().all(|sdp| sdp.ends_with(more)),
            "{descriptions:?}"
        );
    }
    assert!(told(&mut world, "202")[0].contains("RTP/AVP 111 101\r\n"));
    world.hangs_up("201", call);
    world.assert_idle();

    let mut world = open(Office::new());
    let call = world.call("201", "202");
    assert_eq!(world.failure("201", call), Some(488));
}

/// The setting of a device goes before the tenant's, and one who wants it anchored is enough.
#[test]
fn both_ends_have_to_allow_it() {
    let anchored =
        |office: Office| office.line_with("202", |_| {}, |device| device.media = Some(MediaWay::Anchored));
    let mut world = anchored(direct().line("201")).open(&["201", "202"]);
    let (call, callee) = talking(&mut world);
    assert_anchored(&mut world, ("201", call), ("202", callee));

    let own = |number: &'static str| {
        move |office: Office| office.line_with(number, |_| {}, |device| device.media = Some(MediaWay::Direct))
    };
    let mut world = own("202")(own("201")(Office::new())).open(&["201", "202"]);
    let (call, callee) = talking(&mut world);
    assert_direct(&mut world, ("201", call), ("202", callee));
}

/// Behind NAT: the description names a private address, the packets come from a public one.
#[test]
fn a_caller_behind_nat_is_anchored() {
    let mut world = direct().line("201").line("202").open(&["202"]);
    world.add_phone_with("201", 10, |phone| phone.rtp = "192.168.1.5:4000".parse().unwrap());
    world.register("201");
    let (call, callee) = talking(&mut world);
    assert_anchored(&mut world, ("201", call), ("202", callee));
}

/// Its answer tells that a callee is behind NAT: the caller hears the exchange, and the callee is moved there.
#[test]
fn a_callee_behind_nat_is_anchored_once_it_answers() {
    let mut world = direct().line("201").line("202").open(&["201"]);
    world.add_phone_with("202", 11, |phone| phone.rtp = "10.0.0.7:4000".parse().unwrap());
    world.register("202");
    let (call, callee) = talking(&mut world);
    assert_anchored(&mut world, ("201", call), ("202", callee));
    assert_eq!(told(&mut world, "201").len(), 1, "the caller is answered once");
    let versions: Vec<_> = told(&mut world, "202").iter().map(|sdp| origin(sdp)).collect();
    assert_eq!(
        (versions[0].0, versions[0].1),
        (versions[1].0, versions[1].1 - 1),
        "one session, a newer version"
    );
    world.hangs_up("201", call);
    world.assert_idle();
}

/// All phones of a line get the caller's offer; the answer of the one that is taken goes to the caller.
#[test]
fn of_several_phones_the_one_that_answers_is_heard() {
    let office = direct().line("201").line("203").line_with(
        "202",
        |line| line.devices = vec!["202".into(), "203".into()],
        |_| {},
    );
    let mut world = office.open(&["201", "202", "203"]);
    let call = world.call("201", "202");
    world.rings("202");
    let callee = world.answers("203");
    assert!(world.ringing_calls("202").is_empty(), "answered elsewhere");
    assert_direct(&mut world, ("201", call), ("203", callee));
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A callee that sounds before it answers is heard, and the answer repeats what was said then.
#[test]
fn early_media_goes_straight_too() {
    let mut world = direct().line("201").line("202").open(&["201", "202"]);
    let call = world.call("201", "202");
    let callee = world.ringing("202");
    world.with("202", |phone, now| phone.sounds_early(now, callee));
    world.settle();
    assert!(world.events("201").contains(&Event::EarlyMedia(call)));
    assert_eq!(sends_to(&mut world, "201", call), rtp(&mut world, "202"));
    world.answers("202");
    assert_direct(&mut world, ("201", call), ("202", callee));
    let descriptions = told(&mut world, "201");
    assert_eq!(descriptions[0], descriptions[1]);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A caller that was promised one phone's sound and is answered by another: 200 with the same promise, then a re-INVITE.
#[test]
fn an_early_answer_of_somebody_else_stands_until_the_caller_is_anchored() {
    let office = direct()
        .line("201")
        .line("202")
        .line("203")
        .behaviour("hunt", module(1), SessionScope::PerCall)
        .number("300", &["hunt"]);
    let mut world = office.open(&["201", "202", "203"]);
    world.behaves(
        module(1),
        dials(vec![stage(vec![line("202")], 5), stage(vec![line("203")], 20)]),
    );
    let call = world.call("201", "300");
    let callee = world.ringing("202");
    world.with("202", |phone, now| phone.sounds_early(now, callee));
    world.run(std::time::Duration::from_secs(6));
    let callee = world.answers("203");
    let descriptions = told(&mut world, "201");
    assert_eq!(descriptions[0], descriptions[1], "RFC 3261 §13.2.1");
    let (early, last) = (origin(&descriptions[0]), origin(descriptions.last().unwrap()));
    assert_eq!((last.0, last.1), (early.0, early.1 + 1));
    assert_anchored(&mut world, ("201", call), ("203", callee));
    world.hangs_up("203", callee);
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}

/// A behaviour that answers itself has the sound here, whatever the setting.
#[test]
fn a_menu_is_anchored_and_so_is_whom_it_dials() {
    let office = direct()
        .line("201")
        .line("202")
        .behaviour("menu", module(1), SessionScope::PerCall)
        .number("300", &["menu"]);
    let mut world = office.open(&["201", "202"]);
    world.behaves(module(1), logic::menu);
    let call = world.call("201", "300");
    world.presses("201", '2');
    world.rings("202");
    let callee = world.answers("202");
    assert_anchored(&mut world, ("201", call), ("202", callee));
    world.hangs_up("201", call);
    world.assert_idle();
}

/// Keys that are pressed while people talk are heard here alone.
#[test]
fn a_behaviour_that_wants_every_key_has_the_sound_here() {
    let office = direct()
        .line("201")
        .line("202")
        .behaviour_with("hunt", module(1), SessionScope::PerCall, |behaviour| {
            behaviour.manifest.interests = Interests {
                digits: true,
                ..Interests::default()
            };
        })
        .number("300", &["hunt"]);
    let mut world = office.open(&["201", "202"]);
    world.behaves(module(1), dials(vec![stage(vec![line("202")], 20)]));
    let call = world.call("201", "300");
    let callee = world.answers("202");
    assert_anchored(&mut world, ("201", call), ("202", callee));
    world.hangs_up("201", call);
    world.assert_idle();
}
