//! Reading what arrived, with `rsip`; small helpers that it lacks.

use rsip::headers::UntypedHeader;
use rsip::prelude::*;
use rsip::{Header, SipMessage};

/// A message as the phone needs it.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub start: Start,
    pub call_id: String,
    pub cseq: u32,
    pub method: String,
    pub branch: String,
    /// All Via fields, verbatim, topmost first.
    pub vias: Vec<String>,
    pub from: String,
    pub to: String,
    pub contact: Option<String>,
    /// Its Contact says that it is a conference (RFC 3840 §9).
    pub is_focus: bool,
    pub record_routes: Vec<String>,
    pub others: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug)]
pub enum Start {
    Request { uri: String },
    Response { status: u16 },
}

impl Incoming {
    /// # Errors
    ///
    /// What `rsip` could not read, or which header is missing.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let message = SipMessage::try_from(bytes).map_err(|error| error.to_string())?;
        let want = |error: rsip::Error| error.to_string();
        let cseq = message.cseq_header().map_err(want)?.typed().map_err(want)?;
        let via = message.via_header().map_err(want)?.typed().map_err(want)?;
        let mut incoming = Self {
            start: match &message {
                SipMessage::Request(request) => Start::Request {
                    uri: request.uri.to_string(),
                },
                SipMessage::Response(response) => Start::Response {
                    status: response.status_code.code(),
                },
            },
            call_id: message.call_id_header().map_err(want)?.value().to_owned(),
            cseq: cseq.seq,
            method: cseq.method.to_string(),
            branch: via
                .branch()
                .map(|branch| branch.value().to_owned())
                .unwrap_or_default(),
            vias: Vec::new(),
            from: message.from_header().map_err(want)?.value().to_owned(),
            to: message.to_header().map_err(want)?.value().to_owned(),
            contact: None,
            is_focus: false,
            record_routes: Vec::new(),
            others: Vec::new(),
            body: Vec::new(),
        };
        for header in message.headers().iter() {
            incoming.note(header);
        }
        incoming.body = match message {
            SipMessage::Request(request) => request.body,
            SipMessage::Response(response) => response.body,
        };
        Ok(incoming)
    }

    fn note(&mut self, header: &Header) {
        match header {
            Header::Via(via) => self.vias.push(via.value().to_owned()),
            Header::Contact(contact) => {
                let value = contact.value();
                self.contact = Some(uri_of(value));
                let params = value.rsplit('>').next().unwrap_or_default();
                self.is_focus = params.split(';').any(|param| param.trim() == "isfocus");
            }
            Header::RecordRoute(route) => self.record_routes.push(route.value().to_owned()),
            other => {
                let line = other.to_string();
                if let Some((name, value)) = line.split_once(':') {
                    self.others
                        .push((name.trim().to_owned(), value.trim().to_owned()));
                }
            }
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.others
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn to_tag(&self) -> Option<&str> {
        tag(&self.to)
    }

    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The tag parameter of a From or To value.
pub fn tag(value: &str) -> Option<&str> {
    let after = value.rsplit_once(";tag=")?.1;
    Some(after.split(';').next().unwrap_or(after))
}

/// Whether Supported or Require names this option.
pub fn lists(message: &Incoming, option: &str) -> bool {
    let names = |name: &str| {
        ["Supported", "Require"]
            .iter()
            .any(|one| name.eq_ignore_ascii_case(one))
    };
    let mut values = message.others.iter().filter(|(name, _)| names(name));
    values.any(|(_, value)| value.split(',').any(|one| one.trim() == option))
}

/// The address inside of `Name <sip:…>;params`, or the bare one.
pub fn uri_of(value: &str) -> String {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest).to_owned(),
        None => value.split(';').next().unwrap_or(value).trim().to_owned(),
    }
}

/// The user part of a SIP address.
pub fn user_of(uri: &str) -> &str {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.split_once('@').map_or("", |(user, _)| user)
}
