//! A call comes in: whose it is, who calls, where it goes.
//!
//! ```text
//!  INVITE ─▶ from a trunk's address? ──yes──▶ caller: what the trunk asserts
//!                 └─no─▶ credentials ──▶ caller: the device's line, whatever From says
//!         ─▶ dial plan ─▶ behaviours, a line, outside, emergency (R74), or a refusal
//! ```

use std::sync::Arc;

use contract::{Cause, DialOptions, Identity, LegId, Stage, Target};
use sip::endpoint::{Body, Path, Reply, UsageId};
use sip::sdp::Offer;
use sip::{Name, Request};

use super::Exchange;
use super::call::Call;
use super::custody::Handover;
use super::leg::Party;
use super::lookup::{placed, trunk_account};
use super::requests::Account;
use super::sound::not_acceptable;
use crate::directory::{Line, Origin, OwnIdentity, Resolution, TenantView};
use crate::ids::DialOwner;
use crate::report::Direction;

/// Numbers that a caller may name as the way it came.
const MAX_DIVERSIONS: usize = 16;

/// Who calls, and what he may.
pub(super) struct Caller {
    pub tenant: Arc<TenantView>,
    pub party: Party,
    pub identity: Identity,
    /// The line's id.
    pub line: Option<Arc<str>>,
    pub diversions: Vec<String>,
}

impl Exchange {
    pub(super) fn invited(&mut self, usage: UsageId, request: &Request, path: Path, body: Option<&Body>) {
        if let Err(reply) = self.admit(usage, request, path, body) {
            // An error means that the caller gave up.
            let _ = self.sip.reject(self.now, usage, *reply);
        }
    }

    fn admit(
        &mut self,
        usage: UsageId,
        request: &Request,
        path: Path,
        body: Option<&Body>,
    ) -> Result<(), Box<Reply>> {
        let called = request
            .uri()
            .ok()
            .and_then(|uri| uri.user().map(|user| user.into_owned()));
        let mut caller = self.who_calls(request, path, called.as_deref().unwrap_or_default())?;
        let taken = called.map(|called| self.taken_for(called, &mut caller, request));
        let (called, tried) = match taken.transpose() {
            Ok(taken) => taken.unzip(),
            // A call of ours came back.
            Err(cause) => return Err(refuse(crate::cause::status(cause))),
        };
        let replaces = request.headers.replaces().map_err(|_| refuse(400))?;
        let joins = request.headers.join().map_err(|_| refuse(400))?;
        if replaces.is_some() && joins.is_some() {
            // RFC 3911 §4: they contradict each other.
            return Err(refuse(400));
        }
        let (offer, direct) = match body.filter(|body| body.is_sdp()) {
            Some(body) => {
                let direct = self.direct_caller(&caller.tenant, &caller.party, &path, &body.bytes);
                let direct = direct.filter(|_| replaces.is_none() && joins.is_none());
                match Offer::parse(&body.bytes) {
                    Ok(offer) => (Some(offer), direct),
                    // Nothing that we speak, but whoever is called may.
                    Err(_) if direct.is_some() => (None, direct),
                    Err(error) => return Err(Box::new(not_acceptable(&error))),
                }
            }
            None => (None, None),
        };
        let tenant = caller.tenant.id().text().clone();
        if let Some(replaces) = replaces {
            return self.replaces(usage, &replaces, tenant, caller.party, offer);
        }
        if let Some(dialog) = joins {
            return self.joins(usage, &dialog, tenant, caller.party, offer);
        }
        let called = called
            .filter(|called| !called.is_empty())
            .ok_or_else(|| refuse(404))?;
        let inside = matches!(caller.party, Party::Device { .. });
        let conference = self.conference_named(&tenant, &called).filter(|_| inside);
        if let Some(conference) = conference {
            self.calls_in(usage, tenant, caller.party, offer, &conference);
            return Ok(());
        }
        let (resolution, dialled) = {
            let origin = match (&caller.line, &caller.party) {
                (Some(line), _) => Origin::Line(line),
                (None, Party::Trunk(trunk)) => Origin::Trunk(trunk),
                (None, Party::Device { line, .. }) => Origin::Line(line),
            };
            let resolution = caller.tenant.resolve(&called, origin, self.now);
            (resolution, caller.tenant.dialled(&called, origin))
        };
        let emergency = matches!(resolution, Resolution::Emergency { .. });
        if self.is_full(&tenant) && !emergency {
            return Err(refuse(503));
        }
        let number: Arc<str> = match &resolution {
            Resolution::Inside(inside) => inside.number.clone(),
            Resolution::Outside { number, .. }
            | Resolution::Emergency { number, .. }
            | Resolution::Reach { number, .. }
            | Resolution::Tell { number, .. }
            | Resolution::Set { number, .. }
            | Resolution::Conference { number, .. }
            | Resolution::PickUp { number, .. } => number.clone(),
            Resolution::Unknown => return Err(refuse(404)),
            Resolution::Forbidden(_) => return Err(refuse(403)),
            Resolution::NoTrunk(_) => return Err(refuse(503)),
        };
        // A line answers to its number outside as to its short one.
        let dialled = match &resolution {
            Resolution::Inside(_) => dialled.map_or_else(|| number.clone(), Arc::from),
            _ => number.clone(),
        };
        let max_forwards = request.headers.max_forwards().ok().flatten().unwrap_or(70);
        // Callers and their tools expect it from whoever will ask others (RFC 3261 §16.2); refusals go without.
        let _ = self.sip.trying(self.now, usage);
        let leg = self.begin_call(usage, caller, dialled, offer, max_forwards, emergency);
        if let Some(leg) = self.legs.get_mut(&leg.0) {
            leg.direct = direct;
        }
        if let Some(call) = self.calls.get_mut(&leg.1) {
            call.tried = tried.flatten().map(Box::new);
        }
        self.send_on(leg.0, leg.1, resolution, number, leg.2);
        Ok(())
    }

