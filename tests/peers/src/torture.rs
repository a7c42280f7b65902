//! The messages of RFC 4475 and RFC 5118, byte for byte, from a stranger: whatever they are answered with, the
//! exchange goes on serving.

use std::net::UdpSocket;
use std::path::Path;
use std::time::Duration;

use crate::collected;
use crate::server::Server;
use crate::sipp::Sipp;
use crate::tenant;

#[test]
fn peers_torture_messages_leave_the_exchange_serving() {
    let Some(folder) = collected() else {
        println!(
            "left out: `../shared/peers` with the collected messages is not there (`CORDBOARD_PEERS` may name it)"
        );
        return;
    };
    let mut server = Server::start();
    tenant::create(&server);
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
            Sipp::new("options", server.address()).seconds(5).run();
        }
    }
    Sipp::new("call", server.address()).service(tenant::NEWS).run();
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
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
    String::from_utf8_lossy(buffer.get(..length)?)
        .lines()
        .next()
        .map(str::to_owned)
}
