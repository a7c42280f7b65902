//! Carries steps out.

use exchange::admin::{Expect, Request};
use exchange::directory::Document;
use exchange::live;
use phone::{CallRef, CallState};
use serde_json::json;
use testkit::world::What;
use testkit::{PhoneId, World};

use crate::conferences;
use crate::early;
use crate::later;
use crate::plan::Act;
use crate::town::{COMPANIES, LINES, PUBLIC, Town};
use crate::trouble::{faults, link};

/// Does what a step says, if it can be done now.
pub fn act(world: &mut World, town: &Town, act: &Act) {
    match act {
        Act::Call { phone, number } => {
            if let Some(id) = one_inside(world, *phone) {
                say(world, format!("{} dials {number}", full_name(world, id)));
                world.with(id, |phone, now| phone.call(now, number));
            }
        }
        Act::CallIn { company, number } => {
            let outside: Vec<PhoneId> = world.phones().filter(|id| world.is_outside(*id)).collect();
            if let Some(id) = pick(&outside, *company) {
                let number = own_number(world, id, number);
                say(world, format!("{} dials {number}", full_name(world, id)));
                world.with(id, |phone, now| phone.call(now, &number));
            }
        }
        Act::Answer(which) => with_call(
            world,
            *which,
            &[CallState::Offered],
            "answers",
            |world, id, call| {
                world.with(id, |phone, now| phone.answer(now, call));
            },
        ),
        Act::Refuse(which, status) => {
            let what = format!("refuses with {status}");
            with_call(world, *which, &[CallState::Offered], &what, |world, id, call| {
                world.with(id, |phone, now| phone.refuse(now, call, *status));
            });
        }
        Act::HangUp(which) => {
            let states = [
                CallState::Up,
                CallState::Ringing,
                CallState::Calling,
                CallState::Answered,
            ];
            with_call(world, *which, &states, "hangs up", hang_up);
        }
        Act::GiveUp(which) => {
            let states = [CallState::Ringing, CallState::Calling];
            with_call(world, *which, &states, "gives up", hang_up);
        }
        Act::Hold(which) => with_call(world, *which, &[CallState::Up], "holds", |world, id, call| {
            world.with(id, |phone, now| phone.change(now, call, "sendonly"));
        }),
        Act::TakeBack(which) => with_call(
            world,
            *which,
            &[CallState::Up],
            "takes back",
            |world, id, call| {
                world.with(id, |phone, now| phone.change(now, call, "sendrecv"));
            },
        ),
        Act::Transfer(which, number) => {
            let what = format!("transfers to {number}");
            with_call(world, *which, &[CallState::Up], &what, |world, id, call| {
                let to = format!("<sip:{number}@{}.example>", world.tenant_of(id));
                refer(world, id, call, &to);
            });
        }
        Act::TransferAttended(which) => transfer_attended(world, *which),
        Act::Press(which, digit) => {
            let what = format!("presses {digit}");
            with_call(world, *which, &[CallState::Up], &what, |world, id, call| {
                world.press(id, call, *digit);
            });
        }
        Act::PressByInfo(which, digit) => {
            let what = format!("presses {digit} by INFO");
            let body = format!("Signal={digit}\r\nDuration=160\r\n");
            with_call(world, *which, &[CallState::Up], &what, |world, id, call| {
                world.with(id, |phone, now| {
                    phone.in_dialog(now, call, "INFO", Some(("application/dtmf-relay", &body)));
                });
            });
        }
        Act::Register { phone, seconds } => {
            if let Some(id) = one_inside(world, *phone) {
                say(
                    world,
                    format!("{} registers for {seconds} s", full_name(world, id)),
                );
                world.with(id, |phone, now| phone.register(now, *seconds));
            }
        }
        Act::Unplug(which) => {
            let here: Vec<PhoneId> = world.phones().filter(|id| world.is_here(*id)).collect();
            if let Some(id) = pick(&here, *which).filter(|_| here.len() > 6) {
                say(world, format!("{} is unplugged", full_name(world, id)));
                world.unplug(id);
            }
        }
        Act::PlugIn(which) => {
            let gone: Vec<PhoneId> = world.phones().filter(|id| !world.is_here(*id)).collect();
            if let Some(id) = pick(&gone, *which) {
                say(world, format!("{} is plugged in", full_name(world, id)));
                world.plug_in(id);
                if !world.is_outside(id) {
                    world.with(id, |phone, now| phone.register(now, 3_600));
                }
            }
        }
        Act::Crash(down) => world.crash(*down),
        Act::Weather(weather) => {
            say(world, format!("the network is {weather:?}"));
            world.network.set_all(link(*weather));
        }
        Act::Guests(mood) => {
            say(world, format!("behaviours are {mood:?}"));
            world.modules.faults = faults(*mood);
        }
        Act::Activate {
            company,
            behaviour,
            version,
        } => {
            let tenant = COMPANIES[*company];
            if let Some((digest, manifest)) = town.version(tenant, behaviour, version) {
                say(world, format!("{tenant} activates {behaviour} {version}"));
                world.admin(Request::Activate {
                    tenant: tenant.into(),
                    behaviour: (*behaviour).into(),
                    digest,
                    manifest: Box::new(manifest),
                });
            }
        }
        Act::Settings {
            company,
            member,
            queue,
        } => change_group(world, COMPANIES[*company], member, *queue),
        Act::Line {
            company,
            line,
            waiting,
            behaviours,
        } => change_line(world, COMPANIES[*company], line, *waiting, *behaviours),
        Act::Message { company, body } => {
            let tenant = COMPANIES[*company];
            say(world, format!("a message to {tenant}'s desk"));
            world.live(live::Request::Message {
                tenant: tenant.into(),
                behaviour: "desk".to_owned(),
                number: "307".to_owned(),
                body: vec![*body],
            });
        }
        Act::OperatorEnds(which) => operator_ends(world, *which),
        Act::ClickToDial {
            company,
            line,
            number,
        } => {
            let tenant = COMPANIES[*company];
            say(world, format!("{tenant}: click to dial {number} from {line}"));
            world.live(live::Request::Originate {
                tenant: tenant.into(),
                line: (*line).to_owned(),
                number: (*number).to_owned(),
            });
        }
        Act::Text { phone, number } => ask(world, *phone, "MESSAGE", number, "Content-Type: text/plain\r\n"),
        Act::Watch { phone, line, seconds } => {
            let headers =
                format!("Event: dialog\r\nAccept: application/dialog-info+xml\r\nExpires: {seconds}\r\n");
            ask(world, *phone, "SUBSCRIBE", line, &headers);
        }
        Act::TextInCall(which) => with_call(world, *which, &[CallState::Up], "writes", |world, id, call| {
            let text = Some(("text/plain", "are you there?"));
            world.with(id, |phone, now| phone.in_dialog(now, call, "MESSAGE", text));
        }),
        Act::Update(which) => with_call(world, *which, &[CallState::Up], "updates", |world, id, call| {
            world.with(id, |phone, now| phone.in_dialog(now, call, "UPDATE", None));
        }),
        Act::AskForOffer(which) => {
            with_call(
                world,
                *which,
                &[CallState::Up],
                "asks for an offer",
                |world, id, call| {
                    world.with(id, |phone, now| phone.ask_for_offer(now, call));
                },
            );
        }
        Act::Race(which) => race(world, *which),
        Act::Glare(which) => glare(world, *which),
        Act::TakeOver { phone, call } => take_over(world, *phone, *call),
        Act::Later(later) => later::act(world, town, later),
        Act::Confer(confer) => conferences::act(world, confer),
        Act::Early(early) => early::act(world, early),
        Act::Wait => {}
    }
}

