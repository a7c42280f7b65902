//! What survives `kill -9`, over real sockets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod common;

use common::{House, ends, talk, until};

#[test]
fn a_call_that_is_up_is_listed_and_can_be_ended_after_a_crash() {
    let mut house = House::with_lines(&["201", "202"]);
    let (mut alice, mut bob) = (house.phone("201"), house.phone("202"));
    let (call, taken) = talk(&mut alice, &mut bob, "202");
    let before = house.items("/calls");
    assert_eq!(before.len(), 1, "{before:?}");

    house.server.crash_and_start_again().unwrap();

    let after = house.items("/calls");
    assert_eq!(after, before);
    let legs = after[0]["legs"].as_array().unwrap();
    assert_eq!((legs.len(), &legs[0]["hears"]), (2, &legs[1]["id"]), "{legs:?}");
    let id = after[0]["id"].as_u64().unwrap();
    house
        .server
        .client
        .delete(&format!("/v1/tenants/acme/calls/{id}"))
        .unwrap();
    ends(&mut alice, call);
    ends(&mut bob, taken);
    assert!(house.items("/calls").is_empty());
}

#[test]
fn documents_registrations_and_detail_records_are_there_after_a_crash() {
    let mut house = House::with_lines(&["201", "202"]);
    let (mut alice, mut bob) = (house.phone("201"), house.phone("202"));
    let (call, taken) = talk(&mut alice, &mut bob, "202");
    let now = alice.now();
    alice.phone.hang_up(now, call);
    drop(alice.pump(common::PATIENCE / 300).unwrap());
    ends(&mut bob, taken);
    until("the record is written", || !house.items("/cdrs").is_empty());
    let all = ["/lines", "/devices", "/registrations"];
    let before = all.map(|path| house.items(path));

    house.server.crash_and_start_again().unwrap();

    assert_eq!(all.map(|path| house.items(path)), before);
    assert_eq!(house.items("/cdrs").len(), 1);
    // Phones need not register again.
    let (call, _) = talk(&mut alice, &mut bob, "202");
    let now = alice.now();
    alice.phone.hang_up(now, call);
}

#[test]
fn a_stop_that_is_asked_for_ends_it_at_once_and_well() {
    let mut house = House::new();
    let status = house.server.stop().unwrap();
    assert!(status.success(), "{status}\n{}", house.server.log());
    house.server.start_again().unwrap();
}
