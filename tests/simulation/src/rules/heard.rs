//! Every caller gets something other than silence: a ring or an answer soon, and sound once answered.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use base::Moment;
use phone::{CallRef, CallState, Phone};
use testkit::wire::Glance;
use testkit::world::{Seen, What};
use testkit::{Hearing, PhoneId, World};

use super::{Verdict, broken};

const RULE: &str = "no caller is left in silence";
/// A phone that is gone is given up on after 32 s, and another one may be rung in its place, and a third. One that is
/// there says every minute that it rings, and that may be lost twice. One that said 100 and is gone then is given up on
/// after three minutes (Timer C), and 32 s later its CANCEL is.
const UNANSWERED: Duration = Duration::from_secs(240);
/// Two people, or an announcement; a behaviour may wait for a key meanwhile.
const SILENT: Duration = Duration::from_secs(40);
/// Even when messages are lost, a call that is up for so long is stored.
const STORED: Duration = Duration::from_secs(10);
/// A BYE that was not answered for so long is stored, and said again by the next process.
const SAID: Duration = Duration::from_millis(110);

#[derive(Default)]
pub(super) struct Heard {
    quiet: BTreeMap<(PhoneId, CallRef), (CallState, Moment)>,
    looked: Moment,
    /// Since when calls are up, as far as phones can tell.
    up: BTreeMap<(PhoneId, CallRef), Moment>,
    /// Calls that were not up for long when a process died: it had not stored them yet.
    forgotten: BTreeSet<(PhoneId, CallRef)>,
    /// By Call-ID: when the exchange first said BYE. A process that dies right after may leave it at that.
    goodbyes: BTreeMap<String, Moment>,
    /// Call-IDs whose BYE was not stored yet when a process died.
    unsaid: BTreeSet<String>,
    /// Call-IDs of those who asked to be transferred away: they wait for word, not for sound.
    transferring: BTreeSet<String>,
    /// Who was unplugged: those who spoke to them directly are told when the session timer runs out.
    left: BTreeSet<PhoneId>,
}

impl Heard {
    pub fn see(&mut self, world: &World, seen: &Seen) {
        match &seen.what {
            What::Died => self.forget(world),
            What::Sent { bytes, .. } if bytes.starts_with(b"BYE") => {
                if let Some(glance) = Glance::at(bytes) {
                    self.goodbyes.entry(glance.call_id).or_insert(world.now());
                }
            }
            _ => {}
        }
        if let What::Arrived { bytes, .. } = &seen.what
            && bytes.starts_with(b"REFER")
            && let Some(glance) = Glance::at(bytes)
        {
            self.transferring.insert(glance.call_id);
        }
    }

    fn forget(&mut self, world: &World) {
        let now = world.now();
        let last = |at: &Moment| now.since(*at) < SAID;
        let unsaid = self.goodbyes.iter().filter(|(_, at)| last(at));
        self.unsaid.extend(unsaid.map(|(call_id, _)| call_id.clone()));
        for id in world.phones() {
            let live = world.phone(id).map(Phone::live).unwrap_or_default();
            let lasts = |call: &CallRef| {
                let since = self.up.get(&(id, *call));
                since.is_some_and(|since| world.now().since(*since) > STORED)
            };
            let young: Vec<CallRef> = live.into_iter().filter(|call| !lasts(call)).collect();
            self.forgotten.extend(young.into_iter().map(|call| (id, call)));
        }
    }

