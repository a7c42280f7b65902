//! REGISTERs against one table, in virtual time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use base::Moment;
use cordboard_sip::registrar::{Bindings, Policy, RegisterError, Registered, Source};
use cordboard_sip::{Method, Name, Request, RequestBuilder, Status};

const START: Moment = Moment::from_secs(1_000);

struct Phone {
    table: Bindings,
    policy: Policy,
    now: Moment,
    cseq: u32,
}

impl Phone {
    fn new() -> Self {
        Self {
            table: Bindings::new(),
            policy: Policy::default(),
            now: START,
            cseq: 0,
        }
    }

    fn registers(&mut self, headers: &[(&str, &str)]) -> Result<Registered, RegisterError> {
        self.cseq += 1;
        let cseq = self.cseq;
        self.sends("c1", cseq, headers)
    }

    fn sends(
        &mut self,
        call_id: &str,
        cseq: u32,
        headers: &[(&str, &str)],
    ) -> Result<Registered, RegisterError> {
        let mut request = RequestBuilder::new(&Method::Register, "sip:acme.example")
            .header(Name::Via, "SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK1")
            .header(Name::From, "<sip:101@acme.example>;tag=a")
            .header(Name::To, "<sip:101@acme.example>")
            .header(Name::CallId, call_id)
            .cseq(cseq, &Method::Register);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = Request::parse(request.finish()).unwrap();
        self.table
            .register(self.now, &request, &source(None), &self.policy)
    }

