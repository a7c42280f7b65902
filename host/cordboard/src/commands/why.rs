//! `cordboard why`: a call's story, SIP on the left, what behaviours saw and decided on the right.

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::client::{Connection, show};
use super::tenant::Tenant;

/// Columns of the ladder; wider messages push the right side on.
const LADDER: usize = 44;

#[derive(Args)]
pub struct Why {
    #[command(flatten)]
    tenant: Tenant,
    /// As `cordboard call list` and `cordboard call records` name it
    call: u64,
    /// With the whole text of every SIP message
    #[arg(long)]
    messages: bool,
}

pub fn run(connection: &Connection, why: &Why) -> Result<()> {
    let path = format!("{}/calls/{}/why", why.tenant.path()?, why.call);
    let story = connection.get(&path)?;
    if connection.json {
        return show(connection, &story);
    }
    print!("{}", tell(&story, why.messages));
    Ok(())
}

/// The whole story, as text.
fn tell(story: &Value, messages: bool) -> String {
    let steps = story.get("steps").and_then(Value::as_array).map(Vec::as_slice);
    let steps = steps.unwrap_or_default();
    let start = steps.first().map_or(0, at);
    let mut text = format!("{:>9}  {:<LADDER$}  behaviours and exchange\n", "ms", "SIP");
    for step in steps {
        let since = at(step).saturating_sub(start) as f64 / 1_000.0;
        let words = field(step, "text");
        let line = match step.get("sip").filter(|sip| !sip.is_null()) {
            Some(sip) => format!("{since:>9.1}  {}\n{}", message(sip), whole(sip, messages)),
            None => format!("{since:>9.1}  {:<LADDER$}  {words}\n", ""),
        };
        text.push_str(&line);
    }
    match story.get("missing").and_then(Value::as_u64) {
        None | Some(0) => {}
        Some(missing) => {
            text.push_str(&format!("{missing} steps before the end were too many to keep\n"));
        }
    }
    if story.get("live").and_then(Value::as_bool) == Some(true) {
        text.push_str("the call is up: more may come\n");
    }
    text
}

fn at(step: &Value) -> u64 {
    step.get("at-us").and_then(Value::as_u64).unwrap_or_default()
}

fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn message(sip: &Value) -> String {
    let (remote, summary) = (field(sip, "remote"), field(sip, "summary"));
    match sip.get("sent").and_then(Value::as_bool) {
        Some(true) => format!("exchange ──{summary}──▶ {remote}"),
        _ => format!("exchange ◀──{summary}── {remote}"),
    }
}

/// The message's text, indented, when it is wanted.
fn whole(sip: &Value, wanted: bool) -> String {
    let mut text = String::new();
    if wanted {
        for line in field(sip, "text").lines() {
            text.push_str(&format!("{:>9}    {line}\n", ""));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sip_stands_left_and_decisions_right() {
        let story = json!({ "call": 7, "live": true, "missing": 2, "steps": [
            { "at-us": 1_000, "kind": "sip", "text": "", "sip":
                { "sent": false, "remote": "192.0.2.7:5060", "summary": "INVITE", "text": "INVITE sip:300\r\nVia: x" } },
            { "at-us": 1_612, "kind": "decided", "text": "answer (612 µs)" },
        ]});
        let told = tell(&story, true);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[1], "      0.0  exchange ◀──INVITE── 192.0.2.7:5060");
        assert_eq!(lines[3], "             Via: x");
        assert_eq!(lines[4].find("answer"), Some(9 + 2 + LADDER + 2));
        assert!(lines[4].starts_with("      0.6  "), "{told}");
        assert_eq!(lines[5], "2 steps before the end were too many to keep");
        assert_eq!(tell(&story, false).lines().count(), lines.len() - 2);
    }
}
