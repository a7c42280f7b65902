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

/// What may be done about sessions that a change of version left behind.
pub fn offer_deadline(name: &str, digest: &str, answer: &Value) {
    let versions = answer.get("versions").and_then(Value::as_array);
    let behind: u64 = versions
        .into_iter()
        .flatten()
        .filter(|version| {
            version
                .get("role")
                .is_some_and(|role| role != "active" && role != "candidate")
        })
        .filter_map(|version| version.get("sessions")?.as_u64())
        .sum();
    if behind > 0 {
        println!(
            "{behind} sessions are on earlier versions: each moves at its next event, or stays until it ends.\n\
             A deadline for those that stay: cordboard behaviour activate {name} {digest} --drain 10m"
        );
    }
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
    text.push_str(&moves(versions, answer.get("drain")));
    for change in list("audit").unwrap_or_default() {
        text.push_str(&audit(change, versions));
    }
    text
}

/// `37 sessions moved to 2.0.0, 3 are pinned to 1.4.2: the last ends with its call`
fn moves(versions: &[Value], drain: Option<&Value>) -> String {
    let count = |version: &Value, name: &str| version.get(name).and_then(Value::as_u64).unwrap_or_default();
    let name = |version: &Value| {
        version
            .get("version")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let is_active = |version: &&Value| version.get("role").is_some_and(|role| role == "active");
    let mut parts: Vec<String> = versions
        .iter()
        .filter(|version| count(version, "moved") > 0)
        .map(|version| format!("{} sessions moved to {}", count(version, "moved"), name(version)))
        .collect();
    let pinned: Vec<&Value> = versions
        .iter()
        .filter(|version| count(version, "pinned") > 0)
        .collect();
    parts.extend(
        pinned
            .iter()
            .map(|version| format!("{} pinned to {}", count(version, "pinned"), name(version))),
    );
    if parts.is_empty() {
        return String::new();
    }
    let end = match drain.filter(|drain| !drain.is_null() && !pinned.is_empty()) {
        Some(drain) => {
            let active = versions.iter().find(is_active).map(name).unwrap_or_default();
            let then = match drain.get("then").and_then(Value::as_str) {
                Some("end") => "they end".to_owned(),
                _ => format!("they begin anew on {active}"),
            };
            format!(": at {} {then}", when::instant(count(drain, "at")))
        }
        None if pinned.is_empty() => String::new(),
        None => ", the last ends with its call".to_owned(),
    };
    format!("{}{end}\n", parts.join(", "))
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
    fn what_moved_and_what_is_pinned_is_a_sentence() {
        let versions = json!([
            { "role": "active", "version": "2.0.0", "moved": 37, "pinned": 0 },
            { "role": "earlier", "version": "1.4.2", "moved": 0, "pinned": 3 },
        ]);
        let versions = versions.as_array().unwrap();
        assert_eq!(
            moves(versions, None),
            "37 sessions moved to 2.0.0, 3 pinned to 1.4.2, the last ends with its call\n"
        );
        let drain = json!({ "at": 1_795_337_621_500_u64, "then": "move" });
        assert_eq!(
            moves(versions, Some(&drain)),
            "37 sessions moved to 2.0.0, 3 pinned to 1.4.2: at 2026-11-22 08:53:41Z they begin anew on 2.0.0\n"
        );
        assert_eq!(
            moves(&versions[..1], Some(&drain)),
            "37 sessions moved to 2.0.0\n"
        );
        assert_eq!(moves(&[], None), "");
    }

    #[test]
    fn versions_are_a_table_and_changes_are_sentences() {
        let (old, new) = ("a1".repeat(32), "b2".repeat(32));
        let told = tell(&json!({
            "versions": [
                { "role": "active", "version": "2.0.0", "digest": new, "sessions": 3, "pinned": 0,
                  "counters": { "calls": 9, "answered": 7, "events": 20, "traps": 1, "refusals": 1, "micros": 2_400, "slowest": 1_310 } },
                { "role": "earlier", "version": "1.4.2", "digest": old, "sessions": 0, "pinned": 0 },
            ],
            "audit": [
                { "at": 1_795_337_621_500_u64, "by": "ada", "what": "activated", "from": old, "to": new, "why": "a faster menu" },
            ],
        }));
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[1].starts_with(
            "active    2.0.0      b2b2b2b2b2b2        3      0        9        7       20      2"
        ));
        assert!(lines[1].ends_with("120 µs    1.3 ms"), "{told}");
        assert!(lines[2].ends_with("–         –"), "{told}");
        assert_eq!(
            lines[3],
            "2026-11-22 08:53:41Z  activated 2.0.0 (b2b2b2b2b2b2) in place of 1.4.2 (a1a1a1a1a1a1) by ada: a faster menu"
        );
    }
}
