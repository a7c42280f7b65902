//! External call control over real HTTP: keep-alives and routing requests on one connection, as Cisco's Unified CM keeps it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;

use common::{House, PATIENCE};
use serde_json::{Value, json};

/// The other exchange's connection, which stays.
struct Connection {
    stream: TcpStream,
    path: String,
    read: Vec<u8>,
}

impl Connection {
    fn to(house: &House, token: &str) -> Self {
        let stream = TcpStream::connect(house.server.api).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            path: format!("/v1/tenants/acme/interception/{token}"),
            read: Vec::new(),
        }
    }

    fn send(&mut self, method: &str, body: &str) {
        let request = format!(
            "{method} {} HTTP/1.1\r\nHost: cordboard\r\nAccept: */*\r\nContent-type: text/xml; charset=ISO-8859-1\r\n\
             methodName: isRoleAccessAllowed\r\nUser-Agent: CiscoUCM-HttpClient/1.0\r\nConnection: Keep-Alive\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.path,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).unwrap();
    }

    /// Status and body of the next answer.
    fn answer(&mut self, has_body: bool) -> (u16, String) {
        loop {
            let text = String::from_utf8_lossy(&self.read).into_owned();
            if let Some((head, rest)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| {
                        let (name, value) = line.split_once(':')?;
                        name.eq_ignore_ascii_case("content-length")
                            .then(|| value.trim().parse().unwrap())
                    })
                    .filter(|_| has_body)
                    .unwrap_or(0);
                if rest.len() >= length {
                    self.read.drain(..head.len() + 4 + length);
                    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                    return (status, rest[..length].to_owned());
                }
            }
            let mut buffer = [0; 4_096];
            let read = self.stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the connection was closed behind {text}");
            self.read.extend_from_slice(&buffer[..read]);
        }
    }

    fn ask(&mut self, called: &str) -> String {
        let attribute = |name: &str, value: &str| {
            format!(
                "<Attribute AttributeId=\"urn:Cisco:uc:1.0:{name}\" DataType=\"http://www.w3.org/2001/XMLSchema#string\">\
                 <AttributeValue>{value}</AttributeValue></Attribute>"
            )
        };
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Request xmlns=\"urn:oasis:names:tc:xacml:2.0:context:schema:os\">\
             <Subject>{}{}{}</Subject></Request>",
            attribute("callingnumber", "201"),
            attribute("callednumber", called),
            attribute("transformedcdpn", called)
        );
        self.send("POST", &body);
        let (status, told) = self.answer(true);
        assert_eq!(status, 200, "{told}");
        told
    }
}

fn put_rule(house: &House, rule: Value) {
    house.put(
        "",
        json!({
            "name": "Acme", "domains": ["acme.test", "127.0.0.1"], "realm": "acme.test", "interception": rule
        }),
    );
}

#[test]
fn another_exchange_asks_on_one_connection_and_is_told() {
    let house = House::with_lines(&["201", "202"]);
    let token = house
        .server
        .client
        .post(
            "/v1/tenants/acme/tokens",
            &json!({ "label": "cucm", "exchange": true }),
        )
        .unwrap();
    let mut cucm = Connection::to(&house, token["token"].as_str().unwrap());
    cucm.send("HEAD", "");
    assert_eq!(cucm.answer(false), (200, String::new()));
    assert!(cucm.ask("202").contains("<Decision>NotApplicable</Decision>"));

    put_rule(
        &house,
        json!({ "otherwise": "reject", "announcement": "Custom_5010" }),
    );
    let goes_on = "&lt;cixml ver=&quot;1.0&quot;&gt;&lt;continue&gt;&lt;/continue&gt;&lt;/cixml&gt;";
    let told = cucm.ask("202");
    assert!(
        told.contains("<Decision>Permit</Decision>") && told.contains(goes_on),
        "{told}"
    );
    let told = cucm.ask("299");
    assert!(
        told.contains("<Decision>Deny</Decision>")
            && told.contains("&lt;announce identification=&quot;Custom_5010&quot;/&gt;"),
        "{told}"
    );
    cucm.send("HEAD", "");
    assert_eq!(cucm.answer(false).0, 200);
    common::until("it is counted", || {
        let counted = house
            .server
            .client
            .metric("cordboard_interceptions_total{verdict=\"reject\",by=\"default\"}")
            .unwrap();
        counted.is_some_and(|count| count >= 1.0)
    });
    let mut guess = Connection::to(&house, "guess");
    guess.send("POST", "<Request/>");
    assert_eq!(guess.answer(true).0, 401);
}
