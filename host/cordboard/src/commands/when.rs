//! Times as people read them.

use jiff::{SignedDuration, Timestamp};

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

/// A length of time as people say it, in milliseconds.
pub fn length(text: &str) -> Result<u64, String> {
    let length: SignedDuration = text
        .parse()
        .map_err(|_| "no length of time: say `90s`, `10m` or `2h`".to_owned())?;
    u64::try_from(length.as_millis()).map_err(|_| "it lies in the past".to_owned())
}

/// A point in time to come, in milliseconds since the epoch: an instant, or a length of time from now.
pub fn ahead(text: &str) -> Result<u64, String> {
    let millis = |at: Timestamp| u64::try_from(at.as_millisecond()).unwrap_or_default();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(millis(at));
    }
    let length =
        length(text).map_err(|_| "say `2h`, or an instant such as 2026-11-22T18:00:00Z".to_owned())?;
    Ok(millis(Timestamp::now()).saturating_add(length))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        assert_eq!(instant(1_795_337_621_500), "2026-11-22 08:53:41Z");
        assert_eq!(instant(u64::MAX), u64::MAX.to_string());
        assert_eq!(ahead("2026-11-22T08:53:41.5Z"), Ok(1_795_337_621_500));
        assert!(ahead("2h").unwrap() > ahead("1h").unwrap() && ahead("tomorrow").is_err());
        assert_eq!(
            [micros(340), micros(1_240), micros(3_400_000)],
            ["340 µs", "1.2 ms", "3.4 s"]
        );
    }
}
