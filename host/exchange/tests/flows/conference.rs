//! Conferences of the exchange's own (RFC 4579, RFC 5359 §2.10, §2.11): what goes wrong meanwhile, and what is refused.

use std::time::Duration;

use phone::{CallRef, CallState, Event};

use crate::office::Office;
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

/// Alice, who brings the others together, and her two calls.
struct Talks {
    world: World,
    /// Bob's: Alice's side, and his.
    bob: (CallRef, CallRef),
    /// Carol's.
    carol: (CallRef, CallRef),
}

fn office() -> World {
    let office = ["201", "202", "203", "204"]
        .into_iter()
        .fold(Office::new(), Office::line);
    office.open(&["201", "202", "203", "204"])
}

fn talk(world: &mut World, from: &str, to: &str) -> (CallRef, CallRef) {
    let call = world.call(from, to);
    let theirs = world.answers(to);
    (call, theirs)
}

/// Alice holds Bob and asks Carol.
fn two_talks() -> Talks {
    let mut world = office();
    let bob = talk(&mut world, "201", "202");
    world.with("201", |phone, now| phone.change(now, bob.0, "sendonly"));
    world.settle();
    let carol = talk(&mut world, "201", "203");
    Talks { world, bob, carol }
}

/// Alice's phone calls the conference.
fn begun(talks: &mut Talks) -> (CallRef, String) {
    let seat = talks.world.call("201", "*39");
    let name = focus(&mut talks.world, "201", seat);
    (seat, name.unwrap())
}

fn focus(world: &mut World, name: &str, call: CallRef) -> Option<String> {
    world.with(name, |phone, _| phone.focus(call).map(str::to_owned))
}

/// What the REFER was answered with.
#[track_caller]
fn refers(world: &mut World, name: &str, call: CallRef, to: &str) -> u16 {
    world.with(name, |phone, now| {
        phone.in_dialog_with(now, call, "REFER", &[("Refer-To", to)], None);
    });
    world.settle();
    let mut answers = world.events(name).iter().filter_map(|event| match event {
        Event::Answer(status) => Some(*status),
        _ => None,
    });
    answers.next_back().unwrap()
}

/// The dialog of a call as Refer-To names it.
fn replacing(world: &mut World, name: &str, call: CallRef) -> String {
    let (call_id, ours, theirs) = world.with(name, |phone, _| phone.dialog_id(call).unwrap());
    let call_id = call_id.replace('@', "%40");
    format!("<sip:x@acme.example?Replaces={call_id}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}>")
}

/// The dialog of a call as a Join header names it to us.
fn joining(world: &mut World, name: &str, call: CallRef) -> String {
    let (call_id, ours, theirs) = world.with(name, |phone, _| phone.dialog_id(call).unwrap());
    format!("{call_id};to-tag={theirs};from-tag={ours}")
}

fn joins(world: &mut World, name: &str, dialog: &str) -> CallRef {
    let call = world.with(name, |phone, now| {
        phone.call_with(now, "202", &[("Join", dialog)])
    });
    world.settle();
    call
}

/// Seats that were taken in rooms.
fn seats(world: &World) -> usize {
    let joins = world.media.iter();
    joins
        .filter(|command| matches!(command, media::Command::Join { .. }))
        .count()
}

#[track_caller]
fn up(world: &World, calls: &[(&str, CallRef)]) {
    for (name, call) in calls {
        assert_eq!(world.state(name, *call), CallState::Up, "{name}");
    }
}

#[track_caller]
fn over(world: &World, calls: &[(&str, CallRef)]) {
    for (name, call) in calls {
        assert_eq!(world.state(name, *call), CallState::Over, "{name}");
    }
}

/// Both ways in which phones ask: Bob is referred to the conference, the conference to Carol.
fn conference() -> (Talks, CallRef) {
    let mut talks = two_talks();
    let (seat, name) = begun(&mut talks);
    let (bob, carol) = (talks.bob, talks.carol);
    let world = &mut talks.world;
    assert_eq!(refers(world, "201", bob.0, &format!("<{name}>")), 202);
    let replaces = replacing(world, "201", carol.0);
    assert_eq!(refers(world, "201", seat, &replaces), 202);
    over(world, &[("201", bob.0), ("201", carol.0)]);
    up(world, &[("201", seat), ("202", bob.1), ("203", carol.1)]);
    for (phone, call) in [("202", bob.1), ("203", carol.1)] {
        assert_eq!(
            focus(world, phone, call).as_deref(),
            Some(name.as_str()),
            "{phone}"
        );
    }
    assert_eq!(seats(world), 3);
    (talks, seat)
}

#[test]
fn a_phone_refers_one_to_the_conference_and_the_conference_to_the_other() {
    let (mut talks, seat) = conference();
    let (world, bob, carol) = (&mut talks.world, talks.bob.1, talks.carol.1);
    world.hangs_up("202", bob);
    up(world, &[("201", seat), ("203", carol)]);
    world.hangs_up("203", carol);
    over(world, &[("201", seat)]);
    world.assert_idle();
}