/// The number that a company's line has in the place of this one.
fn own_number(world: &World, provider: PhoneId, public: &str) -> String {
    let view = world.exchange().directory().tenant(world.tenant_of(provider));
    let line = PUBLIC
        .iter()
        .position(|number| *number == public)
        .and_then(|place| LINES.get(place));
    let own = line.and_then(|line| view?.line(line)?.number.clone());
    own.map_or_else(|| public.to_owned(), |number| number.to_string())
}

fn ask(world: &mut World, which: u64, method: &str, user: &str, headers: &str) {
    if let Some(id) = one_inside(world, which) {
        let body = if method == "MESSAGE" { "hello" } else { "" };
        say(world, format!("{}: {method} for {user}", full_name(world, id)));
        world.with(id, |phone, now| phone.ask(now, method, user, headers, body));
    }
}

/// Everybody of this phone's company, itself included.
pub(crate) fn colleagues(world: &World, of: PhoneId) -> Vec<PhoneId> {
    let tenant = world.tenant_of(of);
    world
        .phones()
        .filter(|id| world.tenant_of(*id) == tenant)
        .collect()
}

/// CANCEL and 200 cross.
fn race(world: &mut World, which: u64) {
    let what = "answers while callers give up";
    with_call(world, which, &[CallState::Offered], what, |world, id, call| {
        let colleagues = colleagues(world, id);
        world.with(id, |phone, now| phone.answer(now, call));
        for caller in colleagues {
            for call in [CallState::Calling, CallState::Ringing]
                .map(|state| world.calls_in(caller, state))
                .concat()
            {
                hang_up(world, caller, call);
            }
        }
    });
}

