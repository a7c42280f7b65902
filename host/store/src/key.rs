//! Keys of documents and names of streams: `/`-separated segments.
//!
//! A segment may hold any text (an address of record, an e-mail); [`join`] escapes what would break the layout.

use crate::Error;

/// Longest key, stream or lease name, in bytes.
pub const MAX_BYTES: usize = 512;

/// Joins segments into a key. `/`, `%` and control characters within a segment become `%XX`, so that
/// `join(["registration", tenant, device])` can never reach another tenant's keys.
pub fn join<'a>(segments: impl IntoIterator<Item = &'a str>) -> String {
    let mut key = String::new();
    for (position, segment) in segments.into_iter().enumerate() {
        if position > 0 {
            key.push('/');
        }
        segment.chars().for_each(|letter| push_escaped(&mut key, letter));
    }
    key
}

/// The prefix under which everything below these segments lies: [`join`] and a closing `/`.
pub fn prefix<'a>(segments: impl IntoIterator<Item = &'a str>) -> String {
    let mut prefix = join(segments);
    prefix.push('/');
    prefix
}

/// The segments of a key, unescaped: the inverse of [`join`].
pub fn split(key: &str) -> Vec<String> {
    key.split('/').map(unescape).collect()
}

fn push_escaped(key: &mut String, letter: char) {
    if letter == '/' || letter == '%' || letter.is_ascii_control() {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        let code = letter as usize;
        key.push('%');
        key.push(char::from(HEX[code >> 4]));
        key.push(char::from(HEX[code & 15]));
    } else {
        key.push(letter);
    }
}

fn unescape(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    let mut rest = segment;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        match rest
            .get(at + 1..at + 3)
            .and_then(|code| u8::from_str_radix(code, 16).ok())
        {
            Some(code) if code.is_ascii() => {
                text.push(char::from(code));
                rest = &rest[at + 3..];
            }
            _ => {
                text.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    text.push_str(rest);
    text
}

/// Checks a whole key or name.
pub(crate) fn check(what: &'static str, name: &str) -> Result<(), Error> {
    let reason = if name.is_empty() {
        "it is empty"
    } else if name.len() > MAX_BYTES {
        "it is longer than 512 bytes"
    } else if name.bytes().any(|byte| byte.is_ascii_control()) {
        "it holds a control character; build keys with key::join"
    } else {
        return Ok(());
    };
    let name = name.chars().take(80).collect();
    Err(Error::InvalidName { what, name, reason })
}

/// The first byte string after all that start with `prefix`; `None` when there is none.
pub(crate) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_cannot_reach_out_of_its_place() {
        let key = join(["registration", "a/../b", "100%\u{0}é"]);
        assert_eq!(key, "registration/a%2F..%2Fb/100%25%00é");
        assert_eq!(split(&key), ["registration", "a/../b", "100%\u{0}é"]);
        assert!(check("key", &key).is_ok());
    }

    #[test]
    fn broken_escapes_are_kept_as_they_are() {
        assert_eq!(split("%/%4/%zz/%C3/%é"), ["%", "%4", "%zz", "%C3", "%é"]);
    }

    #[test]
    fn names_are_bounded() {
        for bad in ["", "a\u{0}b", &"x".repeat(513)] {
            assert!(
                matches!(check("key", bad), Err(Error::InvalidName { .. })),
                "{bad:?}"
            );
        }
        assert!(check("key", &"x".repeat(512)).is_ok());
    }

    #[test]
    fn the_end_of_a_prefix_skips_what_cannot_be_counted_up() {
        assert_eq!(prefix_end(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(prefix_end(b"a\xff"), Some(b"b".to_vec()));
        assert_eq!(prefix_end(b"\xff\xff"), None);
        assert_eq!(prefix_end(b""), None);
    }
}
