//! `cordboard behaviour versions`: what runs on which version, how they do, and who changed what.

use anyhow::Result;
use serde_json::Value;

use super::client::{Connection, show};
use super::when;

/// A line for each version, and for each change.
pub fn print(connection: &Connection, answer: &Value) -> Result<()> {
    if connection.json {
        return show(connection, answer);
    }
    print!("{}", tell(answer));
    Ok(())
}

fn tell(answer: &Value) -> String {
    let list = |name: &str| answer.get(name).and_then(Value::as_array).map(Vec::as_slice);
    let versions = list("versions").unwrap_or_default();
    let mut text = format!(
        "{:<9} {:<10} {:<12} {:>8} {:>6} {:>8} {:>8} {:>8} {:>6} {:>8} {:>9} {:>9}\n",
        "role",
        "version",
        "digest",
        "sessions",
        "pinned",
        "calls",
        "answered",
        "events",
        "failed",
        "differed",
        "mean",
        "slowest"
    );
    versions.iter().for_each(|version| text.push_str(&row(version)));
    for change in list("audit").unwrap_or_default() {
        text.push_str(&audit(change, versions));
    }
    text
}

fn row(version: &Value) -> String {
    let field = |pointer: &str| match version.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let count = |name: &str| {
        let counter = version.pointer(&format!("/counters/{name}"));
        counter.and_then(Value::as_u64).unwrap_or_default()
    };
    let failed = count("refusals") + count("traps") + count("overruns") + count("other-failures");
    let events = count("events");
    let time = |micros: u64| {
        if events == 0 {
            "–".to_owned()
        } else {
            when::micros(micros)
        }
    };
    format!(
        "{:<9} {:<10} {:<12.12} {:>8} {:>6} {:>8} {:>8} {:>8} {:>6} {:>8} {:>9} {:>9}\n",
        field("/role"),
        field("/version"),
        field("/digest"),
        field("/sessions"),
        field("/pinned"),
        count("calls"),
        count("answered"),
        events,
        failed,
        count("differed"),
        time(count("micros") / events.max(1)),
        time(count("slowest")),
    )
}

/// `2026-11-22 08:53:41Z  activated 1.2.0 (a1b2c3d4e5f6) in place of 1.1.0 (…) by ada: faster menu`
fn audit(change: &Value, versions: &[Value]) -> String {
    let text = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or_default();
    let at = change.get("at").and_then(Value::as_u64).unwrap_or_default();
    let from = Some(text("from")).filter(|from| !from.is_empty());
    let to = Some(text("to")).filter(|to| !to.is_empty());
    let beside = if text("what") == "tried" {
        "beside"
    } else {
        "in place of"
    };
    let words = match (text("what"), from, to) {
        ("withdrawn", Some(one), _) | (_, None, Some(one)) | (_, Some(one), None) => named(one, versions),
        (_, Some(from), Some(to)) => {
            format!("{} {beside} {}", named(to, versions), named(from, versions))
        }
        (_, None, None) => String::new(),
    };
    let why = match text("why") {
        "" => String::new(),
        why => format!(": {why}"),
    };
    format!(
        "{}  {} {words} by {}{why}\n",
        when::instant(at),
        text("what"),
        text("by")
    )
}

/// `1.2.0 (a1b2c3d4e5f6)`: the digest tells apart what bears the same version.
fn named(digest: &str, versions: &[Value]) -> String {
    let short = digest.get(..12).unwrap_or(digest);
    let known = versions
        .iter()
        .find(|version| version.get("digest").and_then(Value::as_str) == Some(digest));
    match known.and_then(|known| known.get("version")?.as_str()) {
        Some(version) => format!("{version} ({short})"),
        None => short.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn versions_are_a_table_and_changes_are_sentences() {
        let (old, new) = ("a1".repeat(32), "b2".repeat(32));
        let told = tell(&json!({
            "versions": [
                { "role": "active", "version": "2.0.0", "digest": new, "sessions": 3, "pinned": 1,
                  "counters": { "calls": 9, "answered": 7, "events": 20, "traps": 1, "refusals": 1, "micros": 2_400, "slowest": 1_310 } },
                { "role": "earlier", "version": "1.4.2", "digest": old, "sessions": 0, "pinned": 0 },
            ],
            "audit": [
                { "at": 1_795_337_621_500_u64, "by": "ada", "what": "activated", "from": old, "to": new, "why": "a faster menu" },
            ],
        }));
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[1].starts_with(
            "active    2.0.0      b2b2b2b2b2b2        3      1        9        7       20      2"
        ));
        assert!(lines[1].ends_with("120 µs    1.3 ms"), "{told}");
        assert!(lines[2].ends_with("–         –"), "{told}");
        assert_eq!(
            lines[3],
            "2026-11-22 08:53:41Z  activated 2.0.0 (b2b2b2b2b2b2) in place of 1.4.2 (a1a1a1a1a1a1) by ada: a faster menu"
        );
    }
}