    fn waits(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn shown(&self) -> Vec<String> {
        self.table.contacts(self.now)
    }
}

fn source(connection: Option<u64>) -> Source {
    let (remote, local) = (
        "203.0.113.9:40000".parse().unwrap(),
        "192.0.2.1:5060".parse().unwrap(),
    );
    Source {
        remote,
        local,
        reliable: connection.is_some(),
        connection,
    }
}

#[test]
fn several_contacts_each_have_their_own_time_and_preference() {
    let mut phone = Phone::new();
    let contacts =
        "<sip:101@desk>;q=0.3;expires=120, \"Mobile\" <sip:101@mobile;transport=tcp>;q=0.9, <sip:101@soft>";
    assert_eq!(
        phone
            .registers(&[("Contact", contacts), ("Expires", "600")])
            .unwrap()
            .bound
            .len(),
        3
    );
    assert_eq!(
        phone.shown(),
        [
            "<sip:101@soft>;expires=600",
            "<sip:101@mobile;transport=tcp>;q=0.9;expires=600",
            "<sip:101@desk>;q=0.3;expires=120"
        ]
    );
    phone.waits(120);
    assert_eq!(phone.shown().len(), 2);
    assert_eq!(phone.table.next_expiry(), Some(START + Duration::from_secs(120)));
    assert_eq!(phone.table.expire(phone.now).len(), 1);
    assert_eq!(phone.table.next_expiry(), Some(START + Duration::from_secs(600)));
}

#[test]
fn times_are_kept_within_the_policy() {
    let mut phone = Phone::new();
    phone
        .registers(&[("Contact", "<sip:a@a>;expires=4000000000000")])
        .unwrap();
    assert_eq!(phone.shown(), ["<sip:a@a>;expires=7200"]);
    phone.registers(&[("Contact", "<sip:a@a>")]).unwrap();
    assert_eq!(phone.shown(), ["<sip:a@a>;expires=3600"]);
    let brief = phone
        .registers(&[("Contact", "<sip:a@a>;expires=59")])
        .unwrap_err();
    assert_eq!(
        (brief.status(), &brief),
        (Status::INTERVAL_TOO_BRIEF, &RegisterError::TooBrief { min: 60 })
    );
    assert_eq!(
        phone.shown(),
        ["<sip:a@a>;expires=3600"],
        "a refused REGISTER changes nothing"
    );
}

#[test]
fn a_query_changes_nothing() {
    let mut phone = Phone::new();
    phone.registers(&[("Contact", "<sip:a@a>")]).unwrap();
    phone.waits(600);
    assert_eq!(phone.registers(&[]).unwrap(), Registered::default());
    assert_eq!(phone.shown(), ["<sip:a@a>;expires=3000"]);
}

#[test]
fn refreshing_by_an_equivalent_uri_makes_no_second_binding() {
    let mut phone = Phone::new();
    phone
        .registers(&[("Contact", "<sip:%31%30%31@Desk.Example;transport=udp>")])
        .unwrap();
    let refreshed = phone
        .registers(&[("Contact", "<sip:101@desk.example;transport=UDP>")])
        .unwrap();
    assert_eq!((refreshed.bound.len(), refreshed.removed.len()), (1, 0));
    assert_eq!(phone.shown().len(), 1);
}

#[test]
fn expires_zero_and_the_wildcard_take_bindings_out() {
    let mut phone = Phone::new();
    phone
        .registers(&[("Contact", "<sip:a@a>, <sip:b@b>, <sip:c@c>")])
        .unwrap();
    let removed = phone
        .registers(&[("Contact", "<sip:a@a>;expires=0")])
        .unwrap()
        .removed;
    assert_eq!(removed.len(), 1);
    for headers in [&[("Contact", "*")][..], &[("Contact", "*"), ("Expires", "60")]] {
        assert_eq!(phone.registers(headers).unwrap_err(), RegisterError::Wildcard);
    }
    let mixed = phone
        .registers(&[("Contact", "*, <sip:a@a>"), ("Expires", "0")])
        .unwrap_err();
    assert_eq!(mixed.status(), Status::BAD_REQUEST);
    assert_eq!(phone.shown().len(), 2);
    assert_eq!(
        phone
            .registers(&[("Contact", "*"), ("Expires", "0")])
            .unwrap()
            .removed
            .len(),
        2
    );
    assert!(phone.table.is_empty());
}

#[test]
fn a_late_register_of_the_same_call_changes_nothing() {
    let mut phone = Phone::new();
    phone.sends("c1", 5, &[("Contact", "<sip:a@a>")]).unwrap();
    for late in [4, 5] {
        let error = phone
            .sends("c1", late, &[("Contact", "<sip:b@b>, <sip:a@a>;expires=0")])
            .unwrap_err();
        assert_eq!(error, RegisterError::OutOfOrder);
    }
    assert_eq!(
        phone.sends("c1", 4, &[("Contact", "*"), ("Expires", "0")]),
        Err(RegisterError::OutOfOrder)
    );
    assert_eq!(phone.shown(), ["<sip:a@a>;expires=3600"]);
    // After a restart the phone has another Call-ID and may count from one.
    phone
        .sends("c2", 1, &[("Contact", "<sip:a@a>;expires=0")])
        .unwrap();
    assert!(phone.table.is_empty());
}

#[test]
fn naming_a_contact_twice_in_one_register_keeps_the_last_word() {
    let mut phone = Phone::new();
    phone
        .registers(&[("Contact", "<sip:a@a>;expires=100, <sip:a@a>;expires=200")])
        .unwrap();
    assert_eq!(phone.shown(), ["<sip:a@a>;expires=200"]);
}

#[test]
fn a_new_flow_of_the_same_phone_takes_the_place_of_the_old_one() {
    let mut phone = Phone::new();
    let contact = |port: u16, reg_id: u32| {
        format!("<sip:101@10.0.0.7:{port}>;reg-id={reg_id};+sip.instance=\"<urn:uuid:f81d4fae>\"")
    };
    phone.registers(&[("Contact", &contact(5_060, 1))]).unwrap();
    phone.registers(&[("Contact", &contact(5_061, 2))]).unwrap();
    let changed = phone.registers(&[("Contact", &contact(7_000, 1))]).unwrap();
    assert_eq!(changed.removed[0].contact.parts().port(), Some(5_060));
    assert_eq!(changed.bound[0].instance.as_deref(), Some("urn:uuid:f81d4fae"));
    let ports: Vec<_> = phone
        .table
        .live(phone.now)
        .iter()
        .map(|b| b.contact.parts().port())
        .collect();
    assert_eq!(ports, [Some(5_061), Some(7_000)]);
}

#[test]
fn there_is_a_bound_on_contacts() {
    let mut phone = Phone::new();
    phone.policy.max_contacts = 2;
    phone.registers(&[("Contact", "<sip:a@a>, <sip:b@b>")]).unwrap();
    let error = phone.registers(&[("Contact", "<sip:c@c>")]).unwrap_err();
    assert_eq!(error.status(), Status::FORBIDDEN);
    phone
        .registers(&[("Contact", "<sip:a@a>;expires=0, <sip:c@c>")])
        .unwrap();
    phone.waits(3_600);
    phone.registers(&[("Contact", "<sip:d@d>, <sip:e@e>")]).unwrap();
}

#[test]
fn path_source_and_agent_are_kept_and_survive_storage() {
    let mut phone = Phone::new();
    phone
        .registers(&[
            ("Contact", "<sip:101@10.0.0.7>"),
            ("Path", "<sip:edge1.example;lr>, <sip:edge2.example;lr>"),
            ("User-Agent", "Desk 1.2"),
        ])
        .unwrap();
    let stored = serde_json::to_string(&phone.table).unwrap();
    let table: Bindings = serde_json::from_str(&stored).unwrap();
    assert_eq!(table, phone.table);
    let live = table.live(phone.now);
    assert_eq!(live[0].path, ["<sip:edge1.example;lr>", "<sip:edge2.example;lr>"]);
    assert_eq!(live[0].source, source(None));
    assert_eq!(live[0].user_agent.as_deref(), Some("Desk 1.2"));
}

#[test]
fn what_nobody_needs_to_be_so_long_is_refused() {
    let mut phone = Phone::new();
    let contact = format!("<sip:a@a>;x={}", "y".repeat(2_000));
    assert_eq!(
        phone.registers(&[("Contact", &contact)]).unwrap_err(),
        RegisterError::TooLong
    );
}
