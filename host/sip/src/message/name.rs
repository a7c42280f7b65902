use std::fmt;

/// The name of a header that this crate knows, in either its long or its compact form.
///
/// Every other header is [`Name::Other`]; its name stays in the message byte for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Name {
    /// Not one of these; see [`Field::name_text`](crate::Field::name_text).
    Other = 0,
    Via,
    From,
    To,
    CallId,
    CSeq,
    Contact,
    MaxForwards,
    Route,
    RecordRoute,
    ContentType,
    ContentLength,
    ContentDisposition,
    ContentEncoding,
    ContentLanguage,
    Expires,
    MinExpires,
    Require,
    ProxyRequire,
    Supported,
    Unsupported,
    Allow,
    AllowEvents,
    Accept,
    AcceptEncoding,
    AcceptLanguage,
    AcceptContact,
    RejectContact,
    Authorization,
    WwwAuthenticate,
    ProxyAuthorization,
    ProxyAuthenticate,
    AuthenticationInfo,
    Reason,
    AlertInfo,
    CallInfo,
    PAssertedIdentity,
    PPreferredIdentity,
    RemotePartyId,
    Privacy,
    Diversion,
    HistoryInfo,
    Replaces,
    ReferTo,
    ReferredBy,
    ReferSub,
    TargetDialog,
    Join,
    Event,
    SubscriptionState,
    RSeq,
    RAck,
    SessionExpires,
    MinSe,
    Path,
    ServiceRoute,
    Subject,
    UserAgent,
    Server,
    Date,
    Timestamp,
    Warning,
    RetryAfter,
    Organization,
    Priority,
    InReplyTo,
    ReplyTo,
    ErrorInfo,
    MimeVersion,
    AnswerMode,
    PAnswerState,
    SipEtag,
    SipIfMatch,
    Geolocation,
    Identity,
    MaxBreadth,
    RequestDisposition,
    RecvInfo,
    InfoPackage,
}

/// Long form, compact form (empty: none), in the order of the enum.
const NAMES: [(Name, &str, &str); 78] = [
    (Name::Via, "Via", "v"),
    (Name::From, "From", "f"),
    (Name::To, "To", "t"),
    (Name::CallId, "Call-ID", "i"),
    (Name::CSeq, "CSeq", ""),
    (Name::Contact, "Contact", "m"),
    (Name::MaxForwards, "Max-Forwards", ""),
    (Name::Route, "Route", ""),
    (Name::RecordRoute, "Record-Route", ""),
    (Name::ContentType, "Content-Type", "c"),
    (Name::ContentLength, "Content-Length", "l"),
    (Name::ContentDisposition, "Content-Disposition", ""),
    (Name::ContentEncoding, "Content-Encoding", "e"),
    (Name::ContentLanguage, "Content-Language", ""),
    (Name::Expires, "Expires", ""),
    (Name::MinExpires, "Min-Expires", ""),
    (Name::Require, "Require", ""),
    (Name::ProxyRequire, "Proxy-Require", ""),
    (Name::Supported, "Supported", "k"),
    (Name::Unsupported, "Unsupported", ""),
    (Name::Allow, "Allow", ""),
    (Name::AllowEvents, "Allow-Events", "u"),
    (Name::Accept, "Accept", ""),
    (Name::AcceptEncoding, "Accept-Encoding", ""),
    (Name::AcceptLanguage, "Accept-Language", ""),
    (Name::AcceptContact, "Accept-Contact", "a"),
    (Name::RejectContact, "Reject-Contact", "j"),
    (Name::Authorization, "Authorization", ""),
    (Name::WwwAuthenticate, "WWW-Authenticate", ""),
    (Name::ProxyAuthorization, "Proxy-Authorization", ""),
    (Name::ProxyAuthenticate, "Proxy-Authenticate", ""),
    (Name::AuthenticationInfo, "Authentication-Info", ""),
    (Name::Reason, "Reason", ""),
    (Name::AlertInfo, "Alert-Info", ""),
    (Name::CallInfo, "Call-Info", ""),
    (Name::PAssertedIdentity, "P-Asserted-Identity", ""),
    (Name::PPreferredIdentity, "P-Preferred-Identity", ""),
    (Name::RemotePartyId, "Remote-Party-ID", ""),
    (Name::Privacy, "Privacy", ""),
    (Name::Diversion, "Diversion", ""),
    (Name::HistoryInfo, "History-Info", ""),
    (Name::Replaces, "Replaces", ""),
    (Name::ReferTo, "Refer-To", "r"),
    (Name::ReferredBy, "Referred-By", "b"),
    (Name::ReferSub, "Refer-Sub", ""),
    (Name::TargetDialog, "Target-Dialog", ""),
    (Name::Join, "Join", ""),
    (Name::Event, "Event", "o"),
    (Name::SubscriptionState, "Subscription-State", ""),
    (Name::RSeq, "RSeq", ""),
    (Name::RAck, "RAck", ""),
    (Name::SessionExpires, "Session-Expires", "x"),
    (Name::MinSe, "Min-SE", ""),
    (Name::Path, "Path", ""),
    (Name::ServiceRoute, "Service-Route", ""),
    (Name::Subject, "Subject", "s"),
    (Name::UserAgent, "User-Agent", ""),
    (Name::Server, "Server", ""),
    (Name::Date, "Date", ""),
    (Name::Timestamp, "Timestamp", ""),
    (Name::Warning, "Warning", ""),
    (Name::RetryAfter, "Retry-After", ""),
    (Name::Organization, "Organization", ""),
    (Name::Priority, "Priority", ""),
    (Name::InReplyTo, "In-Reply-To", ""),
    (Name::ReplyTo, "Reply-To", ""),
    (Name::ErrorInfo, "Error-Info", ""),
    (Name::MimeVersion, "MIME-Version", ""),
    (Name::AnswerMode, "Answer-Mode", ""),
    (Name::PAnswerState, "P-Answer-State", ""),
    (Name::SipEtag, "SIP-ETag", ""),
    (Name::SipIfMatch, "SIP-If-Match", ""),
    (Name::Geolocation, "Geolocation", ""),
    (Name::Identity, "Identity", "y"),
    (Name::MaxBreadth, "Max-Breadth", ""),
    (Name::RequestDisposition, "Request-Disposition", "d"),
    (Name::RecvInfo, "Recv-Info", ""),
    (Name::InfoPackage, "Info-Package", ""),
];

