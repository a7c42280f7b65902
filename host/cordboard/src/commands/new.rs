//! `cordboard new`: a behaviour's project from the template in `sdk/template`, or from that of another language's SDK.

mod other;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use other::Language;

#[derive(Args)]
pub struct Options {
    /// What it is called: lower-case words joined with `-`; also the folder that is made
    name: String,
    /// One call, told as a story (the default)
    #[arg(long, conflicts_with = "keyed")]
    script: bool,
    /// One session for all calls of a number, such as a group
    #[arg(long)]
    keyed: bool,
    /// What it is written in
    #[arg(long, value_enum, default_value_t)]
    language: Language,
    /// A clone of Cordboard's repository, whose SDK it is built with. Where it is not given: the clone that
    /// the current folder lies in, else the one that this program was built in
    ///
    /// The SDK is not published as a crate; the project's Cargo.toml says where the clone is.
    #[arg(long, env = "CORDBOARD_SDK", value_name = "PATH")]
    sdk: Option<PathBuf>,
}

/// Where a clone keeps the SDK.
const SDK: &str = "sdk/rust";

/// Names that cannot be a package's, or that the project needs for something else.
const TAKEN: [&str; 12] = [
    "cordboard",
    "serde",
    "core",
    "std",
    "alloc",
    "test",
    "tests",
    "self",
    "super",
    "crate",
    "build",
    "deps",
];

struct Template {
    summary: &'static str,
    source: &'static str,
    tests: &'static str,
}

const SCRIPT: Template = Template {
    summary: "Greets callers and rings the reception for key 1.",
    source: include_str!("../../../../sdk/template/script/lib.rs.txt"),
    tests: include_str!("../../../../sdk/template/script/tests.rs.txt"),
};

const KEYED: Template = Template {
    summary: "Rings one line for one caller at a time; the others wait.",
    source: include_str!("../../../../sdk/template/keyed/lib.rs.txt"),
    tests: include_str!("../../../../sdk/template/keyed/tests.rs.txt"),
};

/// Files that both kinds have.
const COMMON: [(&str, &str); 5] = [
    (
        "Cargo.toml",
        include_str!("../../../../sdk/template/Cargo.toml.txt"),
    ),
    (
        "rust-toolchain.toml",
        include_str!("../../../../sdk/template/rust-toolchain.toml.txt"),
    ),
    (
        ".cargo/config.toml",
        include_str!("../../../../sdk/template/config.toml.txt"),
    ),
    (
        ".gitignore",
        include_str!("../../../../sdk/template/gitignore.txt"),
    ),
    (
        "README.md",
        include_str!("../../../../sdk/template/README.md.txt"),
    ),
];

pub fn run(options: &Options) -> Result<()> {
    judge(&options.name)?;
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    let clone = clone(options.sdk.as_deref(), &here)?;
    ensure!(
        !options.keyed || options.language == Language::Rust,
        "only Rust has a template of a keyed behaviour: make a project without `--keyed`, and look at sdk/*/examples/group of the clone"
    );
    let folder = here.join(&options.name);
    fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if let Some(next) = other::fill(&folder, &options.name, options.language, &clone)? {
        println!("made {0}. Next:\n  cd {0}\n{next}", options.name);
        return Ok(());
    }
    let template = if options.keyed { KEYED } else { SCRIPT };
    fill(&folder, &options.name, &template, &clone)?;
    let (name, snake) = (&options.name, snake(&options.name));
    println!(
        "made {name}. Next:\n  cd {name}\n  cargo test\n  cargo module\n  cordboard module upload \
         target/wasm32-unknown-unknown/release/{snake}.wasm"
    );
    Ok(())
}

/// As the manifest of a module wants it, and as cargo does.
fn judge(name: &str) -> Result<()> {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    ensure!(
        name.len() <= 64
            && name.split('-').all(is_word)
            && !name.starts_with(|first: char| first.is_ascii_digit()),
        "a behaviour's name is lower-case words joined with `-`, 64 letters at most and no digit first: `{name}` is none"
    );
    ensure!(
        !TAKEN.contains(&name),
        "`{name}` means something else to cargo: choose another name"
    );
    Ok(())
}

