//! `cordboard tenant`, `line`, `device` …: documents, all handled alike.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::client::{Connection, Refused, document, escaped, segment, show, show_all};
use super::tenant::{OfTenant, Tenant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Tenant,
    Site,
    User,
    Device,
    Line,
    Number,
    Trunk,
    Calendar,
    PickupGroup,
    Contact,
}

pub type Command = OfTenant<Action>;

#[derive(Subcommand)]
pub enum Action {
    /// All of them, or those that fit
    List(Search),
    /// One of them
    Show { id: String },
    /// Create one, or change the fields given
    Set {
        id: String,
        /// `field=value`; a value that is JSON is taken as JSON
        fields: Vec<String>,
        /// The whole document from a JSON file instead
        #[arg(long, conflicts_with = "fields")]
        file: Option<PathBuf>,
    },
    /// Set what a device registers with; reads the password from standard input
    Password {
        id: String,
        #[arg(long)]
        username: Option<String>,
    },
    /// Add numbers to a list in a line's settings: all of them, or none
    Paste {
        id: String,
        /// Numbers separated by `;`
        text: String,
        #[arg(long, default_value = "line")]
        behaviour: String,
        /// JSON Pointer of the list in the settings
        #[arg(long, default_value = "/blocked")]
        list: String,
        /// Instead of what is there
        #[arg(long)]
        replace: bool,
    },
    /// What a tenant's modules may do: shows it, or lets them do more or less
    Grants(super::grants::Grants),
    /// Delete one that nothing uses
    Delete {
        id: String,
        /// A tenant also while it has lines: they go too, and their calls end
        #[arg(long)]
        with_lines: bool,
    },
}

/// What is looked for; everything that is given must fit.
#[derive(Args)]
pub struct Search {
    /// A part of its name
    #[arg(long)]
    name: Option<String>,
    /// Digits of a number, in any spelling
    #[arg(long)]
    number: Option<String>,
    /// The id of its site
    #[arg(long)]
    site: Option<String>,
    /// Such as `mobile`
    #[arg(long)]
    kind: Option<String>,
}

impl Search {
    /// As the address wants it.
    fn query(&self) -> String {
        let all = [
            ("name", &self.name),
            ("number", &self.number),
            ("site", &self.site),
            ("kind", &self.kind),
        ];
        let mut query = String::new();
        for (field, value) in all {
            if let Some(value) = value {
                let mark = if query.is_empty() { '?' } else { '&' };
                query.push_str(&format!("{mark}{field}={}", escaped(value)));
            }
        }
        query
    }
}

impl Kind {
    fn path(self, tenant: &Tenant) -> Result<String> {
        let plural = match self {
            Self::Tenant => return Ok("/v1/tenants".to_owned()),
            Self::Site => "sites",
            Self::User => "users",
            Self::Device => "devices",
            Self::Line => "lines",
            Self::Number => "numbers",
            Self::Trunk => "trunks",
            Self::Calendar => "calendars",
            Self::PickupGroup => "pickup-groups",
            Self::Contact => "contacts",
        };
        Ok(format!("{}/{plural}", tenant.path()?))
    }
}

pub fn run(connection: &Connection, kind: Kind, command: Command) -> Result<()> {
    let path = kind.path(&command.tenant)?;
    let one = |id: &str| Ok::<_, anyhow::Error>(format!("{path}/{}", segment(id)?));
    match command.action {
        Action::List(search) => {
            let path = format!("{path}{}", search.query());
            show_all(connection, &path)
        }
        Action::Show { id } => show(connection, &document(connection.get(&one(&id)?)?)),
        Action::Set { id, fields, file } => {
            let path = one(&id)?;
            let value = match file {
                Some(file) => read(&file)?,
                None => changed(connection.find(&path)?.map(document), &fields)?,
            };
            let stored = connection.put(&path, &value);
            show(connection, &stored.map_err(hinted)?)
        }
        Action::Password { id, username } => {
            if kind != Kind::Device {
                bail!("only devices have passwords");
            }
            let mut password = String::new();
            std::io::stdin()
                .read_line(&mut password)
                .context("cannot read the password")?;
            let mut body = json!({ "password": password.trim_end() });
            if let Some(username) = username {
                body["username"] = username.into();
            }
            show(
                connection,
                &connection.put(&format!("{}/password", one(&id)?), &body)?,
            )
        }
        Action::Paste {
            id,
            text,
            behaviour,
            list,
            replace,
        } => {
            if kind != Kind::Line {
                bail!("only lines have lists of numbers");
            }
            let path = format!("{}/settings/{}/numbers", one(&id)?, segment(&behaviour)?);
            let body = json!({ "list": list, "text": text, "replace": replace });
            show(connection, &connection.post(&path, &body)?)
        }
        Action::Grants(grants) => {
            if kind != Kind::Tenant {
                bail!("only tenants have grants");
            }
            super::grants::run(connection, &grants)
        }
        Action::Delete {
            id,
            with_lines: false,
        } => connection.delete(&one(&id)?).map(drop),
        Action::Delete { id, with_lines: true } => {
            if kind != Kind::Tenant {
                bail!("only tenants have lines that could go with them: leave out --with-lines");
            }
            connection
                .delete(&format!("{}?with-lines=true", one(&id)?))
                .map(drop)
        }
    }
}

pub fn read(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))
}

/// A document with `field=value` pairs put over it; `a.b=…` reaches inside.
fn changed(document: Option<Value>, fields: &[String]) -> Result<Value> {
    let mut document = document.filter(Value::is_object).unwrap_or_else(|| json!({}));
    for field in fields {
        let (name, value) = field
            .split_once('=')
            .with_context(|| format!("`{field}` is no `field=value`"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        let mut place = &mut document;
        for part in name.split('.') {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[part];
        }
        *place = value;
    }
    Ok(document)
}

/// What most often was meant where a field's type is wrong.
fn hinted(error: anyhow::Error) -> anyhow::Error {
    let hint =
        "what is JSON is taken as JSON: 'short-number=\"201\"' is a text, 'devices=[\"alice\"]' a list";
    match error.downcast::<Refused>() {
        Ok(refused) => refused.hint_at_types(hint).into(),
        Err(other) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_put_over_what_is_there() {
        let before = json!({ "name": "A", "features": { "call-waiting": false } });
        let fields = [
            "name=B",
            "features.call-waiting=true",
            "devices=[\"a\"]",
            "short-number=\"201\"",
        ];
        let after = changed(Some(before), &fields.map(str::to_owned)).unwrap();
        assert_eq!(
            after,
            json!({ "name": "B", "features": { "call-waiting": true }, "devices": ["a"], "short-number": "201" })
        );
        assert!(changed(None, &["name".to_owned()]).is_err());
    }
}
