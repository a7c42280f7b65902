//! `cordboard explore`: the race explorer, on this machine and without an exchange.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use api::hub::words;
use behaviours::explore::{Explored, Scenario, Subject, Told, explore};
use behaviours::{Config, Image, Inspected, Invoker, Runtime, UploadLimits};
use clap::Args;
use contract::{Granted, Invocation, Limits};
use serde_json::{Map, Value, json};

use super::document::read;

#[derive(Args)]
#[command(
    after_help = "A scenario is JSON, everything in it may be left out:\n  { \"settings\": { \"greeting\": \"welcome\" }, \"happenings\": 4, \"keys\": \"1#\", \"failures\": [\"busy\", \"no-answer\"],\n    \"never\": [{ \"command\": \"dial\", \"after\": \"leg-ended\" }] }\n\nNo event may fail, and no caller may be left in silence. Exit status 4 when there is an order that breaks a rule."
)]
pub struct Explore {
    /// A component, or a core module built with the SDK
    module: PathBuf,
    /// JSON file with settings, what may happen and what must never be
    scenario: Option<PathBuf>,
    /// How many things may happen, in place of the scenario's number
    #[arg(long)]
    happenings: Option<u32>,
}

/// There is an order of events that breaks a rule.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Found(String);

pub fn run(options: &Explore, as_json: bool) -> Result<()> {
    let (mut scenario, own) = match &options.scenario {
        Some(file) => scenario(read(file)?)?,
        None => (Scenario::default(), Map::new()),
    };
    scenario.happenings = options.happenings.unwrap_or(scenario.happenings);
    let bytes = std::fs::read(&options.module)
        .with_context(|| format!("cannot read {}", options.module.display()))?;
    let (runtime, module) = load(&bytes)?;
    let mut settings: Value = serde_json::from_str(&module.default_settings)?;
    if let Some(settings) = settings.as_object_mut() {
        settings.extend(own);
    }
    let wake = |invocation: &Invocation| runtime.invoke(invocation.clone()).result;
    let subject = Subject {
        module: module.digest,
        scope: module.manifest.scope,
        settings: &settings.to_string(),
        // Nobody moves deadlines on here: fuel alone tells what runs too long, and so each run is the same.
        limits: Limits::default(),
        wake: &wake,
    };
    let explored = explore(&subject, &scenario);
    if as_json {
        println!("{}", serde_json::to_string_pretty(&as_value(&explored))?);
    } else {
        print!("{}", tell(&explored, scenario.happenings));
    }
    match explored.broken {
        Some(broken) => Err(anyhow!(Found(broken.why))),
        None => Ok(()),
    }
}

/// A scenario, and the settings that stand in the same file.
fn scenario(mut value: Value) -> Result<(Scenario, Map<String, Value>)> {
    let Some(fields) = value.as_object_mut() else {
        bail!("a scenario is a JSON object");
    };
    let settings = match fields.remove("settings") {
        None => Map::new(),
        Some(Value::Object(settings)) => settings,
        Some(_) => bail!("`settings` of the scenario must be an object"),
    };
    let scenario = serde_path_to_error::deserialize(value).context("the scenario is not right")?;
    Ok((scenario, settings))
}

fn load(bytes: &[u8]) -> Result<(Runtime, Inspected)> {
    let runtime = Runtime::new(Config {
        instances: 4,
        upload: UploadLimits {
            // What the dry run would find is found here, with the way to it.
            rehearse: false,
            ..UploadLimits::default()
        },
        ..Config::default()
    })?;
    // What a tenant is granted is for an upload to ask.
    let granted = Granted {
        large_modules: true,
        ..Granted::default()
    };
    let inspected = runtime.inspect_within(bytes, &granted).map_err(|problems| {
        let lines: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
        anyhow!("the module is not fit: {}", lines.join("; "))
    })?;
    runtime.load(inspected.digest, Image::Compiled(&inspected.compiled))?;
    Ok((runtime, inspected))
}

fn tell(explored: &Explored, happenings: u32) -> String {
    let mut text = format!(
        "{} events in {} situations, with up to {happenings} happenings{}\n",
        explored.events,
        explored.situations,
        if explored.cut {
            "; there are more than were looked at"
        } else {
            ""
        }
    );
    match &explored.broken {
        None => text.push_str("no order breaks a rule\n"),
        Some(broken) => {
            text.push_str(&format!("broken: {}\n", broken.why));
            for (position, told) in broken.story.iter().enumerate() {
                text.push_str(&format!("{:>4}  {}\n", position + 1, step(told)));
            }
        }
    }
    text
}

fn step(told: &Told) -> String {
    let result = match &told.result {
        Ok(commands) => words::commands(commands),
        Err(failure) => format!("fails: {failure}"),
    };
    format!("{} → {result}", words::event(&told.event))
}

fn as_value(explored: &Explored) -> Value {
    let story = |story: &[Told]| -> Vec<Value> {
        let told = |told: &Told| json!({ "event": told.event, "result": told.result, "text": step(told) });
        story.iter().map(told).collect()
    };
    json!({
        "events": explored.events,
        "situations": explored.situations,
        "cut": explored.cut,
        "broken": explored.broken.as_ref().map(|broken| json!({ "why": broken.why, "story": story(&broken.story) })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_read_with_its_settings() {
        let (read, settings) = scenario(json!({
            "settings": { "greeting": "hello" }, "keys": "12", "never": [{ "command": "dial", "after": "leg-ended" }]
        }))
        .unwrap();
        assert_eq!(
            (read.keys.as_str(), read.happenings, read.never.len()),
            ("12", 4, 1)
        );
        assert_eq!(settings["greeting"], "hello");
        let wrong = scenario(json!({ "failures": ["bored"] })).unwrap_err();
        assert!(format!("{wrong:#}").contains("failures"), "{wrong:#}");
    }
}
