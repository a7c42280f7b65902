//! Whose packets a port takes, and where it sends its own (see [`Latching`] for the rules).
//!
//! ```text
//! Loose --valid RTP from an allowed source--> Held(source)
//! Held  --its source silent for relatch_after, then another port of its host--> Held(other)
//! Held  --RTP from the negotiated address--> Held(negotiated)
//! any   --new negotiated address--> Loose
//! ```

use std::net::SocketAddr;
use std::time::Duration;

use base::Moment;

use crate::Latching;

/// What to do with a packet, by its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// From whom we listen to.
    Known,
    /// From now on this is whom we listen to, and send to.
    Latched,
    /// Somebody else's.
    Foreign,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    source: SocketAddr,
    heard: Moment,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Latch {
    rule: Latching,
    negotiated: Option<SocketAddr>,
    held: Option<Held>,
}

impl Latch {
    pub fn new(rule: Latching) -> Self {
        Self {
            rule,
            negotiated: None,
            held: None,
        }
    }

    /// A negotiated address, after an offer and answer. The same again changes nothing.
    pub fn negotiated(&mut self, remote: Option<SocketAddr>) {
        if self.negotiated != remote {
            // No address means a hold: whoever spoke before may speak on afterwards.
            if remote.is_some() {
                self.held = None;
            }
            self.negotiated = remote;
        }
    }

    /// Judges the source of a packet that is valid RTP of a negotiated payload type.
    pub fn admit(&mut self, now: Moment, source: SocketAddr) -> Verdict {
        if let Some(held) = &mut self.held
            && held.source == source
        {
            held.heard = now;
            return Verdict::Known;
        }
        if !self.may_take(now, source) {
            return Verdict::Foreign;
        }
        self.held = Some(Held { source, heard: now });
        Verdict::Latched
    }

    /// Whether a packet comes from the host that we listen to; enough for RTCP, whose port may be any.
    pub fn is_host(&self, source: SocketAddr) -> bool {
        self.remote().is_some_and(|remote| remote.ip() == source.ip())
    }

    /// Where our RTP goes.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.held.map(|held| held.source).or(self.negotiated)
    }

    fn may_take(&self, now: Moment, source: SocketAddr) -> bool {
        if self.negotiated == Some(source) {
            return true;
        }
        let of_negotiated = || {
            self.negotiated
                .is_some_and(|negotiated| negotiated.ip() == source.ip())
        };
        let (allowed, relatch_after) = match self.rule {
            Latching::Off => return false,
            Latching::Any { relatch_after } => (true, relatch_after),
            Latching::SameHost { relatch_after } => (of_negotiated(), relatch_after),
        };
        // Once somebody is held, silence lets another port of the same host in (a NAT that forgot its mapping),
        // never a third host: it would only have to wait for a pause to be heard and spoken to.
        allowed
            && self.held.is_none_or(|held| {
                let same_host = held.source.ip() == source.ip() || of_negotiated();
                same_host && is_silent(held, now, relatch_after)
            })
    }
}

fn is_silent(held: Held, now: Moment, relatch_after: Duration) -> bool {
    now.since(held.heard) >= relatch_after
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str = "192.0.2.1:4000";
    const NAT: &str = "198.51.100.7:30000";
    const THIRD: &str = "203.0.113.66:6666";

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn secs(secs: u64) -> Moment {
        Moment::from_secs(secs)
    }

    fn latch(rule: Latching) -> Latch {
        let mut latch = Latch::new(rule);
        latch.negotiated(Some(at(PHONE)));
        latch
    }

    #[test]
    fn the_first_source_latches_and_others_are_foreign() {
        let mut latch = latch(Latching::default());
        assert_eq!(latch.remote(), Some(at(PHONE)));
        assert_eq!(latch.admit(secs(1), at(NAT)), Verdict::Latched);
        assert_eq!(latch.admit(secs(1), at(NAT)), Verdict::Known);
        assert_eq!(latch.admit(secs(2), at(THIRD)), Verdict::Foreign);
        assert_eq!(latch.remote(), Some(at(NAT)));
    }

    #[test]
    fn the_negotiated_address_takes_its_stream_back() {
        let mut latch = latch(Latching::default());
        assert_eq!(latch.admit(secs(1), at(THIRD)), Verdict::Latched);
        assert_eq!(latch.admit(secs(1), at(PHONE)), Verdict::Latched);
        assert_eq!(latch.admit(secs(1), at(THIRD)), Verdict::Foreign);
    }

    #[test]
    fn a_silent_source_loses_its_latch() {
        let mut latch = latch(Latching::default());
        latch.admit(secs(1), at(NAT));
        assert_eq!(latch.admit(secs(5), at("198.51.100.7:30002")), Verdict::Foreign);
        assert_eq!(latch.admit(secs(6), at("198.51.100.7:30002")), Verdict::Latched);
    }

    #[test]
    fn a_third_host_never_gets_in_without_a_new_description() {
        let mut latch = latch(Latching::default());
        latch.admit(secs(1), at(NAT));
        for later in [7, 60, 3_600] {
            assert_eq!(latch.admit(secs(later), at(THIRD)), Verdict::Foreign, "{later} s");
        }
        assert_eq!(latch.remote(), Some(at(NAT)));
        // The host that was negotiated may, whatever port it speaks from.
        assert_eq!(latch.admit(secs(3_601), at("192.0.2.1:4002")), Verdict::Latched);
        latch.negotiated(Some(at("192.0.2.9:4000")));
        assert_eq!(latch.admit(secs(3_602), at(THIRD)), Verdict::Latched);
    }

    #[test]
    fn a_new_negotiated_address_loosens_but_the_same_does_not() {
        let mut latch = latch(Latching::default());
        latch.admit(secs(1), at(NAT));
        latch.negotiated(Some(at(PHONE)));
        assert_eq!(latch.remote(), Some(at(NAT)));
        latch.negotiated(Some(at("192.0.2.9:4000")));
        assert_eq!(latch.remote(), Some(at("192.0.2.9:4000")));
    }

    #[test]
    fn without_latching_only_the_negotiated_address_speaks() {
        let mut latch = latch(Latching::Off);
        assert_eq!(latch.admit(secs(1), at(NAT)), Verdict::Foreign);
        assert_eq!(latch.admit(secs(1), at(PHONE)), Verdict::Latched);
    }

    #[test]
    fn same_host_allows_another_port_only() {
        let mut latch = latch(Latching::SameHost {
            relatch_after: Duration::from_secs(5),
        });
        assert_eq!(latch.admit(secs(1), at(NAT)), Verdict::Foreign);
        assert_eq!(latch.admit(secs(1), at("192.0.2.1:5555")), Verdict::Latched);
    }
}
