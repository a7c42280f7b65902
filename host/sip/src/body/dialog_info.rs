//! How the calls of a line stand: `application/dialog-info+xml` (RFC 4235).

use std::fmt::Write;

use super::Unreadable;
use super::xml::{Element, escape};
use crate::endpoint::Body;

/// The state of all calls of one line. Written in full: whoever missed the last one needs no other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialogInfo {
    /// One more in every NOTIFY of a subscription (§4.1).
    pub version: u32,
    /// Whether this is all there is; else only the dialogs that changed.
    pub full: bool,
    /// The line that is watched: a URI.
    pub entity: String,
    pub dialogs: Vec<Dialog>,
}

/// One call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialog {
    /// Unique within the document's entity, the same as long as the call lasts.
    pub id: String,
    pub state: DialogState,
    /// Who began it, seen from the watched line.
    pub direction: Option<Direction>,
    /// What Replaces needs, for whoever may pick the call up.
    pub call_id: Option<String>,
    pub local_tag: Option<String>,
    pub remote_tag: Option<String>,
    pub local: Option<Participant>,
    pub remote: Option<Participant>,
}

/// §3.7.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DialogState {
    #[default]
    Trying,
    Proceeding,
    Early,
    Confirmed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The line called.
    Initiator,
    /// The line was called.
    Recipient,
}

/// One side of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Participant {
    pub name: Option<String>,
    /// From or To: a URI.
    pub identity: String,
    /// Its Contact, when that differs.
    pub target: Option<String>,
}

const TYPE: &str = "application/dialog-info+xml";

impl DialogState {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Trying, "trying"),
        (Self::Proceeding, "proceeding"),
        (Self::Early, "early"),
        (Self::Confirmed, "confirmed"),
        (Self::Terminated, "terminated"),
    ];

    fn name(self) -> &'static str {
        Self::ALL
            .into_iter()
            .find(|(state, _)| *state == self)
            .map_or("terminated", |(_, name)| name)
    }

    fn of(text: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, name)| name.eq_ignore_ascii_case(text))
            .map(|(state, _)| state)
    }
}

impl DialogInfo {
    /// Whether any call is up or on its way: what a lamp shows.
    pub fn is_busy(&self) -> bool {
        self.dialogs
            .iter()
            .any(|dialog| dialog.state != DialogState::Terminated)
    }

    /// The document.
    pub fn to_body(&self) -> Body {
        let mut text = format!(
            "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{}\" \
             state=\"{}\" entity=\"{}\">\r\n",
            self.version,
            if self.full { "full" } else { "partial" },
            escape(&self.entity),
        );
        self.dialogs.iter().for_each(|dialog| dialog.write(&mut text));
        text.push_str("</dialog-info>\r\n");
        Body::new(TYPE, text)
    }

    /// # Errors
    ///
    /// When it is no such document. Dialogs of a state that is not known are left out.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let root = Element::parse(text)?;
        if root.name != "dialog-info" {
            return Err(Unreadable("dialog-info"));
        }
        let version = root
            .attribute("version")
            .and_then(|text| text.trim().parse().ok());
        Ok(Self {
            version: version.ok_or(Unreadable("a version"))?,
            full: root.attribute("state") != Some("partial"),
            entity: root.attribute("entity").unwrap_or_default().to_owned(),
            dialogs: root.children("dialog").filter_map(Dialog::read).collect(),
        })
    }
}

impl Dialog {
    fn write(&self, text: &mut String) {
        let direction = self.direction.map(|direction| match direction {
            Direction::Initiator => "initiator",
            Direction::Recipient => "recipient",
        });
        let attributes = [
            ("id", Some(self.id.as_str())),
            ("call-id", self.call_id.as_deref()),
            ("local-tag", self.local_tag.as_deref()),
            ("remote-tag", self.remote_tag.as_deref()),
            ("direction", direction),
        ];
        text.push_str("<dialog");
        for (name, value) in attributes {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = write!(text, " {name}=\"{}\"", escape(value));
            }
        }
        let _ = write!(text, ">\r\n<state>{}</state>\r\n", self.state.name());
        for (side, participant) in [("local", &self.local), ("remote", &self.remote)] {
            if let Some(participant) = participant {
                participant.write(text, side);
            }
        }
        text.push_str("</dialog>\r\n");
    }

    fn read(element: &Element) -> Option<Self> {
        let own = |name| element.attribute(name).map(str::to_owned);
        Some(Self {
            id: own("id")?,
            state: DialogState::of(&element.child("state")?.text)?,
            direction: match element.attribute("direction") {
                Some("initiator") => Some(Direction::Initiator),
                Some("recipient") => Some(Direction::Recipient),
                _ => None,
            },
            call_id: own("call-id"),
            local_tag: own("local-tag"),
            remote_tag: own("remote-tag"),
            local: element.child("local").and_then(Participant::read),
            remote: element.child("remote").and_then(Participant::read),
        })
    }
}

