//! `cordboard behaviour`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{Connection, pages, segment, show};
use super::document::{of_tenant, read};

#[derive(Args)]
pub struct Command {
    /// The tenant it belongs to
    #[arg(long, global = true, env = "CORDBOARD_TENANT")]
    tenant: Option<String>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    List,
    Show {
        name: String,
    },
    /// Create one, or change its module and settings together
    Set {
        name: String,
        /// Digest of an uploaded module
        #[arg(long)]
        module: String,
        /// JSON file with its settings
        #[arg(long)]
        settings: Option<PathBuf>,
    },
    /// Swap the module; calls that are up go on with it at their next event
    Activate {
        name: String,
        digest: String,
    },
    /// Earlier modules, the latest first
    History {
        name: String,
    },
    /// Settings with the schema they follow
    Settings {
        name: String,
    },
    Delete {
        name: String,
    },
}

pub fn run(connection: &Connection, command: Command) -> Result<()> {
    let path = format!("{}/behaviours", of_tenant(command.tenant.as_deref())?);
    let one = |name: &str| Ok::<_, anyhow::Error>(format!("{path}/{}", segment(name)?));
    match command.action {
        Action::List => show(connection, &Value::Array(pages(connection, &path)?)),
        Action::Show { name } => show(connection, &connection.get(&one(&name)?)?),
        Action::Set {
            name,
            module,
            settings,
        } => {
            let mut body = json!({ "module": module });
            if let Some(file) = settings {
                body["settings"] = read(&file)?;
            }
            show(connection, &connection.put(&one(&name)?, &body)?)
        }
        Action::Activate { name, digest } => {
            let body = json!({ "module": digest });
            show(
                connection,
                &connection.post(&format!("{}/activate", one(&name)?), &body)?,
            )
        }
        Action::History { name } => show(connection, &connection.get(&format!("{}/history", one(&name)?))?),
        Action::Settings { name } => show(connection, &connection.get(&format!("{}/settings", one(&name)?))?),
        Action::Delete { name } => connection.delete(&one(&name)?).map(drop),
    }
}
