//! `cordboard statistics`: calls in and out of lines and groups, summed (R9).

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::client::{Connection, escaped, show};
use super::tenant::Tenant;

#[derive(Args)]
pub struct Statistics {
    #[command(flatten)]
    tenant: Tenant,
    /// First day, such as 2026-11-22; six days before the last unless given
    #[arg(long)]
    from: Option<String>,
    /// Last day; today unless given
    #[arg(long)]
    to: Option<String>,
    /// What rows stand for
    #[arg(long, value_enum, default_value = "party")]
    by: By,
    /// One line only: its id, short number or number
    #[arg(long, conflicts_with = "number")]
    line: Option<String>,
    /// One number of a group or menu only
    #[arg(long)]
    number: Option<String>,
    /// Lines and numbers of this site only
    #[arg(long)]
    site: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// Lines and numbers
    Party,
    Day,
    Hour,
    HourOfDay,
}

pub fn run(connection: &Connection, asked: &Statistics) -> Result<()> {
    let by = asked.by.to_possible_value();
    let by = by.as_ref().map_or("party", |by| by.get_name());
    let mut path = format!("{}/statistics?by={by}", asked.tenant.path()?);
    for (name, value) in [
        ("from", &asked.from),
        ("to", &asked.to),
        ("line", &asked.line),
        ("number", &asked.number),
        ("site", &asked.site),
    ] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", escaped(value)));
        }
    }
    let statistics = connection.get(&path)?;
    if connection.json {
        return show(connection, &statistics);
    }
    print!("{}", table(&statistics));
    Ok(())
}

/// Two lines a row, one each way, and what they sum up to.
fn table(statistics: &Value) -> String {
    let mut text = format!(
        "{:<28} {:<4} {:>6} {:>9} {:>8} {:>6} {:>10}  missed because\n",
        "", "", "calls", "answered", "sent on", "missed", "talk"
    );
    let rows = statistics.get("rows").and_then(Value::as_array);
    for row in rows.into_iter().flatten() {
        let field = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        add(
            &mut text,
            format!("{} {}", field("key"), field("name")).trim_end(),
            row,
        );
    }
    add(&mut text, "all", statistics);
    text
}

fn add(text: &mut String, name: &str, row: &Value) {
    for (way, word) in [("inbound", "in"), ("outbound", "out")] {
        let number = |field: &str| row.pointer(&format!("/{way}/{field}")).and_then(Value::as_u64);
        let number = |field| number(field).unwrap_or_default();
        let causes = row
            .pointer(&format!("/{way}/missed-by"))
            .and_then(Value::as_object);
        let causes: Vec<String> = causes
            .into_iter()
            .flatten()
            .map(|(cause, count)| format!("{cause} {count}"))
            .collect();
        let line = format!(
            "{:<28} {word:<4} {:>6} {:>9} {:>8} {:>6} {:>10}  {}",
            if way == "inbound" { name } else { "" },
            number("calls"),
            number("answered"),
            number("forwarded"),
            number("missed"),
            clock(number("talk-ms")),
            causes.join(", ")
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// `1:02:03`, whole seconds.
fn clock(millis: u64) -> String {
    let secs = millis / 1_000;
    format!("{}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sums_are_told_in_a_table() {
        let inbound = json!({ "calls": 3, "answered": 1, "forwarded": 0, "missed": 2,
            "missed-by": { "busy": 1, "no-answer": 1 }, "talk-ms": 3_723_999 });
        let none =
            json!({ "calls": 0, "answered": 0, "forwarded": 0, "missed": 0, "missed-by": {}, "talk-ms": 0 });
        let row = json!({ "key": "201", "name": "Alice", "inbound": inbound, "outbound": none });
        let text = table(&json!({ "rows": [row], "inbound": inbound, "outbound": none }));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[1].starts_with("201 Alice"));
        assert!(
            lines[1].ends_with("3         1        0      2    1:02:03  busy 1, no-answer 1"),
            "{text}"
        );
        assert!(lines[3].starts_with("all"));
    }
}