    fn begin_call(
        &mut self,
        usage: UsageId,
        caller: Caller,
        called: Arc<str>,
        offer: Option<Offer>,
        max_forwards: u8,
        emergency: bool,
    ) -> (LegId, crate::ids::CallId, Vec<String>) {
        let tenant = caller.tenant.id().text().clone();
        let direction = match &caller.party {
            Party::Device { .. } => Direction::FromInside,
            Party::Trunk(_) => Direction::FromOutside,
        };
        let trunk = match &caller.party {
            Party::Trunk(trunk) => Some(trunk.clone()),
            Party::Device { .. } => None,
        };
        let shown = caller.identity.number.clone().unwrap_or_default();
        let call = self.start_call(Call {
            caller_line: caller.line,
            trunk,
            max_forwards,
            emergency,
            ..Call::new(tenant.clone(), direction, caller.identity, called, self.now)
        });
        let leg = self.add_caller(call, tenant, usage, caller.party, shown, offer);
        (leg, call, caller.diversions)
    }

    /// To behaviours, or, where none decides, to whom the dial plan says.
    fn send_on(
        &mut self,
        leg: LegId,
        call: crate::ids::CallId,
        resolution: Resolution,
        number: Arc<str>,
        diversions: Vec<String>,
    ) {
        let mut handover = Handover {
            diversions,
            ..Handover::to_host(leg, number.clone(), 0)
        };
        match resolution {
            Resolution::Inside(inside) | Resolution::Reach { inside, .. } => {
                handover.number = inside.number.clone();
                handover.stack = placed(&inside.stack);
                handover.line = inside.line.as_ref().map(|line| line.id.text().clone());
                if let Err(why) = self.hand_over(handover) {
                    self.hang_up(leg, why);
                }
            }
            Resolution::Emergency { .. } | Resolution::Outside { .. } => {
                let Some(custody) = self.host_custody(handover) else {
                    return;
                };
                let stage = Stage {
                    targets: vec![Target::Number(number.to_string())],
                    ring_for: 0,
                };
                self.start_dial(
                    DialOwner::Host,
                    Some(custody),
                    call,
                    vec![stage],
                    DialOptions::default(),
                );
            }
            Resolution::Tell { tell, .. } => self.tell_for(leg, &tell),
            Resolution::Set { set, to, .. } => self.set_by_code(leg, set, to),
            Resolution::Conference { conference, .. } => self.confer(leg, conference),
            Resolution::PickUp { lines, .. } => self.pick_up(leg, &lines),
            Resolution::Unknown | Resolution::Forbidden(_) | Resolution::NoTrunk(_) => {
                self.hang_up(leg, Cause::Failed);
            }
        }
    }

    /// Who calls: a trunk by its address, a device or a registering trunk by its credentials.
    fn who_calls(&mut self, request: &Request, path: Path, called: &str) -> Result<Caller, Box<Reply>> {
        let by_address = self
            .directory
            .inbound_trunk(path.remote.ip(), called)
            .map(|(view, trunk)| (view.clone(), trunk.id.text().clone()));
        if let Some((tenant, trunk)) = by_address {
            return self.outside_caller(tenant, &trunk, request);
        }
        let tenant = self.tenant_of(request).ok_or_else(|| refuse(404))?;
        match self.authenticate(request, path, &tenant)? {
            Account::Device(device) => inside_caller(tenant, &device, request).ok_or_else(|| refuse(403)),
            Account::Trunk(trunk) => self.outside_caller(tenant, &trunk, request),
        }
    }

