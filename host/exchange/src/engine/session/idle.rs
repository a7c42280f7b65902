//! A session that has nothing to handle: are those whom it holds looked after?

use contract::{Cause, SessionId, SessionScope};
use smallvec::SmallVec;

use crate::engine::{Exchange, Step};
use crate::ids::CustodyId;

impl Exchange {
    /// Legs that nothing happens to any more: a talk that is over is hung up, anything else goes to the host's
    /// default; a callee whose session waits for something else hears music, and so does a caller whose session may
    /// wait for what was lost, or was played over. Nobody hears silence.
    pub(super) fn look_after_idle(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let awaits = self.awaits(id);
        // One that has other calls may have lost what was about those.
        let lost = session.lost && session.scope == SessionScope::PerCall;
        let custodies = session.custodies.clone();
        let callees = session.callees.clone();
        for custody_id in custodies {
            let Some(custody) = self.custodies.get(&custody_id) else {
                continue;
            };
            let Some(leg) = self.legs.get(&custody.leg) else {
                continue;
            };
            let inside = leg.custodies.iter().skip_while(|id| **id != custody_id).skip(1);
            let decides = !custody.won || inside.clone().all(|id| self.is_at_rest(*id));
            let idle = !self.is_busy(leg);
            let silent = leg.missed && leg.audio.is_none() && leg.sound_flows();
            if !decides || !idle || custody.dial.is_some() {
                // What this session had under way may have been all that kept those inside of it from being looked
                // after. Only who will do something about it is woken, and only inside, or two could wake each other
                // for ever.
                let decider = self.decider(leg);
                let acts = |inner: &CustodyId| {
                    let holder = self.custodies.get(inner)?.holder.session()?;
                    let acts = !self.awaits(holder) || (silent && decider == Some(*inner));
                    (idle && acts && holder != id).then_some(holder)
                };
                for holder in inside.filter_map(acts).collect::<SmallVec<[SessionId; 1]>>() {
                    self.later(Step::Settle(holder));
                }
                continue;
            }
            let (leg_id, talked, ready) = (leg.id, leg.talked, leg.is_answered());
            if talked && ready {
                self.hang_up(leg_id, Cause::Normal);
            } else if !awaits || (lost && leg.sound_flows()) {
                self.fall_to_host(id, custody_id, "the behaviour left the call undone");
            } else if silent && self.is_sole(custody_id) {
                self.play_hold_music(leg_id);
            }
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.lost = false;
        }
        for callee in callees {
            let idle = self
                .legs
                .get(&callee)
                .filter(|leg| !self.is_busy(leg) && leg.custodies.iter().all(|id| self.is_at_rest(*id)));
            match idle.map(|leg| leg.audio.is_some()) {
                Some(_) if !awaits => self.hang_up(callee, Cause::Normal),
                // Its partner was taken away, and the session goes on with something else.
                Some(false) => self.play_hold_music(callee),
                Some(true) | None => {}
            }
        }
    }

    /// Whether something of a session's own will wake it.
    fn awaits(&self, id: SessionId) -> bool {
        let session = self.sessions.get(&id);
        session.is_some_and(|session| {
            !session.timers.is_empty()
                || !session.dials.is_empty()
                || !session.watches.is_empty()
                || !session.pages.is_empty()
        })
    }
}
