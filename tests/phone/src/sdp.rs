//! Just enough SDP for a phone with one audio stream.

use std::net::{IpAddr, SocketAddr};

/// One side's audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pub rtp: SocketAddr,
    /// Payload types in order of preference: 0 is PCMU, 8 is PCMA.
    pub codecs: Vec<u8>,
    pub events: Option<u8>,
    /// `sendrecv`, `sendonly`, `recvonly` or `inactive`.
    pub direction: String,
    /// Lines behind all others: streams and attributes that nothing here reads.
    pub more: String,
}

impl Description {
    pub fn print(&self, session: u64, version: u64) -> String {
        let family = if self.rtp.is_ipv4() { "IP4" } else { "IP6" };
        let address = self.rtp.ip();
        let mut types: Vec<String> = self.codecs.iter().map(u8::to_string).collect();
        types.extend(self.events.map(|event| event.to_string()));
        let mut text = format!(
            "v=0\r\no=phone {session} {version} IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\nm=audio {} RTP/AVP {}\r\n",
            self.rtp.port(),
            types.join(" ")
        );
        for codec in &self.codecs {
            match codec {
                0 => text.push_str("a=rtpmap:0 PCMU/8000\r\n"),
                8 => text.push_str("a=rtpmap:8 PCMA/8000\r\n"),
                _ => {}
            }
        }
        if let Some(event) = self.events {
            text.push_str(&format!(
                "a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} 0-16\r\n"
            ));
        }
        text.push_str(&format!("a=ptime:20\r\na={}\r\n{}", self.direction, self.more));
        text
    }

    /// None when there is no audio that could flow.
    pub fn read(text: &str) -> Option<Self> {
        let mut address: Option<IpAddr> = None;
        let mut port = None;
        let mut types: Vec<u8> = Vec::new();
        let mut events = None;
        let mut direction = "sendrecv".to_owned();
        for line in text.lines() {
            let Some((kind, value)) = line.trim().split_once('=') else {
                continue;
            };
            match kind {
                "c" => address = value.split_whitespace().nth(2).and_then(|text| text.parse().ok()),
                "m" if value.starts_with("audio ") => {
                    let mut words = value.split_whitespace().skip(1);
                    port = words.next().and_then(|text| text.parse::<u16>().ok());
                    types = words.skip(1).filter_map(|text| text.parse().ok()).collect();
                }
                "a" => match value.split_once(':') {
                    Some(("rtpmap", map)) if map.to_ascii_lowercase().contains("telephone-event/8000") => {
                        events = map.split_whitespace().next().and_then(|text| text.parse().ok());
                    }
                    None if ["sendrecv", "sendonly", "recvonly", "inactive"].contains(&value) => {
                        direction = value.to_owned();
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        types.retain(|pt| *pt == 0 || *pt == 8);
        let port = port.filter(|port| *port != 0)?;
        Some(Self {
            rtp: SocketAddr::new(address?, port),
            codecs: types,
            events,
            direction,
            more: String::new(),
        })
    }

    /// Our answer to this offer: the first codec of the offer that a phone knows.
    pub fn answer(&self, rtp: SocketAddr, ours: &[u8]) -> Self {
        let codecs = self
            .codecs
            .iter()
            .copied()
            .find(|codec| ours.contains(codec))
            .into_iter()
            .collect();
        let direction = match self.direction.as_str() {
            "sendonly" => "recvonly",
            "recvonly" => "sendonly",
            other => other,
        };
        Self {
            rtp,
            codecs,
            events: self.events,
            direction: direction.to_owned(),
            more: String::new(),
        }
    }

    #[must_use]
    pub fn with_more(mut self, more: &str) -> Self {
        more.clone_into(&mut self.more);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_prints() {
        let description = Description {
            rtp: "127.0.0.1:4000".parse().unwrap(),
            codecs: vec![8, 0],
            events: Some(101),
            direction: "sendonly".to_owned(),
            more: String::new(),
        };
        assert_eq!(Description::read(&description.print(1, 1)), Some(description));
    }
}
