//! What waits in a mailbox: `application/simple-message-summary` (RFC 3842).

use std::fmt::Write;

use super::{LONGEST, Unreadable};
use crate::endpoint::Body;

/// The state of one mailbox, as far as phones show it: voice messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageSummary {
    /// The lamp.
    pub waiting: bool,
    /// Whom to call to hear them: a URI.
    pub account: Option<String>,
    pub voice: Option<Count>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub new: u32,
    pub old: u32,
    pub urgent_new: u32,
    pub urgent_old: u32,
}

impl MessageSummary {
    pub fn to_body(&self) -> Body {
        let mut text = format!(
            "Messages-Waiting: {}\r\n",
            if self.waiting { "yes" } else { "no" }
        );
        // A line break in a URI would be a line of its own.
        if let Some(account) = self.account.as_ref().filter(|uri| !uri.contains(['\r', '\n'])) {
            let _ = write!(text, "Message-Account: {account}\r\n");
        }
        if let Some(count) = self.voice {
            let _ = write!(
                text,
                "Voice-Message: {}/{} ({}/{})\r\n",
                count.new, count.old, count.urgent_new, count.urgent_old
            );
        }
        Body::new("application/simple-message-summary", text)
    }

    /// # Errors
    ///
    /// When Messages-Waiting is missing or neither yes nor no. Other lines that make no sense are left out.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        if text.len() > LONGEST {
            return Err(Unreadable("a shorter summary"));
        }
        let mut summary = Self::default();
        let mut waiting = None;
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            let (name, value) = (name.trim(), value.trim());
            if name.eq_ignore_ascii_case("Messages-Waiting") {
                waiting = match value {
                    yes if yes.eq_ignore_ascii_case("yes") => Some(true),
                    no if no.eq_ignore_ascii_case("no") => Some(false),
                    _ => None,
                };
            } else if name.eq_ignore_ascii_case("Message-Account") {
                summary.account = Some(value.to_owned());
            } else if name.eq_ignore_ascii_case("Voice-Message") {
                summary.voice = count(value);
            }
        }
        summary.waiting = waiting.ok_or(Unreadable("Messages-Waiting"))?;
        Ok(summary)
    }
}

/// `2/8` or `2/8 (0/2)`.
fn count(text: &str) -> Option<Count> {
    let pair = |text: &str| {
        let (new, old) = text.split_once('/')?;
        Some((new.trim().parse().ok()?, old.trim().parse().ok()?))
    };
    let (all, urgent) = text.split_once('(').unwrap_or((text, "0/0"));
    let (new, old) = pair(all)?;
    let (urgent_new, urgent_old) = pair(urgent.trim_end().trim_end_matches(')'))?;
    Some(Count {
        new,
        old,
        urgent_new,
        urgent_old,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let summary = MessageSummary {
            waiting: true,
            account: Some("sip:*98@acme.example".into()),
            voice: Some(Count {
                new: 2,
                old: 8,
                urgent_new: 0,
                urgent_old: 2,
            }),
        };
        let body = summary.to_body();
        let text =
            "Messages-Waiting: yes\r\nMessage-Account: sip:*98@acme.example\r\nVoice-Message: 2/8 (0/2)\r\n";
        assert_eq!(body.bytes, text);
        assert_eq!(MessageSummary::parse(text), Ok(summary));
    }

    #[test]
    fn the_least_that_a_server_says_is_enough_and_less_is_not() {
        let least = MessageSummary::parse("messages-waiting : NO\r\n").unwrap();
        assert_eq!(least, MessageSummary::default());
        let short =
            MessageSummary::parse("Messages-Waiting: yes\nVoice-Message: 4/0\nFax-Message: 1/1\n").unwrap();
        assert_eq!(short.voice.map(|count| (count.new, count.old)), Some((4, 0)));
        for text in ["", "Messages-Waiting: maybe", "Voice-Message: 1/1"] {
            assert!(MessageSummary::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_account_cannot_add_lines() {
        let summary = MessageSummary {
            account: Some("sip:a\r\nMessages-Waiting: yes".into()),
            ..MessageSummary::default()
        };
        assert_eq!(summary.to_body().bytes, "Messages-Waiting: no\r\n");
    }
}
