//! `--tenant`, which nearly every command wants, beside what is to be done.

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use super::client::segment;

/// A command with actions, all of which are about what one tenant has.
#[derive(Args)]
pub struct OfTenant<Action: Subcommand> {
    #[command(flatten)]
    pub tenant: Tenant,
    #[command(subcommand)]
    pub action: Action,
}

#[derive(Args)]
pub struct Tenant {
    /// The tenant that is meant
    #[arg(
        long = "tenant",
        id = "of-tenant",
        value_name = "TENANT",
        global = true,
        env = "CORDBOARD_TENANT"
    )]
    id: Option<String>,
}

impl Tenant {
    /// Where the API has what belongs to it.
    pub fn path(&self) -> Result<String> {
        let id = self.id.as_deref();
        let id = id.context("which tenant? Say --tenant ID, or set CORDBOARD_TENANT")?;
        Ok(format!("/v1/tenants/{}", segment(id)?))
    }
}