#[test]
fn who_brought_them_together_leaves_and_the_others_talk_on() {
    let (mut talks, seat) = conference();
    let (world, bob, carol) = (&mut talks.world, talks.bob.1, talks.carol.1);
    world.hangs_up("201", seat);
    world.run(SECOND * 60);
    up(world, &[("202", bob), ("203", carol)]);
    world.hangs_up("202", bob);
    over(world, &[("203", carol)]);
    world.assert_idle();
}

#[test]
fn the_records_of_a_conference_name_it() {
    let (mut talks, seat) = conference();
    let world = &mut talks.world;
    for (name, call) in [("201", seat), ("202", talks.bob.1)] {
        world.hangs_up(name, call);
    }
    world.settle();
    let cdrs = world.cdrs();
    let names: Vec<_> = cdrs.iter().map(|cdr| cdr.conference.clone().unwrap()).collect();
    assert_eq!(names.len(), 3, "two talks, and what became of them: {cdrs:?}");
    assert!(
        names
            .iter()
            .all(|name| *name == names[0] && name.starts_with("conference-"))
    );
    let whole = cdrs.iter().find(|cdr| *cdr.called == "*39").unwrap();
    assert!(whole.connected.is_some());
    world.assert_idle();
}

#[test]
fn a_conference_goes_on_after_a_restart() {
    let (mut talks, seat) = conference();
    let (world, bob, carol) = (&mut talks.world, talks.bob.1, talks.carol.1);
    world.run(SECOND);
    world.restart();
    world.run(SECOND * 2);
    assert_eq!(seats(world), 6);
    up(world, &[("201", seat), ("202", bob), ("203", carol)]);
    // Others still come in, by its name.
    let name = focus(world, "202", bob).unwrap();
    let user = name
        .trim_start_matches("sip:")
        .split('@')
        .next()
        .unwrap()
        .to_owned();
    let dave = world.call("204", &user);
    up(world, &[("204", dave)]);
    assert_eq!(seats(world), 7);
    for (name, call) in [("201", seat), ("202", bob), ("203", carol)] {
        world.hangs_up(name, call);
    }
    over(world, &[("204", dave)]);
    let cdr = world.cdrs().pop().unwrap();
    assert_eq!(cdr.conference.as_deref(), Some(user.as_str()));
    world.assert_idle();
}

#[test]
fn who_hangs_up_before_the_refer_comes_is_not_brought_in() {
    let mut talks = two_talks();
    let (seat, name) = begun(&mut talks);
    let (bob, carol) = (talks.bob, talks.carol);
    let world = &mut talks.world;
    // Bob's BYE and the REFER about him are under way at the same time.
    let replaces = replacing(world, "201", bob.0);
    world.with("202", |phone, now| phone.hang_up(now, bob.1));
    assert_eq!(refers(world, "201", seat, &replaces), 481);
    assert_eq!(refers(world, "201", carol.0, &format!("<{name}>")), 202);
    up(world, &[("201", seat), ("203", carol.1)]);
    assert_eq!(seats(world), 2);
    world.hangs_up("201", seat);
    over(world, &[("203", carol.1)]);
    world.assert_idle();
}

#[test]
fn a_refer_about_an_unknown_dialog_is_refused_and_nothing_changes() {
    let mut talks = two_talks();
    let (seat, _) = begun(&mut talks);
    let (bob, carol) = (talks.bob, talks.carol);
    let world = &mut talks.world;
    let unknown = "<sip:202@acme.example?Replaces=nothing%3Bto-tag%3Da%3Bfrom-tag%3Db>";
    assert_eq!(refers(world, "201", seat, unknown), 481);
    assert_eq!(
        refers(world, "201", seat, "<sip:204@acme.example>"),
        603,
        "nobody is called"
    );
    let itself = replacing(world, "201", seat);
    assert_eq!(refers(world, "201", seat, &itself), 603);
    up(
        world,
        &[
            ("201", seat),
            ("201", bob.0),
            ("201", carol.0),
            ("202", bob.1),
            ("203", carol.1),
        ],
    );
    world.hangs_up("201", seat);
    // The name is nobody's any more: it is a number that nobody has, and they talk on.
    assert_eq!(
        refers(world, "201", bob.0, "<sip:conference-gone@acme.example>"),
        202
    );
    up(world, &[("201", bob.0), ("202", bob.1)]);
    let gone = world.call("204", "conference-gone");
    assert_eq!(world.failure("204", gone), Some(404));
    world.hangs_up("202", bob.1);
    world.hangs_up("203", carol.1);
    world.assert_idle();
}

#[test]
fn the_code_stands_for_the_conference_that_the_phone_began_with_it() {
    let mut talks = two_talks();
    let (seat, _) = begun(&mut talks);
    let (bob, carol) = (talks.bob, talks.carol);
    let world = &mut talks.world;
    for call in [bob.0, carol.0] {
        assert_eq!(refers(world, "201", call, "<sip:*39@acme.example>"), 202);
    }
    up(world, &[("201", seat), ("202", bob.1), ("203", carol.1)]);
    assert_eq!(seats(world), 3);
    world.hangs_up("201", seat);
    world.hangs_up("202", bob.1);
    world.assert_idle();
}

