//! People who bring others together (RFC 4579, RFC 3911): what only seeds that know of conferences do.

use base::Random;
use phone::{CallRef, CallState};
use testkit::{PhoneId, World};

use crate::actor::{colleagues, full_name, one_inside, pick, refer, say, with_call};
use crate::plan::one;

/// All calls of the phone's together, three times as often as a conference that others are brought to.
const CODES: [&str; 4] = ["*3", "*3", "*3", "*39"];

#[derive(Clone, Debug, PartialEq)]
pub enum Confer {
    Call {
        phone: u64,
        number: &'static str,
    },
    /// Comes in to a talk: INVITE with Join.
    Join {
        phone: u64,
        call: u64,
    },
    /// Calls the address of a conference.
    Enter {
        phone: u64,
        conference: u64,
    },
    /// Sends the other party of a call to the conference that the phone is in.
    BringIn(u64),
}

pub(crate) fn confer(random: &mut Random, pick: u64) -> Confer {
    match random.below(10) {
        0..=4 => Confer::Call {
            phone: pick,
            number: one(random, &CODES),
        },
        5..=6 => Confer::Join {
            phone: pick,
            call: random.next_u64(),
        },
        7 => Confer::Enter {
            phone: pick,
            conference: random.next_u64(),
        },
        _ => Confer::BringIn(pick),
    }
}

/// Does it, if it can be done now.
pub(crate) fn act(world: &mut World, act: &Confer) {
    match act {
        Confer::Call { phone, number } => {
            if let Some(id) = one_inside(world, *phone) {
                say(world, format!("{} dials {number}", full_name(world, id)));
                world.with(id, |phone, now| phone.call(now, number));
            }
        }
        Confer::Join { phone, call } => join(world, *phone, *call),
        Confer::Enter { phone, conference } => enter(world, *phone, *conference),
        Confer::BringIn(which) => bring_in(world, *which),
    }
}

fn join(world: &mut World, who: u64, which: u64) {
    with_call(world, which, &[CallState::Up], "is joined", |world, id, call| {
        let dialog = world.phone(id).and_then(|phone| phone.dialog_id(call));
        let (Some(other), Some((call_id, ours, theirs))) = (colleague(world, id, who), dialog) else {
            return;
        };
        let join = format!("{call_id};to-tag={theirs};from-tag={ours}");
        let number = world.name(id).to_owned();
        say(world, format!("{} joins", full_name(world, other)));
        world.with(other, |phone, now| {
            phone.call_with(now, &number, &[("Join", &join)])
        });
    });
}

fn enter(world: &mut World, who: u64, which: u64) {
    let Some((id, _, address)) = pick_conference(world, which) else {
        return;
    };
    let user = address
        .trim_start_matches("sip:")
        .split('@')
        .next()
        .unwrap_or_default()
        .to_owned();
    if let Some(other) = colleague(world, id, who) {
        say(
            world,
            format!(
                "{} calls the conference of {}",
                full_name(world, other),
                full_name(world, id)
            ),
        );
        world.with(other, |phone, now| phone.call(now, &user));
    }
}

fn bring_in(world: &mut World, which: u64) {
    let Some((id, conference, address)) = pick_conference(world, which) else {
        return;
    };
    let calls = world.calls_in(id, CallState::Up);
    if let Some(call) = calls.into_iter().find(|call| *call != conference) {
        say(world, format!("{} brings somebody in", full_name(world, id)));
        refer(world, id, call, &format!("<{address}>"));
    }
}

/// A phone's call with a conference, and the conference's address.
fn pick_conference(world: &World, which: u64) -> Option<(PhoneId, CallRef, String)> {
    let mut all = Vec::new();
    for id in world.phones() {
        all.extend(
            world
                .calls_in(id, CallState::Up)
                .into_iter()
                .map(|call| (id, call)),
        );
    }
    all.retain(|(id, call)| world.phone(*id).is_some_and(|phone| phone.focus(*call).is_some()));
    let (id, call) = pick(&all, which)?;
    let address = world.phone(id)?.focus(call)?.to_owned();
    Some((id, call, address))
}

fn colleague(world: &World, of: PhoneId, who: u64) -> Option<PhoneId> {
    let others: Vec<PhoneId> = colleagues(world, of)
        .into_iter()
        .filter(|other| *other != of && !world.is_outside(*other))
        .collect();
    pick(&others, who)
}
