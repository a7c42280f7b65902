//! What the group knows of its members (R30, R31, R35), and who is rung first (R33).

use cordboard::prelude::*;

use crate::seats::Seat;
use crate::settings::{Mode, Weight};

/// What one call is worth to a member of weight 1.
const STRIDE: u64 = 1 << 20;

/// The members, in the order of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    list: Vec<Member>,
    /// The last that answered (cyclic).
    last: Option<Seat>,
}

/// What the group knows of a member beyond the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub name: String,
    disconnected: bool,
    absent: bool,
    /// Was told to be without a registered device.
    unregistered: bool,
    /// When the pause after a call is over.
    resting_until: u64,
    /// How many of the group's calls it has had, by its weight.
    share: u64,
    pub tally: Tally,
}

/// A member's figures since the last midnight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How often it was rung.
    pub offered: u32,
    pub answered: u32,
    /// In seconds.
    pub talked: u64,
}

/// A member who can take a call now.
#[derive(Clone, Copy, Debug)]
pub struct Free {
    pub seat: Seat,
    pub idle_since: u64,
}

impl Member {
    fn called(name: &str, share: u64) -> Self {
        Self {
            name: name.to_owned(),
            share,
            ..Self::default()
        }
    }

    /// R31, but for being registered, which the directory knows.
    pub fn is_in(&self) -> bool {
        !self.disconnected && !self.absent
    }

    /// When the last pause ended, or will.
    pub fn rested_at(&self) -> u64 {
        self.resting_until
    }

    pub fn rests(&self, now: u64) -> bool {
        self.resting_until > now
    }
}

impl Members {
    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Member> {
        self.list.iter()
    }

    pub fn get(&self, seat: Seat) -> Option<&Member> {
        self.list.get(seat)
    }

    pub fn name(&self, seat: Seat) -> &str {
        self.list.get(seat).map_or("", |member| member.name.as_str())
    }

    pub fn tally(&mut self, seat: Option<Seat>) -> Option<&mut Tally> {
        Some(&mut self.list.get_mut(seat?)?.tally)
    }

    pub fn forget_tallies(&mut self) {
        self.list
            .iter_mut()
            .for_each(|member| member.tally = Tally::default());
    }

    /// R30: the list is that of the settings; who is added (again) is present. Tells where each seat went,
    /// if the list has changed.
    pub fn follow(&mut self, names: &[String]) -> Option<Vec<Option<Seat>>> {
        if self.list.iter().map(|member| &member.name).eq(names) {
            return None;
        }
        let seat_of = |name: &String| names.iter().position(|other| other == name);
        let moved: Vec<_> = self.list.iter().map(|member| seat_of(&member.name)).collect();
        let share = self.least_share(None);
        let before = std::mem::take(&mut self.list);
        self.list = names.iter().map(|name| Member::called(name, share)).collect();
        for (member, seat) in before.into_iter().zip(&moved) {
            if let Some(place) = seat.and_then(|seat| self.list.get_mut(seat)) {
                *place = member;
            }
        }
        self.last = self.last.and_then(|last| moved.get(last).copied().flatten());
        Some(moved)
    }

    /// Takes a word about a member: `absent`, `present`, `disconnect`, `connect` or `toggle`. False when it
    /// is none of these.
    pub fn hear(&mut self, what: &str, seat: Seat) -> bool {
        let Some(member) = self.list.get_mut(seat) else {
            return false;
        };
        let what = match what {
            "toggle" if member.is_in() => "absent",
            "toggle" => {
                member.disconnected = false;
                "present"
            }
            what => what,
        };
        match what {
            "absent" => member.absent = true,
            "disconnect" => member.disconnected = true,
            "present" => {
                member.absent = false;
                self.rejoins(seat);
            }
            "connect" => {
                member.disconnected = false;
                self.rejoins(seat);
            }
            _ => return false,
        }
        true
    }

    /// R31: who registers is connected again. That a line stays registered while its calls change is none.
    pub fn registered(&mut self, seat: Seat, registered: bool) {
        if let Some(member) = self.list.get_mut(seat)
            && std::mem::replace(&mut member.unregistered, !registered)
            && registered
        {
            member.disconnected = false;
            self.rejoins(seat);
        }
    }

    /// Who was away gets no more than their share now.
    fn rejoins(&mut self, seat: Seat) {
        let least = self.least_share(Some(seat));
        if let Some(member) = self.list.get_mut(seat) {
            member.share = member.share.max(least);
        }
    }

    /// The share of the member who has had least, but for this one.
    fn least_share(&self, but: Option<Seat>) -> u64 {
        let others = self
            .list
            .iter()
            .enumerate()
            .filter(|(seat, member)| Some(*seat) != but && member.is_in());
        others.map(|(_, member)| member.share).min().unwrap_or(0)
    }

    pub fn answered(&mut self, seat: Seat, weights: &[Weight]) {
        self.last = Some(seat);
        if let Some(member) = self.list.get_mut(seat) {
            let weight = weights.iter().find(|weight| weight.line == member.name);
            let weight = weight.map_or(1, |weight| weight.weight).max(1);
            member.share = member.share.saturating_add(STRIDE / u64::from(weight));
            member.tally.answered = member.tally.answered.saturating_add(1);
        }
    }

    /// R35: the pause after a call begins.
    pub fn rests_until(&mut self, seat: Seat, until: u64) {
        if let Some(member) = self.list.get_mut(seat) {
            member.resting_until = until;
        }
    }

    /// The next end of a pause.
    pub fn next_end_of_rest(&self, now: u64) -> Option<u64> {
        let ends = self.list.iter().map(|member| member.resting_until);
        ends.filter(|until| *until > now).min()
    }

    /// R33: who is rung first. `free` is in the order of the list, and so are equals.
    pub fn first(&self, mode: Mode, free: impl Iterator<Item = Free>) -> Option<Free> {
        let after = self.last.map_or(0, |last| last + 1);
        free.min_by_key(|member| match mode {
            Mode::Linear | Mode::Parallel => 0,
            Mode::FreeLine => member.idle_since,
            Mode::Cyclic => u64::from(member.seat < after),
            Mode::Weighted => self.list.get(member.seat).map_or(0, |member| member.share),
        })
    }
}