    /// A trunk's word is taken: P-Asserted-Identity, else From (RFC 3325).
    fn outside_caller(
        &self,
        tenant: Arc<TenantView>,
        trunk: &Arc<str>,
        request: &Request,
    ) -> Result<Caller, Box<Reply>> {
        let document = tenant.trunk(trunk).ok_or_else(|| refuse(403))?;
        let full = document.max_calls > 0
            && self.calls_of_device(tenant.id(), &trunk_account(trunk)) >= document.max_calls as usize;
        if full {
            return Err(refuse(503));
        }
        let headers = &request.headers;
        let asserted = headers.addresses(Name::PAssertedIdentity).unwrap_or_default();
        let from = headers.from().ok();
        let shown = asserted.first().or(from.as_ref());
        let hides = headers.wants_privacy("id") || from.as_ref().is_some_and(is_anonymous);
        let plan = tenant.number_plan();
        let number = shown
            .filter(|_| !hides)
            .and_then(|address| address.uri.user())
            .map(|user| document.read_number(&user, plan))
            .filter(|number| plan.normalise(number).is_some());
        let name = shown
            .filter(|_| !hides)
            .and_then(|address| address.display_name())
            .map(|name| name.into_owned());
        let diversions = diversions(request, |number| document.read_number(number, plan));
        Ok(Caller {
            identity: Identity {
                number,
                name,
                anonymous: hides,
                line: None,
            },
            party: Party::Trunk(trunk.clone()),
            line: None,
            diversions,
            tenant,
        })
    }
}

/// A person of the house is who his device says he is, not who From does.
fn inside_caller(tenant: Arc<TenantView>, device: &Arc<str>, request: &Request) -> Option<Caller> {
    let document = tenant.device(device)?;
    let line = tenant.lines_of_device(document).next()?.clone();
    let hides = request.headers.wants_privacy("id")
        || line.features.caller_id == OwnIdentity::Hidden
        || request.headers.from().is_ok_and(|from| is_anonymous(&from));
    let shown = identity_of_line(&tenant, &line);
    Some(Caller {
        identity: Identity {
            number: shown.number.filter(|_| !hides),
            name: shown.name.filter(|_| !hides),
            anonymous: hides,
            line: shown.line,
        },
        party: Party::Device {
            line: line.id.text().clone(),
            device: device.clone(),
        },
        line: Some(line.id.text().clone()),
        diversions: Vec::new(),
        tenant,
    })
}

/// A line as people see it who do not have it hidden from them.
pub(super) fn identity_of_line(tenant: &TenantView, line: &Line) -> Identity {
    let owner = line
        .user
        .as_deref()
        .and_then(|user| tenant.user(user))
        .map(|user| user.full_name());
    let label = line.label().to_string();
    Identity {
        number: Some(label.clone()),
        name: owner
            .or_else(|| Some(line.name.to_string()))
            .filter(|name| !name.is_empty()),
        anonymous: false,
        line: Some(label),
    }
}

/// `From: "Anonymous" <sip:anonymous@anonymous.invalid>` (RFC 3323 §4.1).
fn is_anonymous(from: &sip::header::NameAddr<'_>) -> bool {
    from.uri
        .user()
        .is_some_and(|user| user.eq_ignore_ascii_case("anonymous"))
        || from
            .uri
            .host()
            .to_string()
            .eq_ignore_ascii_case("anonymous.invalid")
}

/// Numbers that sent the call on before it came to us, latest first: Diversion (RFC 5806) has them in this
/// order, History-Info (RFC 7044) in the other, with the called number last.
fn diversions(request: &Request, read: impl Fn(&str) -> String) -> Vec<String> {
    let numbers = |name: Name| -> Vec<String> {
        let addresses = request.headers.addresses(name).unwrap_or_default();
        let users = addresses.iter().filter_map(|address| address.uri.user());
        users.map(|user| read(&user)).take(MAX_DIVERSIONS).collect()
    };
    let diverted = numbers(Name::Diversion);
    if !diverted.is_empty() {
        return diverted;
    }
    let mut history = numbers(Name::HistoryInfo);
    history.pop();
    history.reverse();
    history
}

/// An answer that says its status and nothing else.
pub(super) fn refuse(status: u16) -> Box<Reply> {
    Box::new(Reply::new(status))
}
