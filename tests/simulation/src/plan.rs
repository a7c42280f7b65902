//! What will happen: a list of steps, made from a seed before anything runs.
//!
//! A step never depends on what the world is like when the list is made; it says "the third call that rings",
//! and does nothing when none rings. So steps can be left out, and the rest still means something: that is
//! how a failure is made short.

use std::fmt;
use std::time::Duration;

use base::Random;

use crate::conferences::{Confer, confer};
use crate::early::{Early, early};
use crate::later::{Later, later};
use crate::town::{CODES, COMPANIES, LINES, NUMBERS, PUBLIC, SWAPPED, SWAPPED_TOO, VERSIONS};

/// Something that somebody does, or that goes wrong. Numbers pick one of those that there are.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Call {
        phone: u64,
        number: &'static str,
    },
    CallIn {
        company: u64,
        number: &'static str,
    },
    Answer(u64),
    Refuse(u64, u16),
    HangUp(u64),
    GiveUp(u64),
    Hold(u64),
    TakeBack(u64),
    Transfer(u64, &'static str),
    TransferAttended(u64),
    Press(u64, char),
    PressByInfo(u64, char),
    Register {
        phone: u64,
        seconds: u32,
    },
    Unplug(u64),
    PlugIn(u64),
    Crash(Duration),
    Weather(Weather),
    Guests(Mood),
    Activate {
        company: usize,
        behaviour: &'static str,
        version: &'static str,
    },
    Settings {
        company: usize,
        member: &'static str,
        queue: u64,
    },
    Line {
        company: usize,
        line: &'static str,
        waiting: bool,
        behaviours: u64,
    },
    Message {
        company: usize,
        body: u8,
    },
    OperatorEnds(u64),
    ClickToDial {
        company: usize,
        line: &'static str,
        number: &'static str,
    },
    /// A text outside of any call (RFC 3428).
    Text {
        phone: u64,
        number: &'static str,
    },
    TextInCall(u64),
    /// A lamp for a line (RFC 4235).
    Watch {
        phone: u64,
        line: &'static str,
        seconds: u32,
    },
    /// An UPDATE without an offer.
    Update(u64),
    /// A re-INVITE without an offer.
    AskForOffer(u64),
    /// Somebody answers while every caller of the company gives up: CANCEL crosses 200.
    Race(u64),
    /// Every party of the company changes its session at the same moment.
    Glare(u64),
    /// A phone takes over somebody else's call (INVITE with Replaces, RFC 3891).
    TakeOver {
        phone: u64,
        call: u64,
    },
    /// What only people of the widest town do.
    Later(Later),
    Confer(Confer),
    /// What only phones do that know of reliable provisional responses and session timers.
    Early(Early),
    Wait,
}

/// What the network is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    Lossy,
    Stormy,
    Slow,
}

/// What behaviours are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    Trapping,
    Late,
    Mute,
    Slow,
}

/// One act, its place in the whole plan, and how long the world goes on before the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub place: usize,
    pub act: Act,
    pub wait: Duration,
}

/// How much goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    None,
    Some,
}

/// Seeds from here on play in a town with more behaviours, and do more. Those below keep their meaning: some of them once
/// showed a fault.
const WIDER: u64 = 80_000;

/// Seeds from here on play in a town that uses what came later still.
const WIDEST: u64 = 300_000;

/// Seeds from here on have the sound of one company go straight from phone to phone.
const STRAIGHT: u64 = 400_000;

/// Seeds from here on know of conferences.
const CONFERENCES: u64 = 3_000_000;

/// Seeds from here on have phones that know more than RFC 3261.
const EARLY: u64 = 9_000_000;

/// Whether phones know more than RFC 3261 (see `early`).
pub fn knows_more(seed: u64) -> bool {
    seed >= EARLY
}

/// Whether a company's sound goes past the exchange where it may.
pub fn goes_straight(seed: u64, company: &str) -> bool {
    seed >= STRAIGHT && company == COMPANIES[0]
}

/// How much a town has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    Plain,
    Wide,
    Widest,
}

/// The size of the town of a seed.
pub fn size(seed: u64) -> Size {
    match seed {
        WIDEST.. => Size::Widest,
        WIDER.. => Size::Wide,
        _ => Size::Plain,
    }
}

/// Everything that happens under a seed.
pub fn plan(seed: u64, steps: usize) -> Vec<Step> {
    // One in four runs without faults of the network, the process or behaviours: rules are stricter there.
    let trouble = if seed.is_multiple_of(4) {
        Trouble::None
    } else {
        Trouble::Some
    };
    (0..steps)
        .map(|place| {
            let mut random = Random::from_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ place as u64);
            Step {
                place,
                act: act(&mut random, trouble, seed),
                wait: wait(&mut random),
            }
        })
        .collect()
}

