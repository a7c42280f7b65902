//! `--tenant`, which nearly every command wants.

use anyhow::{Context, Result};
use clap::Args;

use super::client::segment;

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
