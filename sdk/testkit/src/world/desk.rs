//! Phones: what people do with them, how they come and go.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base::Moment;
use bytes::Bytes;
use exchange::Input;
use media::PortId;
use phone::{CallRef, CallState, Event, Output, Phone, PhoneConfig};
use sip::endpoint::{ConnectionId, Path};

use super::{Happening, What, World, server};
use crate::office::{Office, PASSWORD, PhoneId, PhonePlan};

/// Whether a phone is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Here,
    /// Unplugged: it hears nothing and says nothing.
    Gone,
}

/// A phone and where it stands.
pub(super) struct Desk {
    pub name: String,
    pub tenant: String,
    pub phone: Phone,
    pub presence: Presence,
    pub outside: bool,
    alarm: Option<Moment>,
    connection: Option<ConnectionId>,
    /// When the last message of its connection arrives, each way: they keep their order.
    sent_until: Moment,
    received_until: Moment,
}

impl World {
    pub(super) fn place_phone(&mut self, office: &Office, plan: PhonePlan) {
        let id = PhoneId(self.desks.len());
        let local = match plan.host {
            Some(host) => SocketAddr::from(([198, 51, 100, host], 5060)),
            None => {
                let (high, low) = (id.0 / 200, id.0 % 200 + 1);
                let byte = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
                SocketAddr::from(([10, 0, byte(high), byte(low)], 5060))
            }
        };
        let mut config = PhoneConfig::new(&plan.user, PASSWORD, &office.domain(), local, server());
        config.tcp = plan.tcp;
        if plan.outside {
            // A provider addresses the exchange itself.
            config.domain = office.domain();
        }
        let phone = Phone::new(config, self.random.fork());
        self.at.insert(local, id);
        self.desks.push(Desk {
            name: plan.name,
            tenant: office.name.clone(),
            phone,
            presence: Presence::Here,
            outside: plan.outside,
            alarm: None,
            connection: None,
            sent_until: Moment::ZERO,
            received_until: Moment::ZERO,
        });
    }

    /// All phones.
    pub fn phones(&self) -> impl Iterator<Item = PhoneId> + use<> {
        (0..self.desks.len()).map(PhoneId)
    }

    /// The phone of this name: `201`, or `acme/201` where several tenants have one.
    pub fn find(&self, name: &str) -> Option<PhoneId> {
        let (tenant, name) = match name.split_once('/') {
            Some((tenant, name)) => (Some(tenant), name),
            None => (None, name),
        };
        let fits = |desk: &Desk| desk.name == name && tenant.is_none_or(|tenant| desk.tenant == tenant);
        self.desks.iter().position(fits).map(PhoneId)
    }

    /// What a phone is called.
    pub fn name(&self, id: PhoneId) -> &str {
        self.desks.get(id.0).map_or("?", |desk| &desk.name)
    }

    /// The tenant that a phone belongs to.
    pub fn tenant_of(&self, id: PhoneId) -> &str {
        self.desks.get(id.0).map_or("?", |desk| &desk.tenant)
    }

    /// It is a provider's, and stands outside.
    pub fn is_outside(&self, id: PhoneId) -> bool {
        self.desks.get(id.0).is_some_and(|desk| desk.outside)
    }

    pub fn is_here(&self, id: PhoneId) -> bool {
        self.desks
            .get(id.0)
            .is_some_and(|desk| desk.presence == Presence::Here)
    }

    /// The phone itself, to look at.
    pub fn phone(&self, id: PhoneId) -> Option<&Phone> {
        self.desks.get(id.0).map(|desk| &desk.phone)
    }

    /// Does something with a phone that is there.
    pub fn with<T>(&mut self, id: PhoneId, act: impl FnOnce(&mut Phone, Moment) -> T) -> Option<T> {
        let now = self.now;
        let desk = self.desks.get_mut(id.0)?;
        if desk.presence == Presence::Gone {
            return None;
        }
        let result = act(&mut desk.phone, now);
        self.drain_phone(id);
        Some(result)
    }

    /// Calls of a phone that are in this state, oldest first.
    pub fn calls_in(&self, id: PhoneId, state: CallState) -> Vec<CallRef> {
        let Some(phone) = self.phone(id).filter(|_| self.is_here(id)) else {
            return Vec::new();
        };
        let live = phone.live().into_iter();
        live.filter(|call| phone.state(*call) == state).collect()
    }

    /// A key is pressed in a call: the media engine hears it. False when the call has no sound.
    pub fn press(&mut self, id: PhoneId, call: CallRef, digit: char) -> bool {
        let Some(port) = self.port_of(id, call).filter(|_| self.is_here(id)) else {
            return false;
        };
        for (length, event) in self.sound.key(port, digit) {
            self.hand_in_after(length, Input::Media(event));
        }
        true
    }

    /// The port of the exchange that a phone's call sends its sound to.
    pub fn port_of(&self, id: PhoneId, call: CallRef) -> Option<PortId> {
        let theirs = self.phone(id)?.theirs(call)?;
        self.sound.at(theirs.rtp)
    }

    /// The phone is unplugged: nothing of it is heard any more.
    pub fn unplug(&mut self, id: PhoneId) {
        let Some(desk) = self.desks.get_mut(id.0) else {
            return;
        };
        desk.presence = Presence::Gone;
        self.set_alarm(id);
        self.disconnect(id);
    }

