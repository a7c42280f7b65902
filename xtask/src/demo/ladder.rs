//! A call's story as text: SIP messages on the left, what the behaviours saw and did on the right.

use serde_json::Value;

/// Draws the answer of `…/calls/{call}/why`.
pub fn draw(story: &Value) -> String {
    let steps = story
        .get("steps")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let start = steps.first().map_or(0, at);
    let mut text = format!("{:>9}  {:<46}  {}\n", "ms", "SIP", "behaviours and exchange");
    for step in steps {
        let since = at(step).saturating_sub(start) as f64 / 1_000.0;
        let words = step.get("text").and_then(Value::as_str).unwrap_or_default();
        match step.get("sip").filter(|sip| !sip.is_null()) {
            Some(sip) => text.push_str(&format!("{since:>9.1}  {}\n", message(sip))),
            None => text.push_str(&format!("{since:>9.1}  {:<46}  {}\n", "", words)),
        }
    }
    text
}

fn at(step: &Value) -> u64 {
    step.get("at-us").and_then(Value::as_u64).unwrap_or_default()
}

fn message(sip: &Value) -> String {
    let field = |name: &str| sip.get(name).and_then(Value::as_str).unwrap_or_default();
    let remote = field("remote").rsplit(':').next().unwrap_or_default();
    let summary = field("summary");
    match sip.get("sent").and_then(Value::as_bool) {
        Some(true) => format!("exchange ──{summary}──▶ :{remote}"),
        _ => format!("exchange ◀──{summary}── :{remote}"),
    }
}
