//! Session descriptions (RFC 8866) and the offer/answer model (RFC 3264) for one audio stream.
//!
//! [`Negotiation`] is one leg's side of offer/answer: it writes our offers and answers, keeps the `o=` version,
//! and turns what the peer says into an [`Agreed`] stream. [`Offer`] and [`Answer`] are the peer's, read and checked.
//!
//! Audio over RTP/AVP with G.711 and telephone-event. Other `m=` lines are refused with port 0, in
//! their place; a secured stream (RTP/SAVP) is refused with a reason. Out of scope: ICE, SDES, DTLS, video,
//! multicast, preconditions. Descriptions that only pass through, from one party to another, may hold all of these:
//! see [`Negotiation::relay`] and [`Outline`].

mod agreed;
mod declined;
mod error;
mod local;
mod negotiation;
mod print;
mod relay;
mod remote;

pub use agreed::{Agreed, Codec, Direction, PayloadTypes};
pub use declined::declined;
pub use error::SdpError;
pub use local::Local;
pub use negotiation::Negotiation;
pub use relay::Outline;
pub use remote::{Answer, Offer};
