//! One leg's offer/answer exchange (RFC 3264), over and over for the life of the leg.
//!
//! ```text
//! Stable --offer()--> Offered --accept_answer()/withdraw()--> Stable
//! Stable --answer()-> Stable
//! ```
//!
//! Both offers crossing (glare) is SIP's to solve (491, RFC 3261 §14.1): by then the offer is withdrawn.

use std::net::IpAddr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::print::{Description, Stream, with_version};
use super::relay::{around_origin, events_number, origin, streams};
use super::remote::{Audio, Format, Section};
use super::{Agreed, Answer, Codec, Direction, Local, Offer, PayloadTypes, SdpError};

/// What most phones use; any dynamic number would do.
const EVENTS_PAYLOAD_TYPE: u8 = 101;

/// Our side of the offers and answers of one leg. Can be stored and goes on after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Negotiation {
    /// `o=` session id; the same for the life of the leg.
    id: u64,
    /// `o=` version of the last description that we sent; grows by one when it changes (RFC 3264 §8).
    version: u64,
    /// The last description that we sent, without its version.
    sent: Option<String>,
    /// An offer of ours that waits for its answer.
    offered: Option<Local>,
    /// What we put into offers for telephone-event; once a peer used another number, that one.
    events: u8,
    agreed: Option<Agreed>,
}

impl Negotiation {
    /// `id` is unique for the user agent and goes into the `o=` line.
    pub fn new(id: u64) -> Self {
        // Some peers read both numbers as signed 32 or 64 bits.
        let id = id & 0x7fff_ffff_ffff_ffff;
        Self {
            id,
            version: 0,
            sent: None,
            offered: None,
            events: EVENTS_PAYLOAD_TYPE,
            agreed: None,
        }
    }

    /// What was agreed on last.
    pub fn agreed(&self) -> Option<&Agreed> {
        self.agreed.as_ref()
    }

    /// An offer of ours waits for its answer.
    pub fn is_offering(&self) -> bool {
        self.offered.is_some()
    }

    /// Writes an offer: in an INVITE, in the 2xx to an INVITE without one, in a re-INVITE to hold or resume.
    /// Replaces an offer that was not answered yet.
    pub fn offer(&mut self, local: Local) -> Bytes {
        let formats = local
            .codecs
            .iter()
            .map(|codec| Format {
                codec: *codec,
                payload_type: codec.payload_type(),
            })
            .collect::<Vec<_>>();
        let before = self.sent.as_deref().map(streams).unwrap_or_default();
        if self.agreed.is_none()
            && let Some(sent) = &self.sent
        {
            self.events = events_number(sent, self.events);
        }
        let mut description = Description::new(self.id, local.address.ip());
        let ours = Stream {
            local: &local,
            formats: &formats,
            events: Some(self.events),
            direction: local.direction,
            profile: "RTP/AVP",
            rtcp_mux: false,
        };
        // What other parties had agreed on through us stays in its place, refused (RFC 3264 §8.2).
        let audio = |used: bool| {
            let is_it = |(section, in_use): &(Section, bool)| section.media == "audio" && *in_use == used;
            before.iter().position(is_it)
        };
        let place = audio(true).or_else(|| audio(false));
        for (position, (section, _)) in before.iter().enumerate() {
            if Some(position) == place {
                description.stream(&ours);
            } else {
                description.refused(section);
            }
        }
        if place.is_none() {
            description.stream(&ours);
        }
        self.offered = Some(local);
        self.print(description)
    }

    /// Another party's description, to be sent to this one in the place of ours: the same bytes but for `o=`,
    /// which stays ours, so that its version rises with each change and a description of our own can follow (RFC 3264
    /// §8). `at` is the address that `o=` names, as long as nothing was sent.
    ///
    /// # Errors
    ///
    /// [`SdpError::Malformed`] without an `o=` line, [`SdpError::TooLarge`].
    pub fn relay(&mut self, theirs: &[u8], at: IpAddr) -> Result<Bytes, SdpError> {
        if theirs.len() > SdpError::MAX_BYTES {
            return Err(SdpError::TooLarge);
        }
        let (before, behind) =
            around_origin(theirs).ok_or_else(|| SdpError::Malformed("there is no o= line".into()))?;
        let whole = |origin: &str| [before, origin.as_bytes(), behind].concat();
        let origin = match self.sent.as_deref().and_then(origin) {
            Some(origin) => origin.to_owned(),
            None => Description::origin(self.id, at),
        };
        let text = String::from_utf8_lossy(&whole(&origin)).into_owned();
        if self.sent.as_ref() != Some(&text) {
            self.version += 1;
        }
        self.sent = Some(text);
        Ok(Bytes::from(whole(&with_version(&origin, self.version))))
    }

    /// Forgets an offer that was refused (488, 491) or never answered; what was agreed on before stands.
    pub fn withdraw(&mut self) {
        self.offered = None;
    }