/// Open addressing over [`NAMES`], built at compile time: an index plus one, 0 where empty.
const TABLE: [u8; 256] = table();

const fn slot(bytes: &[u8]) -> usize {
    let length = bytes.len();
    let first = (bytes[0] | 0x20) as usize;
    let last = (bytes[length - 1] | 0x20) as usize;
    let middle = (bytes[length / 2] | 0x20) as usize;
    (length.wrapping_mul(31) ^ first.wrapping_mul(7) ^ last.wrapping_mul(13) ^ middle.wrapping_mul(3)) & 255
}

const fn table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < NAMES.len() {
        let mut at = slot(NAMES[index].1.as_bytes());
        while table[at] != 0 {
            at = (at + 1) & 255;
        }
        table[at] = index as u8 + 1;
        index += 1;
    }
    table
}

impl Name {
    /// Recognises the long or the compact form, in any case.
    pub fn of(text: &str) -> Self {
        Self::of_bytes(text.as_bytes())
    }

    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        match bytes {
            [] => Self::Other,
            [letter] => Self::of_compact(*letter),
            _ => Self::of_long(bytes),
        }
    }

    fn of_compact(letter: u8) -> Self {
        match letter.to_ascii_lowercase() {
            b'v' => Self::Via,
            b'f' => Self::From,
            b't' => Self::To,
            b'i' => Self::CallId,
            b'm' => Self::Contact,
            b'c' => Self::ContentType,
            b'l' => Self::ContentLength,
            b'e' => Self::ContentEncoding,
            b'k' => Self::Supported,
            b's' => Self::Subject,
            b'u' => Self::AllowEvents,
            b'o' => Self::Event,
            b'r' => Self::ReferTo,
            b'b' => Self::ReferredBy,
            b'x' => Self::SessionExpires,
            b'a' => Self::AcceptContact,
            b'j' => Self::RejectContact,
            b'd' => Self::RequestDisposition,
            b'y' => Self::Identity,
            _ => Self::Other,
        }
    }

    fn of_long(bytes: &[u8]) -> Self {
        let mut at = slot(bytes);
        while TABLE[at] != 0 {
            let (name, long, _) = NAMES[usize::from(TABLE[at]) - 1];
            // Nearly all write the names as the RFCs do.
            if long.as_bytes() == bytes || long.as_bytes().eq_ignore_ascii_case(bytes) {
                return name;
            }
            at = (at + 1) & 255;
        }
        Self::Other
    }

    /// The long form, as this crate prints it; empty for [`Name::Other`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Other => "",
            known => NAMES[known as usize - 1].1,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A header's name for lookups and for building: a known one, or any token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderName<'a> {
    pub(crate) name: Name,
    pub(crate) text: &'a str,
}

impl From<Name> for HeaderName<'_> {
    fn from(name: Name) -> Self {
        Self {
            name,
            text: name.as_str(),
        }
    }
}

impl<'a> From<&'a str> for HeaderName<'a> {
    fn from(text: &'a str) -> Self {
        Self {
            name: Name::of(text),
            text,
        }
    }
}

impl<'a> From<&'a String> for HeaderName<'a> {
    fn from(text: &'a String) -> Self {
        text.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_both_forms_and_any_case() {
        for (position, (name, long, compact)) in NAMES.into_iter().enumerate() {
            assert_eq!(name as usize, position + 1, "{long} is out of order");
            assert_eq!(Name::of(long), name);
            assert_eq!(Name::of(&long.to_uppercase()), name);
            assert_eq!(name.as_str(), long);
            if !compact.is_empty() {
                assert_eq!(Name::of(compact), name);
                assert_eq!(Name::of(&compact.to_uppercase()), name);
            }
        }
        assert_eq!(Name::of("X-Unknown"), Name::Other);
        assert_eq!(Name::of(""), Name::Other);
        assert_eq!(Name::of("z"), Name::Other);
    }
}
