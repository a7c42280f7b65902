//! The tests that the behaviours' pages name must be there: a table that says what shows a requirement is worth nothing when a test
//! was renamed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::run::root;

/// Where tests are.
const SOURCES: [&str; 4] = ["guests", "host", "sdk", "tests"];

fn check() -> Result<()> {
    let mut known = BTreeSet::new();
    for folder in SOURCES {
        for file in files(&root().join(folder), "rs")? {
            known.extend(functions(&text(&file)?));
            // A page of call flows is named by its file.
            known.extend(file.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    let mut missing = Vec::new();
    for page in files(&root().join("guests"), "md")? {
        let absent = named(&text(&page)?)
            .into_iter()
            .filter(|name| !is_there(&known, name));
        missing.extend(absent.map(|name| format!("{}: {name}", page.display())));
    }
    ensure!(
        missing.is_empty(),
        "tests that are named and are not there:\n{}",
        missing.join("\n")
    );
    Ok(())
}

/// One that ends with a number stands for all tests of that paragraph.
fn is_there(known: &BTreeSet<String>, name: &str) -> bool {
    let paragraph = format!("{name}_");
    let is_paragraph = name.ends_with(|last: char| last.is_ascii_digit());
    known.contains(name) || is_paragraph && known.iter().any(|test| test.starts_with(&paragraph))
}

fn text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// All files below with this extension; not what was built.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "target" && name != "node_modules" {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    Ok(found)
}

fn functions(source: &str) -> impl Iterator<Item = String> + '_ {
    let words = source.split("fn ").skip(1);
    words.filter_map(|rest| Some(rest.split(['(', '<']).next()?.trim().to_owned()))
}

/// Names in backticks that read like a test's: words with at least two underscores between.
fn named(page: &str) -> BTreeSet<String> {
    let quoted = page.split('`').skip(1).step_by(2);
    let is_name = |word: &&str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        word.bytes().all(plain) && word.matches('_').count() >= 2 && !word.starts_with('_')
    };
    quoted.filter(is_name).map(str::to_owned).collect()
}

#[test]
fn tests_that_the_pages_name_are_there() -> Result<()> {
    check()
}

#[test]
fn names_of_tests_are_told_from_other_words() {
    let page = "| `r1_a_b`, `rfc_9_x` | `call-back`, `two_words`, `cargo xtask test` | `A_B_C` |";
    assert_eq!(Vec::from_iter(named(page)), ["r1_a_b", "rfc_9_x"]);
    let source = "    fn r1_a_b() {\nfn of_both<T>(x: u8) {}";
    assert_eq!(Vec::from_iter(functions(source)), ["r1_a_b", "of_both"]);
}
