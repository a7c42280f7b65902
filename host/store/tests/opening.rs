//! Opening what is in use, damaged, too new, or older; and what the messages say.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cordboard_store::{EmbeddedStore, Error, Expect, OpenOptions, Schema, Store, Upgrade};
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    (directory, path)
}

fn open(path: &Path) -> Result<EmbeddedStore, Error> {
    EmbeddedStore::open_file(path, &Schema::default(), OpenOptions::default())
}

fn refused(path: &Path) -> Error {
    match open(path) {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

fn upgraded(
    path: &Path,
    version: u32,
    upgrade: &dyn Fn(u32, &mut Upgrade<'_>) -> Result<(), String>,
) -> Result<EmbeddedStore, Error> {
    EmbeddedStore::open_file(path, &Schema { version, upgrade }, OpenOptions::default())
}

#[test]
fn a_store_in_use_is_refused_and_says_so() {
    let (_directory, path) = place();
    let _first = open(&path).unwrap();
    let error = refused(&path);
    assert!(matches!(error, Error::Locked { .. }));
    let text = error.to_string();
    assert!(
        text.contains(path.to_str().unwrap()) && text.contains("stop the other cordboard"),
        "{text}"
    );
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_alone() {
    let (_directory, path) = place();
    fs::write(&path, "these are my holiday notes, not a database".repeat(200)).unwrap();
    let before = fs::read(&path).unwrap();
    let error = refused(&path);
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("restore a backup"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_truncated_store_is_refused() {
    let (_directory, path) = place();
    let store = open(&path).unwrap();
    for n in 0..20 {
        store
            .append("s", &[Bytes::from(vec![n; 500])], base::Moment::ZERO)
            .unwrap();
    }
    drop(store);
    let size = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(size / 2)
        .unwrap();
    assert!(matches!(refused(&path), Error::Corrupt { .. }));
}

#[test]
fn a_flipped_bit_is_found_when_asked_to_verify() {
    let (_directory, path) = place();
    let store = open(&path).unwrap();
    store
        .put("k", Bytes::from_static(b"a value to look for"), Expect::Any)
        .unwrap();
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let places: Vec<_> = bytes
        .windows(8)
        .enumerate()
        .filter(|(_, w)| w == b"to look ")
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| bytes[at] ^= 1);
    fs::write(&path, bytes).unwrap();
    let options = OpenOptions {
        verify: true,
        ..OpenOptions::default()
    };
    let error = EmbeddedStore::open_file(&path, &Schema::default(), options).err();
    assert!(matches!(error, Some(Error::Corrupt { .. })), "{error:?}");
}

#[test]
fn a_missing_directory_is_named() {
    let (directory, _) = place();
    let path = directory.path().join("missing/store");
    let error = refused(&path);
    assert!(matches!(error, Error::Open { .. }), "{error}");
    assert!(error.to_string().contains("missing/store") && error.to_string().contains("directory exists"));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = place();
    drop(open(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_older_store_is_upgraded_step_by_step() {
    let (_directory, path) = place();
    let store = open(&path).unwrap();
    for (key, value) in [("tenant/a", "a"), ("tenant/b", "b"), ("other", "x")] {
        store.put(key, Bytes::from(value), Expect::Any).unwrap();
    }
    drop(store);
    let upgrade = |from: u32, documents: &mut Upgrade<'_>| {
        documents.each("tenant/", &mut |key, value| {
            Ok((key != "tenant/b").then(|| [value, format!("+{from}").as_bytes()].concat()))
        })?;
        documents.put(&format!("step/{from}"), b"done")
    };
    let store = upgraded(&path, 3, &upgrade).unwrap();
    let value = |key: &str| store.get(key).unwrap().map(|document| document.value);
    assert_eq!(value("tenant/a"), Some(Bytes::from("a+1+2")));
    assert_eq!(value("tenant/b"), None);
    assert_eq!(value("other"), Some(Bytes::from("x")));
    assert!(value("step/1").is_some() && value("step/2").is_some());
    drop(store);
    drop(upgraded(&path, 3, &|_, _| Err("must not run again".to_owned())).unwrap());
}

#[test]
fn a_failed_upgrade_leaves_the_store_as_it_was() {
    let (_directory, path) = place();
    open(&path)
        .unwrap()
        .put("tenant/a", Bytes::from("a"), Expect::Any)
        .unwrap();
    let upgrade = |from: u32, documents: &mut Upgrade<'_>| match from {
        1 => documents.each("", &mut |_, _| Ok(None)),
        _ => Err("tenant a is odd".to_owned()),
    };
    let error = upgraded(&path, 3, &upgrade).err().unwrap();
    assert!(
        error.to_string().contains("from schema 2: tenant a is odd"),
        "{error}"
    );
    assert_eq!(
        open(&path).unwrap().get("tenant/a").unwrap().unwrap().value,
        Bytes::from("a")
    );
}

#[test]
fn a_newer_store_is_refused() {
    let (_directory, path) = place();
    drop(upgraded(&path, 9, &|_, _| Ok(())).unwrap());
    let error = refused(&path);
    assert!(
        matches!(
            error,
            Error::SchemaTooNew {
                found: 9,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("run the newer version"), "{error}");
}