impl Participant {
    fn write(&self, text: &mut String, side: &str) {
        let name = self
            .name
            .as_ref()
            .map(|name| format!(" display=\"{}\"", escape(name)))
            .unwrap_or_default();
        // Phones are fond of a target: without one of its own it is the identity (§4.1.6.2).
        let target = self.target.as_ref().unwrap_or(&self.identity);
        let _ = write!(
            text,
            "<{side}>\r\n<identity{name}>{}</identity>\r\n<target uri=\"{}\"/>\r\n</{side}>\r\n",
            escape(&self.identity),
            escape(target),
        );
    }

    fn read(element: &Element) -> Option<Self> {
        let identity = element.child("identity");
        let target = element.child("target").and_then(|target| target.attribute("uri"));
        let uri = identity.map(|identity| identity.text.as_str()).or(target)?;
        Some(Self {
            name: identity
                .and_then(|identity| identity.attribute("display"))
                .map(str::to_owned),
            identity: uri.to_owned(),
            target: target.filter(|target| *target != uri).map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> DialogInfo {
        DialogInfo {
            version: 3,
            full: true,
            entity: "sip:201@acme.example".into(),
            dialogs: vec![Dialog {
                id: "7".into(),
                state: DialogState::Early,
                direction: Some(Direction::Recipient),
                call_id: Some("a<b>&\"c".into()),
                local_tag: Some("l".into()),
                remote_tag: None,
                local: Some(Participant {
                    identity: "sip:201@acme.example".into(),
                    ..Participant::default()
                }),
                remote: Some(Participant {
                    name: Some("Zoé & \u{1}Co".into()),
                    identity: "sip:+33123@acme.example".into(),
                    target: Some("sip:x@192.0.2.9;a=1".into()),
                }),
            }],
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let body = info().to_body();
        assert_eq!(body.content_type, "application/dialog-info+xml");
        let mut expected = info();
        expected.dialogs[0].remote.as_mut().unwrap().name = Some("Zoé & Co".into());
        let read = DialogInfo::parse(std::str::from_utf8(&body.bytes).unwrap());
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn an_idle_line_has_no_dialogs_or_ended_ones() {
        let mut idle = info();
        assert!(idle.is_busy());
        idle.dialogs[0].state = DialogState::Terminated;
        assert!(!idle.is_busy());
        idle.dialogs.clear();
        assert!(!idle.is_busy());
        let text = String::from_utf8(idle.to_body().bytes.to_vec()).unwrap();
        assert_eq!(DialogInfo::parse(&text).map(|info| info.dialogs), Ok(vec![]));
    }

    /// As phones write it: prefixes, no identity, a partial state, an event on the state, things of their own.
    #[test]
    fn a_phones_document_is_read() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<di:dialog-info xmlns:di=\"urn:ietf:params:xml:ns:dialog-info\" \
            version=\"0\" state=\"partial\" entity=\"sip:bob@example.com\">\n <di:dialog id=\"as7d900as8\">\n\
            <di:state event=\"remote-bye\" code=\"200\">terminated</di:state><di:duration>274</di:duration>\
            <di:remote><di:target uri=\"sip:c@d\"><di:param pname=\"+sip.rendering\" pval=\"no\"/></di:target></di:remote>\
            </di:dialog><di:dialog id=\"2\"><di:state>asleep</di:state></di:dialog></di:dialog-info>";
        let read = DialogInfo::parse(text).unwrap();
        assert!(!read.full && !read.is_busy());
        assert_eq!(read.dialogs.len(), 1);
        assert_eq!(read.dialogs[0].remote.as_ref().unwrap().identity, "sip:c@d");
    }

    #[test]
    fn another_document_is_refused() {
        for text in [
            "<presence/>",
            "<dialog-info/>",
            "<dialog-info version='x'/>",
            "no",
        ] {
            assert!(DialogInfo::parse(text).is_err(), "{text}");
        }
    }
}
