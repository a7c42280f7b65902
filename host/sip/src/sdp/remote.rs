//! A peer's description, read and checked (RFC 8866, RFC 3264 §5).
//!
//! Reading is lenient where phones are careless (line order, Latin-1 names, missing `s=` or `t=`) and strict where a
//! wrong guess would send audio to the wrong place.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sdp_types::{Attribute, Connection, Media, Session};
use serde::{Deserialize, Serialize};

use super::{Codec, Direction, SdpError};

/// More `m=` lines than any telephone sends.
const MAX_SECTIONS: usize = 16;

/// What their `m=` lines may say together, in bytes: our answers and later offers repeat it, and must not be too large for
/// a reader like this one.
const MAX_REPEATED: usize = 4 * 1_024;

/// One format of an `m=` line that we understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Format {
    pub codec: Codec,
    pub payload_type: u8,
}

/// The peer's side of the audio stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Audio {
    /// None when the address is unspecified: an old way of holding.
    pub remote: Option<SocketAddr>,
    pub rtcp: Option<SocketAddr>,
    pub rtcp_mux: bool,
    /// As the peer sees it.
    pub direction: Direction,
    /// In the peer's order of preference; not empty.
    pub formats: Vec<Format>,
    pub events: Option<u8>,
    pub packet_time: Option<Duration>,
    /// `RTP/AVP`, or `RTP/AVPF` whose feedback is optional for us to send.
    pub profile: String,
}

/// An `m=` line that we do not take, repeated in the answer with port 0 (RFC 3264 §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Section {
    pub media: String,
    pub profile: String,
    pub formats: String,
}

/// A peer's offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub(super) audio: Audio,
    /// Every `m=` line in order; `chosen` is the one that `audio` stands for.
    pub(super) sections: Vec<Section>,
    pub(super) chosen: usize,
}

impl Offer {
    /// Reads an offer and picks the first audio stream that we can take.
    ///
    /// # Errors
    ///
    /// Says what is wrong, and with which status to refuse ([`SdpError::STATUS`]).
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        let session = read(bytes)?;
        let mut first_error = None;
        for (chosen, media) in session.medias.iter().enumerate() {
            if !is_audio(media) || media.port == 0 {
                continue;
            }
            match Audio::read(&session, media) {
                Ok(audio) => {
                    return Ok(Self {
                        audio,
                        sections: sections(&session),
                        chosen,
                    });
                }
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or(SdpError::NoAudio))
    }

    /// Codecs in the peer's order of preference.
    pub fn codecs(&self) -> Vec<Codec> {
        self.audio.formats.iter().map(|format| format.codec).collect()
    }

    /// The peer takes telephone-events (RFC 4733).
    pub fn takes_events(&self) -> bool {
        self.audio.events.is_some()
    }

    /// The offer holds us: the peer will not listen.
    pub fn holds(&self) -> bool {
        self.audio.remote.is_none() || !self.audio.direction.receives()
    }
}

/// A peer's answer to an offer of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub(super) audio: Audio,
}

