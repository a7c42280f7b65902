//! What an exchange is told once, at its start.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use contract::Limits;
use sip::endpoint::Path;

/// Settings of an [`Exchange`](crate::Exchange).
#[derive(Clone, Debug)]
pub struct Config {
    /// The SIP stack's. `addresses` holds every address that phones reach us at.
    pub sip: sip::endpoint::Config,
    pub media: MediaConfig,
    /// Where requests leave from when nothing else tells: the local addresses that we send from, the first
    /// of a transport and address family wins. Only `transport` and `local` are read.
    pub sources: Vec<Path>,
    /// What one event may cost a behaviour.
    pub limits: Limits,
    /// How long an answer is waited for, from the moment at which the event left: the time on the worker
    /// and the way there and back. Then the failure ladder goes on.
    pub patience: Duration,
    /// How often a call may be sent on from number to number (R74), whatever its tenant's own limit is.
    pub max_hops: u32,
    /// Events that may wait for one session; more end the session with the failure ladder.
    pub mailbox: usize,
    /// Sessions at once.
    pub max_sessions: usize,
    /// Calls up or being set up in this exchange; a caller beyond them gets 503.
    pub max_calls: usize,
    /// How long a device rings when nobody says anything else.
    pub ring_for: Duration,
    /// Registration intervals, whole seconds.
    pub registration: Registration,
    /// Whether calls that are up, and the sessions that hold them, are stored so that they survive the process.
    pub keep_calls: bool,
    /// How long changes of calls and sessions gather before they are written, at most: what a crash may cost of them. What is over
    /// in half that time is never written.
    pub keep_after: Duration,
    /// Whether every SIP message is reported. Costs one allocation each.
    pub report_messages: bool,
}

/// Bounds of what a phone may ask for (RFC 3261 §10.3 step 7).
#[derive(Clone, Copy, Debug)]
pub struct Registration {
    pub default: Duration,
    /// Less is refused with 423.
    pub min: Duration,
    pub max: Duration,
}

/// Addresses that phones send their sound to.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    pub v4: Option<IpAddr>,
    pub v6: Option<IpAddr>,
    /// Further addresses of either family, when one has not enough ports: two for each leg of a call.
    pub more: Vec<IpAddr>,
    /// Even ports for RTP, the odd ones after them for RTCP.
    pub ports: RangeInclusive<u16>,
    pub latching: media::Latching,
    /// A call without sound for so long is ended; none for never.
    pub silence: Option<Duration>,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            v4: None,
            v6: None,
            more: Vec::new(),
            ports: 20_000..=29_999,
            latching: media::Latching::default(),
            silence: Some(Duration::from_secs(120)),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sip: sip::endpoint::Config::default(),
            media: MediaConfig::default(),
            sources: Vec::new(),
            limits: Limits::default(),
            patience: Duration::from_millis(500),
            max_hops: 70,
            mailbox: 256,
            max_sessions: 200_000,
            max_calls: 120_000,
            ring_for: Duration::from_secs(60),
            registration: Registration {
                default: Duration::from_secs(600),
                min: Duration::from_secs(60),
                max: Duration::from_secs(7_200),
            },
            keep_calls: true,
            keep_after: Duration::ZERO,
            report_messages: true,
        }
    }
}
