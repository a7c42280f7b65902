//! The cache of compiled modules may be deleted at any time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod common;

use std::fs;

use common::{House, greeted, greeter, until};

#[test]
fn a_start_without_its_cache_serves_at_once_and_compiles_what_behaviours_use() {
    let mut house = House::with_lines(&["201"]);
    let digest = greeter(&house);
    let digest = digest.as_str().unwrap();
    house.server.stop().unwrap();
    let cache = house.folder.path().join("data").join("compiled");
    fs::remove_dir_all(&cache).unwrap();

    house.server.start_again().unwrap();

    let is_compiled = || {
        let engines = fs::read_dir(&cache).unwrap().flatten();
        let mut paths = engines.map(|engine| engine.path().join(format!("{digest}.cwasm")));
        paths.any(|path| path.exists())
    };
    until("the module is compiled again", is_compiled);
    greeted(&house);
}
