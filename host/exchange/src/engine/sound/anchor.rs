//! Sound that went straight from party to party comes here after all: somebody needs it.
//!
//! ```text
//!  direct ──play, keys, hold, room, another partner──▶ a port for each, re-INVITE with an offer of ours ──answer──▶ anchored
//!                                                          └── not now (RFC 3264 §4, 491): again 100 ms later
//! ```
//!
//! What a party is to hear waits at its port until it has answered. A party that refuses has no
//! way to hear anything, and is hung up. There is no way back to direct sound within a call.

use std::time::Duration;

use contract::{Cause, LegId};
use media::Command;
use sip::endpoint::{Body, Failure, Reply};
use sip::sdp::{Direction, Local, Offer};

use crate::engine::leg::{Leg, LegState, Stage};
use crate::engine::{Due, Exchange};

/// How long an offer waits that cannot be made yet, because another one is open.
const AGAIN: Duration = Duration::from_millis(100);

impl Exchange {
    /// Lets sound of a leg's come here, and that of its partner too. Nothing happens if it does.
    ///
    /// # Errors
    ///
    /// `NotAcceptable` for a caller who has another answer already, or speaks nothing that we do; `Congestion`
    /// without a free port.
    pub(in crate::engine) fn anchor(&mut self, id: LegId) -> Result<(), Cause> {
        let leg = self.legs.get_mut(&id).ok_or(Cause::Cancelled)?;
        let Some(direct) = &leg.direct else {
            return Ok(());
        };
        match leg.state {
            LegState::Offered if direct.early.is_some() || leg.offer.is_none() => Err(Cause::NotAcceptable),
            LegState::Offered => {
                // Whoever rings has its offer, and comes here once it answers.
                leg.direct = None;
                Ok(())
            }
            LegState::Calling | LegState::Ringing => Err(Cause::Failed),
            LegState::Confirming | LegState::Up => {
                let partner = leg.bridged;
                self.take_over(id)?;
                let Some(partner) = partner else {
                    return Ok(());
                };
                if let Err(why) = self.take_over(partner) {
                    self.leg_fails(partner, why);
                    return Ok(());
                }
                if let (Some(a), Some(b)) = (self.port_of(id), self.port_of(partner)) {
                    self.media(Command::Connect { a, b });
                }
                Ok(())
            }
        }
    }

    /// Gives one leg a port, and offers it to the party.
    fn take_over(&mut self, id: LegId) -> Result<(), Cause> {
        let leg = self.legs.get(&id).ok_or(Cause::Cancelled)?;
        if leg.direct.is_none() {
            return Ok(());
        }
        let (tenant, call) = (leg.tenant.clone(), leg.call);
        let path = self.sip.usage(leg.usage).map(|usage| usage.path);
        let mut media = self
            .open_media(&path.ok_or(Cause::Cancelled)?)
            .map_err(|()| Cause::Congestion)?;
        let Some(direct) = self.legs.get_mut(&id).and_then(|leg| leg.direct.take()) else {
            self.close_media(*media);
            return Ok(());
        };
        media.negotiation = direct.negotiation;
        let mut offered = None;
        if let Some(asked) = direct.asked {
            match asked.stage {
                Stage::Told { offer, .. } => offered = Some(offer),
                Stage::Offered { .. } | Stage::Wanted => {
                    media.owes_answer = matches!(asked.stage, Stage::Wanted);
                    // The one who asked tries again, and finds us.
                    let _ = self.sip.respond(self.now, asked.request, Reply::new(491));
                }
            }
        }
        self.attach_media(id, media);
        let sentence = "sound that went straight between the parties comes here from now on".to_owned();
        self.because(&tenant, call, "media", sentence);
        match offered {
            Some(offer) => self.answer_in_ack(id, &offer),
            None => self.offer_port(id),
        }
        self.keep_leg(id);
        Ok(())
    }

    /// Offers our port to a party that does not know it yet, as soon as that can be.
    pub(in crate::engine) fn offer_port(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(&id).filter(|leg| leg.is_answered()) else {
            return;
        };
        let unknown = leg.media.as_ref().is_some_and(|media| {
            media.negotiation.agreed().is_none() && !media.negotiation.is_offering() && !media.owes_answer
        });
        let direction = offered_direction(leg);
        if unknown && self.reoffer(id, direction).is_err() {
            self.timers.set(self.now + AGAIN, Due::Anchor(id));
        }
    }

    /// After a restart: an offer of our port that may be lost with the process is made again.
    pub(in crate::engine) fn anchor_on(&mut self, id: LegId) {
        let media = self.legs.get(&id).and_then(|leg| leg.media.as_ref());
        if media.is_some_and(|media| media.negotiation.agreed().is_none()) {
            self.withdraw_offer(id);
            self.timers.set(self.now, Due::Anchor(id));
        }
    }

    /// The party goes by what an earlier process offered it and did not store: it is offered what holds now. Sound that
    /// went straight comes here, for what the partner goes by is as uncertain.
    pub(in crate::engine) fn settle_media(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(&id) else {
            return;
        };
        if leg.direct.is_some() {
            if let Err(why) = self.anchor(id) {
                self.leg_fails(id, why);
            }
            return;
        }
        let direction = offered_direction(leg);
        // One that cannot be made now waits for another offer or its answer, which do the same.
        let _ = self.reoffer(id, direction);
    }

    /// Our port is offered to the party, which has not answered.
    pub(in crate::engine) fn is_anchoring(&self, id: LegId) -> bool {
        let media = self.legs.get(&id).and_then(|leg| leg.media.as_ref());
        media.is_some_and(|media| media.negotiation.agreed().is_none() && media.negotiation.is_offering())
    }

    /// The party did not take the offer of our port.
    pub(in crate::engine) fn anchoring_failed(&mut self, id: LegId, failure: &Failure) {
        self.withdraw_offer(id);
        match failure {
            // Its own came first: answering that one is as good.
            Failure::Glare => drop(self.timers.set(self.now + AGAIN, Due::Anchor(id))),
            _ => self.hang_up(id, Cause::NotAcceptable),
        }
    }

    /// A party that was asked for its offer on behalf of its partner made it, and is answered by us.
    pub(in crate::engine) fn answer_in_ack(&mut self, id: LegId, offer: &[u8]) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let usage = leg.usage;
        let Some(media) = leg.media.as_mut() else {
            return;
        };
        media.owes_answer = false;
        let (port, local) = (media.port, Local::new(media.local));
        let answered = Offer::parse(offer).and_then(|offer| media.negotiation.answer(&offer, &local));
        let Ok((answer, agreed)) = answered else {
            self.hang_up(id, Cause::NotAcceptable);
            return;
        };
        self.update_stream(port, &agreed);
        // An error means that the party is gone.
        let _ = self.sip.acknowledge(self.now, usage, Body::sdp(answer));
        self.keep_leg(id);
    }
}

fn offered_direction(leg: &Leg) -> Direction {
    if leg.holding {
        Direction::SendOnly
    } else {
        Direction::SendRecv
    }
}
