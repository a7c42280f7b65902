//! Projects in other languages than Rust: the SDK's template, and a Makefile that builds it with the clone.

use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::write;

/// What a behaviour is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Language {
    #[default]
    Rust,
    #[value(name = "js", alias = "javascript")]
    JavaScript,
    #[value(name = "ts", alias = "typescript")]
    TypeScript,
    Python,
    C,
}

struct Template {
    /// As people say it.
    language: &'static str,
    /// Its SDK's folder in `sdk/`.
    folder: &'static str,
    summary: &'static str,
    entry: &'static str,
    source: &'static str,
    /// What the source calls itself, and what stands around it there.
    named: &'static str,
    /// Sources in the project's folder, as make sees them.
    sources: &'static str,
    /// How many things may happen in its test: a decision takes longer in some languages.
    happenings: &'static str,
    needs: &'static str,
}

const GREETS: &str = "Greets callers, and rings the reception for key 1.";

/// The types of the SDK, for the editor too.
const PATHS: &str = "\n    \"paths\": {\n      \"cordboard\": [\"{{clone}}/sdk/js/src/index.d.ts\"],\n      \"cordboard/*\": [\"{{clone}}/sdk/js/src/*.d.ts\"]\n    },";

impl Language {
    /// None for Rust, whose projects are made otherwise.
    fn template(self) -> Option<Template> {
        Some(match self {
            Self::Rust => return None,
            Self::JavaScript => Template {
                language: "JavaScript",
                folder: "js",
                summary: GREETS,
                entry: "index.js",
                source: include_str!("../../../../../sdk/js/template/index.js"),
                named: "name: \"reception\"",
                sources: "$(wildcard *.js)",
                happenings: "4",
                needs: "",
            },
            Self::TypeScript => Template {
                language: "TypeScript",
                folder: "js",
                summary: GREETS,
                entry: "index.ts",
                source: include_str!("../../../../../sdk/js/template-ts/index.ts"),
                named: "name: \"reception\"",
                sources: "$(wildcard *.ts) tsconfig.json",
                happenings: "4",
                needs: " The build checks its types.",
            },
            Self::Python => Template {
                language: "Python",
                folder: "python",
                summary: GREETS,
                entry: "main.py",
                source: include_str!("../../../../../sdk/python/template/main.py"),
                named: "name=\"reception\"",
                sources: "$(wildcard *.py)",
                happenings: "2",
                needs: " It brings an interpreter along, which the tenant has to be granted: `cordboard tenant grants acme --allow large-modules`.",
            },
            Self::C => Template {
                language: "C",
                folder: "c",
                summary: "Rings one line.",
                entry: "behaviour.c",
                source: include_str!("../../../../../sdk/c/template/handset.c"),
                named: ".name = \"handset\"",
                sources: "$(wildcard *.c *.h)",
                happenings: "4",
                needs: "",
            },
        })
    }
}

/// Fills the project's folder; nothing for Rust. What to do next, in lines.
pub fn fill(folder: &Path, name: &str, language: Language, clone: &Path) -> Result<Option<String>> {
    let Some(template) = language.template() else {
        return Ok(None);
    };
    let clone = clone
        .to_str()
        .context("the path of the clone is no Unicode text")?;
    let fill = |text: &str| {
        text.replace("{{name}}", name)
            .replace("{{clone}}", clone)
            .replace("{{language}}", template.language)
            .replace("{{folder}}", template.folder)
            .replace("{{summary}}", template.summary)
            .replace("{{entry}}", template.entry)
            .replace("{{sources}}", template.sources)
            .replace("{{happenings}}", template.happenings)
            .replace("{{needs}}", template.needs)
    };
    let files = [
        (
            "Makefile",
            include_str!("../../../../../sdk/template/other/Makefile.txt"),
        ),
        (
            "README.md",
            include_str!("../../../../../sdk/template/other/README.md.txt"),
        ),
        (
            ".gitignore",
            include_str!("../../../../../sdk/template/other/gitignore.txt"),
        ),
        (
            "scenario.json",
            include_str!("../../../../../sdk/template/other/scenario.json.txt"),
        ),
    ];
    for (path, text) in files {
        write(&folder.join(path), &fill(text))?;
    }
    let quoted = template.named.replace("reception", name).replace("handset", name);
    write(
        &folder.join(template.entry),
        &template.source.replace(template.named, &quoted),
    )?;
    if language == Language::TypeScript {
        let own = include_str!("../../../../../sdk/js/template-ts/tsconfig.json");
        let options = "\"compilerOptions\": {";
        write(
            &folder.join("tsconfig.json"),
            &own.replace(options, &format!("{options}{}", fill(PATHS))),
        )?;
    }
    Ok(Some("  make\n  make test\n  make upload".to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_project_in_each_language_has_its_name_and_reaches_the_clone() {
        for (language, entry) in [
            (Language::JavaScript, "index.js"),
            (Language::TypeScript, "index.ts"),
            (Language::Python, "main.py"),
            (Language::C, "behaviour.c"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let next = fill(folder.path(), "night-desk", language, Path::new("/clone")).unwrap();
            assert!(next.is_some());
            let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
            assert!(read(entry).contains("\"night-desk\""), "{language:?}");
            assert!(read("Makefile").contains("CLONE ?= /clone\n"), "{language:?}");
            for file in ["Makefile", "README.md", "scenario.json"] {
                assert!(!read(file).contains("{{"), "{file} in {language:?}");
            }
            serde_json::from_str::<serde_json::Value>(&read("scenario.json")).unwrap();
            if language == Language::TypeScript {
                serde_json::from_str::<serde_json::Value>(&read("tsconfig.json")).unwrap();
            }
        }
    }

    #[test]
    fn rust_is_made_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let next = fill(folder.path(), "door", Language::Rust, Path::new("/clone")).unwrap();
        assert_eq!((next, fs::read_dir(folder.path()).unwrap().count()), (None, 0));
    }
}
