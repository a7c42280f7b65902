//! A glance at a SIP message: enough to draw it and to match it with others. Reads what the exchange and the test
//! phones write, independently of both.

/// The lines of a message that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// None for a request.
    pub status: Option<u16>,
    /// The request's, or the one that is answered.
    pub method: String,
    pub reason: String,
    pub call_id: String,
    pub cseq: u32,
    /// Of the topmost Via.
    pub branch: String,
    pub from_tag: String,
    pub to_tag: String,
    pub has_body: bool,
    /// Of a reliable provisional response (RFC 3262).
    pub rseq: Option<u32>,
    /// What a PRACK is for.
    pub rack: String,
}

impl Glance {
    /// None when it is no SIP message.
    pub fn at(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let first = lines.next()?;
        let mut glance = Self {
            has_body: !body.is_empty(),
            ..Self::default()
        };
        let mut words = first.splitn(3, ' ');
        match (words.next()?, words.next()?, words.next()) {
            ("SIP/2.0", status, reason) => {
                glance.status = status.parse().ok();
                glance.reason = reason.unwrap_or_default().to_owned();
            }
            (method, _, Some("SIP/2.0")) => glance.method = method.to_owned(),
            _ => return None,
        }
        for line in lines {
            if let Some((name, value)) = line.split_once(':') {
                glance.take(name.trim(), value.trim());
            }
        }
        Some(glance)
    }

    /// `INVITE`, `200 OK (INVITE)`.
    pub fn summary(&self) -> String {
        match self.status {
            Some(status) => format!("{status} {} ({})", self.reason, self.method),
            None => self.method.clone(),
        }
    }

    fn take(&mut self, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "call-id" | "i" => self.call_id = value.to_owned(),
            "cseq" => {
                let (number, method) = value.split_once(' ').unwrap_or_default();
                self.cseq = number.parse().unwrap_or_default();
                self.method = method.trim().to_owned();
            }
            "via" | "v" if self.branch.is_empty() => self.branch = parameter(value, "branch"),
            "rseq" => self.rseq = value.parse().ok(),
            "rack" => self.rack = value.to_owned(),
            "from" | "f" => self.from_tag = parameter(value, "tag"),
            "to" | "t" => self.to_tag = parameter(value, "tag"),
            _ => {}
        }
    }
}

/// A header parameter behind the address.
fn parameter(value: &str, name: &str) -> String {
    let behind = value.rsplit_once('>').map_or(value, |(_, behind)| behind);
    let found = behind.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    });
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_tells_what_it_answers() {
        let text = b"SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa;rport\r\n\
            From: <sip:201@acme.example>;tag=a1\r\nTo: <sip:300@acme.example>;tag=b2\r\nCall-ID: c3\r\nCSeq: 7 INVITE\r\n\r\n";
        let glance = Glance::at(text).unwrap();
        assert_eq!(glance.summary(), "180 Ringing (INVITE)");
        assert_eq!(
            (
                glance.branch.as_str(),
                glance.from_tag.as_str(),
                glance.to_tag.as_str(),
                glance.cseq
            ),
            ("z9hG4bKa", "a1", "b2", 7)
        );
    }
}
