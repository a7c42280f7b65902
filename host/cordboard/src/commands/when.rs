//! Times as people read them.

use jiff::Timestamp;

/// An instant, in milliseconds since the epoch: `2026-11-22 08:53:41Z`.
pub fn instant(millis: u64) -> String {
    i64::try_from(millis)
        .ok()
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .map_or_else(
            || millis.to_string(),
            |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        )
}

/// A length of time in its largest fitting unit: `340 µs`, `1.2 ms`, `3.4 s`.
pub fn micros(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.1} ms", micros as f64 / 1e3),
        _ => format!("{:.1} s", micros as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        assert_eq!(instant(1_795_337_621_500), "2026-11-22 08:53:41Z");
        assert_eq!(instant(u64::MAX), u64::MAX.to_string());
        assert_eq!(
            [micros(340), micros(1_240), micros(3_400_000)],
            ["340 µs", "1.2 ms", "3.4 s"]
        );
    }
}
