//! Legs in rooms, mixed by the media engine: conferences of behaviours (`wit/conferences.wit`), and those of the exchange (`conference`).
//!
//! A room belongs to a session and has a name there, or to the exchange. A leg in a room is as good as bridged: when its session ends it
//! stays, and whoever is left there alone, with nobody to decide about it, is hung up.

use contract::{Cause, LegId, OutcomeKind, Part, SessionId, Tag};
use media::RoomId;
use smallvec::SmallVec;

use super::leg::{Leg, RoomKey, Seat};
use super::{Exchange, Step};

/// Legs in one room (`wit/conferences.wit`).
const MAX_LEGS: usize = 32;

/// Legs that are mixed together.
#[derive(Debug)]
pub(crate) struct Room {
    id: RoomId,
    legs: Vec<LegId>,
}

impl Room {
    pub(super) fn legs(&self) -> &[LegId] {
        &self.legs
    }
}

impl Exchange {
    pub(super) fn join_room(&mut self, id: SessionId, tag: Tag, leg: LegId, name: &str, part: Part) {
        let kind = match self.sit_down(id, leg, name, part) {
            Ok(()) => OutcomeKind::Done,
            Err(cause) => OutcomeKind::Failed(cause),
        };
        self.outcome(id, tag, kind);
    }

    pub(super) fn sit_down(
        &mut self,
        id: SessionId,
        leg_id: LegId,
        name: &str,
        part: Part,
    ) -> Result<(), Cause> {
        let leg = self.legs.get(&leg_id).filter(|leg| leg.is_answered());
        let before = leg.ok_or(Cause::Failed)?.room.clone();
        if let Part::Whisperer(to) = part
            && (to == leg_id || !self.holds(id, to))
        {
            return Err(Cause::Failed);
        }
        let key: RoomKey = (id, name.into());
        if before.is_none_or(|seat| seat.key != key) {
            let room = self.rooms.get(&key);
            if room.is_some_and(|room| room.legs.len() >= MAX_LEGS) {
                return Err(Cause::Congestion);
            }
            self.stop_audio(leg_id);
            self.part(leg_id);
            self.leave_room(leg_id);
        }
        self.anchor(leg_id)?;
        self.take_seat(leg_id, Seat { key, part });
        self.seat_in_media(leg_id);
        self.keep_leg(leg_id);
        Ok(())
    }

    /// Notes who sits where.
    pub(super) fn take_seat(&mut self, leg_id: LegId, seat: Seat) {
        let ids = &mut self.ids;
        let room = self.rooms.entry(seat.key.clone()).or_insert_with(|| Room {
            id: RoomId(ids.next()),
            legs: Vec::new(),
        });
        if !room.legs.contains(&leg_id) {
            room.legs.push(leg_id);
        }
        let together: SmallVec<[LegId; 3]> = match room.legs.len() {
            1 => SmallVec::new(),
            _ => room.legs.iter().copied().collect(),
        };
        if let Some(leg) = self.legs.get_mut(&leg_id) {
            leg.room = Some(Box::new(seat));
        }
        self.note_conference(leg_id);
        for leg in together {
            if let Some(leg) = self.legs.get_mut(&leg) {
                leg.talked = true;
            }
        }
    }

    /// Tells the engine where a leg sits, also after a restart.
    pub(super) fn seat_in_media(&mut self, leg_id: LegId) {
        let seat = self.legs.get(&leg_id).and_then(|leg| leg.room.clone());
        let (Some(seat), Some(port)) = (seat, self.port_of(leg_id)) else {
            return;
        };
        let Some(room) = self.rooms.get(&seat.key).map(|room| room.id) else {
            return;
        };
        let part = match seat.part {
            Part::Speaker => media::Part::Speaker,
            Part::Listener => media::Part::Listener,
            // Whoever is gone hears nothing.
            Part::Whisperer(to) => match self.port_of(to) {
                Some(port) => media::Part::Whisperer(port),
                None => media::Part::Listener,
            },
        };
        self.media(media::Command::Join { port, room, part });
    }

    pub(super) fn leave_room_on_command(&mut self, id: SessionId, tag: Tag, leg: LegId) {
        let kind = match self.leave_room(leg) {
            true => OutcomeKind::Done,
            false => OutcomeKind::Failed(Cause::Failed),
        };
        self.outcome(id, tag, kind);
    }

    /// Takes a leg out of its room; whoever decides about it looks after it. False when it is in none.
    pub(super) fn leave_room(&mut self, leg_id: LegId) -> bool {
        let Some(seat) = self.legs.get_mut(&leg_id).and_then(|leg| leg.room.take()) else {
            return false;
        };
        if let Some(port) = self.port_of(leg_id) {
            self.media(media::Command::Disconnect { port });
        }
        self.stand_up(leg_id, &seat);
        for holder in self.holders_of(leg_id) {
            self.later(Step::Settle(holder));
        }
        self.later(Step::Alone(leg_id));
        self.keep_leg(leg_id);
        true
    }

    /// A leg is no longer in its room, which is over with the last one.
    pub(super) fn stand_up(&mut self, leg: LegId, seat: &Seat) {
        let Some(room) = self.rooms.get_mut(&seat.key) else {
            return;
        };
        room.legs.retain(|other| *other != leg);
        match room.legs.as_slice() {
            [] => drop(self.rooms.remove(&seat.key)),
            [last] => {
                let last = *last;
                for holder in self.holders_of(last) {
                    self.later(Step::Settle(holder));
                }
                self.later(Step::Alone(last));
            }
            _ => {}
        }
    }

    /// Something is under way for the leg that will end in an event: it is with others in a room, too.
    pub(super) fn is_busy(&self, leg: &Leg) -> bool {
        let room = || self.rooms.get(&leg.room.as_ref()?.key);
        leg.is_busy() || room().is_some_and(|room| room.legs.len() > 1)
    }
}
