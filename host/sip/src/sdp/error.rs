//! Why a description was not taken.

/// What is wrong with a peer's description, or with taking it here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpError {
    /// Not a session description: which line, and what about it.
    #[error("malformed session description: {0}")]
    Malformed(String),

    /// More than [`MAX_BYTES`](Self::MAX_BYTES), or too many `m=` lines or too long ones.
    #[error("session description is too large")]
    TooLarge,

    /// No audio stream that is not refused itself.
    #[error("no audio stream is offered")]
    NoAudio,

    /// Secured or feedback-only transports: the profile.
    #[error("transport `{0}` is not supported, RTP/AVP is")]
    Transport(String),

    /// No codec in common: what the peer has.
    #[error("no codec in common: offered {0}, supported are PCMA and PCMU")]
    NoCommonCodec(String),

    /// No address, a host name, or an address family that the port does not have.
    #[error("no usable media address: {0}")]
    Address(String),

    /// The peer turned the stream down.
    #[error("the peer refused the audio stream")]
    Refused,

    /// An answer without an offer of ours, or an answer that does not fit it.
    #[error("answer does not match our offer: {0}")]
    Mismatch(&'static str),
}

impl SdpError {
    /// Larger descriptions are refused unread.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// The status to refuse the offer with: the message around it is fine, so it is 488 whatever is wrong
    /// (RFC 3261 §13.3.1.3, §21.4.26), and [`warning`](Self::warning) says what.
    pub const STATUS: u16 = 488;

    /// The code of a Warning header that goes with it (RFC 3261 §20.43).
    pub fn warning(&self) -> u16 {
        match self {
            Self::NoAudio => 304,
            Self::Transport(_) => 302,
            Self::NoCommonCodec(_) => 305,
            Self::Address(_) => 301,
            Self::Malformed(_) | Self::TooLarge | Self::Refused | Self::Mismatch(_) => 399,
        }
    }
}
