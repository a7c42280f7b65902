//! A trunk given by name is found through DNS.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod common;

use std::net::{SocketAddr, UdpSocket};

use common::{House, PATIENCE};
use serde_json::json;
use simple_dns::rdata::{RData, SRV};
use simple_dns::{CLASS, Name, Packet, ResourceRecord};

/// Answers every question with one SRV record that leads to `port` on this machine. Tells the names asked for.
fn dns(port: u16) -> (SocketAddr, std::sync::mpsc::Receiver<String>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let (sender, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let question = Packet::parse(&buffer[..length]).unwrap();
            let name = question.questions[0].qname.clone();
            let mut answer = Packet::new_reply(question.id());
            answer.questions.push(question.questions[0].clone());
            let record = SRV {
                priority: 1,
                weight: 1,
                port,
                target: Name::new_unchecked("localhost"),
            };
            answer.answers.push(ResourceRecord::new(
                name.clone(),
                CLASS::IN,
                300,
                RData::SRV(record),
            ));
            socket.send_to(&answer.build_bytes_vec().unwrap(), from).unwrap();
            if sender.send(name.to_string()).is_err() {
                return;
            }
        }
    });
    (address, asked)
}

#[test]
fn we_register_where_the_srv_record_of_a_trunks_registrar_leads() {
    let registrar = UdpSocket::bind("127.0.0.1:0").unwrap();
    registrar.set_read_timeout(Some(PATIENCE)).unwrap();
    let (dns, asked) = dns(registrar.local_addr().unwrap().port());
    let house = House::with_sip(&format!("dns = [\"{dns}\"]"));
    house.put("", json!({ "name": "Acme", "domains": ["acme.test"] }));
    house.put(
        "/trunks/provider",
        json!({
            "name": "Provider",
            "access": { "register": { "registrar": "sip:provider.test", "username": "acme", "password": "secret" } },
        }),
    );
    assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), "_sip._udp.provider.test");
    let mut buffer = [0; 2_048];
    let (length, from) = registrar.recv_from(&mut buffer).unwrap();
    let text = String::from_utf8_lossy(&buffer[..length]);
    assert!(
        text.starts_with("REGISTER sip:provider.test SIP/2.0\r\n"),
        "{text}"
    );
    assert_eq!(from, house.sip());
}
