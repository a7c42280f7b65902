//! Supervisors: listening in to a talk, whispering to the member, barging in.
//!
//! ```text
//!  *44, *44201          ─▶ answered ─┐
//!  `supervise 209 201`  ─▶ is rung  ─┴─▶ caller, member and supervisor sit in one room ──keys 4, 5, 6──▶ another part
//!                                          └──the supervisor hangs up──▶ caller and member are as before
//! ```
//!
//! A talk has a room as long as somebody supervises it; its name is the caller's leg. Its end is the end for who listened.

use cordboard::contract::{DialOptions, GatherOptions};
use cordboard::prelude::*;
use cordboard::{Offer, OutcomeKind, Part};

use crate::call::Phase;
use crate::settings::Manner;
use crate::turn::Turn;

/// Supervisors who are being rung are told from legs by this bit of the number that stands for the leg.
const RUNG: u64 = 1 << 62;

/// At the same time, in one group.
const MOST: usize = 8;

/// How often a supervisor's phone rings.
const RINGS: u32 = 6;

/// Keys are waited for so long at a time.
const KEYS_FOR: u64 = 3_600_000;

/// Somebody who supervises a talk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supervisor {
    /// The supervisor's leg; until an answer, a number of its own.
    leg: LegId,
    line: String,
    /// The caller's leg of the talk.
    talk: LegId,
    manner: Manner,
    stage: Stage,
}

/// How far a supervisor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Rung,
    Answering,
    Joining,
    In,
}

impl Manner {
    /// The part in the room of who supervises a talk of this member's.
    fn part(self, member: LegId) -> Part {
        match self {
            Self::Listen => Part::Listener,
            Self::Whisper => Part::Whisperer(member),
            Self::Barge => Part::Speaker,
        }
    }

    fn called(word: &str) -> Option<Self> {
        match word {
            "4" | "listen" => Some(Self::Listen),
            "5" | "whisper" => Some(Self::Whisper),
            "6" | "barge" => Some(Self::Barge),
            _ => None,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Listen => "the supervisor listens, and is not heard",
            Self::Whisper => "the supervisor is heard by the member alone",
            Self::Barge => "the supervisor is heard by both",
        }
    }
}

