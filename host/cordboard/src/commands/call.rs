//! `cordboard call` and `cordboard why`.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::client::{Connection, pages, show};
use super::document::of_tenant;

#[derive(Args)]
pub struct Command {
    /// The tenant whose calls are meant
    #[arg(long, global = true, env = "CORDBOARD_TENANT")]
    tenant: Option<String>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Calls that are up or being set up
    List,
    Show {
        call: u64,
    },
    /// End a call
    HangUp {
        call: u64,
    },
    /// Call detail records, the latest first
    Records,
}

#[derive(Args)]
pub struct Why {
    /// The tenant whose call is meant
    #[arg(long, env = "CORDBOARD_TENANT")]
    tenant: Option<String>,
    call: u64,
    /// With the whole text of every SIP message
    #[arg(long)]
    messages: bool,
}

pub fn run(connection: &Connection, command: Command) -> Result<()> {
    let tenant = of_tenant(command.tenant.as_deref())?;
    match command.action {
        Action::List => show(
            connection,
            &Value::Array(pages(connection, &format!("{tenant}/calls"))?),
        ),
        Action::Show { call } => show(connection, &connection.get(&format!("{tenant}/calls/{call}"))?),
        Action::HangUp { call } => connection.delete(&format!("{tenant}/calls/{call}")).map(drop),
        Action::Records => {
            let page = connection.get(&format!("{tenant}/cdrs"))?;
            show(connection, page.get("items").unwrap_or(&page))
        }
    }
}

pub fn why(connection: &Connection, why: &Why) -> Result<()> {
    let path = format!("{}/calls/{}/why", of_tenant(why.tenant.as_deref())?, why.call);
    let story = connection.get(&path)?;
    if connection.json {
        return show(connection, &story);
    }
    let steps = story
        .get("steps")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let start = steps.first().map_or(0, at);
    println!("{:>10}  {:<48}  behaviours and exchange", "ms", "SIP");
    for step in steps {
        let since = at(step).saturating_sub(start) as f64 / 1_000.0;
        let text = step.get("text").and_then(Value::as_str).unwrap_or_default();
        match step.get("sip").filter(|sip| !sip.is_null()) {
            Some(sip) => {
                println!("{since:>10.1}  {}", message(sip));
                if why.messages {
                    let text = sip.get("text").and_then(Value::as_str).unwrap_or_default();
                    text.lines().for_each(|line| println!("{:>10}    {line}", ""));
                }
            }
            None => println!("{since:>10.1}  {:<48}  {text}", ""),
        }
    }
    Ok(())
}

fn at(step: &Value) -> u64 {
    step.get("at-us").and_then(Value::as_u64).unwrap_or_default()
}

fn message(sip: &Value) -> String {
    let field = |name: &str| sip.get(name).and_then(Value::as_str).unwrap_or_default();
    let (remote, summary) = (field("remote"), field("summary"));
    match sip.get("sent").and_then(Value::as_bool) {
        Some(true) => format!("──{summary}──▶ {remote}"),
        _ => format!("◀──{summary}── {remote}"),
    }
}
