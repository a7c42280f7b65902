//! rsip as an independent witness: on everyday messages both readers must say the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use bytes::Bytes;
use cordboard_sip::{Message, Method, Name, Request, RequestBuilder, ResponseBuilder, Status, Uri};
use proptest::prelude::*;
use rsip::prelude::{HeadersExt, ToTypedHeader};

/// Requests as phones send them, within what rsip can read: long names, one value a line.
fn everyday() -> impl Strategy<Value = Bytes> {
    let method = prop::sample::select(vec![
        Method::Invite,
        Method::Ack,
        Method::Bye,
        Method::Cancel,
        Method::Register,
        Method::Options,
        Method::Info,
        Method::Update,
        Method::Prack,
        Method::Refer,
        Method::Notify,
        Method::Subscribe,
        Method::Message,
        Method::Publish,
    ]);
    let host = "[a-z]{1,8}\\.example|10\\.[0-9]{1,2}\\.0\\.[1-9]";
    (
        method,
        "[a-z0-9]{1,8}",
        host,
        1_024u16..,
        "[a-zA-Z0-9]{4,12}",
        1u32..0x8000_0000,
        "[a-z =0-9]{0,60}",
    )
        .prop_map(|(method, user, host, port, token, number, body)| {
            RequestBuilder::new(&method, &format!("sip:{user}@{host}:{port};transport=udp"))
                .header(
                    Name::Via,
                    &format!("SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{token}"),
                )
                .header(Name::Via, "SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKnext")
                .number(Name::MaxForwards, 70)
                .header(
                    Name::From,
                    &format!("\"Caller {user}\" <sip:{user}@{host}>;tag={token}"),
                )
                .header(Name::To, &format!("<sip:{user}@{host}>"))
                .header(Name::CallId, &format!("{token}@{host}"))
                .cseq(number, &method)
                .header(Name::Contact, &format!("<sip:{user}@{host}:{port}>"))
                .header(Name::UserAgent, "Witness/1.0")
                .body("text/plain", body.as_bytes())
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_readers_agree_on_requests(bytes in everyday()) {
        let ours = Request::parse(bytes.clone()).unwrap();
        let theirs = rsip::Request::try_from(bytes.as_ref()).unwrap();
        prop_assert_eq!(ours.method.as_str(), theirs.method.to_string());
        // rsip writes the transport in capitals.
        prop_assert!(Uri::parse(&theirs.uri.to_string()).unwrap().parts().is_equivalent(&ours.uri().unwrap()));
        prop_assert_eq!(ours.body.as_ref(), theirs.body.as_slice());
        agree(&ours.headers, &theirs)?;
    }

    #[test]
    fn both_readers_agree_on_our_responses(bytes in everyday(), code in 100u16..700) {
        let request = Request::parse(bytes).unwrap();
        let status = Status::new(code).unwrap();
        let printed = ResponseBuilder::new(&request, status, Some("us")).header(Name::Contact, "<sip:us@192.0.2.1>").finish();
        let Message::Response(ours) = Message::parse(printed.clone()).unwrap() else { panic!("a response") };
        let theirs = rsip::Response::try_from(printed.as_ref()).unwrap();
        prop_assert_eq!(ours.status.code(), theirs.status_code.code());
        prop_assert_eq!(ours.headers.to().unwrap().tag(), Some("us"));
        agree(&ours.headers, &theirs)?;
    }

    #[test]
    fn we_read_what_rsip_prints(bytes in everyday()) {
        let theirs = rsip::Request::try_from(bytes.as_ref()).unwrap();
        let ours = Request::parse(Bytes::from(theirs.to_string())).unwrap();
        agree(&ours.headers, &theirs)?;
    }
}

fn agree(ours: &cordboard_sip::Headers, theirs: &impl HeadersExt) -> Result<(), TestCaseError> {
    let (via, their_via) = (ours.via().unwrap(), theirs.via_header().unwrap().typed().unwrap());
    prop_assert_eq!(via.branch(), their_via.branch().map(|branch| branch.value()));
    prop_assert_eq!(via.host.to_string(), their_via.uri.host().to_string());
    prop_assert_eq!(via.port, their_via.uri.port().map(|port| *port.value()));
    prop_assert_eq!(via.transport, their_via.transport.to_string());
    let (from, their_from) = (
        ours.from().unwrap(),
        theirs.from_header().unwrap().typed().unwrap(),
    );
    prop_assert_eq!(from.tag(), their_from.tag().map(|tag| tag.value()));
    prop_assert_eq!(from.uri.as_str(), their_from.uri.to_string());
    // rsip leaves the quotes on.
    prop_assert_eq!(Some(from.display_text()), their_from.display_name.as_deref());
    let their_to = theirs.to_header().unwrap().typed().unwrap();
    prop_assert_eq!(ours.to().unwrap().uri.as_str(), their_to.uri.to_string());
    prop_assert_eq!(ours.to().unwrap().tag(), their_to.tag().map(|tag| tag.value()));
    let (cseq, their_cseq) = (
        ours.cseq().unwrap(),
        theirs.cseq_header().unwrap().typed().unwrap(),
    );
    prop_assert_eq!(
        (cseq.number, cseq.method.to_owned()),
        (their_cseq.seq, their_cseq.method.to_string())
    );
    use rsip::prelude::UntypedHeader;
    prop_assert_eq!(ours.call_id().unwrap(), theirs.call_id_header().unwrap().value());
    Ok(())
}
