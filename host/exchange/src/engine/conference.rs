//! Conferences of the exchange's own: three and more whom one of them brings together (RFC 4579, RFC 5359 §2.10 and §2.11).
//!
//! ```text
//!  INVITE *39                 ─▶ 200, Contact: <sip:conference-…>;isfocus; music until somebody else is there
//!  INVITE *3                  ─▶ the same, and whoever the phone has calls with comes in at once
//!  REFER <sip:conference-…>   ─▶ out of a call: its other party comes in          (RFC 4579 §5.4)
//!  REFER <…?Replaces=…>       ─▶ out of the conference: the other party of that call comes in
//!  INVITE sip:conference-…    ─▶ the caller comes in                              (RFC 4579 §5.1)
//!  INVITE with Join           ─▶ the caller comes in to the two of that dialog    (RFC 3911)
//! ```
//!
//! All are equal: anybody leaves when they like, two go on as they are, and whoever is left alone is hung up. Who knows the name of a
//! conference, or a dialog of a talk, was told by somebody in it; strangers of the tenant cannot guess them, and other tenants cannot use them.
//! A conference is one call, over restarts too. Not here: mixing, and seats in general (`rooms`), conferences of behaviours.

use std::sync::Arc;
use std::time::Duration;

use contract::{Cause, LegId, Part, SessionId};
use sip::endpoint::{Reply, UsageId};
use sip::header::DialogName;
use sip::sdp::Offer;

use super::invited::refuse;
use super::leg::{Leg, Party};
use super::{Due, Exchange};
use crate::directory::{Conference, Origin, Resolution};

/// Whose rooms these are: no session has this number.
const NOBODYS: SessionId = SessionId(0);

/// What their names begin with; the rest cannot be guessed.
const NAME: &str = "conference-";

/// How long the first one waits for another.
const ALONE_FOR: Duration = Duration::from_secs(60);

/// A call of the phone that brings all of its calls together.
struct Own {
    leg: LegId,
    partner: Option<LegId>,
}

/// Coming in.
impl Exchange {
    /// The conference of a tenant's that goes on under this name.
    pub(super) fn conference_named(&self, tenant: &str, name: &str) -> Option<Arc<str>> {
        let key = (NOBODYS, Arc::from(name));
        let first = self.rooms.get(&key)?.legs().first()?;
        let is_own = *self.legs.get(first)?.tenant == *tenant;
        is_own.then_some(key.1)
    }

    /// The conference that a leg is in.
    fn conference_of(&self, leg: LegId) -> Option<Arc<str>> {
        let seat = self.legs.get(&leg)?.room.as_ref()?;
        (seat.key.0 == NOBODYS).then(|| seat.key.1.clone())
    }

    /// A caller asked for a conference with its code.
    pub(super) fn confer(&mut self, leg: LegId, conference: Conference) {
        let own = if conference.gather {
            self.own_calls(leg)
        } else {
            Vec::new()
        };
        if conference.gather && own.is_empty() {
            // There is nobody to be brought in.
            return self.hang_up(leg, Cause::Unreachable);
        }
        let goes_on = own.iter().find_map(|own| self.conference_of(own.leg));
        let name = goes_on.unwrap_or_else(|| self.new_conference());
        if !self.come_in(leg, &name) {
            return;
        }
        for own in own {
            if own
                .partner
                .is_none_or(|partner| self.bring_in(partner, &name).is_ok())
            {
                self.hang_up(own.leg, Cause::Normal);
            }
        }
        self.wait_for_others(leg, &name);
    }

    fn new_conference(&mut self) -> Arc<str> {
        format!("{NAME}{}", self.random.token(16)).into()
    }

    /// Talks of the phone that asks, and its seats in conferences.
    fn own_calls(&self, asking: LegId) -> Vec<Own> {
        let Some(asking) = self.legs.get(&asking) else {
            return Vec::new();
        };
        let Some(line) = asking.party.line() else {
            return Vec::new();
        };
        let own = self
            .legs_of_line(&asking.tenant, line)
            .filter(|leg| leg.id != asking.id && leg.party == asking.party && leg.is_answered());
        let mut own: Vec<Own> = own
            .filter(|leg| leg.bridged.is_some() || self.conference_of(leg.id).is_some())
            .map(|leg| Own {
                leg: leg.id,
                partner: leg.bridged,
            })
            .collect();
        own.sort_unstable_by_key(|own| own.leg);
        own
    }

    /// Answers a caller as the focus, and gives it a seat. False when that cannot be: then it is refused.
    pub(super) fn come_in(&mut self, leg: LegId, name: &Arc<str>) -> bool {
        self.say_focus(leg, name);
        let done = self
            .answer_caller(leg, None, None)
            .and_then(|()| self.bring_in(leg, name));
        if let Err(why) = done {
            self.hang_up(leg, why);
        }
        done.is_ok()
    }

    /// Gives a party that is up a seat, out of the talk that it is in.
    ///
    /// # Errors
    ///
    /// `Congestion` when the room is full; `Failed` and `Cancelled` for a leg that is not up (any more).
    fn bring_in(&mut self, leg: LegId, name: &Arc<str>) -> Result<(), Cause> {
        let others = self.rooms.get(&(NOBODYS, name.clone()));
        let first = others.and_then(|room| room.legs().first().copied());
        self.sit_down(NOBODYS, leg, name, Part::Speaker)?;
        if let Some(first) = first.filter(|first| *first != leg) {
            self.stop_hold_music(first);
            if let Some(call) = self.call_of(first) {
                self.call_connected(call, leg);
            }
            self.join_calls(first, leg);
        }
        self.say_focus(leg, name);
        self.keep_leg(leg);
        if let Some(leg) = self.legs.get(&leg) {
            let size = self
                .rooms
                .get(&(NOBODYS, name.clone()))
                .map_or(0, |room| room.legs().len());
            let (tenant, call) = (leg.tenant.clone(), leg.call);
            let sentence = format!("one more is in the conference, of {size} now");
            self.because(&tenant, call, "conference", sentence);
        }
        Ok(())
    }