/// Both ends of every call offer something at once.
fn glare(world: &mut World, which: u64) {
    with_call(
        world,
        which,
        &[CallState::Up],
        "and all colleagues change their sessions",
        |world, id, _| {
            let direction = if which.is_multiple_of(2) {
                "sendonly"
            } else {
                "sendrecv"
            };
            for id in colleagues(world, id) {
                for call in world.calls_in(id, CallState::Up) {
                    world.with(id, |phone, now| phone.change(now, call, direction));
                }
            }
        },
    );
}

/// A colleague calls into a call that is up, or rings at its caller.
fn take_over(world: &mut World, who: u64, which: u64) {
    let states = [CallState::Up, CallState::Ringing];
    with_call(
        world,
        which,
        &states,
        "is relieved of its call",
        |world, id, call| {
            let colleagues = colleagues(world, id);
            let others: Vec<PhoneId> = colleagues
                .into_iter()
                .filter(|other| *other != id && !world.is_outside(*other))
                .collect();
            let dialog = world.phone(id).and_then(|phone| phone.dialog_id(call));
            let (Some(other), Some((call_id, ours, theirs))) = (pick(&others, who), dialog) else {
                return;
            };
            let replaces = format!("{call_id};to-tag={theirs};from-tag={ours}");
            say(
                world,
                format!(
                    "{} takes the call of {}",
                    full_name(world, other),
                    full_name(world, id)
                ),
            );
            let number = world.name(id).to_owned();
            world.with(other, |phone, now| {
                phone.call_with(now, &number, &[("Replaces", &replaces)])
            });
        },
    );
}

/// Everybody hangs up, whatever state their calls are in.
pub fn everybody_hangs_up(world: &mut World) {
    for id in world.phones().collect::<Vec<_>>() {
        let live = world.phone(id).map(phone::Phone::live).unwrap_or_default();
        for call in live {
            world.with(id, |phone, now| phone.hang_up(now, call));
        }
    }
}

fn hang_up(world: &mut World, id: PhoneId, call: CallRef) {
    world.with(id, |phone, now| phone.hang_up(now, call));
}

pub(crate) fn refer(world: &mut World, id: PhoneId, call: CallRef, to: &str) {
    world.with(id, |phone, now| {
        phone.in_dialog_with(now, call, "REFER", &[("Refer-To", to)], None);
    });
}