fn wait(random: &mut Random) -> Duration {
    // Mostly people; sometimes everything at once, sometimes long nothing.
    match random.below(20) {
        0..=4 => Duration::from_micros(random.below(3_000)),
        5..=8 => Duration::from_millis(random.below(100)),
        9..=18 => Duration::from_millis(random.below(4_000)),
        _ => Duration::from_secs(random.below(60)),
    }
}

fn act(random: &mut Random, trouble: Trouble, seed: u64) -> Act {
    let size = size(seed);
    let wide = size >= Size::Wide;
    let acts = match size {
        Size::Plain => 100,
        Size::Wide => 125,
        Size::Widest if seed < CONFERENCES => 150,
        Size::Widest if seed < EARLY => 162,
        Size::Widest => 189,
    };
    let company = random.below(COMPANIES.len() as u64) as usize;
    let pick = random.next_u64();
    match random.below(acts) {
        0..=18 => Act::Call {
            phone: pick,
            number: one(random, &NUMBERS),
        },
        19..=22 => Act::CallIn {
            company: pick,
            number: one(random, &PUBLIC),
        },
        23..=43 => Act::Answer(pick),
        44..=47 => Act::Refuse(pick, *one(random, &[&486u16, &603, &480, &500, &404, &503])),
        48..=57 => Act::HangUp(pick),
        58..=60 => Act::GiveUp(pick),
        61..=63 => Act::Hold(pick),
        64..=65 => Act::TakeBack(pick),
        66..=67 => Act::Transfer(pick, one(random, &NUMBERS)),
        68 => Act::TransferAttended(pick),
        69..=75 => Act::Press(pick, digit(random)),
        76 => Act::PressByInfo(pick, digit(random)),
        77..=79 => Act::Register {
            phone: pick,
            seconds: *one(random, &[&0u32, &60, &120, &3_600]),
        },
        80..=81 => configuration(random, company),
        82..=83 => swap(random, company, wide),
        84 => Act::Message {
            company,
            body: pick as u8,
        },
        85 => Act::OperatorEnds(pick),
        86 => Act::ClickToDial {
            company,
            line: one(random, &LINES),
            number: one(random, &NUMBERS),
        },
        162.. => Act::Early(early(random, pick)),
        150.. => Act::Confer(confer(random, pick)),
        125.. => later(random, pick, company),
        100.. => newer(random, pick),
        _ if trouble == Trouble::None => Act::Wait,
        87 => Act::Unplug(pick),
        88 => Act::PlugIn(pick),
        89..=90 => Act::Crash(Duration::from_millis(random.below(3_000))),
        91..=94 => Act::Weather(*one(
            random,
            &[&Weather::Fair, &Weather::Lossy, &Weather::Stormy, &Weather::Slow],
        )),
        95..=98 => Act::Guests(*one(
            random,
            &[
                &Mood::Well,
                &Mood::Trapping,
                &Mood::Late,
                &Mood::Mute,
                &Mood::Slow,
            ],
        )),
        _ => Act::Wait,
    }
}

fn newer(random: &mut Random, pick: u64) -> Act {
    match random.below(25) {
        0..=2 => Act::Text {
            phone: pick,
            number: one(random, &NUMBERS),
        },
        3..=4 => Act::TextInCall(pick),
        5..=7 => Act::Watch {
            phone: pick,
            line: one(random, &LINES),
            seconds: *one(random, &[&0u32, &60, &600]),
        },
        8..=9 => Act::Update(pick),
        10..=11 => Act::AskForOffer(pick),
        12..=15 => Act::Race(pick),
        16..=18 => Act::Glare(pick),
        19..=20 => Act::TakeOver {
            phone: pick,
            call: random.next_u64(),
        },
        _ => Act::Call {
            phone: pick,
            number: one(random, &CODES),
        },
    }
}

fn configuration(random: &mut Random, company: usize) -> Act {
    if random.chance(0.5) {
        Act::Settings {
            company,
            member: one(random, &LINES),
            queue: random.below(4),
        }
    } else {
        Act::Line {
            company,
            line: one(random, &LINES),
            waiting: random.chance(0.5),
            behaviours: random.below(4),
        }
    }
}

fn swap(random: &mut Random, company: usize, wide: bool) -> Act {
    Act::Activate {
        company,
        behaviour: if wide && random.chance(0.3) {
            one(random, &SWAPPED_TOO)
        } else {
            one(random, &SWAPPED)
        },
        version: one(random, &VERSIONS),
    }
}

fn digit(random: &mut Random) -> char {
    *one(random, &[&'1', &'2', &'3', &'4', &'5', &'9', &'#'])
}

pub(crate) fn one<'a, T: ?Sized>(random: &mut Random, of: &[&'a T]) -> &'a T {
    of[random.below(of.len() as u64) as usize]
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {:?}, then {:?}", self.place, self.act, self.wait)
    }
}