    /// Notes in the record of the leg's call that it is, or was, in a conference.
    pub(super) fn note_conference(&mut self, leg: LegId) {
        if let (Some(name), Some(call)) = (self.conference_of(leg), self.call_of(leg))
            && let Some(call) = self.calls.get_mut(&call)
        {
            call.conference = Some(name);
        }
    }

    /// The party sees in our Contact that it talks with a conference, and how that is called.
    fn say_focus(&mut self, leg: LegId, name: &Arc<str>) {
        if let Some(usage) = self.legs.get(&leg).map(|leg| leg.usage) {
            // An error means that the party is gone.
            let _ = self.sip.be_focus(self.now, usage, name);
        }
    }

    /// Nobody else is there yet: music, for some time.
    fn wait_for_others(&mut self, leg: LegId, name: &Arc<str>) {
        let room = self.rooms.get(&(NOBODYS, name.clone()));
        if room.is_some_and(|room| *room.legs() == [leg]) {
            self.play_hold_music(leg);
            self.timers.set(self.now + ALONE_FOR, Due::Lonely(leg));
        }
    }
}

/// Calling in.
impl Exchange {
    /// A phone calls a conference by its name.
    pub(super) fn calls_in(
        &mut self,
        usage: UsageId,
        tenant: Arc<str>,
        party: Party,
        offer: Option<Offer>,
        name: &Arc<str>,
    ) {
        let first = self.rooms.get(&(NOBODYS, name.clone()));
        let first = first.and_then(|room| room.legs().first().copied());
        if let Some(call) = first.and_then(|first| self.call_of(first)) {
            let leg = self.add_newcomer(call, tenant, usage, party, offer);
            self.come_in(leg, name);
        }
    }
}

/// REFER.
impl Exchange {
    /// What a REFER asks for that is about a conference, and the status of what became of it; none when it is about none.
    ///
    /// `replaced` is the leg that Refer-To names to be replaced. Behaviours are not asked: nobody is sent anywhere.
    pub(super) fn referred_to_conference(
        &mut self,
        referrer: LegId,
        number: &str,
        replaced: Option<LegId>,
    ) -> Option<Result<LegId, u16>> {
        let leg = self.legs.get(&referrer)?;
        if let Some(name) = self.conference_of(referrer) {
            let tenant = leg.tenant.clone();
            let Some(replaced) = replaced else {
                // Nobody is there to be transferred.
                return Some(Err(603));
            };
            let is_own = self.legs.get(&replaced).is_some_and(|leg| leg.tenant == tenant);
            return Some(match is_own {
                true => self.partner_comes_in(replaced, &name),
                false => Err(481),
            });
        }
        if replaced.is_some() || leg.bridged.is_none() {
            return None;
        }
        let name = self
            .conference_named(&leg.tenant, number)
            .or_else(|| self.conference_by_code(leg, number))?;
        Some(self.partner_comes_in(referrer, &name))
    }

    /// The other party of a call comes in; the leg that is left may go.
    fn partner_comes_in(&mut self, leg: LegId, name: &Arc<str>) -> Result<LegId, u16> {
        let partner = self.legs.get(&leg).and_then(|leg| leg.bridged).ok_or(603_u16)?;
        match self.bring_in(partner, name) {
            Ok(()) => Ok(leg),
            Err(why) => Err(crate::cause::status(why)),
        }
    }

    /// The code with which the phone began its conference stands for that conference.
    fn conference_by_code(&self, leg: &Leg, number: &str) -> Option<Arc<str>> {
        let line = leg.party.line()?;
        let resolution = self.resolve(&leg.tenant, number, Origin::Line(line));
        if !matches!(resolution, Resolution::Conference { .. }) {
            return None;
        }
        let own = self.own_calls(leg.id);
        own.iter().find_map(|own| self.conference_of(own.leg))
    }
}

/// Join.
impl Exchange {
    /// A phone comes in to a talk whose dialog it was told, or to a conference.
    ///
    /// # Errors
    ///
    /// The answer to send instead (RFC 3911 §4): 481 for a dialog that is not there, 488 for one that nobody else can be heard in.
    pub(super) fn joins(
        &mut self,
        usage: UsageId,
        dialog: &DialogName<'_>,
        tenant: Arc<str>,
        party: Party,
        offer: Option<Offer>,
    ) -> Result<(), Box<Reply>> {
        let joined = self.named_leg(self.leg_of_dialog(dialog), &tenant)?;
        let (joined, call, partner) = (joined.id, joined.call, joined.bridged);
        let goes_on = self.conference_of(joined);
        if partner.is_none() && goes_on.is_none() {
            return Err(refuse(488));
        }
        let leg = self.add_newcomer(call, tenant, usage, party, offer);
        let name = goes_on.unwrap_or_else(|| self.new_conference());
        if self.come_in(leg, &name) {
            for other in partner.into_iter().flat_map(|partner| [joined, partner]) {
                if let Err(why) = self.bring_in(other, &name) {
                    self.hang_up(other, why);
                }
            }
        }
        Ok(())
    }
}
