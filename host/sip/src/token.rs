//! Character classes of RFC 3261 §25.1 and the small scanners that every header shares.

/// `token`: letters, digits and `-.!%*_+`'~`.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

/// SP, HTAB, and the CR LF of a folded line.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Without the white space around it.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_ascii() && is_space(c as u8))
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

/// The values of a comma-separated header line, trimmed; empty ones are left out (RFC 3261 §7.3.1 in a forgiving reading).
pub fn split_list(text: &str) -> impl Iterator<Item = &str> + Clone {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        loop {
            let text = rest?;
            let value = match find_outside(text, 0, b",", true) {
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
