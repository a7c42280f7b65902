//! `cordboard announcement`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

use super::client::{Connection, document, escaped, segment, show, show_all};
use super::tenant::OfTenant;

pub type Command = OfTenant<Action>;

#[derive(Subcommand)]
pub enum Action {
    /// All of them
    List,
    /// One of them
    Show { name: String },
    /// Add one, or replace its sound: a recording, or a text that the exchange speaks
    Add(Add),
    /// Delete one that nothing uses
    Delete { name: String },
}

#[derive(Args)]
pub struct Add {
    name: String,
    /// WAV or MP3, at most two minutes
    #[arg(required_unless_present = "text", conflicts_with = "language")]
    file: Option<PathBuf>,
    /// What is said: spoken by the exchange where there is no recording, else noted beside it
    #[arg(long)]
    text: Option<String>,
    /// Of a text that is spoken: fr, en, de, es, it, nl or pl; English when nothing is said
    #[arg(long)]
    language: Option<String>,
    /// The site that keeps it; all when none is said
    #[arg(long)]
    site: Option<String>,
    /// The line that it is a recording of
    #[arg(long)]
    line: Option<String>,
}

pub fn run(connection: &Connection, command: Command) -> Result<()> {
    let path = format!("{}/announcements", command.tenant.path()?);
    match command.action {
        Action::List => show_all(connection, &path),
        Action::Show { name } => {
            let found = connection.get(&format!("{path}/{}", segment(&name)?))?;
            show(connection, &document(found))
        }
        Action::Add(add) => {
            let one = format!("{path}/{}", segment(&add.name)?);
            let (kind, bytes, noted) = match (&add.file, &add.text) {
                (Some(file), text) => {
                    let bytes =
                        std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
                    (media_type(file)?, bytes, text.as_deref())
                }
                (None, Some(text)) => ("text/plain", text.clone().into_bytes(), None),
                (None, None) => bail!("name a recording, or say a text with --text"),
            };
            let about = [
                ("text", noted),
                ("language", add.language.as_deref()),
                ("site", add.site.as_deref()),
                ("line", add.line.as_deref()),
            ];
            let query: Vec<String> = about
                .iter()
                .filter_map(|(name, value)| Some(format!("{name}={}", escaped((*value)?))))
                .collect();
            connection.put_bytes(&format!("{one}?{}", query.join("&")), kind, &bytes)?;
            show(connection, &document(connection.get(&one)?))
        }
        Action::Delete { name } => connection
            .delete(&format!("{path}/{}", segment(&name)?))
            .map(drop),
    }
}

/// By the file's name; the exchange looks into it.
fn media_type(file: &Path) -> Result<&'static str> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
        "wav" | "wave" => Ok("audio/wav"),
        "mp3" => Ok("audio/mpeg"),
        _ => bail!("{}: a recording is a WAV or an MP3 file", file.display()),
    }
}