    /// The phone is plugged in (again): it knows of no call, and is not registered.
    pub fn plug_in(&mut self, id: PhoneId) {
        let random = self.random.fork();
        let Some(desk) = self.desks.get_mut(id.0) else {
            return;
        };
        desk.phone = Phone::new(desk.phone.config().clone(), random);
        desk.presence = Presence::Here;
        self.set_alarm(id);
        self.disconnect(id);
    }

    /// The phone that hears what is sent to this address.
    pub fn phone_at(&self, rtp: SocketAddr) -> Option<PhoneId> {
        let hears = |desk: &Desk| desk.phone.config().rtp == rtp;
        self.desks.iter().position(hears).map(PhoneId)
    }

    /// Whether a phone speaks to this address of the exchange's: it has a call that is not over there.
    pub(super) fn speaks_to(&self, rtp: SocketAddr, local: SocketAddr) -> bool {
        let here = self.desks.iter().filter(|desk| desk.presence == Presence::Here);
        let speaks = |desk: &Desk| {
            let phone = &desk.phone;
            let calls = phone.live().into_iter();
            phone.config().rtp == rtp
                && calls
                    .filter_map(|call| phone.theirs(call))
                    .any(|theirs| theirs.rtp == local)
        };
        here.into_iter().any(speaks)
    }

    fn disconnect(&mut self, id: PhoneId) {
        let connection = self.desks.get_mut(id.0).and_then(|desk| desk.connection.take());
        if let Some(connection) = connection {
            self.connections.remove(&connection);
            if self.is_up {
                self.input(Input::ConnectionClosed(connection));
            }
        }
    }

    /// The exchange closes a connection.
    pub(super) fn close(&mut self, connection: ConnectionId) {
        if let Some(id) = self.connections.remove(&connection)
            && let Some(desk) = self.desks.get_mut(id.0)
        {
            desk.connection = None;
        }
    }

    /// All connections break, without a word to the exchange: its process is gone.
    pub(super) fn break_connections(&mut self) {
        self.connections = BTreeMap::new();
        for desk in &mut self.desks {
            desk.connection = None;
        }
    }

    /// How a phone's messages reach the exchange; a phone over TCP opens a connection where it has none.
    pub(super) fn path_of(&mut self, id: PhoneId) -> Option<Path> {
        let next = ConnectionId(self.next_id);
        let desk = self.desks.get_mut(id.0)?;
        let config = desk.phone.config();
        if !config.tcp {
            return Some(Path::udp(server(), config.local));
        }
        let path = Path::tcp(server(), config.local);
        let connection = *desk.connection.get_or_insert(next);
        if connection == next {
            self.next_id += 1;
        }
        self.connections.insert(connection, id);
        Some(Path {
            connection: Some(connection),
            ..path
        })
    }

    pub(super) fn receive(&mut self, id: PhoneId, bytes: &[u8]) {
        self.with(id, |phone, now| phone.receive(now, bytes));
    }

    fn drain_phone(&mut self, id: PhoneId) {
        let mut sent = Vec::new();
        let mut events: Vec<Event> = Vec::new();
        if let Some(desk) = self.desks.get_mut(id.0) {
            while let Some(output) = desk.phone.poll() {
                match output {
                    Output::Send(bytes) => sent.push(Bytes::from(bytes)),
                    Output::Event(event) => events.push(event),
                }
            }
        }
        for event in events {
            self.tell(What::Phone(id, event));
        }
        for bytes in sent {
            self.send(id, &bytes);
        }
        self.set_alarm(id);
    }

    fn send(&mut self, from: PhoneId, bytes: &Bytes) {
        let tcp = self.phone(from).is_some_and(|phone| phone.config().tcp);
        if tcp {
            let length = self.in_order(Some(from), true);
            let bytes = bytes.clone();
            return self.soon(length, Happening::Datagram { from, bytes });
        }
        let copies = self.network.send(Some(from));
        if copies.is_empty() {
            self.tell(What::Lost {
                phone: Some(from),
                sent_by_phone: true,
                bytes: bytes.clone(),
            });
        }
        for length in copies {
            let bytes = bytes.clone();
            self.soon(length, Happening::Datagram { from, bytes });
        }
    }

    /// How long a message over a connection takes: never less than the one before it.
    pub(super) fn in_order(&mut self, phone: Option<PhoneId>, by_phone: bool) -> std::time::Duration {
        let arrives = self.now + self.network.stream(phone);
        let Some(desk) = phone.and_then(|phone| self.desks.get_mut(phone.0)) else {
            return arrives - self.now;
        };
        let last = if by_phone {
            &mut desk.sent_until
        } else {
            &mut desk.received_until
        };
        *last = arrives.max(*last);
        *last - self.now
    }

    fn set_alarm(&mut self, id: PhoneId) {
        let Some(desk) = self.desks.get_mut(id.0) else {
            return;
        };
        let next = match desk.presence {
            Presence::Here => desk.phone.next_timeout(),
            Presence::Gone => None,
        };
        if desk.alarm == next {
            return;
        }
        if let Some(old) = std::mem::replace(&mut desk.alarm, next) {
            self.alarms.remove(&(old, id));
        }
        if let Some(next) = next {
            self.alarms.insert((next, id));
        }
    }
}
