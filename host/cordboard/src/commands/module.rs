//! `cordboard module`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::Value;

use super::client::{Connection, pages, segment, show};
use super::document::of_tenant;

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
    /// What a module says of itself and may do
    Show {
        digest: String,
    },
    /// Upload a component, or a core module built with the SDK
    Upload {
        file: PathBuf,
    },
    /// Delete one that no behaviour uses
    Delete {
        digest: String,
    },
}

pub fn run(connection: &Connection, command: Command) -> Result<()> {
    let path = format!("{}/modules", of_tenant(command.tenant.as_deref())?);
    match command.action {
        Action::List => {
            let modules = pages(connection, &path)?;
            if connection.json {
                return show(connection, &Value::Array(modules));
            }
            modules.iter().for_each(|module| println!("{}", summary(module)));
            Ok(())
        }
        Action::Show { digest } => show(
            connection,
            &connection.get(&format!("{path}/{}", segment(&digest)?))?,
        ),
        Action::Upload { file } => {
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let module = connection.upload(&path, "application/wasm", &bytes)?;
            if connection.json {
                return show(connection, &module);
            }
            println!("{}", summary(&module));
            let imports = module
                .pointer("/manifest/imports")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let imports: Vec<&str> = imports.iter().filter_map(Value::as_str).collect();
            println!("may use: {}", imports.join(", "));
            Ok(())
        }
        Action::Delete { digest } => connection
            .delete(&format!("{path}/{}", segment(&digest)?))
            .map(drop),
    }
}

fn summary(module: &Value) -> String {
    let text = |pointer: &str| {
        module
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (name, version) = (text("/manifest/name"), text("/manifest/version"));
    format!(
        "{}  {name} {version}  {}",
        text("/digest"),
        text("/manifest/summary")
    )
}
