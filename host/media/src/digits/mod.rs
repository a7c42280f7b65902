//! Keys of a telephone: as events in RTP (RFC 4733) both ways, and as tone pairs in the audio.

mod detect;
mod receive;
mod send;

pub(crate) use detect::Detector;
pub(crate) use receive::{EventReceiver, Happened};
pub(crate) use send::{DigitSender, Step};

/// Event codes 0 to 15 in order (RFC 4733 table 3).
const KEYS: &[u8; 16] = b"0123456789*#ABCD";

/// Frequencies in Hz of rows and columns (ITU-T Q.23).
const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];

/// The keypad as its rows and columns lie.
const PAD: [&[u8; 4]; 4] = [b"123A", b"456B", b"789C", b"*0#D"];

/// The key of an event code; none for hook flash and everything above.
pub(crate) fn key(code: u8) -> Option<char> {
    KEYS.get(usize::from(code)).map(|key| char::from(*key))
}

/// The event code of a key; none for what is no key.
pub(crate) fn code(key: char) -> Option<u8> {
    let key = key.to_ascii_uppercase();
    KEYS.iter()
        .position(|other| char::from(*other) == key)
        .map(|code| code as u8)
}

/// The two frequencies of a key.
pub(crate) fn pair(key: char) -> Option<(f64, f64)> {
    PAD.iter().zip(ROWS).find_map(|(keys, row)| {
        let column = keys.iter().position(|other| char::from(*other) == key)?;
        Some((row, COLUMNS[column]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_keys_are_inverse() {
        for number in 0..16 {
            assert_eq!(code(key(number).unwrap()), Some(number));
        }
        assert_eq!((key(16), code('x'), code('a')), (None, None, Some(12)));
        assert_eq!(
            (pair('5'), pair('D')),
            (Some((770.0, 1_336.0)), Some((941.0, 1_633.0)))
        );
    }
}
