//! What the widest town has besides: displays, opening hours that end while calls are up, features switched by code and
//! at phones, trials and deadlines of versions, numbers that go and come back, phones that send calls on.

use std::collections::{BTreeSet, VecDeque};

use base::Random;
use exchange::admin::{Expect, Request, VersionChange};
use exchange::directory::{
    CanaryRule, Candidate, Document, Drain, DrainEnd, Guard, Key, Kind, MediaWay, Screen,
};
use exchange::{Fact, live};
use phone::{CallState, Event};
use serde_json::{Value, json};
use testkit::world::{Seen, What};
use testkit::{Office, PhoneId, World};

use crate::actor::{full_name, one_inside, pick, say, with_call};
use crate::plan::{Act, one};
use crate::town::{COMPANIES, LINES, NUMBERS, SWAPPED, SWAPPED_TOO, Town, VERSIONS};

/// What people dial to switch a feature of their line.
const SWITCHES: [&str; 5] = ["*78", "*79", "*21*204", "*21*299", "#21#"];
/// Where calls are sent on to: the place where they are parked, the room, a group, a menu.
const PLACES: [&str; 5] = ["700", "700", "308", "301", "300"];
/// Numbers that nobody's settings name.
const LOOSE: [&str; 3] = ["303", "304", "307"];

/// Pages that may still be answered.
const PAGES: usize = 16;