#[test]
fn with_a_key_all_calls_of_the_phone_are_brought_together_and_later_ones_too() {
    let mut talks = two_talks();
    let (bob, carol) = (talks.bob, talks.carol);
    let world = &mut talks.world;
    let seat = world.call("201", "*3");
    up(world, &[("201", seat), ("202", bob.1), ("203", carol.1)]);
    over(world, &[("201", bob.0), ("201", carol.0)]);
    let dave = talk(world, "201", "204");
    let again = world.call("201", "*3");
    up(
        world,
        &[("201", again), ("202", bob.1), ("203", carol.1), ("204", dave.1)],
    );
    over(world, &[("201", seat), ("201", dave.0)]);
    let name = focus(world, "201", again);
    assert!(name.is_some());
    assert_eq!(focus(world, "202", bob.1), name);
    assert_eq!(focus(world, "204", dave.1), name);
    for (name, call) in [("202", bob.1), ("203", carol.1), ("204", dave.1)] {
        world.hangs_up(name, call);
    }
    over(world, &[("201", again)]);
    world.assert_idle();
}

#[test]
fn with_a_key_and_no_calls_there_is_nobody_to_bring_together() {
    let mut world = office();
    let call = world.call("201", "*3");
    assert_eq!(world.failure("201", call), Some(480));
    world.assert_idle();
}

#[test]
fn who_stays_alone_in_a_conference_is_hung_up() {
    let mut world = office();
    let seat = world.call("201", "*39");
    world.run(SECOND * 50);
    up(&world, &[("201", seat)]);
    world.run(SECOND * 20);
    over(&world, &[("201", seat)]);
    world.assert_idle();
}

#[test]
fn a_phone_that_was_told_of_a_talk_joins_it() {
    let mut world = office();
    let (alice, bob) = talk(&mut world, "201", "202");
    let dialog = joining(&mut world, "202", bob);
    let carol = joins(&mut world, "203", &dialog);
    up(&world, &[("201", alice), ("202", bob), ("203", carol)]);
    assert_eq!(seats(&world), 3);
    // And a conference is joined the same way.
    let dialog = joining(&mut world, "203", carol);
    let dave = joins(&mut world, "204", &dialog);
    up(
        &world,
        &[("201", alice), ("202", bob), ("203", carol), ("204", dave)],
    );
    assert_eq!(seats(&world), 4);
    for (name, call) in [("202", bob), ("201", alice), ("203", carol)] {
        world.hangs_up(name, call);
    }
    over(&world, &[("204", dave)]);
    assert_eq!(world.cdrs().len(), 1, "it was one call all the time");
    world.assert_idle();
}

/// RFC 3911 §4.
#[test]
fn what_cannot_be_joined_is_refused() {
    let mut world = office();
    let (alice, bob) = talk(&mut world, "201", "202");
    let stranger = joins(&mut world, "203", "nothing;to-tag=a;from-tag=b");
    assert_eq!(world.failure("203", stranger), Some(481));
    let dialog = joining(&mut world, "202", bob);
    let both = world.with("203", |phone, now| {
        phone.call_with(now, "202", &[("Join", &dialog), ("Replaces", &dialog)])
    });
    world.settle();
    assert_eq!(world.failure("203", both), Some(400));
    world.hangs_up("201", alice);
    let late = joins(&mut world, "203", &dialog);
    assert_eq!(world.failure("203", late), Some(481), "it is over");
    // It rings still: there is no talk to come in to.
    let ringing = world.call("201", "202");
    let at_bob = world.rings("202");
    let dialog = joining(&mut world, "202", at_bob);
    let early = joins(&mut world, "203", &dialog);
    assert_eq!(world.failure("203", early), Some(488));
    assert_eq!(world.state("201", ringing), CallState::Ringing);
    world.hangs_up("201", ringing);
    world.assert_idle();
}

#[test]
fn sound_that_goes_straight_comes_here_for_a_conference() {
    let office =
        Office::new().tenant(|tenant| tenant.media = cordboard_exchange::directory::MediaWay::Direct);
    let mut world = ["201", "202", "203"]
        .into_iter()
        .fold(office, Office::line)
        .open(&["201", "202", "203"]);
    let (alice, bob) = talk(&mut world, "201", "202");
    assert_eq!(world.exchange.census().ports, 0);
    let dialog = joining(&mut world, "201", alice);
    let carol = joins(&mut world, "203", &dialog);
    assert_eq!(world.exchange.census().ports, 3);
    up(&world, &[("201", alice), ("202", bob), ("203", carol)]);
    world.hangs_up("203", carol);
    up(&world, &[("201", alice), ("202", bob)]);
    world.hangs_up("202", bob);
    world.assert_idle();
}