impl Turn<'_> {
    /// What was dialled behind the supervisors' code, when it was that code.
    pub fn supervises<'o>(&self, offer: &'o Offer) -> Option<&'o str> {
        let code = self.settings.supervision.code.as_str();
        offer.called.strip_prefix(code).filter(|_| !code.is_empty())
    }

    /// A supervisor calls, for a member's talk or for any.
    pub fn supervisor_calls(&mut self, offer: &Offer, member: &str) -> Result<(), Refusal> {
        let leg = self.host.leg(offer.leg);
        let line = offer.caller.line.clone().unwrap_or_default();
        match self.talk_for(&line, member) {
            Ok(talk) => {
                self.supervises_from_now_on(offer.leg, line, talk, Stage::Answering, None);
                Ok(leg.answer().unless_gone()?)
            }
            Err(cause) => Ok(leg.reject(cause).unless_gone()?),
        }
    }

    /// A word from people: `209 201 whisper` rings 209 for the talk of 201, or changes its part there.
    pub fn told_to_supervise(&mut self, words: &str) -> Result<(), Refusal> {
        let mut words = words.split(' ');
        let line = words.next().unwrap_or_default();
        let member = words.next().unwrap_or_default();
        let manner = words.next().and_then(Manner::called);
        let Ok(talk) = self.talk_for(line, member) else {
            return Ok(());
        };
        let there = self.group.supervisors.iter().position(|own| own.line == line);
        match there {
            Some(index) if self.group.supervisors[index].stage == Stage::In => {
                self.goes_to(index, talk, manner)?;
                self.await_key(index)
            }
            Some(_) => Ok(()), // on the way
            None => {
                self.group.places = self.group.places.wrapping_add(1);
                let tag = RUNG | self.group.places;
                let stages = Stages::from(cordboard::line(line)).for_rings(RINGS);
                self.host.originate(tag, stages, DialOptions::default())?;
                self.supervises_from_now_on(LegId(tag), line.to_owned(), talk, Stage::Rung, manner);
                Ok(())
            }
        }
    }

    /// A word from people: this line is to supervise no more.
    pub fn told_to_leave(&mut self, line: &str) -> Result<(), Refusal> {
        let there = self.group.supervisors.iter().find(|own| own.line == line);
        match there {
            Some(own) if own.stage == Stage::Rung => Ok(self.host.cancel_originated(own.leg.0)?),
            Some(own) => Ok(self.host.leg(own.leg).hang_up().unless_gone()?),
            None => Ok(()),
        }
    }

    fn supervises_from_now_on(
        &mut self,
        leg: LegId,
        line: String,
        talk: LegId,
        stage: Stage,
        manner: Option<Manner>,
    ) {
        let manner = manner.unwrap_or(self.settings.supervision.begin);
        self.host.explain("supervision", manner.sentence());
        self.group.supervisors.push(Supervisor {
            leg,
            line,
            talk,
            manner,
            stage,
        });
    }

    /// The talk that this line may supervise: of that member, or the oldest.
    fn talk_for(&self, line: &str, member: &str) -> Result<LegId, Cause> {
        let may = self.settings.supervision.supervisors.iter();
        if !may.clone().any(|own| self.is_line(own, line)) {
            self.host
                .explain("supervision", "this line is none of the supervisors'");
            return Err(Cause::Forbidden);
        }
        if self.group.supervisors.len() >= MOST {
            return Err(Cause::Congestion);
        }
        let seat = match member {
            "" => None,
            member => Some(self.member_called(member).ok_or(Cause::UnknownNumber)?),
        };
        let talk = self.talks().find(|(_, of)| seat.is_none() || *of == seat);
        talk.map(|(talk, _)| talk).ok_or_else(|| {
            self.host.explain("supervision", "nobody talks there");
            Cause::Unreachable
        })
    }

    /// Two names of one line.
    fn is_line(&self, name: &str, other: &str) -> bool {
        name == other
            || self.host.line(name).is_some_and(|line| {
                line.name == other || line.number.as_deref().is_some_and(|number| number == other)
            })
    }

    /// Callers who talk to members, and to whom.
    fn talks(&self) -> impl Iterator<Item = (LegId, Option<usize>)> {
        self.group.calls.iter().filter_map(|call| match call.phase {
            Phase::Talking { member, .. } if member.is_some() => Some((call.leg, member)),
            _ => None,
        })
    }

    fn callee_of(&self, talk: LegId) -> Option<LegId> {
        let call = self.group.calls.iter().find(|call| call.leg == talk)?;
        match call.phase {
            Phase::Talking { callee, .. } => Some(callee),
            _ => None,
        }
    }

    /// Something that a supervisor waited for. False when it is about no supervisor.
    pub fn supervisor_outcome(&mut self, leg: LegId, kind: &OutcomeKind) -> Result<bool, Refusal> {
        let Some(index) = self.group.supervisors.iter().position(|own| own.leg == leg) else {
            return Ok(false);
        };
        let own = &mut self.group.supervisors[index];
        match (own.stage, kind) {
            (Stage::Rung, OutcomeKind::Dialled(outcome)) => match &outcome.result {
                cordboard::DialResult::Answered(answer) => {
                    own.leg = answer.leg;
                    self.sits_down(index)?;
                }
                cordboard::DialResult::Failed(_) => drop(self.group.supervisors.remove(index)),
            },
            (Stage::Answering, OutcomeKind::Done) => self.sits_down(index)?,
            (Stage::Joining, OutcomeKind::Done) => {
                own.stage = Stage::In;
                self.await_key(index)?;
            }
            (Stage::Answering | Stage::Joining, OutcomeKind::Failed(_)) => {
                self.host.leg(leg).hang_up().unless_gone()?;
            }
            (Stage::In, OutcomeKind::Gathered(Gathered::Digits(key))) => {
                self.key(index, key)?;
                self.await_key(index)?;
            }
            (Stage::In, OutcomeKind::Gathered(Gathered::Timeout(_))) => self.await_key(index)?,
            _ => {}
        }
        Ok(true)
    }

    fn key(&mut self, index: usize, key: &str) -> Result<(), Refusal> {
        let own = &self.group.supervisors[index];
        let talk = match key {
            // The next talk, and after the last one the first.
            "*" => {
                let mut after = self
                    .talks()
                    .map(|(talk, _)| talk)
                    .skip_while(|talk| *talk != own.talk);
                let next = after.nth(1).or_else(|| Some(self.talks().next()?.0));
                next.unwrap_or(own.talk)
            }
            _ => own.talk,
        };
        self.goes_to(index, talk, Manner::called(key))
    }

    fn goes_to(&mut self, index: usize, talk: LegId, manner: Option<Manner>) -> Result<(), Refusal> {
        let own = &mut self.group.supervisors[index];
        if let Some(manner) = manner {
            own.manner = manner;
            self.host.explain("supervision", manner.sentence());
        }
        let before = std::mem::replace(&mut own.talk, talk);
        self.joins(index)?;
        if before != talk {
            self.reunite(before)?;
        }
        Ok(())
    }

    fn sits_down(&mut self, index: usize) -> Result<(), Refusal> {
        self.group.supervisors[index].stage = Stage::Joining;
        self.joins(index)
    }

    fn joins(&mut self, index: usize) -> Result<(), Refusal> {
        let own = &self.group.supervisors[index];
        let supervisor = self.host.leg(own.leg);
        let Some(member) = self.callee_of(own.talk) else {
            return Ok(supervisor.hang_up().unless_gone()?); // the talk is over
        };
        let room = own.talk.0.to_string();
        for leg in [own.talk, member] {
            self.host.leg(leg).join(&room, Part::Speaker).unless_gone()?;
        }
        Ok(supervisor.join(&room, own.manner.part(member)).unless_gone()?)
    }

    fn await_key(&self, index: usize) -> Result<(), Refusal> {
        let leg = self.host.leg(self.group.supervisors[index].leg);
        let options = GatherOptions {
            prompt: Vec::new(),
            barge_in: true,
            max_digits: 1,
            terminators: String::new(),
            first_digit: KEYS_FOR,
            between_digits: KEYS_FOR,
        };
        Ok(leg.gather(options).unless_gone()?)
    }

    /// A leg has ended. True when it was a supervisor's: the talk goes on as before.
    pub fn supervisor_left(&mut self, leg: LegId) -> Result<bool, Refusal> {
        let Some(index) = self.group.supervisors.iter().position(|own| own.leg == leg) else {
            return Ok(false);
        };
        let own = self.group.supervisors.remove(index);
        self.reunite(own.talk)?;
        Ok(true)
    }

    /// Nobody listens to the talk any more: caller and member need no room.
    fn reunite(&self, talk: LegId) -> Result<(), Refusal> {
        let supervised = self.group.supervisors.iter().any(|own| own.talk == talk);
        match self.callee_of(talk) {
            Some(member) if !supervised => Ok(self.host.leg(talk).bridge(member).unless_gone()?),
            _ => Ok(()),
        }
    }

    /// The talk has ended, and with it what its supervisors came for.
    pub fn talk_over(&self, talk: LegId) -> Result<(), Refusal> {
        let those = self.group.supervisors.iter().filter(|own| own.talk == talk);
        those
            .filter(|own| own.stage != Stage::Rung)
            .try_for_each(|own| Ok(self.host.leg(own.leg).hang_up().unless_gone()?))
    }
}
