//! Checks every dependency in `Cargo.lock` against `policy.toml`: licence, source, bans.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::run::{cargo, read, root};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    licences: BTreeSet<String>,
    sources: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
    #[serde(default)]
    banned: Vec<Ban>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    crates: Vec<String>,
    licence: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// How policy.toml names the licence of a package without one in its manifest.
const NONE_STATED: &str = "none stated";

pub fn check() -> Result<()> {
    let path = root().join("policy.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let policy: Policy = toml::from_str(&text).context("policy.toml")?;
    let metadata = read(cargo().args([
        "metadata",
        "--locked",
        "--format-version=1",
        "--filter-platform=x86_64-unknown-linux-gnu",
    ]))?;
    let metadata: Metadata = serde_json::from_str(&metadata).context("output of cargo metadata")?;
    let problems: Vec<String> = metadata
        .packages
        .iter()
        .flat_map(|package| problems(package, &policy))
        .collect();
    if !problems.is_empty() {
        bail!(
            "{} dependencies break policy.toml:\n  {}",
            problems.len(),
            problems.join("\n  ")
        );
    }
    println!("{} packages keep to policy.toml", metadata.packages.len());
    Ok(())
}

fn problems(package: &Package, policy: &Policy) -> Vec<String> {
    let name = format!("{} {}", package.name, package.version);
    let mut problems = Vec::new();
    if let Some(ban) = policy.banned.iter().find(|ban| ban.name == package.name) {
        problems.push(format!("{name} is banned: {}", ban.reason));
    }
    if let Some(source) = package
        .source
        .as_ref()
        .filter(|source| !policy.sources.contains(source))
    {
        problems.push(format!("{name} comes from {source}"));
    }
    let allowed = allowed(package, policy);
    let passes = match &package.license {
        Some(licence) => satisfied(licence, &allowed),
        None => allowed.contains(NONE_STATED),
    };
    if !passes {
        let licence = package.license.as_deref().unwrap_or(NONE_STATED);
        problems.push(format!(
            "{name} is under `{licence}`, which policy.toml does not allow"
        ));
    }
    problems
}

fn allowed(package: &Package, policy: &Policy) -> BTreeSet<String> {
    let mut allowed = policy.licences.clone();
    for exception in policy
        .exceptions
        .iter()
        .filter(|e| e.crates.contains(&package.name))
    {
        assert!(!exception.reason.is_empty(), "an exception needs a reason");
        allowed.insert(exception.licence.clone());
    }
    allowed
}

/// Whether an SPDX expression can be satisfied with the allowed licences alone.
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // `A/B` is the old spelling of `A OR B`.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut position = 0;
    let value = any_of(&words, &mut position, allowed);
    value && position == words.len()
}

fn any_of(words: &[&str], position: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut value = all_of(words, position, allowed);
    while words.get(*position) == Some(&"OR") {
        *position += 1;
        value |= all_of(words, position, allowed);
    }
    value
}

fn all_of(words: &[&str], position: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut value = one(words, position, allowed);
    while words.get(*position) == Some(&"AND") {
        *position += 1;
        value &= one(words, position, allowed);
    }
    value
}

fn one(words: &[&str], position: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let Some(word) = words.get(*position) else {
        return false;
    };
    *position += 1;
    if *word == "(" {
        let value = any_of(words, position, allowed);
        let closed = words.get(*position) == Some(&")");
        *position += 1;
        return value && closed;
    }
    match (words.get(*position), words.get(*position + 1)) {
        (Some(&"WITH"), Some(exception)) => {
            *position += 2;
            allowed.contains(&format!("{word} WITH {exception}")) || allowed.contains(*word)
        }
        _ => allowed.contains(*word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_satisfied_as_spdx_means_them() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"].map(String::from).into();
        for good in [
            "MIT",
            "MIT OR GPL-3.0",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(satisfied(good, &allowed), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT", "", "MIT MIT"] {
            assert!(!satisfied(bad, &allowed), "{bad}");
        }
    }
}