/// Something that only people of the widest town do.
#[derive(Clone, Debug, PartialEq)]
pub enum Later {
    /// Somebody answers a page on a display; 0 dismisses it.
    Choose { page: u64, choice: u32 },
    /// A call without a number.
    CallHidden { phone: u64, number: &'static str },
    /// A phone that rings sends the call on (3xx).
    Redirect(u64, &'static str),
    /// Neither end is to send anything.
    Silence(u64),
    /// A phone asks for the features of its line (`as-feature-event`).
    Features { phone: u64, seconds: u32 },
    /// A version gets some of a behaviour's calls.
    Try {
        company: usize,
        behaviour: &'static str,
        version: &'static str,
        percent: u8,
    },
    /// The trial ends: 0 withdraws, 1 promotes, 2 rolls back.
    EndTrial {
        company: usize,
        behaviour: &'static str,
        how: u64,
    },
    /// A version whose predecessors have so many seconds left.
    Deadline {
        company: usize,
        behaviour: &'static str,
        version: &'static str,
        seconds: u64,
        then: DrainEnd,
    },
    /// A number is deleted, or comes back.
    Toggle { company: usize, number: &'static str },
}

/// A page that a display shows.
#[derive(Clone, Debug)]
enum Page {
    /// As a text: whose phone, and where the answer goes.
    Text(PhoneId, String),
    /// For a desk: its token.
    Desk(String),
}

/// What is remembered of a run for later acts.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pages: VecDeque<Page>,
    /// Deleted numbers.
    gone: Vec<(usize, &'static str, Document)>,
    ever_gone: BTreeSet<Key>,
}

impl Memory {
    /// Whether somebody ever asked to delete this: a process may die before it says that it is.
    pub fn is_deleted(&self, key: &Key) -> bool {
        self.ever_gone.contains(key)
    }

    /// Notes pages as they come.
    pub fn see(&mut self, seen: &Seen) {
        let page = match &seen.what {
            What::Phone(id, Event::Told { method, from, .. }) if method == "MESSAGE" => {
                let user = from.split("sip:").nth(1).and_then(|uri| uri.split('@').next());
                user.filter(|user| user.starts_with("page-"))
                    .map(|user| Page::Text(*id, user.to_owned()))
            }
            What::Report(report) => match &report.fact {
                Fact::Screen {
                    token, page: Some(_), ..
                } => Some(Page::Desk(token.reveal().clone())),
                _ => None,
            },
            _ => None,
        };
        self.pages.extend(page);
        while self.pages.len() > PAGES {
            self.pages.pop_front();
        }
    }
}

/// One of these acts, as chance has it.
pub(crate) fn later(random: &mut Random, pick: u64, company: usize) -> Act {
    let behaviour = |random: &mut Random| match random.chance(0.3) {
        true => one(random, &SWAPPED_TOO),
        false => one(random, &SWAPPED),
    };
    Act::Later(match random.below(25) {
        0..=5 => Later::Choose {
            page: pick,
            choice: random.below(5) as u32,
        },
        6..=8 => {
            return Act::Transfer(pick, one(random, &PLACES));
        }
        9..=11 => {
            return Act::Call {
                phone: pick,
                number: one(random, &SWITCHES),
            };
        }
        12..=13 => Later::CallHidden {
            phone: pick,
            number: one(random, &NUMBERS),
        },
        14..=16 => Later::Redirect(pick, one(random, &NUMBERS)),
        17 => Later::Silence(pick),
        18 => Later::Features {
            phone: pick,
            seconds: *one(random, &[&0u32, &60, &600]),
        },
        19..=20 => Later::Try {
            company,
            behaviour: behaviour(random),
            version: one(random, &VERSIONS),
            percent: random.below(101) as u8,
        },
        21 => Later::EndTrial {
            company,
            behaviour: behaviour(random),
            how: random.below(3),
        },
        22 => Later::Deadline {
            company,
            behaviour: behaviour(random),
            version: one(random, &VERSIONS),
            seconds: random.below(60),
            then: match random.chance(0.5) {
                true => DrainEnd::Move,
                false => DrainEnd::End,
            },
        },
        _ => Later::Toggle {
            company,
            number: one(random, &LOOSE),
        },
    })
}

/// Does it, if it can be done now.
pub(crate) fn act(world: &mut World, town: &Town, act: &Later) {
    match act {
        Later::Choose { page, choice } => choose(world, town, *page, *choice),
        Later::CallHidden { phone, number } => {
            if let Some(id) = one_inside(world, *phone) {
                say(world, format!("{} dials {number}, hidden", full_name(world, id)));
                world.with(id, |phone, now| {
                    phone.call_with(now, number, &[("Privacy", "id")])
                });
            }
        }
        Later::Redirect(which, number) => {
            let what = format!("sends the call on to {number}");
            with_call(world, *which, &[CallState::Offered], &what, |world, id, call| {
                let domain = format!("{}.example", world.tenant_of(id));
                let phrase = format!("Moved\r\nContact: <sip:{number}@{domain}>");
                world.with(id, |phone, now| phone.refuse_with(now, call, 302, &phrase));
            });
        }
        Later::Silence(which) => {
            let states = [CallState::Up];
            with_call(world, *which, &states, "wants silence", |world, id, call| {
                world.with(id, |phone, now| phone.change(now, call, "inactive"));
            });
        }
        Later::Features { phone, seconds } => {
            if let Some(id) = one_inside(world, *phone) {
                let own = world.name(id).to_owned();
                let headers = format!("Event: as-feature-event\r\nExpires: {seconds}\r\n");
                say(world, format!("{} asks for its features", full_name(world, id)));
                world.with(id, |phone, now| phone.ask(now, "SUBSCRIBE", &own, &headers, ""));
            }
        }
        Later::Try { .. } | Later::EndTrial { .. } | Later::Deadline { .. } => version(world, town, act),
        Later::Toggle { company, number } => toggle(world, town, *company, number),
    }
}

fn choose(world: &mut World, town: &Town, page: u64, choice: u32) {
    let pages: Vec<Page> = town.memory.borrow().pages.iter().cloned().collect();
    let places: Vec<usize> = (0..pages.len()).collect();
    match pick(&places, page).and_then(|place| pages.get(place)) {
        Some(Page::Text(id, user)) => {
            say(
                world,
                format!("{} answers a page: {choice}", full_name(world, *id)),
            );
            let (kind, words) = ("Content-Type: text/plain\r\n", choice.to_string());
            world.with(*id, |phone, now| phone.ask(now, "MESSAGE", user, kind, &words));
        }
        Some(Page::Desk(token)) => {
            say(world, format!("a desk answers a page: {choice}"));
            world.live(live::Request::Choose {
                token: token.clone(),
                choice,
            });
        }
        None => {}
    }
}

fn version(world: &mut World, town: &Town, act: &Later) {
    let (company, behaviour, change) = match act {
        Later::Try {
            company,
            behaviour,
            version,
            percent,
        } => {
            let Some((digest, manifest)) = town.version(COMPANIES[*company], behaviour, version) else {
                return;
            };
            let candidate = Candidate {
                digest,
                manifest,
                rule: CanaryRule::Percent(*percent),
                from: None,
                until: None,
                guard: Guard::default(),
                since: 0,
            };
            (*company, *behaviour, VersionChange::Try(Box::new(candidate)))
        }
        Later::EndTrial {
            company,
            behaviour,
            how,
        } => {
            let change = match how {
                0 => VersionChange::Withdraw,
                1 => VersionChange::Promote,
                _ => VersionChange::RollBack,
            };
            (*company, *behaviour, change)
        }
        Later::Deadline {
            company,
            behaviour,
            version,
            seconds,
            then,
        } => {
            let Some((digest, manifest)) = town.version(COMPANIES[*company], behaviour, version) else {
                return;
            };
            let change = VersionChange::Activate {
                digest,
                manifest: Box::new(manifest),
                drain: Some(Drain {
                    at: world.now().as_millis() + seconds * 1_000,
                    then: *then,
                }),
            };
            (*company, *behaviour, change)
        }
        _ => return,
    };
    let tenant = COMPANIES[company];
    say(world, format!("{tenant}: {act:?}"));
    world.admin(Request::Version {
        tenant: tenant.into(),
        behaviour: behaviour.into(),
        change,
        by: "somebody".to_owned(),
        why: String::new(),
    });
}

fn toggle(world: &mut World, town: &Town, company: usize, number: &'static str) {
    if !world.is_up() {
        return;
    }
    let tenant = COMPANIES[company].into();
    let key = Key::new(&tenant, Kind::Number, number);
    let there = world.exchange().directory().document(&key);
    let mut memory = town.memory.borrow_mut();
    let request = match there {
        Some(there) => {
            say(world, format!("{tenant}: {number} is deleted"));
            memory.gone.push((company, number, there.document));
            memory.ever_gone.insert(key.clone());
            Request::Delete {
                key,
                expect: Expect::Any,
            }
        }
        None => {
            let of = |gone: &(usize, &str, Document)| (gone.0, gone.1) == (company, number);
            let Some(place) = memory.gone.iter().position(of) else {
                return;
            };
            say(world, format!("{tenant}: {number} is there again"));
            let (_, _, document) = memory.gone.swap_remove(place);
            Request::Put {
                tenant,
                document: Box::new(document),
                expect: Expect::Any,
            }
        }
    };
    drop(memory);
    world.admin(request);
}

/// Opening hours with a break, both of which end within a run, for all days.
pub(crate) fn hours() -> Value {
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    json!({"calendar": {"id": "office", "name": "Office", "hours": [
        {"days": days, "from": "08:00", "to": "10:07", "break": {"from": "10:01", "to": "10:03"}}
    ]}})
}

/// Rules of the dial plan that switch features, to stand before all others.
pub(crate) fn switches() -> Vec<Value> {
    let rule = |code: &str, feature: &str, on: bool| {
        json!({"name": code, "direction": "internal", "pattern": {"feature-code": code},
               "action": {"set": {"feature": feature, "on": on}}})
    };
    vec![
        rule("*78", "do-not-disturb", true),
        rule("*79", "do-not-disturb", false),
        rule("*21*", "forward-immediate", true),
        rule("#21#", "forward-immediate", false),
    ]
}

/// In some companies sound goes from phone to phone.
pub(crate) fn sound(office: Office, random: &mut Random) -> Office {
    match random.chance(0.5) {
        true => office.tenant(|tenant| tenant.media = MediaWay::Direct),
        false => office,
    }
}

/// Some phones have displays, one is shown on a desk.
pub(crate) fn displays(office: Office) -> Office {
    let screens = [
        (LINES[0], Screen::Text),
        (LINES[1], Screen::Text),
        (LINES[3], Screen::Text),
        (LINES[4], Screen::Desk),
        (LINES[5], Screen::Yealink),
    ];
    screens
        .into_iter()
        .fold(office, |office, (device, screen)| office.display(device, screen))
}
