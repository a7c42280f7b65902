//! Who gets whom (R29, R31–R34), and what callers hear until then (R37).

use std::time::Duration;

use cordboard::contract::{DialOptions, Hears as Callers};
use cordboard::prelude::*;
use cordboard::{CommandError, Tone};

use crate::call::{Hears, Phase, Waiter};
use crate::members::Free;
use crate::seats::{Seat, Seats};
use crate::settings::Mode;
use crate::turn::{Turn, names};

/// Between two times round: one ring. Members whose phones refuse at once are not rung without pause.
const PAUSE: u64 = 5_000;

/// A lease goes on for a while after the last ring: its end is told by a release.
const REST_OF_LEASE: Duration = Duration::from_secs(10);

/// As many as one stage of a dial may ring together.
const TOGETHER: usize = 64;

impl Turn<'_> {
    /// R29, R33: gives the first who waits the first who is free, and so on.
    pub fn distribute(&mut self) -> Result<(), Refusal> {
        let due = self.group.calls.iter().any(|call| self.is_due(call));
        let mut free = if due { self.free_members() } else { Vec::new() };
        for index in 0..self.group.calls.len() {
            let call = &self.group.calls[index];
            if self.is_due(call) && !free.is_empty() {
                match call.is_away() {
                    true => self.recall(index, &mut free)?,
                    false => self.ring_for(index, &mut free)?,
                }
            }
            if self.group.calls[index].is_queued() {
                self.let_wait(index)?;
            }
        }
        Ok(())
    }

    fn is_due(&self, call: &Waiter) -> bool {
        match call.phase {
            Phase::Queued { not_before } | Phase::Away { not_before, .. } => not_before <= self.now,
            _ => false,
        }
    }

    /// Rings whoever is next for this call, and takes them out of those who are free.
    fn ring_for(&mut self, index: usize, free: &mut Vec<Free>) -> Result<(), Refusal> {
        let call = &self.group.calls[index];
        let suiting: Vec<_> = free
            .iter()
            .filter(|member| self.suits(call, member.seat))
            .copied()
            .collect();
        if suiting.is_empty() {
            return Ok(()); // who is free knows too little for it
        }
        let untried = suiting
            .into_iter()
            .filter(|member| !call.tried.contains(member.seat));
        let chosen: Vec<Seat> = match self.settings.mode {
            Mode::Parallel => untried.take(TOGETHER).map(|member| member.seat).collect(),
            mode => {
                let first = self.group.members.first(mode, untried);
                first.iter().map(|member| member.seat).collect()
            }
        };
        if chosen.is_empty() {
            // All who are free were rung: another time round (R36).
            let not_before = self.now + PAUSE;
            let call = &mut self.group.calls[index];
            call.tried.clear();
            call.phase = Phase::Queued { not_before };
            return Ok(());
        }
        self.ring(index, &chosen)?;
        free.retain(|member| !chosen.contains(&member.seat));
        Ok(())
    }

    /// Rings these members for the caller.
    pub fn ring(&mut self, index: usize, chosen: &[Seat]) -> Result<(), Refusal> {
        let members = &self.group.members;
        let targets = chosen
            .iter()
            .map(|seat| cordboard::line(members.name(*seat)))
            .collect();
        let stages = Stages::one(targets).for_rings(self.settings.rings);
        let rung = names(chosen.iter().map(|seat| members.name(*seat)));
        self.host
            .explain(rule(self.settings.mode), &["rings ", &rung].concat());
        self.keep(chosen.iter().copied(), self.settings.rings)?;
        let call = &mut self.group.calls[index];
        let options = DialOptions {
            hears: Callers::Unchanged,
            // The exchange would show the group's number for a caller whom it has called itself.
            shown: match &call.back {
                Some(number) if call.recalled => cordboard::Shown::Number(number.clone()),
                _ => cordboard::Shown::Caller,
            },
            alert: None,
            whisper: self.settings.whisper.clone().filter(|name| !name.is_empty()),
        };
        match self.host.leg(call.leg).dial_with(stages, options) {
            Err(CommandError::UnknownLeg(_)) => return Ok(()), // its end is on the way
            queued => queued?,
        }
        for seat in chosen {
            call.tried.insert(*seat);
            if let Some(tally) = self.group.members.tally(Some(*seat)) {
                tally.offered = tally.offered.saturating_add(1);
            }
        }
        call.phase = Phase::Ringing {
            members: chosen.iter().copied().map(Some).collect(),
            expired: false,
        };
        Ok(())
    }

    /// Keeps these members from other groups for so many rings: who has one already is left alone by this group, too.
    pub fn keep(&self, seats: impl Iterator<Item = Seat>, rings: u32) -> Result<(), Refusal> {
        let lines = self.lines_of(seats);
        Ok(self
            .host
            .reserve(lines, cordboard::rings(rings) + REST_OF_LEASE)?)
    }

    /// Lets other groups have them again.
    pub fn let_others(&self, seats: impl Iterator<Item = Seat>) -> Result<(), Refusal> {
        let lines = self.lines_of(seats);
        match lines.is_empty() {
            true => Ok(()),
            false => Ok(self.host.release(lines)?),
        }
    }

    fn lines_of(&self, seats: impl Iterator<Item = Seat>) -> Vec<String> {
        seats
            .map(|seat| self.group.members.name(seat).to_owned())
            .collect()
    }

    /// R37: once a caller waits, the announcement and the playlist play until somebody answers.
    pub fn let_wait(&mut self, index: usize) -> Result<(), Refusal> {
        let call = &mut self.group.calls[index];
        if call.hears != Hears::Nothing {
            return Ok(());
        }
        let leg = self.host.leg(call.leg);
        call.hears = Hears::Waiting;
        if !call.may_play {
            return Ok(leg.ring().unless_gone()?);
        }
        let first = call.announce_at.is_none();
        call.announce_at.get_or_insert(self.now);
        let mut sounds = Sounds::from(&self.settings.waiting);
        let pieces = &self.settings.playlist;
        let piece = pieces.get(usize::from(call.piece) % pieces.len().max(1));
        if let Some(piece) = piece {
            call.piece = call.piece.wrapping_add(1);
            sounds = sounds.then(Sounds::from(piece));
        }
        if first {
            let hears = if sounds.is_empty() {
                "ringback"
            } else {
                "the announcement"
            };
            self.host
                .explain("R37 waiting", &["the caller waits and hears ", hears].concat());
        }
        let queued = match (sounds.is_empty(), piece) {
            (true, _) => leg.play_forever(Tone::Ringback),
            (false, None) => leg.play_forever(sounds),
            // Then the next piece.
            (false, Some(_)) => leg.play(sounds),
        };
        Ok(queued.unless_gone()?)
    }

    /// R31: somebody takes part who may take this call, sooner or later.
    pub fn anybody_takes_part(&self, call: &Waiter) -> bool {
        let anybody = self.settings.skill_wait > 0;
        (0..self.group.members.len()).any(|seat| (anybody || self.suits(call, seat)) && self.takes_part(seat))
    }

    /// Whether the member knows what the call needs; after a while everybody does.
    pub fn suits(&self, call: &Waiter, seat: Seat) -> bool {
        let Some(wanted) = &call.skill else {
            return true;
        };
        if self.any_skill_at(call).is_some_and(|at| at <= self.now) {
            return true;
        }
        let skill = self.settings.skills.iter().find(|skill| skill.name == *wanted);
        skill.is_none_or(|skill| {
            let name = self.group.members.name(seat);
            skill.members.iter().any(|member| member == name)
        })
    }

    /// When any member may take a call that needs a skill.
    pub fn any_skill_at(&self, call: &Waiter) -> Option<u64> {
        let wait = u64::from(self.settings.skill_wait) * 1_000;
        (call.skill.is_some() && wait > 0).then_some(call.came.saturating_add(wait))
    }

    /// R31: registered, connected and present.
    fn takes_part(&self, seat: Seat) -> bool {
        self.group
            .members
            .get(seat)
            .is_some_and(|member| member.is_in() && self.lines.is_registered(seat, &member.name, self.host))
    }

    /// R32, without those whom a call of this group rings or has. Do-not-disturb and forwards are not asked.
    pub fn free_members(&self) -> Vec<Free> {
        let mut occupied = Seats::default();
        for call in &self.group.calls {
            call.occupies(|seat| occupied.insert(seat));
        }
        let members = self.group.members.iter().enumerate();
        members
            .filter(|(seat, member)| !occupied.contains(*seat) && member.is_in() && !member.rests(self.now))
            .filter_map(|(seat, member)| {
                let idle_since = self.lines.free_since(seat, &member.name, self.host)?;
                // A pause is not being free.
                let idle_since = idle_since.max(member.rested_at());
                Some(Free { seat, idle_since })
            })
            .collect()
    }
}

fn rule(mode: Mode) -> &'static str {
    match mode {
        Mode::FreeLine => "R33 free-line",
        Mode::Linear => "R33 linear",
        Mode::Cyclic => "R33 cyclic",
        Mode::Parallel => "R33 parallel",
        Mode::Weighted => "R33 weighted",
    }
}
