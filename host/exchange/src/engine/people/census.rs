//! Counting what there is.

use crate::engine::Exchange;
use crate::engine::sound::PortPairs;

impl Exchange {
    /// What there is, for metrics and tests of leaks.
    pub fn census(&self) -> Census {
        let ports = [&self.ports_v4, &self.ports_v6];
        Census {
            calls: self.calls.len(),
            legs: self.legs.len(),
            sessions: self.sessions.len(),
            custodies: self.custodies.len(),
            dials: self.dials.len(),
            asks: self.asks.len(),
            timers: self.timers.len(),
            ports: ports.into_iter().flatten().map(PortPairs::in_use).sum(),
            usages: self.sip.live_usages(),
            subscriptions: self.sip.live_subscriptions(),
            late_decisions: self.late_decisions,
        }
    }
}

/// How much of everything there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    pub calls: usize,
    pub legs: usize,
    pub sessions: usize,
    pub custodies: usize,
    pub dials: usize,
    /// Events that behaviours are working on.
    pub asks: usize,
    pub timers: usize,
    /// RTP port pairs in use.
    pub ports: usize,
    /// INVITE usages of the SIP stack.
    pub usages: usize,
    /// Watchers of lines.
    pub subscriptions: usize,
    /// Answers that came too late, since the start.
    pub late_decisions: u64,
}
