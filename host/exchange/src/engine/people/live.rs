//! Answers about what is running, and orders from people.

use std::sync::Arc;

use base::{Moment, Pii};
use contract::{Event, Message};

use crate::engine::Exchange;
use crate::engine::call::Call;
use crate::engine::leg::{Leg, LegState, Party};
use crate::ids::{CallId, Holder};
use crate::io::AdminId;
use crate::live;

/// Calls told at once.
const MAX_LISTED: usize = 1_000;

impl Exchange {
    /// None: the answer comes later.
    pub(in crate::engine) fn live(&mut self, id: AdminId, request: live::Request) -> Option<live::Answer> {
        Some(match request {
            live::Request::Calls { tenant, after, limit } => {
                live::Answer::Calls(self.list_calls(&tenant, after, limit))
            }
            live::Request::Call { tenant, call } => live::Answer::Call(self.describe_call(&tenant, call)),
            live::Request::HangUp { tenant, call } => {
                let described = self.describe_call(&tenant, call);
                if described.is_some() {
                    self.hang_up_call(call);
                }
                live::Answer::Call(described)
            }
            live::Request::Originate { tenant, line, number } => {
                live::Answer::Originated(self.originate(tenant.text(), &line, &number))
            }
            live::Request::Versions { tenant, behaviour } => {
                live::Answer::Versions(self.list_versions(&tenant, &behaviour))
            }
            live::Request::Registrations { tenant } => {
                live::Answer::Registrations(self.list_registrations(&tenant))
            }
            live::Request::Elsewhere { tenant } => {
                live::Answer::Elsewhere(self.list_elsewhere(tenant.text()))
            }
            live::Request::Figures { tenant } => live::Answer::Figures(self.list_figures(tenant.text())),
            live::Request::Page { token } => live::Answer::Page(self.page(&token)),
            live::Request::Choose { token, choice } => live::Answer::Page(self.chosen(&token, None, choice)),
            live::Request::Message {
                tenant,
                behaviour,
                number,
                body,
            } => {
                let session = self.keyed_session_or_new(tenant.text(), &behaviour, &number);
                if let Ok(session) = session {
                    self.deliver(session, Event::Message(Message { sender: None, body }));
                }
                live::Answer::Session(session)
            }
            live::Request::Intercept { tenant, inquiry } => {
                self.intercept(id, tenant.text(), inquiry);
                return None;
            }
        })
    }

    fn list_calls(&self, tenant: &str, after: Option<CallId>, limit: usize) -> Vec<live::Call> {
        let own = self
            .calls
            .iter()
            .filter(|(_, call)| &*call.tenant == tenant)
            .map(|(id, _)| *id);
        let mut ids: Vec<CallId> = own.filter(|id| after.is_none_or(|after| *id > after)).collect();
        ids.sort_unstable();
        ids.truncate(limit.min(MAX_LISTED));
        ids.into_iter()
            .filter_map(|id| self.describe_call(tenant, id))
            .collect()
    }

    fn describe_call(&self, tenant: &str, id: CallId) -> Option<live::Call> {
        let call = self.calls.get(&id).filter(|call| &*call.tenant == tenant)?;
        let legs: Vec<&Leg> = call.legs.iter().filter_map(|leg| self.legs.get(leg)).collect();
        let custodies = legs
            .iter()
            .flat_map(|leg| &leg.custodies)
            .filter_map(|id| self.custodies.get(id));
        let behaviours = custodies.filter_map(|custody| match custody.holder {
            Holder::Session(session) => self
                .sessions
                .get(&session)
                .map(|session| session.behaviour.clone()),
            Holder::Host => None,
        });
        let (state, since) = state_of(call);
        Some(live::Call {
            id,
            tenant: call.tenant.clone(),
            direction: call.direction,
            state,
            since,
            caller: Pii(call.caller.number.clone().unwrap_or_default()),
            called: Pii(call.called.to_string()),
            started: call.started,
            answered: call.answered,
            connected: call.connected,
            answered_by: call.answered_by.clone(),
            behaviours: behaviours.collect(),
            legs: legs.into_iter().map(describe_leg).collect(),
        })
    }

    fn list_registrations(&self, tenant: &str) -> Vec<live::Registration> {
        let Some(devices) = self.registrations.get(tenant) else {
            return Vec::new();
        };
        let of_device = |(device, registration): (&Arc<str>, &crate::engine::registration::Registration)| {
            let bindings = registration.bindings();
            let told = |binding: &sip::registrar::Binding| live::Registration {
                device: device.clone(),
                contact: Pii(binding.contact.to_string()),
                from: binding.source.remote,
                expires: binding.expires_at,
                user_agent: binding.user_agent.clone(),
            };
            bindings.live(self.now).into_iter().map(told).collect::<Vec<_>>()
        };
        let mut list: Vec<live::Registration> = devices.iter().flat_map(of_device).collect();
        list.sort_by(|a, b| a.device.cmp(&b.device));
        list
    }
}

/// How far a call is, and since when.
fn state_of(call: &Call) -> (live::CallState, Moment) {
    match (call.connected, call.answered, call.ringing) {
        (Some(at), _, _) => (live::CallState::Connected, at),
        (None, Some(at), _) => (live::CallState::Answered, at),
        (None, None, Some(at)) => (live::CallState::Ringing, at),
        (None, None, None) => (live::CallState::Trying, call.started),
    }
}

fn describe_leg(leg: &Leg) -> live::Leg {
    let (line, device, trunk) = match &leg.party {
        Party::Device { line, device } => (Some(line.clone()), Some(device.clone()), None),
        Party::Trunk(trunk) => (None, None, Some(trunk.clone())),
    };
    live::Leg {
        id: leg.id,
        state: match leg.state {
            LegState::Offered | LegState::Calling if !leg.rung => live::LegState::Trying,
            LegState::Offered | LegState::Calling | LegState::Ringing => live::LegState::Ringing,
            LegState::Confirming | LegState::Up if leg.held || leg.holding => live::LegState::Held,
            LegState::Confirming | LegState::Up => live::LegState::Answered,
        },
        number: Pii(leg.number.to_string()),
        line,
        device,
        trunk,
        bridged: leg.bridged,
    }
}
