//! The exchange is killed, and knows its phones when it is back.

use std::time::Duration;

use base::Random;
use phone::Event;
use phone::live::LivePhone;

use crate::server::Server;
use crate::tenant::{self, DOMAIN};
use crate::{PATIENCE, until};

fn registered(server: &Server, user: &str, seed: u64) -> LivePhone {
    let random = Random::from_seed(seed);
    let mut phone = LivePhone::new(user, &tenant::password(user), DOMAIN, server.address(), random).unwrap();
    let now = phone.now();
    phone.phone.register(now, 600);
    phone
        .wait(PATIENCE, |event| {
            matches!(event, Event::Registered { .. }).then_some(())
        })
        .unwrap();
    phone
}

#[test]
fn peers_restart_keeps_registrations() {
    let mut server = Server::start();
    tenant::create(&server);
    let mut alice = registered(&server, "203", 1);
    let mut bob = registered(&server, "204", 2);

    server.crash_and_start_again();

    // Nobody has registered again: the call finds the phone that registered before.
    let now = alice.now();
    let call = alice.phone.call(now, "204");
    drop(alice.pump(Duration::from_millis(100)).unwrap());
    until("the called phone rings", || {
        drop(alice.pump(Duration::from_millis(20)).unwrap());
        let events = bob.pump(Duration::from_millis(20)).unwrap();
        events
            .iter()
            .any(|event| matches!(event, Event::Offered { .. }))
            .then_some(())
    });
    let now = alice.now();
    alice.phone.hang_up(now, call);
    drop(alice.pump(Duration::from_millis(200)).unwrap());
}
