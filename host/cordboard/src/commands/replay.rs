//! `cordboard replay` and `cordboard journal`: recorded sessions, and what another version would have made of them.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::client::{Connection, pages, segment, show};
use super::document::read;
use super::tenant::Tenant;
use super::when;

#[derive(Args)]
#[command(
    after_help = "Exit status 4 when a session would have gone otherwise, so that CI can refuse the version.\n\nExample:\n  cordboard replay --behaviour hunt --candidate 2.0.0 --since yesterday"
)]
pub struct Replay {
    #[command(flatten)]
    tenant: Tenant,
    /// Whose sessions are played
    #[arg(long)]
    behaviour: String,
    /// The module that they are played on: its digest, the beginning of one, its version, a label, `active` or `candidate`
    #[arg(long)]
    candidate: String,
    /// Sessions that ended since: `yesterday`, `today`, `90m`, `12h`, `7d`, or an instant such as 2026-11-22T08:00:00Z
    #[arg(long, default_value = "yesterday")]
    since: String,
    /// Sessions that ended until then
    #[arg(long)]
    until: Option<String>,
    /// JSON file with settings that are to be others than they were
    #[arg(long)]
    settings: Option<PathBuf>,
}

/// Some sessions would have gone otherwise.
#[derive(Debug, thiserror::Error)]
#[error("{0} of the recorded sessions would have gone otherwise")]
pub struct Differences(u64);

pub fn run(connection: &Connection, replay: &Replay) -> Result<()> {
    let tenant = replay.tenant.path()?;
    let behaviour = format!("{tenant}/behaviours/{}", segment(&replay.behaviour)?);
    let module = candidate(connection, &tenant, &behaviour, &replay.candidate)?;
    let mut body = json!({ "module": module, "since-ms": instant(&replay.since)? });
    if let Some(until) = &replay.until {
        body["until-ms"] = instant(until)?.into();
    }
    if let Some(file) = &replay.settings {
        body["settings"] = read(file)?;
    }
    let mut seen = Seen::new(connection.json);
    connection.follow(&format!("{behaviour}/replay"), &body, &mut |name, data| {
        seen.take(name, data)
    })?;
    seen.conclude()
}

/// What came of it so far.
struct Seen {
    json: bool,
    bar: ProgressBar,
    differences: Vec<Value>,
    done: Value,
}

impl Seen {
    fn new(json: bool) -> Self {
        // Drawn on the error stream, and only where that is a terminal.
        let bar = ProgressBar::new(0);
        let style =
            ProgressStyle::with_template("{bar:40} {pos}/{len} sessions, {msg}, {per_sec}, {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self {
            json,
            bar,
            differences: Vec::new(),
            done: Value::Null,
        }
    }

    /// Takes an event; false after the last.
    fn take(&mut self, name: &str, data: Value) -> Result<bool> {
        let count = |name: &str| data.get(name).and_then(Value::as_u64).unwrap_or_default();
        match name {
            "begun" | "progress" => {
                self.bar.set_length(count("of"));
                self.bar.set_position(count("played"));
                self.bar.set_message(format!("{} differ", count("differ")));
            }
            "differs" => {
                if !self.json {
                    self.bar.suspend(|| print!("{}", tell(&data)));
                }
                self.differences.push(data);
            }
            "failed" => {
                self.bar.finish_and_clear();
                bail!("the replay failed: {}", data.get("detail").unwrap_or(&data));
            }
            "done" => {
                self.bar.finish_and_clear();
                self.done = data;
                return Ok(false);
            }
            _ => {}
        }
        Ok(true)
    }

    fn conclude(self) -> Result<()> {
        let count = |name: &str| self.done.get(name).and_then(Value::as_u64).unwrap_or_default();
        let differ = count("differ");
        if self.json {
            let all = json!({ "summary": self.done, "differences": self.differences });
            println!("{}", serde_json::to_string_pretty(&all)?);
        } else {
            print!("{}", summary(&self.done));
        }
        if differ == 0 {
            Ok(())
        } else {
            Err(anyhow!(Differences(differ)))
        }
    }
}

fn summary(done: &Value) -> String {
    let count = |name: &str| done.get(name).and_then(Value::as_u64).unwrap_or_default();
    let mut text = format!(
        "{} sessions: {} the same, {} otherwise",
        count("played"),
        count("same"),
        count("differ")
    );
    for (name, words) in [
        ("declined", "would have stayed with their version"),
        ("unreadable", "cannot be read by this version of the exchange"),
    ] {
        if count(name) > 0 {
            text.push_str(&format!(", {} {words}", count(name)));
        }
    }
    text.push('\n');
    text
}

/// `call 17  2026-11-22 08:53:41Z  201 to 300: at step 2 of 5`, then what it was told, did and would have done.
fn tell(difference: &Value) -> String {
    let text = |name: &str| difference.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| difference.get(name).and_then(Value::as_u64).unwrap_or_default();
    let what = match difference.get("call").and_then(Value::as_u64) {
        Some(call) => format!("call {call}"),
        None => format!("session {}", number("session")),
    };
    let from = match text("caller") {
        "" => String::new(),
        caller => format!("{caller} to "),
    };
    let anew = match number("asked-anew") {
        0 => String::new(),
        count => format!("  ({count} questions got today's answers)\n"),
    };
    format!(
        "{what}  {}  {from}{}: otherwise at step {} of {}\n  told   {}\n  did    {}\n  would  {}\n{anew}",
        when::instant(number("at-ms")),
        text("number"),
        number("step"),
        number("steps"),
        text("event"),
        text("did"),
        text("would"),
    )
}

