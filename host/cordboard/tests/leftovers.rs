//! What is deleted is gone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod common;

use std::path::Path;

use client::Server;
use common::{House, offered, talk};
use phone::Event;
use serde_json::json;
use store::{EmbeddedStore, OpenOptions, Schema, Store};

/// A recording of a second.
fn recording() -> Vec<u8> {
    let samples = (0..8_000u32).flat_map(|n| (((n % 80) as i16 - 40) * 200).to_le_bytes());
    let sound: Vec<u8> = samples.collect();
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + sound.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(8_000u32.to_le_bytes());
    wav.extend(16_000u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((sound.len() as u32).to_le_bytes());
    wav.extend(sound);
    wav
}

/// Every key, stream and blob that a stopped server's store holds.
fn everything(folder: &Path) -> Vec<String> {
    let path = folder.join("data").join("cordboard.redb");
    let store = EmbeddedStore::open_file(&path, &Schema::default(), OpenOptions::default()).unwrap();
    let documents = store.list("", None, usize::MAX).unwrap().documents;
    let streams = store.streams("", None, usize::MAX).unwrap();
    let blobs = store.list_blobs(None, usize::MAX).unwrap();
    let mut all: Vec<String> = documents.into_iter().map(|one| one.key).collect();
    all.extend(streams.into_iter().map(|(name, _)| name));
    all.extend(blobs.into_iter().map(|blob| blob.digest.to_string()));
    all
}

fn upload_recording(server: &Server, name: &str) {
    server
        .client
        .put_bytes(
            &format!("/v1/tenants/acme/announcements/{name}"),
            "audio/wav",
            &recording(),
        )
        .unwrap();
}

#[test]
fn nothing_of_a_deleted_tenant_stays() {
    let mut house = House::with_lines(&["201", "202"]);
    upload_recording(&house.server, "welcome");
    let (mut alice, mut bob) = (house.phone("201"), house.phone("202"));
    let (call, taken) = talk(&mut alice, &mut bob, "202");
    let client = &house.server.client;
    assert!(
        client.delete("/v1/tenants/acme").is_err(),
        "it has lines, and nobody said that these should go"
    );
    let gone = std::thread::spawn({
        let (url, token) = (
            house.server.api,
            std::fs::read_to_string(house.folder.path().join("data/operator.token")).unwrap(),
        );
        move || client::Client::new(url.port(), token.trim()).delete("/v1/tenants/acme?with-lines=true")
    });
    common::ends(&mut alice, call);
    common::ends(&mut bob, taken);
    gone.join().unwrap().unwrap();
    house.server.stop().unwrap();
    let left: Vec<String> = everything(house.folder.path())
        .into_iter()
        .filter(|key| !key.starts_with("token/"))
        .collect();
    // The line in the host's audit journal that says who did it.
    assert_eq!(left, ["audit/-"]);
}

#[test]
fn a_recording_goes_with_the_last_name_that_it_has() {
    let mut house = House::with_lines(&[]);
    upload_recording(&house.server, "one");
    upload_recording(&house.server, "two");
    let delete = |name: &str| {
        let path = format!("/v1/tenants/acme/announcements/{name}");
        house.server.client.delete(&path).unwrap();
    };
    delete("one");
    let path = "/announcements/two";
    assert_eq!(house.get(path)["document"]["name"], json!("two"));
    delete("two");
    house.server.stop().unwrap();
    let blobs = everything(house.folder.path())
        .into_iter()
        .filter(|key| key.len() == 64);
    assert_eq!(blobs.count(), 0);
}

#[test]
fn metrics_are_for_everybody_unless_said_otherwise() {
    let get = |address: &str| ureq::get(format!("http://{address}/metrics")).call();
    let status = |answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>| match answer {
        Ok(response) => response.status().as_u16(),
        Err(ureq::Error::StatusCode(status)) => status,
        Err(error) => panic!("{error}"),
    };
    let open = House::with_lines(&["201", "202"]);
    let (mut alice, mut bob) = (open.phone("201"), open.phone("202"));
    let now = alice.now();
    let call = alice.phone.call(now, "202");
    drop(alice.pump(std::time::Duration::from_millis(100)).unwrap());
    offered(&mut bob);
    common::until("the call is counted", || {
        let text = get(&open.server.api.to_string())
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
        assert!(!text.contains("202"), "no number is told: {text}");
        text.lines().any(|line| line == "cordboard_calls 1")
    });
    let now = alice.now();
    alice.phone.hang_up(now, call);
    alice
        .wait(common::PATIENCE, |event| {
            matches!(event, Event::Failed(..) | Event::Ended(_)).then_some(())
        })
        .unwrap();

    let closed = House::with("", "metrics = \"token\"");
    assert_eq!(status(get(&closed.server.api.to_string())), 401);

    let elsewhere = House::with("", "metrics = \"127.0.0.1:0\"");
    assert_eq!(status(get(&elsewhere.server.api.to_string())), 404);
    let address = elsewhere.server.metrics.unwrap();
    assert_eq!(status(get(&address.to_string())), 200);
}
