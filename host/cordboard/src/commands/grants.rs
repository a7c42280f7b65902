//! `cordboard tenant grants`: which interfaces a tenant's modules may import.

use anyhow::{Result, bail};
use clap::Args;
use contract::{INTERFACES, permission_sheet};
use serde_json::{Value, json};

use super::client::{Connection, document, segment, show};

#[derive(Args)]
#[command(
    after_help = "Example:\n  cordboard tenant grants acme --deny trunk,recording\n\nTo stop a tenant's calls outside at once, whatever its modules are: cordboard tenant set acme 'grants.behaviours=[]'"
)]
pub struct Grants {
    id: String,
    /// Interfaces to allow, with commas between them
    #[arg(long, value_delimiter = ',')]
    allow: Vec<String>,
    /// Interfaces to allow no more
    #[arg(long, value_delimiter = ',')]
    deny: Vec<String>,
    /// All that the exchange offers, also what later versions will
    #[arg(long, conflicts_with_all = ["allow", "deny"])]
    all: bool,
}

pub fn run(connection: &Connection, grants: &Grants) -> Result<()> {
    let unknown = |name: &&String| !INTERFACES.contains(&name.as_str());
    if let Some(name) = grants.allow.iter().chain(&grants.deny).find(unknown) {
        bail!(
            "there is no interface `{name}`: it is one of {}",
            INTERFACES.join(", ")
        );
    }
    let path = format!("/v1/tenants/{}", segment(&grants.id)?);
    let mut tenant = document(connection.get(&path)?);
    if grants.all || !grants.allow.is_empty() || !grants.deny.is_empty() {
        let before = granted(&tenant);
        tenant["grants"]["imports"] = match grants.all {
            true => Value::Null,
            false => json!(changed(before, &grants.allow, &grants.deny)),
        };
        connection.put(&path, &tenant)?;
        tenant = document(connection.get(&path)?);
    }
    if connection.json {
        return show(
            connection,
            tenant.pointer("/grants/imports").unwrap_or(&Value::Null),
        );
    }
    print!("{}", tell(granted(&tenant).as_deref()));
    Ok(())
}

/// None: all.
fn granted(tenant: &Value) -> Option<Vec<String>> {
    let imports = tenant.pointer("/grants/imports")?.as_array()?;
    Some(
        imports
            .iter()
            .filter_map(Value::as_str)
            .map(ToOwned::to_owned)
            .collect(),
    )
}

fn changed(before: Option<Vec<String>>, allow: &[String], deny: &[String]) -> Vec<String> {
    let mut now = before.unwrap_or_else(|| INTERFACES.map(ToOwned::to_owned).to_vec());
    now.extend(allow.iter().cloned());
    now.retain(|name| !deny.contains(name));
    now.sort();
    now.dedup();
    now
}

/// A line for each interface, what reaches furthest first.
fn tell(granted: Option<&[String]>) -> String {
    let mut text = match granted {
        None => "the tenant's modules may do all that this exchange offers:\n".to_owned(),
        Some(_) => "the tenant's modules\n".to_owned(),
    };
    for line in permission_sheet(&INTERFACES.map(ToOwned::to_owned)) {
        let may = granted.is_none_or(|granted| granted.contains(&line.interface));
        let may = if may { "may    " } else { "may not" };
        text.push_str(&format!("  {may}  {}  ({})\n", line.allows, line.interface));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_changed_and_told_in_words() {
        let text = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let less = changed(None, &[], &text(&["trunk", "recording"]));
        assert_eq!(less.len(), INTERFACES.len() - 2);
        let more = changed(Some(less.clone()), &text(&["trunk"]), &[]);
        assert!(more.contains(&"trunk".to_owned()) && !more.contains(&"recording".to_owned()));
        let told = tell(Some(&less));
        assert!(
            told.contains("  may not  dial outside numbers  (trunk)\n"),
            "{told}"
        );
        assert!(told.contains("  may      know the time  (clock)\n"), "{told}");
    }
}
