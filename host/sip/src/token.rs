//! Character classes of RFC 3261 §25.1 and the small scanners that every header shares.

/// What a byte may be part of, one bit each: one look instead of a row of comparisons.
const CLASSES: [u8; 256] = classes();
const TOKEN: u8 = 1;
const SPACE: u8 = 2;
const HOST: u8 = 4;
const URI: u8 = 8;

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        if byte.is_ascii_alphanumeric() {
            classes[at] |= TOKEN | HOST;
        }
        if matches!(
            byte,
            b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
        ) {
            classes[at] |= TOKEN;
        }
        // `_` is not in RFC 3261's hostname, but in DNS labels that people use.
        if matches!(byte, b'-' | b'.' | b'_') {
            classes[at] |= HOST;
        }
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            classes[at] |= SPACE;
        }
        if byte > b' ' && byte != 0x7f && !matches!(byte, b'<' | b'>' | b'"') {
            classes[at] |= URI;
        }
        at += 1;
    }
    classes
}

const fn is(class: u8, byte: u8) -> bool {
    CLASSES[byte as usize] & class != 0
}

/// `token`: letters, digits and `-.!%*_+`'~`.
pub fn is_token(text: &str) -> bool {
    is_token_bytes(text.as_bytes())
}

pub(crate) fn is_token_bytes(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| is_token_byte(*byte))
}

pub(crate) const fn is_token_byte(byte: u8) -> bool {
    is(TOKEN, byte)
}

/// SP, HTAB, and the CR LF of a folded line.
pub(crate) const fn is_space(byte: u8) -> bool {
    is(SPACE, byte)
}

/// Part of a host name or an IPv4 address.
pub(crate) const fn is_host_byte(byte: u8) -> bool {
    is(HOST, byte)
}

/// Anything that may stand in a URI, well placed; bytes beyond ASCII too, which many send.
pub(crate) const fn is_uri_byte(byte: u8) -> bool {
    is(URI, byte)
}

/// Without the white space around it.
pub(crate) fn trim(text: &str) -> &str {
    // All four are ASCII, so both cuts are between characters.
    let bytes = text.as_bytes();
    let start = bytes.iter().take_while(|b| is_space(**b)).count();
    let end = bytes.len() - bytes[start..].iter().rev().take_while(|b| is_space(**b)).count();
    &text[start..end]
}

/// Where the quoted string that opens at `start` closes: the index of its second quote.
pub(crate) fn closing_quote(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// Where an ASCII byte comes first.
pub(crate) fn find_byte(text: &str, byte: u8) -> Option<usize> {
    // Most texts of ours are too short for a search by words of memory to pay.
    text.bytes().position(|one| one == byte)
}

/// What is before and behind the first of an ASCII byte.
pub(crate) fn split_at_byte(text: &str, byte: u8) -> Option<(&str, &str)> {
    find_byte(text, byte).map(|at| (&text[..at], &text[at + 1..]))
}

/// The first of `stops` at or after `start` that is outside quoted strings and, when `angles`, outside `<…>`.
pub(crate) fn find_outside(text: &str, start: usize, stops: &[u8], angles: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut inside = false;
    while let Some(&byte) = bytes.get(at) {
        if !inside && stops.contains(&byte) {
            return Some(at);
        }
        match byte {
            b'"' if !inside => at = closing_quote(bytes, at)?,
            b'<' if angles => inside = true,
            b'>' if angles => inside = false,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The first comma that parts values. Most lines have none, or nothing in front of it that could hide one.
fn first_comma(text: &str) -> Option<usize> {
    let comma = memchr::memchr(b',', text.as_bytes())?;
    match memchr::memchr2(b'"', b'<', &text.as_bytes()[..comma]) {
        None => Some(comma),
        Some(_) => find_outside(text, 0, b",", true),
    }
}

/// The values of a comma-separated header line, trimmed; empty ones are left out (RFC 3261 §7.3.1 in a forgiving reading).
pub fn split_list(text: &str) -> impl Iterator<Item = &str> + Clone {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        loop {
            let text = rest?;
            let value = match first_comma(text) {
                Some(comma) => {
                    rest = Some(&text[comma + 1..]);
                    &text[..comma]
                }
                None => {
                    rest = None;
                    text
                }
            };
            let value = trim(value);
            if !value.is_empty() {
                return Some(value);
            }
        }
    })
}

/// Digits only, and small enough.
pub(crate) fn parse_u32(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A port: 1 to 5 digits, not 0.
pub(crate) fn parse_port(text: &str) -> Option<u16> {
    match parse_u32(text)? {
        port @ 1..=65_535 => u16::try_from(port).ok(),
        _ => None,
    }
}
