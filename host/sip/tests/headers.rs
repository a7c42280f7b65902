//! Typed headers one by one, and where responses go.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::net::SocketAddr;

use cordboard_sip::build::stamped_via;
use cordboard_sip::header::{
    CSeq, Contact, Contacts, DialogName, Event, MediaType, NameAddr, RAck, Reason, Replaces, Rport,
    SessionExpires, SubscriptionState, Via,
};
use cordboard_sip::{Host, Method, Name, Request, RequestBuilder};

fn options(headers: &[(&str, &str)]) -> Request {
    let mut request = RequestBuilder::new(&Method::Options, "sip:a@b")
        .header(Name::Via, "SIP/2.0/UDP h;branch=z9hG4bK1")
        .header(Name::From, "<sip:a@b>;tag=1")
        .header(Name::To, "<sip:a@b>")
        .header(Name::CallId, "1")
        .cseq(1, &Method::Options);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    Request::parse(request.finish()).unwrap()
}

#[test]
fn a_response_finds_its_way_by_maddr_received_or_sent_by() {
    for (via, address) in [
        ("192.0.2.1", Some("192.0.2.1:5060")),
        ("192.0.2.1:5070", Some("192.0.2.1:5070")),
        ("192.0.2.1 : 5070 ;branch=x", Some("192.0.2.1:5070")),
        ("phone.example:5070;received=192.0.2.2", Some("192.0.2.2:5070")),
        ("10.0.0.1;rport=40000;received=192.0.2.2", Some("192.0.2.2:40000")),
        ("10.0.0.1:5070;rport", Some("10.0.0.1:5070")),
        (
            "10.0.0.1:5070;maddr=224.2.0.1;rport=4;received=192.0.2.2",
            Some("224.2.0.1:5070"),
        ),
        ("[2001:db8::1]:5070", Some("[2001:db8::1]:5070")),
        (
            "[2001:db8::1];received=2001:db8::2;rport=9",
            Some("[2001:db8::2]:9"),
        ),
        ("phone.example", None),
    ] {
        let text = format!("SIP/2.0/UDP {via}");
        let expected: Option<SocketAddr> = address.map(|address| address.parse().unwrap());
        assert_eq!(Via::parse(&text).unwrap().response_address(), expected, "{via}");
    }
}

#[test]
fn the_source_is_noted_only_where_it_is_needed() {
    let source: SocketAddr = "192.0.2.9:40000".parse().unwrap();
    let v6: SocketAddr = "[2001:db8::9]:40000".parse().unwrap();
    for (via, source, stamped) in [
        ("192.0.2.9:5060;branch=x", source, None),
        (
            "192.0.2.9;rport;branch=x",
            source,
            Some("192.0.2.9;rport=40000;branch=x;received=192.0.2.9"),
        ),
        (
            "192.0.2.8;branch=x",
            source,
            Some("192.0.2.8;branch=x;received=192.0.2.9"),
        ),
        (
            "h.example;branch=x",
            source,
            Some("h.example;branch=x;received=192.0.2.9"),
        ),
        (
            "h;received=6.6.6.6;rport;a=\"1;2\"",
            source,
            Some("h;rport=40000;a=\"1;2\";received=192.0.2.9"),
        ),
        (
            "h;branch=x, SIP/2.0/UDP i;branch=y",
            v6,
            Some("h;branch=x;received=2001:db8::9, SIP/2.0/UDP i;branch=y"),
        ),
        ("[2001:db8::9];branch=x", v6, None),
    ] {
        let stamped = stamped.map(|stamped| format!("SIP/2.0/UDP {stamped}"));
        assert_eq!(
            stamped_via(&format!("SIP/2.0/UDP {via}"), source),
            stamped,
            "{via}"
        );
    }
}

#[test]
fn a_forged_received_does_not_survive_the_stamp() {
    let stamped = stamped_via(
        "SIP/2.0/UDP h;received=6.6.6.6;rport=7",
        "192.0.2.9:40000".parse().unwrap(),
    )
    .unwrap();
    let via = Via::parse(&stamped).unwrap();
    assert_eq!(via.received(), Some("192.0.2.9".parse().unwrap()));
    // A value that the sender itself filled in is not a question, so it stays.
    assert_eq!(via.rport(), Rport::Port(7));
}

