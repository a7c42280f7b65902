#![no_main]

use bytes::Bytes;
use cordboard_sip::digest::{Challenge, Credentials};
use cordboard_sip::header::{Contact, Event, MediaType, NameAddr, Reason, Replaces, SessionExpires, Via};
use cordboard_sip::{Edit, Headers, Message, Name, Parts, Request, ResponseBuilder, Status, split_list};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| match Message::parse(Bytes::copy_from_slice(bytes)) {
    Ok(message) => {
        read(message.headers());
        if let Message::Request(request) = &message {
            answer(request);
        }
    }
    Err(rejected) => {
        if let Some(request) = rejected.answerable() {
            read(&request.headers);
            let _ = ResponseBuilder::new(request, rejected.error.status(), Some("t")).finish();
        }
    }
});

fn read(headers: &Headers) {
    // A dozen lines are enough to find a fault, and keep the runs short.
    for field in headers.iter().take(12) {
        let _ = field.name_text();
        for text in split_list(field.value()).chain([field.value()]) {
            let _ = (NameAddr::parse(text), Via::parse(text), Parts::parse(text), Replaces::parse(text));
            let _ = (Credentials::parse(text), Challenge::parse(text, true), MediaType::parse(text));
            let _ = (Event::parse(text), Reason::parse(text), SessionExpires::parse(text));
            if let Ok(contact) = Contact::parse(text) {
                let _ = (contact.q(), contact.expires(), contact.instance(), contact.reg_id());
            }
        }
    }
    for via in headers.vias().flatten() {
        let _ = (via.response_address(), via.rport(), via.branch());
    }
    let _ = (headers.contacts(), headers.routes(), headers.rack(), headers.replaces(), headers.expires());
    let _ = headers.info_uris(Name::AlertInfo).count();
}

/// What is printed from a sound request is sound.
fn answer(request: &Request) {
    let response = ResponseBuilder::new(request, Status::OK, Some("t")).copy(request, Name::RecordRoute).finish();
    if response.len() <= cordboard_sip::MAX_MESSAGE {
        assert!(matches!(Message::parse(response), Ok(Message::Response(_))));
    }
    let edited = Edit::request(request).set(Name::MaxForwards, "69").finish();
    if edited.len() <= cordboard_sip::MAX_MESSAGE && request.headers.len() < cordboard_sip::MAX_HEADERS - 1 {
        let edited = Request::parse(edited).expect("an edited request is a request");
        assert_eq!(edited.headers.get(Name::CallId), request.headers.get(Name::CallId));
        assert_eq!(edited.body, request.body);
    }
    let mut stamped = request.clone();
    stamped.stamp(([192, 0, 2, 1], 5_060).into());
    assert_eq!(stamped.headers.cseq(), request.headers.cseq());
}
