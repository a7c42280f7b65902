//! Messages: read in every way, answered, edited.

use bytes::Bytes;
use sip::digest::{Challenge, Credentials};
use sip::header::{
    Contact, Event, MediaType, NameAddr, Reason, Replaces, SessionExpires, SubscriptionState, Via,
};
use sip::{Edit, Headers, Message, Name, Parts, Request, ResponseBuilder, Status, split_list};

use super::Target;
use super::samples::MESSAGES;
use crate::{Mutator, words};

pub const TARGET: Target = Target {
    name: "message",
    about: "panics in the parser and in every typed header; a response or an edit that is no message",
    case,
};

fn case(seed: u64) -> u64 {
    let mut mutator = Mutator::new(seed, words::SIP);
    let sample = mutator.pick(&MESSAGES).clone();
    look(&mutator.damage(&sample));
    1
}

fn look(bytes: &[u8]) {
    match Message::parse(Bytes::copy_from_slice(bytes)) {
        Ok(message) => {
            read(message.headers());
            if let Message::Request(request) = &message {
                answer(request);
            }
        }
        Err(rejected) => {
            if let Some(request) = rejected.answerable() {
                read(&request.headers);
                let response = ResponseBuilder::new(request, rejected.error.status(), Some("t")).finish();
                assert!(response.starts_with(b"SIP/2.0 4") || response.starts_with(b"SIP/2.0 5"));
            }
            assert!(!rejected.error.to_string().is_empty());
        }
    }
}

fn read(headers: &Headers) {
    // A dozen lines are enough to find a fault, and keep cases short.
    for field in headers.iter().take(12) {
        let _ = field.name_text();
        for text in split_list(field.value()).take(12).chain([field.value()]) {
            let _ = (
                NameAddr::parse(text),
                Via::parse(text),
                Parts::parse(text),
                Replaces::parse(text),
            );
            let _ = (
                Credentials::parse(text),
                Challenge::parse(text, true),
                MediaType::parse(text),
            );
            let _ = (
                Event::parse(text),
                Reason::parse(text),
                SessionExpires::parse(text),
            );
            let _ = SubscriptionState::parse(text);
            if let Ok(contact) = Contact::parse(text) {
                let _ = (
                    contact.q(),
                    contact.expires(),
                    contact.instance(),
                    contact.reg_id(),
                );
            }
        }
    }
    for via in headers.vias().flatten() {
        let _ = (via.response_address(), via.rport(), via.branch());
    }
    let _ = (
        headers.contacts(),
        headers.routes(),
        headers.rack(),
        headers.replaces(),
        headers.expires(),
    );
    let _ = (
        headers.rseq(),
        headers.min_se(),
        headers.event(),
        headers.subscription_state(),
    );
    let _ = headers.info_uris(Name::AlertInfo).count();
}

/// What is printed from a sound request is sound.
fn answer(request: &Request) {
    let response = ResponseBuilder::new(request, Status::OK, Some("t"))
        .copy(request, Name::RecordRoute)
        .finish();
    if response.len() <= sip::MAX_MESSAGE {
        assert!(
            matches!(Message::parse(response), Ok(Message::Response(_))),
            "a response of ours cannot be read"
        );
    }
    let edited = Edit::request(request).set(Name::MaxForwards, "69").finish();
    if edited.len() <= sip::MAX_MESSAGE && request.headers.len() < sip::MAX_HEADERS - 1 {
        let edited = Request::parse(edited).unwrap();
        assert_eq!(
            edited.headers.get(Name::CallId),
            request.headers.get(Name::CallId)
        );
        assert_eq!(edited.body, request.body);
    }
    let mut stamped = request.clone();
    stamped.stamp(([192, 0, 2, 1], 5_060).into());
    assert_eq!(stamped.headers.cseq(), request.headers.cseq());
}
