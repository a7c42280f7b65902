//! What networks do to messages: IPv6, TCP in pieces with keep-alives, messages larger than a packet, a CANCEL that
//! crosses the answer.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use base::Random;
use phone::live::LivePhone;
use phone::{CallState, Event};

use crate::server::Server;
use crate::sipp::Sipp;
use crate::tenant::{self, DOMAIN};
use crate::{PATIENCE, until};

/// A phone that shares no SIP code with the exchange, registered.
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

fn options(transport: &str, local: &str, more: &str) -> String {
    format!(
        "OPTIONS sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/{transport} {local};branch=z9hG4bKo{};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:201@{DOMAIN}>;tag=o\r\nTo: <sip:{DOMAIN}>\r\nCall-ID: o{}@{local}\r\nCSeq: 1 OPTIONS\r\n{more}\
         Content-Length: 0\r\n\r\n",
        more.len(),
        more.len(),
    )
}

#[test]
fn peers_network_calls_over_ipv6() {
    let server = Server::start();
    tenant::create(&server);
    tenant::put_provider(&server, &[tenant::PROVIDER]);
    let sipp = |name: &str| Sipp::new(name, server.address_v6()).from("::1");
    sipp("register").user("203").run();
    sipp("call").service(tenant::NEWS).run();
    sipp("call").service(tenant::NEWS).tcp().run();
}

/// RFC 3261 §7.5, RFC 5626 §3.5.1: empty lines keep a connection alive and are answered by one; a message may come in
/// any pieces, and several in one.
#[test]
fn peers_network_tcp_in_pieces_with_keep_alives() {
    let server = Server::start();
    tenant::create(&server);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut pong = [0; 2];
    stream.write_all(b"\r\n\r\n").unwrap();
    stream.read_exact(&mut pong).unwrap();
    assert_eq!(&pong, b"\r\n");

    let local = stream.local_addr().unwrap().to_string();
    let request = options("TCP", &local, "");
    for piece in request.as_bytes().chunks(7) {
        stream.write_all(piece).unwrap();
    }
    let two = format!(
        "\r\n{}{}",
        options("TCP", &local, "A: b\r\n"),
        options("TCP", &local, "A: bb\r\n")
    );
    stream.write_all(two.as_bytes()).unwrap();
    let mut heard = String::new();
    let mut buffer = [0; 4_096];
    while heard.matches("SIP/2.0 200").count() < 3 {
        let length = stream.read(&mut buffer).unwrap();
        assert_ne!(length, 0, "the connection was closed after\n{heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
}

/// Nobody finds the next message after garbage: the connection ends, but not before what came whole is answered.
#[test]
fn peers_network_tcp_garbage_after_a_request_does_not_cost_its_answer() {
    let server = Server::start();
    tenant::create(&server);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let local = stream.local_addr().unwrap().to_string();
    let both = format!("{}\0no SIP at all\r\n\r\n", options("TCP", &local, ""));
    stream.write_all(both.as_bytes()).unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    assert!(heard.starts_with("SIP/2.0 200"), "{heard}");
}

/// A datagram may have 65 507 bytes; the network cuts and joins it.
#[test]
fn peers_network_large_messages_over_udp() {
    let server = Server::start();
    tenant::create(&server);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let local = socket.local_addr().unwrap().to_string();
    let mut buffer = [0; 65_535];
    for (size, wanted) in [
        (2_000, "SIP/2.0 200"),
        (8_000, "SIP/2.0 200"),
        (60_000, "SIP/2.0 "),
    ] {
        let fill = format!("X-Fill: {}\r\n", "x".repeat(size));
        socket
            .send_to(options("UDP", &local, &fill).as_bytes(), server.address())
            .unwrap();
        let length = socket
            .recv(&mut buffer)
            .unwrap_or_else(|error| panic!("nothing came back to {size} bytes: {error}"));
        let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(answer.starts_with(wanted), "{size} bytes: {answer}");
    }
    Sipp::new("options", server.address()).run();
}

/// Whoever wins, both phones agree in the end, and nobody breaks a rule (RFC 3261 §9.1, §15).
#[test]
fn peers_network_a_cancel_may_cross_the_answer() {
    let server = Server::start();
    tenant::create(&server);
    let mut alice = registered(&server, "203", 1);
    let mut bob = registered(&server, "204", 2);
    let short = Duration::from_millis(1);
    for round in 0..30_u32 {
        let now = alice.now();
        let call = alice.phone.call(now, "204");
        let mut offered = None;
        until("the called phone is offered the call", || {
            assert_no_wrong(alice.pump(short).unwrap());
            for event in bob.pump(short).unwrap() {
                if let Event::Offered { call, .. } = event {
                    offered = Some(call);
                }
            }
            offered
        });
        let theirs = offered.unwrap();
        let now = bob.now();
        bob.phone.ring(now, theirs);
        drop(bob.pump(short).unwrap());
        // In every other round the CANCEL leaves first, by more or less.
        let (now_a, now_b) = (alice.now(), bob.now());
        if round % 2 == 0 {
            alice.phone.hang_up(now_a, call);
            assert_no_wrong(alice.pump(Duration::from_micros(u64::from(round) * 50)).unwrap());
            bob.phone.answer(now_b, theirs);
        } else {
            bob.phone.answer(now_b, theirs);
            assert_no_wrong(bob.pump(Duration::from_micros(u64::from(round) * 50)).unwrap());
            alice.phone.hang_up(now_a, call);
        }
        until("both phones are done", || {
            assert_no_wrong(alice.pump(short).unwrap());
            assert_no_wrong(bob.pump(short).unwrap());
            let over = |phone: &LivePhone| phone.phone.live().is_empty();
            (over(&alice) && over(&bob)).then_some(())
        });
        assert_eq!(alice.phone.state(call), CallState::Over);
    }
    until("no call is left", || {
        let calls = server.client.get("/v1/tenants/works/calls").unwrap();
        calls["items"].as_array().is_some_and(Vec::is_empty).then_some(())
    });
}

#[track_caller]
fn assert_no_wrong(events: Vec<Event>) {
    for event in events {
        assert!(!matches!(event, Event::Wrong(_)), "{event:?}");
    }
}
