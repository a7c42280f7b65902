//! `cordboard behaviour`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{Connection, escaped, segment, show, show_all};
use super::document::read;
use super::tenant::OfTenant;
use super::{versions, when};

pub type Command = OfTenant<Action>;

#[derive(Subcommand)]
pub enum Action {
    /// All of them
    List,
    /// One of them
    Show { name: String },
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
        /// Sessions that have not moved after so long (`90s`, `10m`, `2h`) are moved or ended; without it they stay until they end
        #[arg(long, value_parser = when::length)]
        drain: Option<u64>,
        /// What becomes of them then: begin anew on this version, or end
        #[arg(long, value_parser = ["move", "end"], default_value = "move", requires = "drain")]
        then: String,
        /// For the audit trail
        #[arg(long, default_value = "")]
        why: String,
    },
    /// Try a module out on some calls, or in the shadow of all of them
    Candidate(Candidate),
    /// End the trial; its calls go back to the active version
    Withdraw {
        name: String,
        /// For the audit trail
        #[arg(long, default_value = "")]
        why: String,
    },
    /// Make the candidate the active version
    Promote {
        name: String,
        /// For the audit trail
        #[arg(long, default_value = "")]
        why: String,
    },
    /// Make the version that was active before so again
    Rollback {
        name: String,
        /// For the audit trail
        #[arg(long, default_value = "")]
        why: String,
    },
    /// What runs on which version, how they do, and who changed what
    Versions { name: String },
    /// Earlier modules, the latest first
    History { name: String },
    /// Settings with the schema they follow
    Settings { name: String },
    /// Tell its session for a number something, such as `request 202` to `call-back`
    Tell {
        name: String,
        /// Whose session: a number or a line
        number: String,
        message: String,
    },
    /// Delete one that no number has
    Delete { name: String },
}

#[derive(Args)]
#[command(group(clap::ArgGroup::new("calls").required(true).args(["percent", "called", "callers", "shadow"])))]
pub struct Candidate {
    name: String,
    /// Digest of an uploaded module
    digest: String,
    /// So many of a hundred callers, always the same ones
    #[arg(long)]
    percent: Option<u8>,
    /// Calls to these numbers, with commas between them
    #[arg(long, value_delimiter = ',')]
    called: Option<Vec<String>>,
    /// Calls of these lines or numbers: `--callers 201` is "only my phone"
    #[arg(long, value_delimiter = ',')]
    callers: Option<Vec<String>>,
    /// No calls: it sees every event, and what it would do is compared and never done
    #[arg(long)]
    shadow: bool,
    /// Not before: an instant such as 2026-11-22T18:00:00Z, or a length of time from now (`2h`)
    #[arg(long, value_parser = when::ahead)]
    from: Option<u64>,
    /// Not after; then all calls go back to the active version
    #[arg(long, value_parser = when::ahead)]
    until: Option<u64>,
    /// Withdraw it by itself when so many of a hundred events failed
    #[arg(long)]
    failures: Option<u8>,
    /// But not before it had so many events
    #[arg(long)]
    least: Option<u32>,
    /// Make it active by itself after holding for so many minutes
    #[arg(long)]
    promote_after: Option<u64>,
    /// For the audit trail
    #[arg(long, default_value = "")]
    why: String,
}

impl Candidate {
    fn body(&self) -> Value {
        json!({
            "module": self.digest,
            "percent": self.percent,
            "called": self.called,
            "callers": self.callers,
            "shadow": self.shadow,
            "from-ms": self.from,
            "until-ms": self.until,
            "failures": self.failures,
            "least": self.least,
            "promote-after-ms": self.promote_after.map(|minutes| minutes * 60_000),
            "why": self.why,
        })
    }
}

pub fn run(connection: &Connection, command: Command) -> Result<()> {
    let path = format!("{}/behaviours", command.tenant.path()?);
    let one = |name: &str| Ok::<_, anyhow::Error>(format!("{path}/{}", segment(name)?));
    match command.action {
        Action::List => show_all(connection, &path),
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
        Action::Candidate(candidate) => {
            let path = format!("{}/candidate", one(&candidate.name)?);
            show(connection, &connection.put(&path, &candidate.body())?)
        }
        Action::Withdraw { name, why } => {
            let path = format!("{}/candidate?why={}", one(&name)?, escaped(&why));
            connection.delete(&path).map(drop)
        }
        Action::Promote { name, why } => {
            let path = format!("{}/promote", one(&name)?);
            show(connection, &connection.post(&path, &json!({ "why": why }))?)
        }
        Action::Rollback { name, why } => {
            let path = format!("{}/roll-back", one(&name)?);
            show(connection, &connection.post(&path, &json!({ "why": why }))?)
        }
        Action::Versions { name } => {
            versions::print(connection, &connection.get(&format!("{}/versions", one(&name)?))?)
        }
        Action::Activate {
            name,
            digest,
            drain,
            then,
            why,
        } => {
            let body = json!({ "module": digest, "why": why, "drain-after-ms": drain, "drain-then": then });
            show(
                connection,
                &connection.post(&format!("{}/activate", one(&name)?), &body)?,
            )?;
            if drain.is_some() || connection.json {
                return Ok(());
            }
            let after = connection.get(&format!("{}/versions", one(&name)?))?;
            versions::offer_deadline(&name, &digest, &after);
            Ok(())
        }
        Action::History { name } => show(connection, &connection.get(&format!("{}/history", one(&name)?))?),
        Action::Settings { name } => show(connection, &connection.get(&format!("{}/settings", one(&name)?))?),
        Action::Tell {
            name,
            number,
            message,
        } => {
            let body = json!({ "number": number, "message": message });
            show(
                connection,
                &connection.post(&format!("{}/messages", one(&name)?), &body)?,
            )
        }
        Action::Delete { name } => connection.delete(&one(&name)?).map(drop),
    }
}
