//! Typed readers of [`Headers`]: each takes its header apart when called.

use super::{Headers, MAX_VALUES, Name};
use crate::error::{Bad, Fault, ParseError, Place};
use crate::header::{
    CSeq, Contacts, DialogName, Event, MediaType, NameAddr, RAck, Reason, Replaces, SessionExpires,
    SubscriptionState, Via, tag_of,
};
use crate::token::{parse_u32, split_list};

type Read<T> = Result<T, ParseError>;

/// What a request and a response always have; these do not fail on a message out of
/// [`Message::parse`](crate::Message::parse).
impl Headers {
    /// The topmost Via.
    ///
    /// # Errors
    ///
    /// When it is missing or malformed.
    pub fn via(&self) -> Read<Via<'_>> {
        self.vias()
            .next()
            .unwrap_or(Err(ParseError::new(Fault::Missing, Place::Header(Name::Via))))
    }

    /// All Vias, topmost first; at most [`MAX_VALUES`], then an error.
    pub fn vias(&self) -> impl Iterator<Item = Read<Via<'_>>> {
        self.values(Name::Via).enumerate().map(|(position, value)| {
            if position >= MAX_VALUES {
                return Err(ParseError::new(Fault::TooMany, Place::Header(Name::Via)));
            }
            Via::parse(value).map_err(|bad| bad.in_header(Name::Via))
        })
    }

    /// # Errors
    ///
    /// When it is missing or malformed.
    pub fn from(&self) -> Read<NameAddr<'_>> {
        self.required(Name::From, NameAddr::parse)
    }

    /// # Errors
    ///
    /// When it is missing or malformed.
    pub fn to(&self) -> Read<NameAddr<'_>> {
        self.required(Name::To, NameAddr::parse)
    }

    /// The `tag` of From, if it has one.
    pub fn from_tag(&self) -> Option<&str> {
        self.get(Name::From).and_then(tag_of)
    }

    /// The `tag` of To: what it has within a dialog.
    pub fn to_tag(&self) -> Option<&str> {
        self.get(Name::To).and_then(tag_of)
    }

    /// # Errors
    ///
    /// When it is missing or malformed.
    pub fn call_id(&self) -> Read<&str> {
        self.required(Name::CallId, |text| {
            super::check::check_call_id(text).map(|()| text)
        })
    }

    /// # Errors
    ///
    /// When it is missing or malformed.
    pub fn cseq(&self) -> Read<CSeq<'_>> {
        self.required(Name::CSeq, CSeq::parse)
    }

    /// # Errors
    ///
    /// When it is no number from 0 to 255.
    pub fn max_forwards(&self) -> Read<Option<u8>> {
        self.optional(Name::MaxForwards, |text| {
            parse_u32(text)
                .and_then(|n| u8::try_from(n).ok())
                .ok_or(Bad::new("0 to 255", 0))
        })
    }

    /// # Errors
    ///
    /// When it is no number, or two lines differ.
    pub fn content_length(&self) -> Read<Option<u32>> {
        let mut length = None;
        for field in self.all(Name::ContentLength) {
            let place = Place::Header(Name::ContentLength);
            let one = parse_u32(field.value()).ok_or(ParseError::syntax(place, "a number", 0))?;
            if length.is_some_and(|length| length != one) {
                return Err(ParseError::new(Fault::Repeated, place));
            }
            length = Some(one);
        }
        Ok(length)
    }
}

