//! Descriptions that pass through: one party's, handed to the other.
//!
//! Nothing of them is understood but where they point and whether they hold ([`Outline`]), so codecs, encryption and
//! streams that are unknown here pass too. Only `o=` is replaced, by [`Negotiation::relay`](super::Negotiation::relay).

use std::net::IpAddr;

use super::remote::{Section, address, direction, is_audio, read};
use super::{Direction, SdpError};

/// What one has to know of a description that is passed on, whatever it describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Where the streams that are not refused shall come to; unspecified ones, an old way of holding, are left out.
    pub addresses: Vec<IpAddr>,
    /// The party does not listen: the first stream, audio if there is any, is one-way or goes nowhere.
    pub holds: bool,
}

impl Outline {
    /// # Errors
    ///
    /// If it is no session description, or a stream has no IP address of its own.
    pub fn read(bytes: &[u8]) -> Result<Self, SdpError> {
        let session = read(bytes)?;
        let mut addresses = Vec::new();
        let mut told = None;
        for media in session.medias.iter().filter(|media| media.port != 0) {
            let ip = address(&session, media)?;
            if !ip.is_unspecified() && !addresses.contains(&ip) {
                addresses.push(ip);
            }
            let way = direction(&media.attributes)
                .or_else(|| direction(&session.attributes))
                .unwrap_or(Direction::SendRecv);
            let holds = ip.is_unspecified() || !way.receives();
            match told {
                None => told = Some((is_audio(media), holds)),
                Some((false, _)) if is_audio(media) => told = Some((true, holds)),
                Some(_) => {}
            }
        }
        Ok(Self {
            addresses,
            holds: told.is_some_and(|(_, holds)| holds),
        })
    }
}

/// A description in three parts: what is before the value of `o=`, and what is behind it.
pub(super) fn around_origin(description: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut start = 0;
    for line in description.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"o=") {
            let end = start + line.trim_ascii_end().len();
            return Some((description.get(..start + 2)?, description.get(end..)?));
        }
        start += line.len();
    }
    None
}

/// The value of `o=`, in a description as we keep it.
pub(super) fn origin(sent: &str) -> Option<&str> {
    sent.lines().find_map(|line| line.strip_prefix("o="))
}

/// The streams of a description that was sent, and whether they are in use: a later one has the same in the same places
/// (RFC 3264 §8).
pub(super) fn streams(sent: &str) -> Vec<(Section, bool)> {
    let section = |line: &str| {
        let mut words = line.strip_prefix("m=")?.splitn(4, ' ');
        let (media, port) = (words.next()?, words.next()?);
        let section = Section {
            media: media.to_owned(),
            profile: words.next()?.to_owned(),
            formats: words.next()?.trim_end().to_owned(),
        };
        Some((section, port != "0"))
    };
    sent.lines().filter_map(section).collect()
}

/// The number that telephone-events have in a description that was sent, else one that means nothing else there: a
/// number keeps its meaning as long as a session lasts (RFC 3264 §8.3.2).
pub(super) fn events_number(sent: &str, usual: u8) -> u8 {
    let mappings = || {
        let mapped = sent.lines().filter_map(|line| line.strip_prefix("a=rtpmap:"));
        mapped.filter_map(|line| {
            let (number, encoding) = line.trim().split_once(' ')?;
            Some((number.parse::<u8>().ok()?, encoding.trim()))
        })
    };
    let events = mappings().find(|(_, encoding)| encoding.eq_ignore_ascii_case("telephone-event/8000"));
    if let Some((number, _)) = events {
        return number;
    }
    let is_free = |number: &u8| mappings().all(|(taken, _)| taken != *number);
    (usual..=127).chain(96..usual).find(is_free).unwrap_or(usual)
}