    /// Takes the peer's answer to our offer. Early answers of several dialogs each replace the last: after the
    /// first, `offer` is still known, so a later answer (another fork, or 200 after 183) is taken as well.
    ///
    /// # Errors
    ///
    /// [`SdpError::Mismatch`] if we did not offer, [`SdpError::Address`] for the other address family,
    /// [`SdpError::NoCommonCodec`] if it chose nothing of what we offered.
    pub fn accept_answer(&mut self, answer: &Answer) -> Result<Agreed, SdpError> {
        let local = self
            .offered
            .as_ref()
            .ok_or(SdpError::Mismatch("we did not offer"))?;
        let agreed = agree(local, &answer.audio, Offerer::Us(self.events))?;
        self.agreed = Some(agreed);
        Ok(agreed)
    }

    /// The answer just accepted is final (2xx, or ACK to our offer in a 2xx): later ones are refused.
    pub fn settle(&mut self) {
        self.offered = None;
    }

    /// Writes the answer to a peer's offer, with `local` as our side of it. The codec is the first of `local`'s that
    /// the peer offers too.
    ///
    /// # Errors
    ///
    /// As [`Negotiation::accept_answer`]; refuse the offer with [`SdpError::STATUS`].
    pub fn answer(&mut self, offer: &Offer, local: &Local) -> Result<(Bytes, Agreed), SdpError> {
        let agreed = agree(local, &offer.audio, Offerer::Peer)?;
        let format = Format {
            codec: agreed.codec,
            payload_type: agreed.receive.audio,
        };
        let ours = Stream {
            local,
            formats: &[format],
            events: agreed.receive.events,
            direction: agreed.direction,
            profile: &offer.audio.profile,
            rtcp_mux: agreed.rtcp_mux,
        };
        let mut description = Description::new(self.id, local.address.ip());
        for (position, section) in offer.sections.iter().enumerate() {
            if position == offer.chosen {
                description.stream(&ours);
            } else {
                description.refused(section);
            }
        }
        if let Some(events) = offer.audio.events {
            self.events = events;
        }
        self.agreed = Some(agreed);
        Ok((self.print(description), agreed))
    }

    /// A description as it is sent, with a new version if anything changed.
    fn print(&mut self, description: Description) -> Bytes {
        let mut text = description.into_text();
        // `o=` stays the same but for its version, wherever our media is (RFC 3264 §8).
        if let (Some(was), Some(is)) = (self.sent.as_deref().and_then(origin), origin(&text))
            && was != is
        {
            text = text.replacen(is, was, 1);
        }
        if self.sent.as_ref() != Some(&text) {
            self.version += 1;
        }
        let bytes = Bytes::from(with_version(&text, self.version));
        self.sent = Some(text);
        bytes
    }
}

/// Whose payload types we receive: those of whoever offered (RFC 3264 §5.1, §6.1).
enum Offerer {
    /// We offered, with this number for telephone-events.
    Us(u8),
    Peer,
}

/// What follows from our side and the peer's.
fn agree(local: &Local, theirs: &Audio, offerer: Offerer) -> Result<Agreed, SdpError> {
    if let Some(remote) = theirs.remote
        && remote.is_ipv4() != local.address.is_ipv4()
    {
        return Err(SdpError::Address(format!(
            "{} is of the other address family",
            remote.ip()
        )));
    }
    let format = common(local, theirs)?;
    let send = PayloadTypes {
        audio: format.payload_type,
        events: theirs.events,
    };
    let receive = match offerer {
        Offerer::Us(events) => PayloadTypes {
            audio: format.codec.payload_type(),
            events: theirs.events.map(|_| events),
        },
        Offerer::Peer => send,
    };
    // No address to send to is a hold, whatever the attribute says (RFC 3264 §8.4).
    let listens = theirs.direction.receives() && theirs.remote.is_some();
    Ok(Agreed {
        remote: theirs.remote,
        remote_rtcp: theirs.rtcp,
        rtcp_mux: theirs.rtcp_mux && matches!(offerer, Offerer::Peer),
        codec: format.codec,
        send,
        receive,
        direction: local
            .direction
            .and(Direction::new(listens, theirs.direction.sends())),
        held: !listens,
        packet_time: theirs.packet_time,
    })
}

/// The first of our codecs that the peer has too.
fn common(local: &Local, theirs: &Audio) -> Result<Format, SdpError> {
    local
        .codecs
        .iter()
        .find_map(|codec| theirs.formats.iter().find(|format| format.codec == *codec))
        .copied()
        .ok_or_else(|| {
            let names: Vec<_> = theirs
                .formats
                .iter()
                .map(|format| Codec::name(format.codec))
                .collect();
            SdpError::NoCommonCodec(names.join(" "))
        })
}
