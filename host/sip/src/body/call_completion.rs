//! Whose turn it is to be called back: `application/call-completion` (RFC 6910 §9).

use std::fmt::Write;

use super::{LONGEST, Unreadable};
use crate::endpoint::Body;

/// How a request for call completion stands, as the callee's side tells the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallCompletion {
    pub state: CompletionState,
    /// Whether a recall that fails keeps its place in the queue (§9.4).
    pub retains: bool,
    /// Where the recall goes: a URI.
    pub uri: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionState {
    /// The callee is not free, or others are before it.
    Queued,
    /// Call now.
    Ready,
}

impl CallCompletion {
    pub fn to_body(&self) -> Body {
        let state = match self.state {
            CompletionState::Queued => "queued",
            CompletionState::Ready => "ready",
        };
        let mut text = format!("cc-state: {state}\r\n");
        if self.retains {
            text.push_str("cc-service-retention: true\r\n");
        }
        if let Some(uri) = self.uri.as_ref().filter(|uri| !uri.contains(['\r', '\n'])) {
            let _ = write!(text, "cc-URI: {uri}\r\n");
        }
        Body::new("application/call-completion", text)
    }

    /// # Errors
    ///
    /// When cc-state is missing or not known.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        if text.len() > LONGEST {
            return Err(Unreadable("a shorter body"));
        }
        let value = |wanted: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(':'));
            lines
                .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.trim())
        };
        let state = match value("cc-state") {
            Some(text) if text.eq_ignore_ascii_case("queued") => CompletionState::Queued,
            Some(text) if text.eq_ignore_ascii_case("ready") => CompletionState::Ready,
            _ => return Err(Unreadable("cc-state")),
        };
        Ok(Self {
            state,
            retains: value("cc-service-retention").is_some_and(|text| text.eq_ignore_ascii_case("true")),
            uri: value("cc-URI").map(|text| text.trim_matches(['<', '>']).to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (state, retains, uri) in [
            (CompletionState::Queued, true, None),
            (
                CompletionState::Ready,
                false,
                Some("sip:201@acme.example;m=BS".to_owned()),
            ),
        ] {
            let completion = CallCompletion { state, retains, uri };
            let body = completion.to_body();
            let text = std::str::from_utf8(&body.bytes).unwrap();
            assert_eq!(CallCompletion::parse(text), Ok(completion));
        }
    }

    #[test]
    fn without_a_state_it_says_nothing() {
        assert!(CallCompletion::parse("cc-URI: sip:a@b\r\n").is_err());
        assert!(CallCompletion::parse("cc-state: asleep\r\n").is_err());
        let brackets = CallCompletion::parse("CC-State: Ready\ncc-uri: <sip:a@b>\n").unwrap();
        assert_eq!(brackets.uri.as_deref(), Some("sip:a@b"));
    }
}