impl Answer {
    /// Reads an answer: of its audio streams the first that is not refused, for we offer one.
    ///
    /// # Errors
    ///
    /// [`SdpError::Refused`] if the stream was turned down.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        let session = read(bytes)?;
        let mut audio = session.medias.iter().filter(|media| is_audio(media)).peekable();
        if audio.peek().is_none() {
            return Err(SdpError::Mismatch("it has no audio stream"));
        }
        let media = audio.find(|media| media.port != 0).ok_or(SdpError::Refused)?;
        Ok(Self {
            audio: Audio::read(&session, media)?,
        })
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Session, SdpError> {
    if bytes.len() > SdpError::MAX_BYTES {
        return Err(SdpError::TooLarge);
    }
    // Session names in Latin-1 are seen in the wild; nothing that we use is outside of ASCII.
    let text = String::from_utf8_lossy(bytes);
    let session = Session::parse(text.as_bytes()).map_err(|error| SdpError::Malformed(error.to_string()))?;
    let repeated = |media: &Media| media.media.len() + media.proto.len() + media.fmt.len();
    let size: usize = session.medias.iter().map(repeated).sum();
    if session.medias.len() > MAX_SECTIONS || size > MAX_REPEATED {
        return Err(SdpError::TooLarge);
    }
    Ok(session)
}

pub(super) fn sections(session: &Session) -> Vec<Section> {
    let section = |media: &Media| Section {
        media: media.media.clone(),
        profile: media.proto.clone(),
        formats: media.fmt.clone(),
    };
    session.medias.iter().map(section).collect()
}

pub(super) fn is_audio(media: &Media) -> bool {
    media.media.eq_ignore_ascii_case("audio")
}

impl Audio {
    fn read(session: &Session, media: &Media) -> Result<Self, SdpError> {
        if !matches!(media.proto.as_str(), "RTP/AVP" | "RTP/AVPF") {
            return Err(SdpError::Transport(media.proto.clone()));
        }
        let ip = address(session, media)?;
        let attribute =
            |name: &str| value(&media.attributes, name).or_else(|| value(&session.attributes, name));
        let formats = formats(media);
        if formats.is_empty() {
            return Err(SdpError::NoCommonCodec(media.fmt.clone()));
        }
        Ok(Self {
            remote: (!ip.is_unspecified()).then(|| SocketAddr::new(ip, media.port)),
            rtcp: value(&media.attributes, "rtcp").and_then(|value| rtcp(value, ip)),
            rtcp_mux: value(&media.attributes, "rtcp-mux").is_some(),
            direction: direction(&media.attributes)
                .or_else(|| direction(&session.attributes))
                .unwrap_or_default(),
            formats,
            events: events(media),
            packet_time: attribute("ptime").and_then(packet_time),
            profile: media.proto.clone(),
        })
    }
}

/// The stream's own `c=` line, else the session's (RFC 8866 §5.7).
pub(super) fn address(session: &Session, media: &Media) -> Result<IpAddr, SdpError> {
    let connection = media
        .connections
        .first()
        .or(session.connection.as_ref())
        .ok_or_else(|| SdpError::Address("there is no c= line".into()))?;
    let ip = connection_ip(connection)?;
    if ip.is_multicast() {
        return Err(SdpError::Address(format!("{ip} is a multicast address")));
    }
    Ok(ip)
}

fn connection_ip(connection: &Connection) -> Result<IpAddr, SdpError> {
    let ip = connection
        .try_address()
        .map_err(|error| SdpError::Address(error.to_string()))?
        .ip;
    let family_fits = match &connection.addrtype {
        sdp_types::AddrType::Ip4 => ip.is_ipv4(),
        sdp_types::AddrType::Ip6 => ip.is_ipv6(),
        sdp_types::AddrType::Other(_) => false,
    };
    if !family_fits {
        return Err(SdpError::Address(format!("{ip} is not of its address type")));
    }
    Ok(ip)
}

fn value<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a str> {
    attributes
        .iter()
        .find(|attribute| attribute.attribute.eq_ignore_ascii_case(name))
        .map(|attribute| attribute.value.as_deref().unwrap_or_default())
}

pub(super) fn direction(attributes: &[Attribute]) -> Option<Direction> {
    attributes
        .iter()
        .find_map(|attribute| match attribute.attribute.as_str() {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        })
}

/// `a=rtcp:port [IN IP4 address]` (RFC 3605 §2.1).
fn rtcp(value: &str, ip: IpAddr) -> Option<SocketAddr> {
    let mut words = value.split_ascii_whitespace();
    let port = words.next()?.parse().ok().filter(|port| *port != 0)?;
    let ip = match words.nth(2) {
        Some(address) => address.parse().ok()?,
        None => ip,
    };
    Some(SocketAddr::new(ip, port))
}

/// Whole milliseconds; RFC 4566 phones wrote fractions for other codecs.
fn packet_time(value: &str) -> Option<Duration> {
    let millis: f32 = value.trim().parse().ok()?;
    (1.0..=200.0)
        .contains(&millis)
        .then(|| Duration::from_millis(millis as u64))
}

fn payload_types(media: &Media) -> impl Iterator<Item = u8> + '_ {
    media
        .fmt
        .split_ascii_whitespace()
        .filter_map(|word| word.parse().ok())
        .filter(|pt| *pt < 128)
}

/// G.711 formats in the order of the `m=` line; a static payload type needs no `a=rtpmap`.
fn formats(media: &Media) -> Vec<Format> {
    let mut formats: Vec<Format> = Vec::new();
    for payload_type in payload_types(media) {
        let codec = match encoding(media, payload_type) {
            Some(encoding) => codec_named(encoding),
            None if payload_type == Codec::Pcma.payload_type() => Some(Codec::Pcma),
            None if payload_type == Codec::Pcmu.payload_type() => Some(Codec::Pcmu),
            None => None,
        };
        let Some(codec) = codec else { continue };
        if formats.iter().all(|format| format.codec != codec) {
            formats.push(Format { codec, payload_type });
        }
    }
    formats
}

/// The first telephone-event format with our clock rate; others belong to wide-band codecs.
fn events(media: &Media) -> Option<u8> {
    payload_types(media).find(|payload_type| {
        encoding(media, *payload_type)
            .is_some_and(|encoding| encoding.eq_ignore_ascii_case("telephone-event/8000"))
    })
}

/// `NAME/rate[/channels]` of a payload type.
fn encoding(media: &Media, payload_type: u8) -> Option<&str> {
    media
        .attributes
        .iter()
        .filter(|attribute| attribute.attribute == "rtpmap")
        .find_map(|attribute| {
            let (number, encoding) = attribute.value.as_deref()?.trim().split_once(' ')?;
            (number.parse::<u8>().ok()? == payload_type).then(|| encoding.trim())
        })
}

fn codec_named(encoding: &str) -> Option<Codec> {
    let encoding = encoding.strip_suffix("/1").unwrap_or(encoding);
    [Codec::Pcma, Codec::Pcmu].into_iter().find(|codec| {
        encoding
            .split_once('/')
            .is_some_and(|(name, rate)| name.eq_ignore_ascii_case(codec.name()) && rate == "8000")
    })
}