/// The module's digest, from whatever names it.
fn candidate(connection: &Connection, tenant: &str, behaviour: &str, name: &str) -> Result<String> {
    if name == "active" || name == "candidate" {
        let known = connection.get(behaviour)?;
        let pointer = if name == "active" {
            "/document/active"
        } else {
            "/document/candidate/digest"
        };
        let digest = known.pointer(pointer).and_then(Value::as_str);
        return digest
            .map(ToOwned::to_owned)
            .with_context(|| format!("the behaviour has no {name} version"));
    }
    let modules = pages(connection, &format!("{tenant}/modules"))?;
    let text = |module: &Value, pointer: &str| {
        module
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let mut named: Vec<&Value> = modules
        .iter()
        .filter(|module| {
            let labels = module.get("labels").and_then(Value::as_array).map(Vec::as_slice);
            text(module, "/digest").starts_with(name)
                || text(module, "/manifest/version") == name
                || labels.unwrap_or_default().iter().any(|label| label == name)
        })
        .collect();
    if named.len() > 1 {
        // A version that several modules bear: that of the behaviour's own is meant.
        let known = connection.get(behaviour)?;
        let own = text(&known, "/document/manifest/name");
        named.retain(|module| text(module, "/manifest/name") == own);
    }
    match named.as_slice() {
        [one] => Ok(text(one, "/digest")),
        [] => bail!("no module is called `{name}`: `cordboard module list` shows them"),
        several => bail!("`{name}` names {} modules: give a digest", several.len()),
    }
}

/// Milliseconds since the epoch.
fn instant(text: &str) -> Result<u64> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock is wrong")?
        .as_millis();
    at(text, u64::try_from(now).unwrap_or(u64::MAX))
}

fn at(text: &str, now: u64) -> Result<u64> {
    const DAY: u64 = 86_400_000;
    match text {
        "today" => return Ok(now - now % DAY),
        "yesterday" => return Ok((now - now % DAY).saturating_sub(DAY)),
        _ => {}
    }
    if let Ok(ago) = text.parse::<SignedDuration>() {
        let ago = u64::try_from(ago.as_millis()).context("it lies in the future")?;
        return Ok(now.saturating_sub(ago));
    }
    if let Some(days) = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok()) {
        return Ok(now.saturating_sub(days.saturating_mul(DAY)));
    }
    let at: Timestamp = text.parse().with_context(|| {
        format!(
            "`{text}` is no time: say `yesterday`, `12h`, `7d` or an instant such as 2026-11-22T08:00:00Z"
        )
    })?;
    u64::try_from(at.as_millisecond()).context("it lies before 1970")
}

#[derive(Args)]
pub struct Journal {
    #[command(flatten)]
    tenant: Tenant,
    /// Whose sessions
    #[arg(long)]
    behaviour: String,
    /// The latest so many
    #[arg(long, default_value_t = 10)]
    limit: u16,
}

pub fn journal(connection: &Connection, journal: &Journal) -> Result<()> {
    let tenant = journal.tenant.path()?;
    let path = format!(
        "{tenant}/behaviours/{}/journal?limit={}",
        segment(&journal.behaviour)?,
        journal.limit
    );
    let page = connection.get(&path)?;
    if connection.json {
        return show(connection, &page);
    }
    let list = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    for session in list(&page, "items").iter().rev() {
        let text = |value: &Value, name: &str| {
            value
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let id = session.get("session").and_then(Value::as_u64).unwrap_or_default();
        println!(
            "session {id} of {} on {}",
            text(session, "number"),
            text(session, "version")
        );
        for step in list(session, "steps") {
            let at = step.get("at-ms").and_then(Value::as_u64).unwrap_or_default();
            println!(
                "  {}  {} → {}",
                when::instant(at),
                text(&step, "event"),
                text(&step, "decided")
            );
            for said in list(&step, "explanations") {
                println!("      {}", text(&said, "sentence"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        // 2026-11-22T08:53:41Z
        let now = 1_795_337_621_000;
        let is = |text: &str| when::instant(at(text, now).unwrap());
        assert_eq!(is("yesterday"), "2026-11-21 00:00:00Z");
        assert_eq!(is("today"), "2026-11-22 00:00:00Z");
        assert_eq!(is("90m"), "2026-11-22 07:23:41Z");
        assert_eq!(is("7d"), "2026-11-15 08:53:41Z");
        assert_eq!(is("2026-11-22T10:00:00+02:00"), "2026-11-22 08:00:00Z");
        assert!(at("soon", now).unwrap_err().to_string().contains("yesterday"));
    }

    #[test]
    fn a_difference_is_told_in_four_lines() {
        let told = tell(&json!({
            "session": 3, "call": 17, "at-ms": 1_795_337_621_000_u64, "number": "300", "caller": "201", "step": 2, "steps": 5,
            "event": "digit 1", "did": "dial line 203", "would": "fails: the module trapped: unreachable", "asked-anew": 0,
        }));
        assert_eq!(
            told,
            "call 17  2026-11-22 08:53:41Z  201 to 300: otherwise at step 2 of 5\n  told   digit 1\n  did    dial line 203\n  would  fails: the module trapped: unreachable\n"
        );
    }
}
