//! The messages of RFC 4475 and RFC 5118, byte for byte, from a stranger, over UDP and TCP: whatever they are
//! answered with, the exchange goes on serving, and who talks meanwhile notices nothing.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;

use crate::baresip::{Baresip, Setup};
use crate::server::Server;
use crate::sipp::Sipp;
use crate::sound::{holds_tone, tone};
use crate::tenant::{self, DOMAIN};
use crate::{collected, until};

/// What each of the two who talk says.
const ALICE: f64 = 700.0;
const BOB: f64 = 1_100.0;

#[test]
fn peers_torture_messages_over_udp_leave_the_exchange_serving_and_a_talk_going() {
    torture(send);
}

#[test]
fn peers_torture_messages_over_tcp_leave_the_exchange_serving_and_a_talk_going() {
    torture(send_over_tcp);
}

/// Sends all messages while two people talk; `send` returns the first line of the answer, if there is one.
#[track_caller]
fn torture(send: fn(&Server, &[u8]) -> Option<String>) {
    let Some(folder) = collected() else {
        println!(
            "left out: `../shared/peers` with the collected messages is not there (`CORDBOARD_PEERS` may name it)"
        );
        return;
    };
    let mut server = Server::start();
    tenant::create(&server);
    let mut bob = Setup::of("204").says(tone(BOB, 50_000)).answers().start(&server);
    let mut alice = Setup::of("203").says(tone(ALICE, 50_000)).start(&server);
    alice.dial("204");
    hear_each_other(&alice, &bob);
    for (suite, least) in [("rfc4475", 49), ("rfc5118", 12)] {
        let messages = messages(&folder.join(suite));
        assert!(
            messages.len() >= least,
            "{suite}: only {} messages",
            messages.len()
        );
        for (name, bytes) in messages {
            let answer = send(&server, &bytes);
            println!("{suite:<8} {name:<32} {}", answer.as_deref().unwrap_or("—"));
            server.assert_alive();
            serves(&server);
        }
    }
    assert!(
        !alice.saw("CALL_CLOSED") && !bob.saw("CALL_CLOSED"),
        "the talk has ended"
    );
    hear_each_other(&alice, &bob);
    alice.hang_up();
    bob.expect("CALL_CLOSED");
    Sipp::new("call", server.address()).service(tenant::NEWS).run();
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
}

/// From now on.
#[track_caller]
fn hear_each_other(alice: &Baresip, bob: &Baresip) {
    for (phone, other) in [(alice, BOB), (bob, ALICE)] {
        let before = phone.heard().len();
        until("the other is heard", || {
            let heard = phone.heard();
            holds_tone(heard.get(before..).unwrap_or_default(), other).then_some(())
        });
    }
}

/// The exchange answers an OPTIONS, repeated as over a network.
#[track_caller]
fn serves(server: &Server) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let local = socket.local_addr().unwrap();
    let options = format!(
        "OPTIONS sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKalive;rport\r\nMax-Forwards: 70\r\n\
         From: <sip:201@{DOMAIN}>;tag=o\r\nTo: <sip:{DOMAIN}>\r\nCall-ID: alive@{local}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    );
    let mut buffer = [0; 4_096];
    until("the exchange answers", || {
        socket.send_to(options.as_bytes(), server.address()).unwrap();
        let length = socket.recv(&mut buffer).ok()?;
        buffer.get(..length)?.starts_with(b"SIP/2.0 200").then_some(())
    });
}

fn messages(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut messages: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.is_file() && file.file_stem().is_some_and(|stem| stem != "LICENSE"))
        .map(|file| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(&file).unwrap())
        })
        .collect();
    messages.sort();
    messages
}

/// Sends one message from a socket of its own; returns the first line of what comes back to it, if anything does
/// soon. Most answers go where the message's Via says, which is nowhere here.
fn send(server: &Server, bytes: &[u8]) -> Option<String> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    socket.send_to(bytes, server.address()).unwrap();
    let mut buffer = [0; 65_535];
    let length = socket.recv(&mut buffer).ok()?;
    first_line(buffer.get(..length)?)
}

/// The same over a connection of its own, which ends with it.
fn send_over_tcp(server: &Server, bytes: &[u8]) -> Option<String> {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut buffer = [0; 65_535];
    // Nothing, or the end of the connection, are answers too.
    let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
    first_line(buffer.get(..length)?)
}

fn first_line(answer: &[u8]) -> Option<String> {
    String::from_utf8_lossy(answer).lines().next().map(str::to_owned)
}
