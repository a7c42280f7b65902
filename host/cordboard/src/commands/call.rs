//! `cordboard call` and `cordboard registrations`.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

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
    /// One call with its legs
    Show { call: u64 },
    /// End a call
    HangUp { call: u64 },
    /// Ring a line's phones, and connect whoever answers with a number
    Dial {
        /// Id, short number or number
        line: String,
        /// As it would be dialled there
        number: String,
    },
    /// Call detail records, the latest first
    Records,
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
        Action::Dial { line, number } => {
            let body = json!({ "line": line, "number": number });
            show(connection, &connection.post(&format!("{tenant}/calls"), &body)?)
        }
        Action::Records => {
            let page = connection.get(&format!("{tenant}/cdrs"))?;
            show(connection, page.get("items").unwrap_or(&page))
        }
    }
}

#[derive(Args)]
pub struct Registrations {
    /// The tenant whose devices are meant
    #[arg(long, env = "CORDBOARD_TENANT")]
    tenant: Option<String>,
}

pub fn registrations(connection: &Connection, registrations: &Registrations) -> Result<()> {
    let tenant = of_tenant(registrations.tenant.as_deref())?;
    show(
        connection,
        &Value::Array(pages(connection, &format!("{tenant}/registrations"))?),
    )
}
