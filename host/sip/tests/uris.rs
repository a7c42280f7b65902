//! URIs: taking apart, equivalence (RFC 3261 §19.1.4), escapes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use cordboard_sip::uri::{Host, Parts, Scheme, Uri, escape_user, unescape};

#[test]
fn a_full_uri_comes_apart() {
    let text = "sips:al%20ice:pw@[2001:db8::1]:5061;transport=tls;lr?Replaces=a%3Bb&Subject=x";
    let uri = Parts::parse(text).unwrap();
    assert_eq!(uri.scheme(), Scheme::Sips);
    assert_eq!(
        (uri.user().unwrap().as_ref(), uri.password()),
        ("al ice", Some("pw"))
    );
    assert_eq!(
        (uri.host(), uri.port()),
        (Host::V6("2001:db8::1".parse().unwrap()), Some(5_061))
    );
    assert_eq!(
        (uri.param("TRANSPORT"), uri.param("lr"), uri.param("ttl")),
        (Some("tls"), Some(""), None)
    );
    assert_eq!(uri.header("replaces").unwrap(), "a;b");
    assert_eq!(uri.as_str(), text);
}

#[test]
fn telephone_numbers_and_strangers_are_kept_whole() {
    let tel = Parts::parse("tel:+33-1-23.45(67);phone-context=example.com").unwrap();
    assert_eq!(
        (tel.scheme(), tel.user_text()),
        (Scheme::Tel, Some("+33-1-23.45(67)"))
    );
    assert_eq!(tel.param("phone-context"), Some("example.com"));
    let urn = Parts::parse("urn:service:sos").unwrap();
    assert_eq!(
        (urn.scheme(), urn.scheme_text(), urn.opaque_text()),
        (Scheme::Other, "urn", "service:sos")
    );
    assert_eq!(urn.host(), Host::Name(""));
}

#[test]
fn what_is_no_uri_is_refused_with_the_place() {
    for (text, at) in [
        ("", 0),
        ("sip", 0),
        (":a", 0),
        ("1sip:a", 0),
        ("sip:", 4),
        ("sip:@a", 4),
        ("sip::pw@a", 4),
        ("sip:a@", 6),
        ("sip:a b@c", 5),
        ("sip:a@b:0", 8),
        ("sip:a@b:65536", 8),
        ("sip:a@b:x", 8),
        ("sip:a@b!", 7),
        ("sip:%4@b", 4),
        ("sip:a@[::1", 6),
        ("sip:a@[1.2.3.4]", 7),
        ("sip:2001:db8::1", 9),
        ("tel:", 4),
        ("tel:hello world", 9),
        ("urn:", 4),
    ] {
        assert_eq!(
            Parts::parse(text).map_err(|bad| bad.at).unwrap_err(),
            at,
            "{text}"
        );
    }
}

#[test]
fn equivalence_follows_the_examples_of_the_rfc() {
    for (a, b) in [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;newparam=5",
        ),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:db8:0::1]", "sip:a@[2001:DB8::1]"),
        ("tel:+1-201-555-0123", "tel:+12015550123"),
    ] {
        assert!(equivalent(a, b) && equivalent(b, a), "{a} {b}");
    }
    for (a, b) in [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;user=phone"),
        ("sip:bob@biloxi.com;ttl=1", "sip:bob@biloxi.com"),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:a@b;x=1", "sip:a@b;x=2"),
        ("sip:a@b", "sips:a@b"),
        ("tel:+1;ext=2", "tel:+1;ext=3"),
    ] {
        assert!(!equivalent(a, b) && !equivalent(b, a), "{a} {b}");
    }
}

fn equivalent(a: &str, b: &str) -> bool {
    Uri::parse(a).unwrap().is_equivalent(&Uri::parse(b).unwrap())
}

#[test]
fn escaping_and_unescaping_undo_each_other() {
    for user in ["101", "+33;ext=1", "a@b c", "é%\"<>", "100%"] {
        let uri = Uri::sip(Some(user), "example.com", None).unwrap();
        assert_eq!(uri.parts().user().unwrap(), user);
    }
    assert_eq!(escape_user("*21#"), "*21%23");
    assert_eq!(unescape("%zz%4"), "%zz%4");
    assert!(Uri::sip(Some("a"), "two words", None).is_err());
}

#[test]
fn logs_do_not_show_who_was_called() {
    let uri = Uri::parse("sip:+33123456789@acme.example").unwrap();
    assert_eq!(format!("{uri:?}"), "sip:···@acme.example");
}
