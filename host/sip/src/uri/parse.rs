use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Host, Params, Parts, Scheme};
use crate::error::Bad;
use crate::token::{find_byte, is_host_byte, is_uri_byte, parse_port, split_at_byte};

/// Takes a URI apart without copying.
pub(super) fn parse(text: &str) -> Result<Parts<'_>, Bad> {
    let colon = find_byte(text, b':').ok_or(Bad::new("a URI scheme", 0))?;
    let scheme = Scheme::of(&text[..colon]).ok_or(Bad::new("a URI scheme", 0))?;
    if let Some(at) = text.bytes().position(|b| !is_uri_byte(b)) {
        return Err(Bad::new("a character allowed in a URI", at));
    }
    let rest = colon + 1;
    match scheme {
        Scheme::Sip | Scheme::Sips => parse_sip(text, scheme, rest),
        Scheme::Tel => parse_tel(text, rest),
        Scheme::Other if rest == text.len() => Err(Bad::new("something after the scheme", rest)),
        Scheme::Other => Ok(Parts::opaque(text, scheme, &text[rest..])),
    }
}

fn parse_sip(text: &str, scheme: Scheme, start: usize) -> Result<Parts<'_>, Bad> {
    check_escapes(text, start)?;
    let (user, password, host_at) = match find_byte(&text[start..], b'@') {
        Some(0) => return Err(Bad::new("a user before `@`", start)),
        Some(length) => {
            let (user, password) = match split_at_byte(&text[start..start + length], b':') {
                Some((user, password)) => (user, Some(password)),
                None => (&text[start..start + length], None),
            };
            if user.is_empty() {
                return Err(Bad::new("a user before `:`", start));
            }
            (Some(user), password, start + length + 1)
        }
        None => (None, None, start),
    };
    let (host, port, after) = parse_host_port(text, host_at)?;
    let (params, headers) = match split_at_byte(&text[after..], b'?') {
        Some((params, headers)) => (params, headers),
        None => (&text[after..], ""),
    };
    if !params.is_empty() && !params.starts_with(';') {
        return Err(Bad::new("`;` or `?` after the host", after));
    }
    Ok(Parts {
        text,
        scheme,
        user,
        password,
        host,
        port,
        params: Params::new(params),
        headers,
    })
}

fn parse_tel(text: &str, start: usize) -> Result<Parts<'_>, Bad> {
    let rest = &text[start..];
    let (number, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
    let allowed =
        |b: u8| b.is_ascii_hexdigit() || matches!(b, b'+' | b'*' | b'#' | b'-' | b'.' | b'(' | b')');
    if number.is_empty() || !number.bytes().all(allowed) {
        return Err(Bad::new("a telephone number", start));
    }
    let mut parts = Parts::opaque(text, Scheme::Tel, "");
    parts.user = Some(number);
    parts.params = Params::new(params);
    Ok(parts)
}

/// Host and port at `start`, and where they end. IPv6 addresses stand in brackets (RFC 3986).
pub(crate) fn parse_host_port(text: &str, start: usize) -> Result<(Host<'_>, Option<u16>, usize), Bad> {
    let bytes = text.as_bytes();
    let (host, mut at) = if bytes.get(start) == Some(&b'[') {
        let close = text[start..]
            .find(']')
            .ok_or(Bad::new("`]` after an IPv6 address", start))?
            + start;
        let address = parse_v6(&text[start + 1..close]).ok_or(Bad::new("an IPv6 address", start + 1))?;
        (Host::V6(address), close + 1)
    } else {
        let length = bytes[start..].iter().take_while(|b| is_host_byte(**b)).count();
        if length == 0 {
            return Err(Bad::new("a host", start));
        }
        (parse_name_or_v4(&text[start..start + length]), start + length)
    };
    let mut port = None;
    if bytes.get(at) == Some(&b':') {
        let digits = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        port = Some(parse_port(&text[at + 1..at + 1 + digits]).ok_or(Bad::new("a port", at + 1))?);
        at += 1 + digits;
    }
    Ok((host, port, at))
}

/// RFC 3261's grammar allowed three colons before an IPv4 tail by mistake; RFC 5118 §4.10 asks to bear with them.
fn parse_v6(text: &str) -> Option<Ipv6Addr> {
    match text.split_once(":::") {
        Some((head, tail)) if tail.contains('.') => format!("{head}::{tail}").parse().ok(),
        _ => text.parse().ok(),
    }
}

fn parse_name_or_v4(text: &str) -> Host<'_> {
    if text.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && let Some(address) = parse_v4(text.as_bytes())
    {
        return Host::V4(address);
    }
    Host::Name(text)
}

/// Four numbers up to 255 without leading zeros (RFC 3986's `IPv4address`). Every message has a dozen of these, most of which
/// are read several times.
fn parse_v4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut at = 0;
    for (place, octet) in octets.iter_mut().enumerate() {
        if place > 0 {
            (text.get(at) == Some(&b'.')).then_some(())?;
            at += 1;
        }
        let first = at;
        while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
            *octet = octet.checked_mul(10)?.checked_add(digit - b'0')?;
            at += 1;
        }
        let length = at - first;
        if length == 0 || (length > 1 && text.get(first) == Some(&b'0')) {
            return None;
        }
    }
    (at == text.len()).then(|| octets.into())
}

fn check_escapes(text: &str, start: usize) -> Result<(), Bad> {
    let bytes = text.as_bytes();
    for at in memchr::memchr_iter(b'%', &bytes[start..]) {
        let at = start + at;
        let digits = bytes.get(at + 1..at + 3);
        if !digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) {
            return Err(Bad::new("two hexadecimal digits after `%`", at));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_that_the_standard_library_reads() {
        for text in [
            "192.0.2.1",
            "0.0.0.0",
            "255.255.255.255",
            "256.1.1.1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.04",
            "1..2.3",
            "1.2.3.",
            "1.2.3.4a",
            "1.2.3.1000",
            "",
            ".1.2.3.4",
        ] {
            assert_eq!(parse_v4(text.as_bytes()), text.parse().ok(), "{text}");
        }
    }
}