#[test]
fn broken_vias_are_refused() {
    for text in [
        "",
        "SIP/2.0",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/2.0/U@P h",
        "SIP/2.0/UDP h:0",
        "SIP/2.0/UDP h x",
        "/2.0/UDP h",
    ] {
        assert!(Via::parse(text).is_err(), "{text:?}");
    }
    assert_eq!(Via::parse("sip/2.0/udp H").unwrap().host, Host::Name("H"));
}

#[test]
fn names_and_addresses_come_in_all_shapes() {
    for (text, name, uri, tag) in [
        ("<sip:a@b>", None, "sip:a@b", None),
        ("sip:a@b;tag=1", None, "sip:a@b", Some("1")),
        ("sip:a@b ;tag = 1", None, "sip:a@b", Some("1")),
        (
            "Bob B. <sip:a@b;x=1>;tag=1;y",
            Some("Bob B."),
            "sip:a@b;x=1",
            Some("1"),
        ),
        (
            "\"B \\\"<x>\\\" B\"<sip:a@b>;y=\";tag=2\";tag=1",
            Some("B \"<x>\" B"),
            "sip:a@b",
            Some("1"),
        ),
        ("Bob (Sales) <sip:a@b>", Some("Bob (Sales)"), "sip:a@b", None),
        ("\"\" <tel:+1>", None, "tel:+1", None),
        ("Zoé <sip:a@b>", Some("Zoé"), "sip:a@b", None),
        ("<urn:service:sos>", None, "urn:service:sos", None),
    ] {
        let address = NameAddr::parse(text).unwrap();
        let read = (
            address.display_name().map(String::from),
            address.uri.as_str(),
            address.tag(),
        );
        assert_eq!(read, (name.map(str::to_owned), uri, tag), "{text}");
    }
    for text in [
        "",
        "Bob",
        "<sip:a@b",
        "sip:a@b>",
        "\"Bob <sip:a@b>",
        "\"Bob\" sip:a@b",
        "a, b <sip:a@b>",
        "sip:a@b?x=y",
        "<sip:a@b> x",
    ] {
        assert!(NameAddr::parse(text).is_err(), "{text}");
    }
}

#[test]
fn contact_parameters_have_their_defaults() {
    let contact = Contact::parse("<sip:a@b>").unwrap();
    assert_eq!(
        (contact.q(), contact.expires(), contact.reg_id()),
        (1_000, None, None)
    );
    for (q, thousandths) in [
        ("0", 0),
        ("1", 1_000),
        ("0.5", 500),
        ("0.25", 250),
        ("1.000", 1_000),
        ("1.1", 1_000),
        ("x", 1_000),
        ("0.1234", 1_000),
    ] {
        assert_eq!(
            Contact::parse(&format!("<sip:a@b>;q={q}")).unwrap().q(),
            thousandths,
            "{q}"
        );
    }
    assert_eq!(
        Contact::parse("<sip:a@b>;expires=soon").unwrap().expires(),
        Some(3_600)
    );
    assert_eq!(
        Contact::parse("<sip:a@b>;expires=99999999999").unwrap().expires(),
        Some(u32::MAX)
    );
    assert_eq!(Contact::parse("<sip:a@b>;reg-id=0").unwrap().reg_id(), None);
}

#[test]
fn contacts_are_a_list_or_a_star() {
    let request = options(&[
        ("Contact", "<sip:a@b>;x=\",\", \"b, c\" <sip:b@b?X=1,2>"),
        ("m", "sip:c@b"),
    ]);
    let Contacts::List(list) = request.headers.contacts().unwrap() else {
        panic!("a list")
    };
    assert_eq!(list.len(), 3);
    assert_eq!(
        options(&[("Contact", " * ")]).headers.contacts(),
        Ok(Contacts::Wildcard)
    );
    assert!(
        options(&[("Contact", "<sip:a@b>, *")])
            .headers
            .contacts()
            .is_err()
    );
    assert_eq!(options(&[]).headers.contacts(), Ok(Contacts::List(vec![])));
    let many = ["<sip:a@b>"; 65].join(",");
    assert!(options(&[("Contact", &many)]).headers.contacts().is_err());
    assert!(options(&[("Route", &many)]).headers.routes().is_err());
}

