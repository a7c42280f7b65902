//! What people do with their phones, call by call: a phone may have several.

use std::time::Duration;

use exchange::directory::Line;
use line::LineSettings;
use phone::{CallRef, CallState, Event};
use serde_json::{Value, json};
use testkit::{Hearing, Office, PhoneId, Sim};

pub const ALICE: &str = "201";
pub const BOB: &str = "202";
pub const CAROL: &str = "203";

pub const SECOND: Duration = Duration::from_secs(1);

/// Three people with a plain line each.
pub fn office() -> Office {
    Office::new("acme")
        .lines(&[ALICE, BOB, CAROL])
        .announcements(&["hold"])
}

/// Three people; the shipped `line` stands in front of Bob's, with these settings.
pub fn with_bobs_settings(settings: Value) -> Office {
    Office::new("acme")
        .lines(&[ALICE, CAROL])
        .line_with(BOB, move |bob: &mut Line| {
            bob.behaviours = Some(vec!["line".into()]);
            bob.settings = serde_json::from_value(json!({ "line": settings })).unwrap();
        })
        .behaviour::<line::line>("line", &LineSettings::default())
        .announcements(&["hold", "in-a-call", "anonymous-refused"])
}

pub struct Stage(pub Sim);

impl Stage {
    pub fn new(office: Office) -> Self {
        Self(Sim::new(office))
    }

    fn id(&mut self, name: &str) -> PhoneId {
        self.0.world().find(name).unwrap()
    }

    /// Somebody does something with a phone; then everything happens that follows.
    pub fn with<T>(&mut self, name: &str, act: impl FnOnce(&mut phone::Phone, base::Moment) -> T) -> T {
        let id = self.id(name);
        let result = self.0.world().with(id, act).unwrap();
        self.0.pass(SECOND);
        result
    }

    pub fn calls(&mut self, name: &str, number: &str) -> CallRef {
        self.with(name, |phone, now| phone.call(now, number))
    }

    /// The phone rings, and says so.
    #[track_caller]
    pub fn rings(&mut self, name: &str) -> CallRef {
        let call = self.0.expect_ringing(name);
        self.with(name, |phone, now| phone.ring(now, call));
        call
    }

    #[track_caller]
    pub fn answers(&mut self, name: &str) -> CallRef {
        let call = self.rings(name);
        self.with(name, |phone, now| phone.answer(now, call));
        call
    }

    #[track_caller]
    pub fn refuses(&mut self, name: &str, status: u16) {
        let call = self.rings(name);
        self.with(name, |phone, now| phone.refuse(now, call, status));
    }

    pub fn hangs_up(&mut self, name: &str, call: CallRef) {
        self.with(name, |phone, now| phone.hang_up(now, call));
    }

    /// re-INVITE, sendonly.
    pub fn holds(&mut self, name: &str, call: CallRef) {
        self.with(name, |phone, now| phone.change(now, call, "sendonly"));
    }

    /// re-INVITE, sendrecv.
    pub fn takes_back(&mut self, name: &str, call: CallRef) {
        self.with(name, |phone, now| phone.change(now, call, "sendrecv"));
    }

    /// REFER inside of a call.
    pub fn refers(&mut self, name: &str, call: CallRef, refer_to: &str) {
        self.with(name, |phone, now| {
            phone.in_dialog_with(now, call, "REFER", &[("Refer-To", refer_to)], None);
        });
    }

    /// A dialog as a Replaces header names it to our peer: its local tag is our remote one.
    pub fn replaces(&mut self, name: &str, call: CallRef) -> String {
        let (call_id, ours, theirs) = self.with(name, |phone, _| phone.dialog_id(call).unwrap());
        format!("{call_id};to-tag={theirs};from-tag={ours}")
    }

    pub fn state(&mut self, name: &str, call: CallRef) -> CallState {
        let id = self.id(name);
        self.0.world().phone(id).unwrap().state(call)
    }

    #[track_caller]
    pub fn over(&mut self, name: &str, call: CallRef) {
        assert_eq!(
            self.state(name, call),
            CallState::Over,
            "{name}\n{}",
            self.0.ladder()
        );
    }

    /// The final status that a call of this phone's failed with.
    pub fn failure(&self, name: &str, call: CallRef) -> Option<u16> {
        self.0.told(name).find_map(|event| match event {
            Event::Failed(failed, status) if *failed == call => Some(*status),
            _ => None,
        })
    }

    /// Who calls, as the display of a phone shows it for its latest offer.
    pub fn display(&self, name: &str) -> String {
        let offers = self.0.told(name).filter_map(|event| match event {
            Event::Offered { caller, .. } => Some(caller.clone()),
            _ => None,
        });
        offers.last().unwrap_or_default()
    }

    /// Status lines that NOTIFYs to a phone brought.
    pub fn progress(&self, name: &str) -> Vec<String> {
        let bodies = self.0.told(name).filter_map(|event| match event {
            Event::Told { method, body, .. } if method == "NOTIFY" => Some(body.trim().to_owned()),
            _ => None,
        });
        bodies.collect()
    }

    fn hears(&mut self, name: &str, call: CallRef) -> Hearing {
        let id = self.id(name);
        let theirs = self.0.world().phone(id).unwrap().theirs(call).unwrap().rtp;
        self.0.world().hears(theirs)
    }

    /// The address of the conference that a phone sees it is in.
    pub fn focus(&mut self, name: &str, call: CallRef) -> Option<String> {
        self.with(name, |phone, _| phone.focus(call).map(str::to_owned))
    }

    /// All of these calls are up, and each party hears each other.
    #[track_caller]
    pub fn confer(&mut self, parties: &[(&str, CallRef)]) {
        let mut addresses = Vec::new();
        for (name, call) in parties {
            assert_eq!(
                self.state(name, *call),
                CallState::Up,
                "{name}\n{}",
                self.0.ladder()
            );
            let id = self.id(name);
            let theirs = self.0.world().phone(id).unwrap().theirs(*call).unwrap().rtp;
            addresses.push((*name, theirs));
        }
        for (speaker, from) in &addresses {
            for (listener, to) in addresses.iter().filter(|(listener, _)| listener != speaker) {
                let is_heard = self.0.world().reaches(*from, *to);
                assert!(is_heard, "{listener} hears {speaker}\n{}", self.0.ladder());
            }
        }
    }

    /// Music, an announcement or a tone.
    #[track_caller]
    pub fn hears_sound(&mut self, name: &str, call: CallRef) {
        assert_eq!(
            self.hears(name, call),
            Hearing::Sound,
            "{name}\n{}",
            self.0.ladder()
        );
    }

    /// Both calls are up, and each party hears the other.
    #[track_caller]
    pub fn talk(&mut self, one: (&str, CallRef), other: (&str, CallRef)) {
        for ((name, call), (partner, theirs)) in [(one, other), (other, one)] {
            assert_eq!(
                self.state(name, call),
                CallState::Up,
                "{name}\n{}",
                self.0.ladder()
            );
            let partner_id = self.id(partner);
            let port = self.0.world().port_of(partner_id, theirs).unwrap();
            assert_eq!(
                self.hears(name, call),
                Hearing::Party(port),
                "{name} hears {partner}\n{}",
                self.0.ladder()
            );
        }
    }
}
