//! Counters of one port.

use std::time::Duration;

/// What a port has seen since it was opened. Loss and jitter as RFC 3550 §6.4 and appendix A define them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub packets_sent: u64,
    pub bytes_sent: u64,
    pub packets_received: u64,
    pub bytes_received: u64,
    /// Expected but never seen; duplicates count against it, so it may be below zero.
    pub packets_lost: i64,
    /// Mean deviation of packet spacing as it came in.
    pub jitter: Duration,
    /// Our stream as the party reports it: share lost lately, of 256.
    pub remote_fraction_lost: u8,
    pub remote_packets_lost: i32,
    pub remote_jitter: Duration,
    /// There and back, when the party sends RTCP.
    pub round_trip: Option<Duration>,
    /// Not RTP or RTCP at all, or cut short.
    pub malformed: u64,
    /// From another source than the one latched.
    pub foreign: u64,
    /// RTP of a payload type that was not negotiated (comfort noise is tolerated and not counted).
    pub unknown_payload: u64,
}