/// What a message may have.
impl Headers {
    /// # Errors
    ///
    /// When one is malformed, `*` is not alone, or there are too many.
    pub fn contacts(&self) -> Read<Contacts<'_>> {
        Contacts::parse(self.all(Name::Contact).map(|field| field.value()))
            .map_err(|bad| bad.in_header(Name::Contact))
    }

    /// Addresses of a list header: Route, Record-Route, Path, Service-Route, P-Asserted-Identity, Diversion,
    /// History-Info …
    ///
    /// # Errors
    ///
    /// When one is malformed or there are more than [`MAX_VALUES`].
    pub fn addresses(&self, name: Name) -> Read<Vec<NameAddr<'_>>> {
        let mut list = Vec::new();
        for value in self.values(name) {
            if list.len() >= MAX_VALUES {
                return Err(ParseError::new(Fault::TooMany, Place::Header(name)));
            }
            list.push(NameAddr::parse(value).map_err(|bad| bad.in_header(name))?);
        }
        Ok(list)
    }

    /// The address of a header that comes once: Refer-To, Referred-By, Reply-To.
    ///
    /// # Errors
    ///
    /// When it is malformed.
    pub fn address(&self, name: Name) -> Read<Option<NameAddr<'_>>> {
        self.optional(name, NameAddr::parse)
    }

    /// Top to bottom.
    ///
    /// # Errors
    ///
    /// When one is malformed or there are too many.
    pub fn routes(&self) -> Read<Vec<NameAddr<'_>>> {
        self.addresses(Name::Route)
    }

    /// Top to bottom.
    ///
    /// # Errors
    ///
    /// When one is malformed or there are too many.
    pub fn record_routes(&self) -> Read<Vec<NameAddr<'_>>> {
        self.addresses(Name::RecordRoute)
    }

    /// # Errors
    ///
    /// When it is malformed.
    pub fn content_type(&self) -> Read<Option<MediaType<'_>>> {
        self.optional(Name::ContentType, MediaType::parse)
    }

    /// Seconds. A value that is no number counts as 3600, as RFC 3261 §20.19 lets it.
    pub fn expires(&self) -> Option<u32> {
        self.get(Name::Expires)
            .map(|text| crate::header::saturating_seconds(text).unwrap_or(3_600))
    }

    /// # Errors
    ///
    /// When it is malformed.
    pub fn event(&self) -> Read<Option<Event<'_>>> {
        self.optional(Name::Event, Event::parse)
    }

    /// # Errors
    ///
    /// When it is malformed.
    pub fn subscription_state(&self) -> Read<Option<SubscriptionState<'_>>> {
        self.optional(Name::SubscriptionState, SubscriptionState::parse)
    }

    /// # Errors
    ///
    /// When it is malformed, or there are several (RFC 3891 §3: answer 400).
    pub fn replaces(&self) -> Read<Option<Replaces<'_>>> {
        self.not_repeated(Name::Replaces)?;
        self.optional(Name::Replaces, Replaces::parse)
    }

    /// # Errors
    ///
    /// When it is malformed, or there are several (RFC 3911 §4: answer 400).
    pub fn join(&self) -> Read<Option<DialogName<'_>>> {
        self.not_repeated(Name::Join)?;
        self.optional(Name::Join, DialogName::parse)
    }

    fn not_repeated(&self, name: Name) -> Read<()> {
        match self.all(name).nth(1) {
            Some(_) => Err(ParseError::new(Fault::Repeated, Place::Header(name))),
            None => Ok(()),
        }
    }

    /// Reason values that can be read, in order; the others are left out.
    pub fn reasons(&self) -> impl Iterator<Item = Reason<'_>> {
        self.values(Name::Reason)
            .filter_map(|text| Reason::parse(text).ok())
    }

    /// # Errors
    ///
    /// When it is malformed.
    pub fn session_expires(&self) -> Read<Option<SessionExpires<'_>>> {
        self.optional(Name::SessionExpires, SessionExpires::parse)
    }

    /// Seconds.
    ///
    /// # Errors
    ///
    /// When it is malformed.
    pub fn min_se(&self) -> Read<Option<u32>> {
        self.optional(Name::MinSe, |text| {
            SessionExpires::parse(text).map(|value| value.seconds)
        })
    }

    /// # Errors
    ///
    /// When it is no number.
    pub fn rseq(&self) -> Read<Option<u32>> {
        self.optional(Name::RSeq, |text| parse_u32(text).ok_or(Bad::new("a number", 0)))
    }

    /// # Errors
    ///
    /// When it is malformed.
    pub fn rack(&self) -> Read<Option<RAck<'_>>> {
        self.optional(Name::RAck, RAck::parse)
    }

    /// Whether Privacy asks for `id`, `user`, `header` … (RFC 3323: values stand between semicolons).
    pub fn wants_privacy(&self, kind: &str) -> bool {
        self.values(Name::Privacy)
            .flat_map(|value| value.split(';'))
            .any(|value| value.trim().eq_ignore_ascii_case(kind))
    }

    /// The URIs of Alert-Info, Call-Info or Error-Info, without their brackets; what has none is left out.
    pub fn info_uris(&self, name: Name) -> impl Iterator<Item = &str> {
        self.values(name).filter_map(crate::header::in_brackets)
    }

    fn optional<'a, T>(
        &'a self,
        name: Name,
        read: impl FnOnce(&'a str) -> Result<T, Bad>,
    ) -> Read<Option<T>> {
        self.get(name)
            .map(read)
            .transpose()
            .map_err(|bad| bad.in_header(name))
    }

    fn required<'a, T>(&'a self, name: Name, read: impl FnOnce(&'a str) -> Result<T, Bad>) -> Read<T> {
        self.optional(name, read)?
            .ok_or(ParseError::new(Fault::Missing, Place::Header(name)))
    }
}

/// Kept here so that lists of option tags read the same everywhere.
impl Headers {
    /// Option tags of Require (or Proxy-Require) that `known` does not hold, to be listed in Unsupported of a 420.
    pub fn unknown_required<'a>(&'a self, name: Name, known: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
        let unknown = move |tag: &&str| !known.iter().any(|known| known.eq_ignore_ascii_case(tag));
        self.all(name)
            .flat_map(|field| split_list(field.value()))
            .filter(unknown)
    }
}