/// Of the phones with two calls up, one connects the partners.
fn transfer_attended(world: &mut World, which: u64) {
    let all: Vec<PhoneId> = world.phones().collect();
    let able = |id: &PhoneId| world.calls_in(*id, CallState::Up).len() > 1;
    let able: Vec<PhoneId> = all.into_iter().filter(able).collect();
    let Some(id) = pick(&able, which) else {
        return;
    };
    let calls = world.calls_in(id, CallState::Up);
    let (Some(first), Some(second)) = (calls.first().copied(), calls.get(1).copied()) else {
        return;
    };
    let Some((call_id, ours, theirs)) = world.phone(id).and_then(|phone| phone.dialog_id(second)) else {
        return;
    };
    let to = format!(
        "<sip:x@{}.example?Replaces={}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}>",
        world.tenant_of(id),
        call_id.replace('@', "%40")
    );
    say(world, format!("{} connects both its calls", full_name(world, id)));
    refer(world, id, first, &to);
}

fn change_group(world: &mut World, tenant: &str, member: &str, queue: u64) {
    let view = world.exchange().directory().tenant(tenant).cloned();
    let Some(mut group) = view.and_then(|view| view.behaviour("group").map(|group| group.document.clone()))
    else {
        return;
    };
    let mut settings = group.settings.to_object();
    settings.insert("members".to_owned(), json!([member, "204"]));
    if member == "204" {
        settings.insert("members".to_owned(), json!(["204"]));
    }
    settings.insert("queue-length".to_owned(), json!(queue));
    group.settings = exchange::directory::Settings::from_object(settings);
    say(
        world,
        format!("{tenant}: the group is {member} and 204, {queue} may wait"),
    );
    put(world, tenant, Document::Behaviour(group));
}

fn change_line(world: &mut World, tenant: &str, line: &str, waiting: bool, behaviours: u64) {
    let view = world.exchange().directory().tenant(tenant).cloned();
    let Some(mut line) = view.and_then(|view| view.line(line).map(|line| line.document.clone())) else {
        return;
    };
    line.features.call_waiting = waiting;
    line.behaviours = Some(match behaviours {
        0 => vec![],
        1 => vec!["line".into()],
        2 => vec!["whim".into()],
        _ => vec!["steady".into(), "line".into()],
    });
    say(world, format!("{tenant}: line {} changes", line.id.text()));
    put(world, tenant, Document::Line(line));
}

fn put(world: &mut World, tenant: &str, document: Document) {
    world.admin(Request::Put {
        tenant: tenant.into(),
        document: Box::new(document),
        expect: Expect::Any,
    });
}

fn operator_ends(world: &mut World, which: u64) {
    let mut calls = Vec::new();
    for tenant in COMPANIES {
        let request = live::Request::Calls {
            tenant: tenant.into(),
            after: None,
            limit: 100,
        };
        if let Some(live::Answer::Calls(list)) = world.live(request) {
            calls.extend(list.into_iter().map(|call| (tenant, call.id)));
        }
    }
    if let Some((tenant, call)) = pick(&calls, which) {
        say(world, format!("the operator ends {call}"));
        world.live(live::Request::HangUp {
            tenant: tenant.into(),
            call,
        });
    }
}

pub(crate) fn with_call(
    world: &mut World,
    which: u64,
    states: &[CallState],
    what: &str,
    act: impl FnOnce(&mut World, PhoneId, CallRef),
) {
    let mut calls = Vec::new();
    for id in world.phones() {
        for state in states {
            calls.extend(world.calls_in(id, *state).into_iter().map(|call| (id, call)));
        }
    }
    if let Some((id, call)) = pick(&calls, which) {
        say(world, format!("{} {what}", full_name(world, id)));
        act(world, id, call);
    }
}

pub(crate) fn pick<T: Copy>(of: &[T], which: u64) -> Option<T> {
    let place = which.checked_rem(of.len() as u64)?;
    of.get(usize::try_from(place).ok()?).copied()
}

/// One of the phones that are not outside.
pub(crate) fn one_inside(world: &World, which: u64) -> Option<PhoneId> {
    let inside: Vec<PhoneId> = world.phones().filter(|id| !world.is_outside(*id)).collect();
    pick(&inside, which)
}

pub(crate) fn full_name(world: &World, id: PhoneId) -> String {
    format!("{}/{}", world.tenant_of(id), world.name(id))
}

pub(crate) fn say(world: &mut World, what: String) {
    world.note(What::Did(what));
}
