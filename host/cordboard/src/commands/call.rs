//! `cordboard call`, `cordboard registrations` and `cordboard elsewhere`.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use super::client::{Connection, show, show_all};
use super::tenant::{OfTenant, Tenant};

pub type Command = OfTenant<Action>;

#[derive(Subcommand)]
pub enum Action {
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
    let tenant = command.tenant.path()?;
    match command.action {
        Action::List => show_all(connection, &format!("{tenant}/calls")),
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
    #[command(flatten)]
    tenant: Tenant,
}

pub fn registrations(connection: &Connection, registrations: &Registrations) -> Result<()> {
    show_all(
        connection,
        &format!("{}/registrations", registrations.tenant.path()?),
    )
}

pub fn elsewhere(connection: &Connection, elsewhere: &Registrations) -> Result<()> {
    show_all(connection, &format!("{}/elsewhere", elsewhere.tenant.path()?))
}
