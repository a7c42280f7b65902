//! `cordboard module`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::{Value, json};

use super::client::{Connection, pages, segment, show};
use super::tenant::OfTenant;

pub type Command = OfTenant<Action>;

#[derive(Subcommand)]
pub enum Action {
    /// All of them
    List,
    /// What a module says of itself and may do
    Show { digest: String },
    /// Upload a component, or a core module built with the SDK
    Upload { file: PathBuf },
    /// What it may do, in words, and what changes from another module to it
    Permissions {
        digest: String,
        /// Digest of the other module, such as the active one
        #[arg(long)]
        since: Option<String>,
    },
    /// Label one, or write a note on it
    Note {
        digest: String,
        /// In the place of the labels that it has, with commas between them; empty for none
        #[arg(long, value_delimiter = ',')]
        labels: Option<Vec<String>>,
        /// In the place of the note that it has
        note: Option<String>,
    },
    /// Delete one that no behaviour uses
    Delete { digest: String },
}

pub fn run(connection: &Connection, command: Command) -> Result<()> {
    let path = format!("{}/modules", command.tenant.path()?);
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
            let digest = module["digest"].as_str().unwrap_or_default();
            let sheet = connection.get(&format!("{path}/{}/permissions", segment(digest)?))?;
            lines("it can", &sheet["permissions"]);
            Ok(())
        }
        Action::Permissions { digest, since } => {
            let mut address = format!("{path}/{}/permissions", segment(&digest)?);
            if let Some(since) = &since {
                address = format!("{address}?since={}", segment(since)?);
            }
            let sheet = connection.get(&address)?;
            if connection.json {
                return show(connection, &sheet);
            }
            lines("it can", &sheet["permissions"]);
            if since.is_some() {
                lines("it can now", &sheet["change"]["added"]);
                lines("it cannot any more", &sheet["change"]["dropped"]);
            }
            Ok(())
        }
        Action::Note { digest, labels, note } => {
            let labels = labels.map(|labels| {
                labels
                    .into_iter()
                    .filter(|label| !label.is_empty())
                    .collect::<Vec<_>>()
            });
            let body = json!({ "labels": labels, "note": note });
            let module = connection.put(&format!("{path}/{}/notes", segment(&digest)?), &body)?;
            if connection.json {
                return show(connection, &module);
            }
            println!("{}", summary(&module));
            Ok(())
        }
        Action::Delete { digest } => connection
            .delete(&format!("{path}/{}", segment(&digest)?))
            .map(drop),
    }
}

/// A permission a line, what reaches furthest first; or that there is none.
fn lines(heading: &str, permissions: &Value) {
    let lines = permissions.as_array().map(Vec::as_slice).unwrap_or_default();
    if lines.is_empty() {
        println!("{heading}: nothing");
        return;
    }
    println!("{heading}:");
    for line in lines {
        let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        println!("  {}  ({})", text("allows"), text("interface"));
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
    let labels = module
        .get("labels")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let labels: String = labels
        .iter()
        .filter_map(Value::as_str)
        .map(|label| format!(" [{label}]"))
        .collect();
    let note = match text("/note") {
        "" => text("/manifest/summary"),
        note => note,
    };
    format!("{}  {name} {version}{labels}  {note}", text("/digest"))
}
