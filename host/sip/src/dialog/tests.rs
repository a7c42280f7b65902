use bytes::Bytes;

use super::*;
use crate::endpoint::Transport;

fn source() -> Path {
    Path::udp(
        "192.0.2.1:5060".parse().unwrap(),
        "192.0.2.9:5060".parse().unwrap(),
    )
}

fn invite(via: &str, rest: &str) -> Request {
    let text = format!(
        "INVITE sip:bob@192.0.2.1 SIP/2.0\r\n{via}From: \"A\" <sip:alice@a.example>;tag=a1;x=y\r\n\
         To: <sip:bob@b.example>\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\n{rest}\r\n"
    );
    Request::parse(Bytes::from(text)).unwrap()
}

const DIRECT: &str = "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n";
const PROXIED: &str =
    "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP 192.0.2.77;branch=z9hG4bK0\r\n";

/// RFC 3261 §12.1.1.
#[test]
fn the_callee_takes_the_route_set_in_order_and_the_contact_as_target() {
    let request = invite(
        DIRECT,
        "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>\r\nContact: <sip:alice@192.0.2.9>\r\n",
    );
    let dialog = Dialog::as_uas(&request, source()).unwrap();
    assert_eq!(
        &*dialog.remote, "\"A\" <sip:alice@a.example>;tag=a1;x=y",
        "byte for byte"
    );
    assert_eq!(dialog.remote_tag.as_deref(), Some("a1"));
    assert_eq!(dialog.remote_cseq, Some(7));
    let (uri, routes) = dialog.routes.apply(&dialog.target);
    assert_eq!(uri, "sip:alice@192.0.2.9");
    assert_eq!(routes, ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]);
}

/// RFC 3261 §12.1.2.
#[test]
fn the_caller_takes_the_route_set_in_reverse() {
    let response = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
        Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>\r\nFrom: <sip:us@x>;tag=u\r\n\
        To: <sip:bob@b.example>;tag=b1\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\n\
        Contact: <sip:bob@192.0.2.9:5070>\r\n\r\n";
    let response = Response::parse(Bytes::from(response)).unwrap();
    let dialog = Dialog::as_uac(&invite(DIRECT, ""), &response, source());
    let (uri, routes) = dialog.routes.apply(&dialog.target);
    assert_eq!(uri, "sip:bob@192.0.2.9:5070");
    assert_eq!(routes, ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]);
    assert!(dialog.is_with(Some("b1")) && !dialog.is_with(Some("b2")) && !dialog.is_with(None));
}

/// RFC 3261 §12.2.1.1, last but one paragraph.
#[test]
fn a_strict_router_gets_itself_as_request_uri_and_the_target_last() {
    let request = invite(
        DIRECT,
        "Record-Route: <sip:old.example>, <sip:p1.example;lr>\r\nContact: <sip:alice@192.0.2.9>\r\n",
    );
    let dialog = Dialog::as_uas(&request, source()).unwrap();
    let (uri, routes) = dialog.routes.apply(&dialog.target);
    assert_eq!(uri, "sip:old.example");
    assert_eq!(routes, ["<sip:p1.example;lr>", "<sip:alice@192.0.2.9>"]);
}

#[test]
fn a_caller_without_contact_makes_no_dialog() {
    assert_eq!(Dialog::as_uas(&invite(DIRECT, ""), source()), None);
    assert_eq!(
        Dialog::as_uas(&invite(DIRECT, "Contact: <tel:+3312345678>\r\n"), source()),
        None
    );
}

/// RFC 4475 §3.4: an INVITE as of RFC 2543, with neither tag nor Contact.
#[test]
fn an_old_caller_without_tag_and_contact_is_found_by_its_from() {
    let mut text = String::from_utf8(invite(DIRECT, "").as_bytes().to_vec()).unwrap();
    text = text.replace(";tag=a1;x=y", "");
    let request = Request::parse(Bytes::from(text)).unwrap();
    assert_eq!(
        &*Dialog::as_uas(&request, source()).unwrap().target,
        "sip:alice@a.example"
    );
}

/// RFC 3261 §12.2.2.
#[test]
fn an_older_cseq_is_refused_and_a_gap_is_fine() {
    let mut dialog = Dialog::as_uas(&invite(DIRECT, "Contact: <sip:a@192.0.2.9>\r\n"), source()).unwrap();
    assert_eq!(dialog.take_cseq(6), Err(Outdated));
    assert_eq!(dialog.take_cseq(20), Ok(()));
    assert_eq!(dialog.take_cseq(19), Err(Outdated));
}

#[test]
fn a_caller_behind_a_translator_is_answered_where_it_came_from() {
    let via = "Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1\r\n";
    let request = invite(via, "Contact: <sip:alice@10.0.0.5:5060>\r\n");
    assert_eq!(Dialog::as_uas(&request, source()).unwrap().path, source());
}

#[test]
fn a_proxy_that_does_not_stay_is_left_out() {
    let request = invite(PROXIED, "Contact: <sip:alice@192.0.2.77:5080>\r\n");
    let path = Dialog::as_uas(&request, source()).unwrap().path;
    assert_eq!(path.remote.to_string(), "192.0.2.77:5080");
}

#[test]
fn a_proxy_that_stays_is_kept_to_even_if_the_contact_is_near() {
    let rest = "Record-Route: <sip:192.0.2.9;lr>\r\nContact: <sip:alice@192.0.2.77>\r\n";
    let path = Dialog::as_uas(&invite(PROXIED, rest), source()).unwrap().path;
    assert_eq!(path.remote.to_string(), "192.0.2.9:5060");
}

#[test]
fn a_private_contact_behind_a_public_proxy_is_not_followed() {
    let request = invite(PROXIED, "Contact: <sip:alice@10.0.0.5>\r\n");
    assert_eq!(Dialog::as_uas(&request, source()).unwrap().path, source());
}

#[test]
fn a_connection_is_kept_although_the_contact_names_another_port() {
    let path = Path {
        transport: Transport::Tcp,
        ..source()
    };
    let mut dialog = Dialog::as_uas(&invite(DIRECT, "Contact: <sip:a@192.0.2.9:5099>\r\n"), path).unwrap();
    assert_eq!(dialog.path, path);
    let refresh = invite(DIRECT, "Contact: <sip:a@192.0.2.9:6000>\r\n");
    dialog.refresh_target(&refresh.headers);
    assert_eq!((&*dialog.target, dialog.path), ("sip:a@192.0.2.9:6000", path));
}
