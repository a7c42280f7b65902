//! Direct sound that is changed before the call is answered (RFC 3311, RFC 6337).

use std::time::Duration;

use contract::SessionScope;
use phone::{CallRef, CallState, Event};

use crate::direct::{assert_direct, direct, told};
use crate::logic::{self, line, stage};
use crate::office::module;
use crate::world::World;

/// 202 rings for 201, and has agreed with it on early media: reliably, if the caller supports that.
fn sounding(reliable: bool) -> (World, CallRef, CallRef) {
    let mut world = direct().line("201").line("202").open(&["201", "202"]);
    let supported: &[(&str, &str)] = if reliable { &[("Supported", "100rel")] } else { &[] };
    let call = world.with("201", |phone, now| phone.call_with(now, "202", supported));
    world.settle();
    let callee = world.ringing("202");
    world.with("202", |phone, now| phone.sounds_early_reliably(now, callee));
    world.settle();
    assert!(world.events("201").contains(&Event::EarlyMedia(call)));
    (world, call, callee)
}

/// It is answered, and what was agreed on last holds: the 200 brings nothing new.
fn is_answered_as_agreed(mut world: World, call: CallRef, callee: CallRef) {
    let before = told(&mut world, "201").len();
    world.answers("202");
    assert_eq!(told(&mut world, "201").len(), before);
    assert_direct(&mut world, ("201", call), ("202", callee));
    world.with("201", |phone, now| phone.change(now, call, "sendonly"));
    world.settle();
    assert_eq!(
        heard(&world, "202", &Event::Changed(callee, "sendonly".into())),
        1
    );
    world.hangs_up("201", call);
    world.assert_idle();
}

fn heard(world: &World, name: &str, what: &Event) -> usize {
    world.events(name).iter().filter(|event| *event == what).count()
}

/// ```text
/// 201 ──UPDATE, inactive──▶ exchange ──UPDATE, inactive──▶ 202
/// 201 ◀──200, inactive───── exchange ◀──200, inactive───── 202
/// ```
#[test]
fn an_update_before_the_answer_goes_from_end_to_end() {
    let (mut world, call, callee) = sounding(true);
    world.with("201", |phone, now| phone.update(now, call, "inactive"));
    world.settle();
    assert_eq!(
        heard(&world, "202", &Event::Changed(callee, "inactive".into())),
        1
    );
    assert_eq!(heard(&world, "201", &Event::Answer(200)), 1);
    assert!(told(&mut world, "201").last().unwrap().contains("a=inactive"));
    is_answered_as_agreed(world, call, callee);
}

/// The other way round.
#[test]
fn an_update_of_the_callee_before_its_answer_goes_from_end_to_end() {
    let (mut world, call, callee) = sounding(true);
    world.with("202", |phone, now| phone.update(now, callee, "inactive"));
    world.settle();
    assert_eq!(heard(&world, "201", &Event::Changed(call, "inactive".into())), 1);
    assert_eq!(heard(&world, "202", &Event::Answer(200)), 1);
    is_answered_as_agreed(world, call, callee);
}

/// Both at once: one hears 491, and the other's change comes through once its retry finds nobody else at it.
#[test]
fn updates_that_cross_before_the_answer_are_told_apart() {
    let (mut world, call, callee) = sounding(true);
    world.with("201", |phone, now| phone.update(now, call, "inactive"));
    world.with("202", |phone, now| phone.update(now, callee, "sendonly"));
    world.run(Duration::from_secs(10));
    let refused = ["201", "202"].map(|name| heard(&world, name, &Event::Answer(491)));
    let accepted = ["201", "202"].map(|name| heard(&world, name, &Event::Answer(200)));
    assert!(refused.contains(&1), "{refused:?}");
    assert_eq!([refused[0] + accepted[0], refused[1] + accepted[1]], [1, 1]);
    is_answered_as_agreed(world, call, callee);
}

/// The caller cannot tell that it has the first answer: later, RFC 3311 §5.2. The call goes on as it was.
#[test]
fn an_update_that_the_caller_cannot_take_yet_is_refused_for_now() {
    let (mut world, call, callee) = sounding(false);
    world.with("202", |phone, now| phone.update(now, callee, "inactive"));
    world.settle();
    assert_eq!(heard(&world, "202", &Event::Answer(500)), 1);
    world.with("201", |phone, now| phone.hang_up(now, call));
    world.settle();
    assert_eq!(world.state("202", callee), CallState::Over);
    world.assert_idle();
}

/// The process dies in between: what the two have changed holds for the next one.
#[test]
fn a_change_before_the_answer_outlives_the_process() {
    let (mut world, call, callee) = sounding(true);
    world.with("201", |phone, now| phone.update(now, call, "inactive"));
    world.settle();
    world.restart();
    world.answers("202");
    assert_eq!(world.state("201", call), CallState::Up);
    world.run(Duration::from_secs(5));
    world.hangs_up("202", callee);
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}

/// 202 sounds early and then refuses, and 203 rings: the caller's phone is told so again, for nothing comes from 202 any more. It
/// is answered by 203, and they talk.
#[test]
fn a_caller_whose_early_sound_has_left_hears_that_another_phone_rings() {
    let office = direct().line("201").line("202").line("203");
    let office = office.behaviour("hunt", module(1), SessionScope::PerCall);
    let mut world = office.number("300", &["hunt"]).open(&["201", "202", "203"]);
    let stages = ["202", "203"].map(|name| stage(vec![line(name)], 20));
    world.behaves(module(1), logic::dials(stages.to_vec()));
    let call = world.call("201", "300");
    world.rings("202");
    let first = world.ringing("202");
    world.with("202", |phone, now| phone.sounds_early(now, first));
    world.settle();
    assert_eq!(heard(&world, "201", &Event::EarlyMedia(call)), 1);
    assert_eq!(heard(&world, "201", &Event::Ringing(call, 180)), 1);
    world.refuses("202", 486);
    world.rings("203");
    assert_eq!(heard(&world, "201", &Event::Ringing(call, 180)), 2);
    let other = world.answers("203");
    world.run(Duration::from_secs(5));
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("203", other);
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}