    pub fn look(&mut self, world: &World) -> Verdict {
        // A phone that is plugged in again counts its calls from the start.
        self.up.retain(|(id, _), _| world.is_here(*id));
        self.forgotten.retain(|(id, _)| world.is_here(*id));
        self.left.extend(world.phones().filter(|id| !world.is_here(*id)));
        let now = world.now();
        // What sounds between two looks is heard, too.
        let mut quiet = std::mem::take(&mut self.quiet);
        quiet.retain(|(id, call), (state, _)| self.is_quiet(world, *id, *call, *state));
        self.quiet = quiet;
        if now.since(self.looked) < Duration::from_millis(500) {
            return Ok(());
        }
        self.looked = now;
        let mut quiet = BTreeMap::new();
        for id in world.phones().filter(|id| world.is_here(*id)) {
            let Some(phone) = world.phone(id) else {
                continue;
            };
            for call in phone.live() {
                let state = phone.state(call);
                if state == CallState::Up {
                    self.up.entry((id, call)).or_insert(now);
                }
                if self.forgotten.contains(&(id, call)) {
                    continue;
                }
                if self.is_excused(phone, call) || !self.is_quiet(world, id, call, state) {
                    continue;
                }
                let before = self.quiet.get(&(id, call)).filter(|(was, _)| *was == state);
                let since = before.map_or(now, |(_, since)| *since);
                let limit = match state {
                    CallState::Calling => UNANSWERED,
                    _ => SILENT,
                };
                if now.since(since) > limit && world.is_up() {
                    let who = format!("{}/{}", world.tenant_of(id), world.name(id));
                    let call_id = phone.dialog_id(call).map(|(id, _, _)| id).unwrap_or_default();
                    return broken(
                        RULE,
                        format!("{who} is {state:?} and hears nothing since {since}: {call_id}"),
                    );
                }
                quiet.insert((id, call), (state, since));
            }
        }
        self.quiet = quiet;
        Ok(())
    }

    fn is_excused(&self, phone: &Phone, call: CallRef) -> bool {
        let excused = |id: &String| self.transferring.contains(id) || self.unsaid.contains(id);
        phone
            .dialog_id(call)
            .is_some_and(|(call_id, _, _)| excused(&call_id))
    }

    fn is_quiet(&self, world: &World, id: PhoneId, call: CallRef, state: CallState) -> bool {
        match state {
            CallState::Calling => true,
            // Whoever has early media rings by itself no longer.
            CallState::Up | CallState::Ringing => {
                let phone = world.phone(id);
                let theirs = phone.and_then(|phone| phone.theirs(call));
                let ours = phone.and_then(|phone| phone.ours(call));
                let (Some(theirs), Some(ours)) = (theirs, ours) else {
                    return false;
                };
                if ours.direction != "sendrecv" {
                    return false;
                }
                match world.phone_at(theirs.rtp) {
                    // Its own phone was told of another's: it rings by itself when nothing comes from there (RFC 3960 §3.2).
                    Some(_) if state == CallState::Ringing => false,
                    Some(other) => !self.speaks_directly(world, other, ours.rtp),
                    None => world.hears(theirs.rtp) == Hearing::Nothing,
                }
            }
            CallState::Offered | CallState::Answered | CallState::Over => false,
        }
    }

    /// Whether a party has a call that it would send its sound to this address in. Whoever holds plays its own music.
    fn speaks_directly(&self, world: &World, other: PhoneId, rtp: SocketAddr) -> bool {
        let Some(phone) = world.phone(other) else {
            return false;
        };
        let speaks = |call: CallRef| phone.theirs(call).is_some_and(|theirs| theirs.rtp == rtp);
        self.left.contains(&other) || phone.live().into_iter().any(speaks)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use exchange::directory::MediaWay;
    use testkit::Office;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// 201 talks to 202, by itself; then 202 is unplugged and plugged in again.
    #[test]
    fn who_talks_directly_hears_somebody_and_whom_nobody_speaks_to_is_quiet() {
        let office = Office::new("acme").lines(&["201", "202"]);
        let office = office.tenant(|tenant| tenant.media = MediaWay::Direct);
        let mut world = World::new(1, vec![office]);
        let (a, b) = (world.find("201").unwrap(), world.find("202").unwrap());
        for id in [a, b] {
            world.with(id, |phone, now| phone.register(now, 3_600));
        }
        world.run_for(SECOND);
        let call = world.with(a, |phone, now| phone.call(now, "202")).unwrap();
        world.run_for(SECOND);
        let offered = world.calls_in(b, CallState::Offered)[0];
        world.with(b, |phone, now| phone.answer(now, offered));
        world.run_for(SECOND);
        let theirs = world.phone(a).and_then(|phone| phone.theirs(call)).unwrap();
        assert_eq!(world.phone_at(theirs.rtp), Some(b), "nothing in between");

        let quiet = |world: &World, heard: &Heard| heard.is_quiet(world, a, call, CallState::Up);
        let mut heard = Heard::default();
        assert!(!quiet(&world, &heard));
        world.unplug(b);
        world.plug_in(b);
        assert!(quiet(&world, &heard));
        heard.left.insert(b);
        assert!(!quiet(&world, &heard), "nobody could know");
    }
}
