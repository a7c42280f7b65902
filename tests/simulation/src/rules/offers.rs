//! One offer at a time in each dialog, and none before the first has its answer (RFC 3264 §4, RFC 3311 §5.1, RFC 6337).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::Moment;
use testkit::wire::Glance;
use testkit::world::{Seen, What};
use testkit::{PhoneId, World};

use super::{Verdict, broken};

const RULE: &str = "one offer at a time";
/// Nobody waits longer for an answer or an ACK (64·T1, Timer F).
const PATIENCE: Duration = Duration::from_secs(32);

/// Call-ID and the peer's tag.
type Name = (String, String);

/// One dialog, as the exchange's side of it must see it.
#[derive(Default)]
struct Talk {
    /// CSeq of the exchange's newest request that changes the session.
    newest: u32,
    /// Its offer that has no answer, or its wish for one.
    ours: Option<(u32, Moment)>,
    /// Its offer in a 2xx that has no ACK.
    in_success: Option<(u32, Moment)>,
    /// CSeq of the peer's newest: one that comes again, or late, asks for nothing.
    newest_theirs: u32,
    /// The peer's offers that have no answer, by CSeq and method.
    theirs: BTreeSet<(u32, String)>,
    /// INVITEs of the peer's that wish for an offer.
    wishes: BTreeSet<u32>,
    /// Something has been agreed on.
    agreed: bool,
    /// The INVITE of the peer's brought an offer, and a reliable answer waits for its PRACK.
    answered: Option<u32>,
}

#[derive(Default)]
pub(super) struct Offers {
    talks: BTreeMap<Name, Talk>,
    /// Phones over TCP that were unplugged: what was sent to them failed at once.
    cut_off: BTreeSet<PhoneId>,
}

