//! Features that phones and the exchange keep alike: do-not-disturb and forwards (event package `as-feature-event`).
//!
//! A phone sets one with a document in a SUBSCRIBE; NOTIFYs say how all of them are. There is no RFC: BroadWorks made the package, in the
//! words of ECMA-323, and desk phones know it under the name of feature key synchronisation.

use std::fmt::Write;

use super::Unreadable;
use super::xml::{Element, escape};
use crate::endpoint::Body;

/// The type of a single document.
pub const TYPE: &str = "application/x-as-feature-event+xml";

const NAMESPACE: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";
const BOUNDARY: &str = "features";

/// When a forward takes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ForwardingType {
    Immediate,
    Busy,
    NoAnswer,
}

impl ForwardingType {
    const ALL: [(Self, &str); 3] = [
        (Self::Immediate, "forwardImmediate"),
        (Self::Busy, "forwardBusy"),
        (Self::NoAnswer, "forwardNoAns"),
    ];

    fn of(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(_, own)| own.eq_ignore_ascii_case(name))
            .map(|(kind, _)| *kind)
    }

    fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// One feature as it is, or as a phone wants it to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeatureEvent {
    DoNotDisturb {
        on: bool,
    },
    Forwarding {
        kind: ForwardingType,
        on: bool,
        /// As it is dialled; none: as it was, or voicemail.
        to: Option<String>,
    },
}

impl FeatureEvent {
    /// What a phone asks for: `SetDoNotDisturb` or `SetForwarding`.
    ///
    /// # Errors
    ///
    /// When it is no such document.
    pub fn parse_request(text: &str) -> Result<Self, Unreadable> {
        let root = Element::parse(text)?;
        match root.name.as_str() {
            "SetDoNotDisturb" => Ok(Self::DoNotDisturb {
                on: truth(&root, "doNotDisturbOn")?,
            }),
            "SetForwarding" => {
                let kind = root.child("forwardingType").map(|kind| kind.text.as_str());
                let to = root.child("forwardDN").map(|to| to.text.clone());
                Ok(Self::Forwarding {
                    kind: kind
                        .and_then(ForwardingType::of)
                        .ok_or(Unreadable("a forwardingType that is known"))?,
                    on: truth(&root, "activateForward")?,
                    to: to.filter(|to| !to.is_empty()),
                })
            }
            _ => Err(Unreadable("SetDoNotDisturb or SetForwarding")),
        }
    }

    fn document(&self) -> String {
        let (name, content) = match self {
            Self::DoNotDisturb { on } => (
                "DoNotDisturbEvent",
                format!("<doNotDisturbOn>{on}</doNotDisturbOn>"),
            ),
            Self::Forwarding { kind, on, to } => {
                let kind = kind.name();
                let to = escape(to.as_deref().unwrap_or_default());
                let content = format!(
                    "<forwardingType>{kind}</forwardingType><forwardStatus>{on}</forwardStatus><forwardTo>{to}</forwardTo>"
                );
                ("ForwardingEvent", content)
            }
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<{name} xmlns=\"{NAMESPACE}\"><device/>{content}</{name}>\r\n"
        )
    }

    /// All features of a line, a part each.
    pub fn to_body(all: &[Self]) -> Body {
        let mut text = String::new();
        for event in all {
            let document = event.document();
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "--{BOUNDARY}\r\nContent-Type: {TYPE}\r\nContent-Length: {}\r\n\r\n{document}\r\n",
                document.len()
            );
        }
        let _ = write!(text, "--{BOUNDARY}--\r\n");
        Body::new(format!("multipart/mixed;boundary={BOUNDARY}"), text)
    }
}

fn truth(root: &Element, name: &str) -> Result<bool, Unreadable> {
    match root.child(name).map(|child| child.text.as_str()) {
        Some("true" | "1") => Ok(true),
        Some("false" | "0") => Ok(false),
        _ => Err(Unreadable("true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_phones_ask_for_is_read() {
        let dnd = "<?xml version=\"1.0\"?><SetDoNotDisturb xmlns=\"x\"><device></device>\
            <doNotDisturbOn>true</doNotDisturbOn></SetDoNotDisturb>";
        assert_eq!(
            FeatureEvent::parse_request(dnd),
            Ok(FeatureEvent::DoNotDisturb { on: true })
        );
        let forward = "<SetForwarding><device/><forwardDN>203</forwardDN><forwardingType>forwardNoAns</forwardingType>\
            <activateForward>true</activateForward></SetForwarding>";
        assert_eq!(
            FeatureEvent::parse_request(forward),
            Ok(FeatureEvent::Forwarding {
                kind: ForwardingType::NoAnswer,
                on: true,
                to: Some("203".into())
            })
        );
        for wrong in [
            "",
            "<Other/>",
            "<SetDoNotDisturb/>",
            "<SetForwarding><activateForward>1</activateForward></SetForwarding>",
        ] {
            assert!(FeatureEvent::parse_request(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_body_has_a_part_for_each_feature() {
        let body = FeatureEvent::to_body(&[
            FeatureEvent::DoNotDisturb { on: false },
            FeatureEvent::Forwarding {
                kind: ForwardingType::Busy,
                on: true,
                to: Some("<203>".into()),
            },
        ]);
        let text = String::from_utf8(body.bytes.to_vec()).unwrap_or_default();
        assert_eq!(text.matches("--features\r\n").count(), 2);
        assert!(text.contains("<forwardTo>&lt;203&gt;</forwardTo>") && text.ends_with("--features--\r\n"));
    }
}