/// The clone to build with, as an absolute path.
fn clone(said: Option<&Path>, here: &Path) -> Result<PathBuf> {
    if let Some(said) = said {
        let clone = fs::canonicalize(said).with_context(|| format!("there is no {}", said.display()))?;
        // Its SDK's folder is meant just as well.
        let found = clone.ancestors().take(3).find(|folder| is_clone(folder));
        return Ok(found
            .with_context(|| format!("{} is no clone of Cordboard: it has no {SDK}", said.display()))?
            .to_owned());
    }
    let program = std::env::current_exe().and_then(fs::canonicalize);
    let around = here
        .ancestors()
        .chain(program.as_deref().into_iter().flat_map(Path::ancestors));
    match around.into_iter().find(|folder| is_clone(folder)) {
        Some(clone) => Ok(fs::canonicalize(clone)?),
        None => bail!("the SDK comes with Cordboard's repository: clone it, and say `--sdk CLONE`"),
    }
}

fn is_clone(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join(SDK).join("Cargo.toml"));
    manifest.is_ok_and(|manifest| manifest.contains("name = \"cordboard-sdk\""))
}

fn fill(folder: &Path, name: &str, template: &Template, clone: &Path) -> Result<()> {
    let sdk = reach(folder, clone).join(SDK);
    let sdk = sdk.to_str().context("the path of the clone is no Unicode text")?;
    let fill = |text: &str| {
        text.replace("{{name}}", name)
            .replace("{{snake}}", &snake(name))
            .replace("{{camel}}", &camel(name))
            .replace("{{summary}}", template.summary)
            .replace("{{rust}}", env!("CARGO_PKG_RUST_VERSION"))
            .replace("{{sdk}}", &sdk.replace('\\', "/"))
    };
    for (path, text) in COMMON {
        write(&folder.join(path), &fill(text))?;
    }
    write(&folder.join("src/lib.rs"), &fill(template.source))?;
    write(&folder.join("src/tests.rs"), &fill(template.tests))?;
    // The libraries that the SDK was tested with.
    if let Ok(lock) = fs::read_to_string(clone.join("Cargo.lock")) {
        write(&folder.join("Cargo.lock"), &lock)?;
    }
    Ok(())
}

/// The clone as the project's Cargo.toml names it: relative where the project lies in it.
fn reach(folder: &Path, clone: &Path) -> PathBuf {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    match folder.strip_prefix(clone) {
        Ok(inside) => inside.iter().map(|_| "..").collect(),
        Err(_) => clone.to_owned(),
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

fn camel(name: &str) -> String {
    let word =
        |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default();
    name.split('-').map(word).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_cargo_and_the_manifest_take() {
        for name in ["door", "night-desk", "desk2"] {
            assert!(judge(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "Door",
            "night_desk",
            "night--desk",
            "2nd",
            "a/b",
            "..",
            "core",
            "cordboard",
        ] {
            assert!(judge(name).is_err(), "{name}");
        }
        assert_eq!(
            (snake("night-desk2"), camel("night-desk2")),
            ("night_desk2".into(), "NightDesk2".into())
        );
    }

    #[test]
    fn the_clone_around_a_folder_is_found_and_reached() {
        let clone = tempfile::tempdir().unwrap();
        let clone = fs::canonicalize(clone.path()).unwrap();
        let (sdk, project) = (clone.join(SDK), clone.join("mine/door"));
        fs::create_dir_all(&project).unwrap();
        write(&sdk.join("Cargo.toml"), "name = \"cordboard-sdk\"").unwrap();
        assert_eq!(super::clone(None, &project).unwrap(), clone);
        assert_eq!(super::clone(Some(&sdk), Path::new("/")).unwrap(), clone);
        assert_eq!(reach(&project, &clone), Path::new("../.."));
        let elsewhere = tempfile::tempdir().unwrap();
        assert_eq!(reach(elsewhere.path(), &clone), clone);
        assert!(super::clone(Some(elsewhere.path()), &project).is_err());
        fs::remove_dir_all(&clone).unwrap();
    }
}