#[test]
fn small_headers_are_taken_apart() {
    assert_eq!(
        CSeq::parse(" 1  INVITE ").unwrap(),
        CSeq {
            number: 1,
            method: "INVITE"
        }
    );
    for text in [
        "",
        "1",
        "INVITE",
        "x INVITE",
        "-1 INVITE",
        "2147483648 INVITE",
        "1 IN VITE",
        "1 <>",
    ] {
        assert!(CSeq::parse(text).is_err(), "{text}");
    }
    let rack = RAck::parse("4294967295 7 INVITE").unwrap();
    assert_eq!(
        (rack.rseq, rack.cseq.number, rack.cseq.method),
        (u32::MAX, 7, "INVITE")
    );
    let event = Event::parse("dialog;id=7").unwrap();
    assert_eq!((event.package, event.id()), ("dialog", Some("7")));
    let state = SubscriptionState::parse("terminated;reason=timeout").unwrap();
    assert_eq!(
        (state.state, state.params.get("reason")),
        ("terminated", Some("timeout"))
    );
    let kind = MediaType::parse("Multipart/Mixed;boundary=\"a;b\"").unwrap();
    assert!(kind.is("multipart/mixed"));
    assert_eq!(kind.params.unquoted("Boundary").unwrap(), "a;b");
    assert!(MediaType::parse("text").is_err());
    let session = SessionExpires::parse("1800;refresher=uas").unwrap();
    assert_eq!((session.seconds, session.refresher), (1_800, Some("uas")));
    let join = DialogName::parse("c1@h;to-tag=t;from-tag=f").unwrap();
    assert_eq!((join.call_id, join.to_tag, join.from_tag), ("c1@h", "t", "f"));
    let replaces = Replaces::parse("c1@h;to-tag=t;from-tag=f;early-only").unwrap();
    assert_eq!(
        (
            replaces.dialog.call_id,
            replaces.dialog.to_tag,
            replaces.dialog.from_tag,
            replaces.early_only
        ),
        ("c1@h", "t", "f", true)
    );
    assert!(Replaces::parse("c1@h;to-tag=t").is_err());
    let reason = Reason::parse("Q.850;cause=17;text=\"User busy\"").unwrap();
    assert_eq!(
        (reason.protocol, reason.cause(), reason.text().unwrap().as_ref()),
        ("Q.850", Some(17), "User busy")
    );
}

#[test]
fn headers_of_services_are_read_from_a_request() {
    let request = options(&[
        ("Privacy", "id;user"),
        (
            "Reason",
            "SIP;cause=200;text=\"Call completed elsewhere\", Q.850;cause=26",
        ),
        ("Alert-Info", "<urn:alert:internal>, <http://x/a,b>;y"),
        (
            "P-Asserted-Identity",
            "\"A\" <sip:101@acme.example>, <tel:+33123456789>",
        ),
        (
            "History-Info",
            "<sip:a@b?Reason=SIP%3Bcause%3D302>;index=1, <sip:c@b>;index=1.1",
        ),
        (
            "Refer-To",
            "<sip:b@h?Replaces=c1%40h%3Bto-tag%3Dt%3Bfrom-tag%3Df>",
        ),
        ("Min-SE", "90"),
        ("RSeq", "5"),
    ]);
    let headers = &request.headers;
    assert!(headers.wants_privacy("ID") && !headers.wants_privacy("none"));
    assert_eq!(
        headers
            .reasons()
            .filter_map(|reason| reason.cause())
            .collect::<Vec<_>>(),
        [200, 26]
    );
    assert_eq!(
        headers.info_uris(Name::AlertInfo).collect::<Vec<_>>(),
        ["urn:alert:internal", "http://x/a,b"]
    );
    assert_eq!(
        headers.addresses(Name::PAssertedIdentity).unwrap()[1]
            .uri
            .user_text(),
        Some("+33123456789")
    );
    let history = headers.addresses(Name::HistoryInfo).unwrap();
    assert_eq!(history[0].uri.header("reason").unwrap(), "SIP;cause=302");
    assert_eq!(history[1].params.get("index"), Some("1.1"));
    let target = headers.address(Name::ReferTo).unwrap().unwrap();
    let replaces = target.uri.header("Replaces").unwrap();
    assert_eq!(Replaces::parse(&replaces).unwrap().dialog.to_tag, "t");
    assert_eq!(
        (headers.min_se().unwrap(), headers.rseq().unwrap()),
        (Some(90), Some(5))
    );
    assert_eq!(headers.session_expires(), Ok(None));
    let twice = options(&[
        ("Replaces", "a;to-tag=b;from-tag=c"),
        ("Replaces", "d;to-tag=e;from-tag=f"),
    ]);
    assert!(twice.headers.replaces().is_err());
}
