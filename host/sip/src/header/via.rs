use std::net::{IpAddr, SocketAddr};

use crate::error::Bad;
use crate::token::{find_byte, is_space, is_token, trim};
use crate::uri::{Host, Params, parse_host_port};

/// What a request's topmost Via says of `rport` (RFC 3581).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rport {
    /// No such parameter.
    Absent,
    /// Given without a value: the sender asks for it.
    Asked,
    /// Filled in.
    Port(u16),
}

/// One Via value (RFC 3261 §20.42).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, `TLS` …, as it came.
    pub transport: &'a str,
    /// The sender's own idea of its address.
    pub host: Host<'a>,
    pub port: Option<u16>,
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        // Any protocol and version: a request of another version must still find its way back as a 505.
        let (name, at) = part(text, 0, "SIP")?;
        let (version, at) = part(text, at, "2.0")?;
        if !is_token(name) || !is_token(version) {
            return Err(Bad::new("SIP/2.0", 0));
        }
        let rest = skip_space(text, at);
        let length = text[rest..].bytes().take_while(|b| !is_space(*b)).count();
        let transport = &text[rest..rest + length];
        if !is_token(transport) {
            return Err(Bad::new("a transport", rest));
        }
        let host_at = skip_space(text, rest + length);
        let (host, mut port, mut end) = parse_host_port(text, host_at)?;
        // `host : port` with spaces, which RFC 3261's COLON allows.
        let spaced = skip_space(text, end);
        if port.is_none() && text.as_bytes().get(spaced) == Some(&b':') {
            let digits_at = skip_space(text, spaced + 1);
            let digits = text[digits_at..].bytes().take_while(u8::is_ascii_digit).count();
            let digits = &text[digits_at..digits_at + digits];
            port = Some(crate::token::parse_port(digits).ok_or(Bad::new("a port", digits_at))?);
            end = digits_at + digits.len();
        }
        // A comment may follow in RFC 2543; it has no meaning here.
        let tail = trim(&text[end..]);
        let params = Params::parse(tail, end)?;
        Ok(Self {
            transport,
            host,
            port,
            params,
        })
    }

    /// The transaction's name; absent in RFC 2543 messages.
    pub fn branch(&self) -> Option<&'a str> {
        self.params.get("branch")
    }

    /// Where the request really came from, as its receiver noted it.
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        // Some write IPv6 in brackets here (RFC 5118 §4.5 allows for it).
        text.trim_matches(['[', ']']).parse().ok()
    }

    pub fn rport(&self) -> Rport {
        match self.params.get("rport") {
            None => Rport::Absent,
            Some(text) => crate::token::parse_port(text).map_or(Rport::Asked, Rport::Port),
        }
    }

    /// Where a response goes over UDP (RFC 3261 §18.2.2, RFC 3581 §4): `maddr`, else `received`, else the
    /// sent-by host, and `rport`, else the sent-by port, else 5060. `None` when that is a domain name.
    pub fn response_address(&self) -> Option<SocketAddr> {
        let port = self.port.unwrap_or(5060);
        if let Some(maddr) = self.params.get("maddr") {
            return Some(SocketAddr::new(
                maddr.trim_matches(['[', ']']).parse().ok()?,
                port,
            ));
        }
        let ip = self.received().or(self.host.ip())?;
        match self.rport() {
            Rport::Port(port) => Some(SocketAddr::new(ip, port)),
            Rport::Absent | Rport::Asked => Some(SocketAddr::new(ip, port)),
        }
    }
}

/// A token up to the next `/`, and where the text after the slash begins.
fn part<'a>(text: &'a str, start: usize, expected: &'static str) -> Result<(&'a str, usize), Bad> {
    let rest = &text[start..];
    let slash = find_byte(rest, b'/').ok_or(Bad::new(expected, start))?;
    Ok((trim(&rest[..slash]), start + slash + 1))
}

fn skip_space(text: &str, start: usize) -> usize {
    start
        + text.as_bytes()[start..]
            .iter()
            .take_while(|b| is_space(**b))
            .count()
}
