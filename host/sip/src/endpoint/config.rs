//! What an endpoint is told once, at its start.

use std::net::SocketAddr;
use std::time::Duration;

/// Settings of an [`Endpoint`](super::Endpoint). The default fits a server on a clean network.
#[derive(Clone, Debug)]
pub struct Config {
    /// Said in User-Agent and Server; empty to say nothing.
    pub product: String,
    /// Every address that requests may be sent to us at. Used to see our own Via come back
    /// (RFC 3261 §16.3) and our own address in a strict route (§16.4); paths carry the address
    /// that is written into messages.
    pub addresses: Vec<SocketAddr>,
    /// Methods outside of dialogs that are handed up as [`Event::Request`](super::Event::Request).
    /// INVITE, ACK, CANCEL, BYE, PRACK and UPDATE are the endpoint's own; any other method gets 405.
    pub handles: Vec<String>,
    /// Methods inside of dialogs that are handed up as [`Event::InDialog`](super::Event::InDialog).
    pub handles_in_dialog: Vec<String>,
    /// Body types taken; another one gets 415 unless its disposition is optional.
    pub accepts: Vec<String>,
    /// Option tags that the user of the endpoint implements, beside `100rel`, `timer`: what
    /// a Require may name without getting 420.
    pub supports: Vec<String>,
    /// Event packages (RFC 6665) that others may subscribe to here, by [`Event::Subscribing`](super::Event::Subscribing);
    /// with none, SUBSCRIBE is a method like others.
    pub packages: Vec<String>,
    pub subscription: SubscriptionPolicy,
    pub timers: Timers,
    pub session_timer: SessionTimer,
    pub limits: Limits,
    /// Longest wait for a final response to an INVITE of ours, from its first provisional
    /// response; then it is cancelled. RFC 3261's Timer C asks a proxy for more than 3 min.
    pub ring_limit: Duration,
    /// Longest time that a caller is kept waiting with provisional responses, about: whoever has left without a word
    /// would wait for ever. Then 480.
    pub wait_limit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            product: "Cordboard".to_owned(),
            addresses: Vec::new(),
            handles: names(&["REGISTER", "OPTIONS", "MESSAGE", "NOTIFY", "PUBLISH"]),
            handles_in_dialog: names(&["INFO", "MESSAGE", "REFER", "NOTIFY", "SUBSCRIBE"]),
            accepts: names(&["application/sdp", "multipart/mixed", "application/dtmf-relay"]),
            supports: names(&[
                "replaces",
                "join",
                "path",
                "outbound",
                "norefersub",
                "tdialog",
                "histinfo",
            ]),
            packages: Vec::new(),
            subscription: SubscriptionPolicy::default(),
            timers: Timers::default(),
            session_timer: SessionTimer::default(),
            limits: Limits::default(),
            ring_limit: Duration::from_secs(185),
            wait_limit: Duration::from_secs(20 * 60),
        }
    }
}

/// The base values that every other timer is a multiple of (RFC 3261 table 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Estimate of the round trip, 500 ms.
    pub t1: Duration,
    /// Longest gap between repeats of a non-INVITE request or an INVITE response, 4 s.
    pub t2: Duration,
    /// How long a message may stay in the network, 5 s.
    pub t4: Duration,
}

impl Timers {
    /// 64·T1: how long one side waits for the other before it gives up.
    pub const fn patience(&self) -> Duration {
        self.t1.saturating_mul(64)
    }
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
        }
    }
}

/// Session timers (RFC 4028).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimer {
    /// Asked for in our INVITEs and put into 2xx to peers that support timers; none to ask for
    /// none (what a peer asks for is still honoured). Whole seconds.
    pub interval: Option<Duration>,
    /// Shortest interval that is accepted from a peer; less gets 422. At least 90 s.
    pub min_se: Duration,
}

impl Default for SessionTimer {
    fn default() -> Self {
        Self {
            interval: Some(Duration::from_secs(1_800)),
            min_se: Duration::from_secs(90),
        }
    }
}

/// How long others may subscribe for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionPolicy {
    /// Less gets 423, except zero.
    pub min_expires: Duration,
    /// When a SUBSCRIBE does not say.
    pub default_expires: Duration,
    /// More is shortened.
    pub max_expires: Duration,
}

impl Default for SubscriptionPolicy {
    fn default() -> Self {
        Self {
            min_expires: Duration::from_secs(60),
            default_expires: Duration::from_secs(3_600),
            max_expires: Duration::from_secs(7_200),
        }
    }
}

/// Bounds of every table that a peer can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Server transactions of both kinds; beyond them new requests get 503 without any memory
    /// being kept.
    pub server_transactions: usize,
    /// Answers per second to requests of which nothing is kept (that 503, and refusals of what cannot
    /// be read); beyond them there is silence, so that a flood is not sent back.
    pub stateless_answers: u32,
    /// Client transactions of both kinds; beyond them commands fail with
    /// [`CommandError::Full`](super::CommandError::Full).
    pub client_transactions: usize,
    /// INVITE usages of both roles; a caller beyond them gets 503.
    pub usages: usize,
    /// Subscriptions of both roles; a subscriber beyond them gets 503.
    pub subscriptions: usize,
    /// Early dialogs followed per INVITE of ours; provisional responses of further ones are dropped.
    pub forks: usize,
    /// Requests of one dialog that wait for [`respond`](super::Endpoint::respond); more get 500.
    pub pending_in_dialog: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            server_transactions: 200_000,
            stateless_answers: 1_000,
            client_transactions: 200_000,
            usages: 120_000,
            subscriptions: 200_000,
            forks: 8,
            pending_in_dialog: 8,
        }
    }
}