impl Offers {
    pub fn see(&mut self, world: &World, seen: &Seen) -> Verdict {
        match &seen.what {
            // The next process knows nothing of what was open.
            What::Died => {
                for talk in self.talks.values_mut() {
                    let agreed = talk.agreed;
                    let (newest, newest_theirs) = (talk.newest, talk.newest_theirs);
                    *talk = Talk {
                        agreed,
                        newest,
                        newest_theirs,
                        ..Talk::default()
                    };
                }
            }
            What::Arrived { bytes, .. } => {
                if let Some(glance) = Glance::at(bytes) {
                    self.arrived(&glance);
                }
            }
            What::Sent { to, bytes } => {
                let Some(glance) = Glance::at(bytes) else {
                    return Ok(());
                };
                let is_cut = |id: &PhoneId| {
                    let over_tcp = world.phone(*id).is_some_and(|phone| phone.config().tcp);
                    over_tcp && !world.is_here(*id)
                };
                self.cut_off.extend(to.filter(is_cut));
                let verdict = self.sent(seen.at, &glance);
                if to.is_none_or(|to| !self.cut_off.contains(&to)) {
                    return verdict;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn arrived(&mut self, glance: &Glance) {
        let tag = match glance.status {
            None => &glance.from_tag,
            Some(_) => &glance.to_tag,
        };
        let talk = self
            .talks
            .entry((glance.call_id.clone(), tag.clone()))
            .or_default();
        match (glance.method.as_str(), glance.status) {
            ("INVITE" | "UPDATE", None) if glance.cseq <= talk.newest_theirs => {}
            ("INVITE" | "UPDATE", None) if glance.has_body => {
                talk.newest_theirs = glance.cseq;
                talk.theirs.insert((glance.cseq, glance.method.clone()));
            }
            ("INVITE", None) => {
                talk.newest_theirs = glance.cseq;
                talk.wishes.insert(glance.cseq);
            }
            ("ACK", None) => {
                talk.in_success.take_if(|(cseq, _)| *cseq == glance.cseq);
            }
            ("PRACK", None) => {
                let rseq = glance.rack.split(' ').next().and_then(|rseq| rseq.parse().ok());
                if rseq.is_some() && talk.answered == rseq {
                    talk.agreed = true;
                    talk.theirs.retain(|(_, method)| method == "UPDATE");
                }
            }
            ("INVITE", Some(101..=199)) => talk.agreed |= glance.rseq.is_some() && glance.has_body,
            ("INVITE" | "UPDATE", Some(status @ 200..)) => {
                talk.ours.take_if(|(cseq, _)| *cseq == glance.cseq);
                talk.agreed |= status < 300;
            }
            _ => {}
        }
    }

    fn sent(&mut self, at: Moment, glance: &Glance) -> Verdict {
        let tag = match glance.status {
            None => &glance.to_tag,
            Some(_) => &glance.from_tag,
        };
        let name = (glance.call_id.clone(), tag.clone());
        let talk = self.talks.entry(name).or_default();
        match (glance.method.as_str(), glance.status) {
            ("INVITE" | "UPDATE", None) if !tag.is_empty() => talk.offers(at, glance),
            ("INVITE", Some(101..=199)) => {
                if glance.has_body && glance.rseq.is_some() {
                    talk.answered = glance.rseq;
                }
                Ok(())
            }
            ("INVITE" | "UPDATE", Some(status @ 200..)) => {
                talk.theirs.remove(&(glance.cseq, glance.method.clone()));
                let wished = glance.method == "INVITE" && talk.wishes.remove(&glance.cseq);
                if status < 300 {
                    talk.agreed = true;
                    if wished && glance.has_body {
                        talk.in_success = Some((glance.cseq, at));
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Talk {
    fn offers(&mut self, at: Moment, glance: &Glance) -> Verdict {
        let is_offer = glance.has_body || glance.method == "INVITE";
        // The same again, or only the session timer's.
        if glance.cseq <= self.newest || !is_offer {
            return Ok(());
        }
        self.newest = glance.cseq;
        let what = format!("{} {} of {}", glance.method, glance.cseq, glance.call_id);
        let open = |one: &Option<(u32, Moment)>| one.filter(|(_, since)| at.since(*since) < PATIENCE);
        if let Some((cseq, _)) = open(&self.ours) {
            return broken(RULE, format!("{what}: {cseq} of its own has no answer"));
        }
        if let Some((cseq, _)) = open(&self.in_success) {
            return broken(
                RULE,
                format!("{what}: the 2xx to {cseq} made an offer, and has no ACK"),
            );
        }
        if let Some((cseq, method)) = self.theirs.first() {
            return broken(
                RULE,
                format!("{what}: {method} {cseq} of the peer's has no answer"),
            );
        }
        if !self.agreed {
            return broken(RULE, format!("{what}: nothing has been agreed on"));
        }
        self.ours = Some((glance.cseq, at));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(start: &str, cseq: u32, method: &str, lines: &str) -> String {
        format!(
            "{start}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{cseq}\r\nFrom: <sip:a@h>;tag=t\r\nTo: <sip:a@h>;tag=t\r\n\
             Call-ID: c\r\nCSeq: {cseq} {method}\r\n{lines}\r\nv=0"
        )
    }

    fn story(of: &[(bool, &str, u32, &str)]) -> Verdict {
        let world = World::new(1, vec![]);
        let mut rule = Offers::default();
        for (sent, start, cseq, method) in of {
            let start = match *start {
                "" => format!("{method} sip:a@h SIP/2.0"),
                status => format!("SIP/2.0 {status} So"),
            };
            let bytes = message(&start, *cseq, method, "RSeq: 1\r\n").into();
            let what = match sent {
                true => What::Sent { to: None, bytes },
                false => What::Arrived {
                    from: PhoneId(0),
                    bytes,
                },
            };
            let at = Moment::ZERO;
            rule.see(&world, &Seen { at, what })?;
        }
        Ok(())
    }

    #[test]
    fn two_offers_at_once_are_noticed() {
        let agreed = (false, "183", 1, "INVITE");
        let (ours, answer) = ((true, "", 2, "UPDATE"), (false, "200", 2, "UPDATE"));
        let next = (true, "", 3, "INVITE");
        assert!(story(&[agreed, ours, ours, answer, next]).is_ok());
        assert!(story(&[agreed, ours, next]).is_err());
        assert!(story(&[ours]).is_err(), "before the first answer");
        let theirs = (false, "", 9, "UPDATE");
        assert!(story(&[agreed, theirs, ours]).is_err());
        assert!(story(&[agreed, theirs, (true, "200", 9, "UPDATE"), ours]).is_ok());
    }
}
