//! `cordboard token`: who may ask the API, and for what.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{Connection, pages, segment, show};
use super::tenant::OfTenant;
use super::when;

pub type Command = OfTenant<Action>;

#[derive(Subcommand)]
pub enum Action {
    /// Those that are valid, without their secrets
    List(Whose),
    /// Make one: for a manager of the tenant, unless something else is said. Its text is printed once and cannot be had again
    #[command(
        after_help = "Examples:\n  cordboard token --tenant acme create reception --user alice --expires 720h\n  cordboard token --tenant acme create cucm --exchange"
    )]
    Create(Create),
    /// Make one invalid, from now on
    Revoke {
        id: String,
        #[command(flatten)]
        whose: Whose,
    },
}

#[derive(Args)]
pub struct Whose {
    /// Of the whole exchange, whosever they are, instead of a tenant's
    #[arg(long)]
    operator: bool,
}

#[derive(Args)]
pub struct Create {
    /// What it is for
    label: String,
    #[command(flatten)]
    bearer: Bearer,
    /// When it ends: `12h`, or an instant such as 2026-11-22T18:00:00Z; when it is revoked if nothing is said
    #[arg(long, value_parser = when::ahead)]
    expires: Option<u64>,
}

/// At most one of them.
#[derive(Args)]
#[group(multiple = false)]
pub struct Bearer {
    /// For this user of the tenant
    #[arg(long)]
    user: Option<String>,
    /// For another exchange of the tenant's, which asks what shall become of its calls (external call control): its address is
    /// printed, too, and it opens nothing else
    #[arg(long)]
    exchange: bool,
    /// For an operator, who may everything
    #[arg(long)]
    operator: bool,
}

pub fn run(connection: &Connection, command: Command) -> Result<()> {
    let place = |operator: bool| match operator {
        true => Ok("/v1".to_owned()),
        false => command.tenant.path(),
    };
    match command.action {
        Action::List(whose) => {
            let tokens = pages(connection, &format!("{}/tokens", place(whose.operator)?))?;
            if connection.json {
                return show(connection, &Value::Array(tokens));
            }
            tokens.iter().for_each(|token| println!("{}", line(token)));
            Ok(())
        }
        Action::Create(create) => made(connection, &place(create.bearer.operator)?, &create),
        Action::Revoke { id, whose } => {
            let path = format!("{}/tokens/{}", place(whose.operator)?, segment(&id)?);
            connection.delete(&path).map(drop)
        }
    }
}

fn made(connection: &Connection, place: &str, create: &Create) -> Result<()> {
    if create.label.trim().is_empty() {
        bail!("say what it is for, so that it can be found when it has to go");
    }
    let mut new = json!({ "label": create.label });
    if let Some(user) = &create.bearer.user {
        new["user"] = user.as_str().into();
    }
    if create.bearer.exchange {
        new["exchange"] = true.into();
    }
    if let Some(expires) = create.expires {
        new["expires-ms"] = expires.into();
    }
    let made = connection.post(&format!("{place}/tokens"), &new)?;
    if connection.json {
        return show(connection, &made);
    }
    println!("{}", line(&made));
    let token = text(&made, "token");
    println!("token    {token}");
    if create.bearer.exchange {
        let address = connection.at(&format!("{place}/interception/{token}"));
        println!("address  {address}");
    }
    Ok(())
}

/// What may be known of one.
fn line(token: &Value) -> String {
    let until = match token["expires-ms"].as_u64() {
        Some(millis) => when::instant(millis),
        None => "it is revoked".to_owned(),
    };
    let mut whose = text(token, "role").to_owned();
    for owner in ["tenant", "user"] {
        if let Some(name) = token[owner].as_str() {
            whose.push_str(&format!("  {owner}={name}"));
        }
    }
    format!(
        "{}  {whose}  until {until}  {}",
        text(token, "id"),
        text(token, "label")
    )
}

fn text<'a>(token: &'a Value, name: &str) -> &'a str {
    token[name].as_str().unwrap_or_default()
}
