//! What an exchange takes of anybody, and what an operator has to grant.
#![allow(clippy::unwrap_used, reason = "a test may")]

use behaviours::{Config, Runtime};
use languages::{Built, Language, path, read};

#[test]
fn python_brings_an_interpreter_along_which_an_operator_has_to_grant() {
    let runtime = Runtime::new(Config::default()).unwrap();
    let problems = runtime
        .inspect(&read(&path(Language::Python, "menu")))
        .unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    let message = &problems[0].message;
    assert!(
        message.ends_with("an interpreter needs the grant `large-modules`"),
        "{message}"
    );
}

/// No WASI and nothing that the sources do not import from; in C what they do not call.
#[test]
fn what_a_component_imports_is_what_its_sources_use() {
    for language in Language::ALL {
        let manifest = Built::of(language, "menu").describe();
        assert_eq!(
            manifest.imports,
            [
                "audio",
                "calendars",
                "dialling",
                "explain",
                "legs",
                "numbers",
                "trunk"
            ],
            "{language:?}"
        );
    }
}
