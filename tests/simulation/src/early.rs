//! What happens before a call is answered, and what keeps it alive afterwards (RFC 3262, RFC 3311, RFC 4028): what only
//! seeds whose phones know of it do.

use base::Random;
use phone::{CallRef, CallState, Extensions, Phone};
use testkit::{PhoneId, World};

use crate::actor::{colleagues, full_name, one_inside, pick, say, with_call};
use crate::plan::one;
use crate::town::NUMBERS;

const DIRECTIONS: [&str; 4] = ["sendrecv", "sendonly", "inactive", "recvonly"];

#[derive(Clone, Debug, PartialEq)]
pub enum Early {
    /// Whoever rings sends sound: 183, reliably between phones that can.
    Sound(u64),
    /// An UPDATE with an offer, of somebody who waits or rings; if there is none, of somebody in a call.
    Update(u64, &'static str),
    /// Everybody of the company who may sends one.
    Cross(u64, &'static str),
    /// Another one rings for the same INVITE.
    Fork(u64),
    /// All who ring for an INVITE answer.
    AnswerEverywhere(u64),
    /// The session is refreshed before it is due.
    Refresh(u64),
    /// A call without an offer.
    CallForOffer { phone: u64, number: &'static str },
    /// A caller says BYE before there is an answer (RFC 3261 §15).
    Bye(u64),
}

/// One of these acts, as chance has it.
pub(crate) fn early(random: &mut Random, pick: u64) -> Early {
    match random.below(27) {
        0..=7 => Early::Sound(pick),
        8..=14 => Early::Update(pick, one(random, &DIRECTIONS)),
        15..=16 => Early::Cross(pick, one(random, &DIRECTIONS)),
        17..=19 => Early::Fork(pick),
        20 => Early::AnswerEverywhere(pick),
        21..=23 => Early::Refresh(pick),
        24 => Early::Bye(pick),
        _ => Early::CallForOffer {
            phone: pick,
            number: one(random, &NUMBERS),
        },
    }
}

/// What a phone knows, as chance has it.
pub(crate) fn extensions(random: &mut Random) -> Extensions {
    let reliable = random.chance(0.7);
    Extensions {
        reliable,
        rings_reliably: reliable && random.chance(0.3),
        timer: random.chance(0.5).then(|| *one(random, &[&90, &120, &600])),
        refreshes_by_update: random.chance(0.5),
        requires_reliable: reliable && random.chance(0.15),
    }
}

/// Does it, if it can be done now.
pub(crate) fn act(world: &mut World, act: &Early) {
    const RINGS: [CallState; 1] = [CallState::Offered];
    match act {
        Early::Sound(which) => with_call(world, *which, &RINGS, "sends sound", |world, id, call| {
            world.with(id, |phone, now| {
                if phone.theirs(call).is_some() {
                    phone.sounds_early(now, call);
                }
            });
        }),
        Early::Update(which, direction) => {
            let waiting = able(world, &[CallState::Ringing, CallState::Offered]);
            let found = pick(&waiting, *which).or_else(|| pick(&able(world, &[CallState::Up]), *which));
            if let Some((id, call)) = found {
                update(world, id, call, direction);
            }
        }
        Early::Cross(which, direction) => {
            let waiting = able(world, &[CallState::Ringing, CallState::Offered]);
            if let Some((id, _)) = pick(&waiting, *which) {
                let here = colleagues(world, id);
                for (id, call) in waiting.into_iter().filter(|(id, _)| here.contains(id)) {
                    update(world, id, call, direction);
                }
            }
        }
        Early::Fork(which) => with_call(
            world,
            *which,
            &RINGS,
            "rings elsewhere, too",
            |world, id, call| {
                world.with(id, |phone, now| phone.fork(now, call));
            },
        ),
        Early::AnswerEverywhere(which) => {
            with_call(world, *which, &RINGS, "answers everywhere", |world, id, call| {
                world.with(id, |phone, now| phone.answer_everywhere(now, call));
            });
        }
        Early::Refresh(which) => {
            with_call(world, *which, &[CallState::Up], "refreshes", |world, id, call| {
                world.with(id, |phone, now| phone.keep_session(now, call));
            });
        }
        Early::CallForOffer { phone, number } => {
            if let Some(id) = one_inside(world, *phone) {
                say(
                    world,
                    format!("{} dials {number}, and wants an offer", full_name(world, id)),
                );
                world.with(id, |phone, now| phone.call_for_offer(now, number));
            }
        }
        Early::Bye(which) => {
            let waiting = able(world, &[CallState::Ringing]);
            if let Some((id, call)) = pick(&waiting, *which) {
                say(
                    world,
                    format!("{} says BYE before the answer", full_name(world, id)),
                );
                world.with(id, |phone, now| phone.leave_early(now, call));
            }
        }
    }
}

fn update(world: &mut World, id: PhoneId, call: CallRef, direction: &str) {
    say(world, format!("{} updates: {direction}", full_name(world, id)));
    world.with(id, |phone, now| phone.update(now, call, direction));
}

/// Calls in these states that may be changed by UPDATE.
fn able(world: &World, states: &[CallState]) -> Vec<(PhoneId, CallRef)> {
    let calls = |id: PhoneId| {
        let all = states.iter().flat_map(move |state| world.calls_in(id, *state));
        all.map(move |call| (id, call))
    };
    let may = |(id, call): &(PhoneId, CallRef)| {
        let may = |phone: &Phone| phone.may_update(*call);
        world.phone(*id).is_some_and(may)
    };
    world.phones().flat_map(calls).filter(may).collect()
}
