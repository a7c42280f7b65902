//! Legs that a dial rings: INVITEs to devices and trunks. What becomes of them is told in `answers`.

use std::sync::Arc;

use contract::Cause;
use sip::endpoint::{Credentials, Invite, Large, Path};
use sip::uri::Uri;

use super::RunState;
use super::ringing::alert_info;
use crate::directory::TrunkId;
use crate::engine::Exchange;
use crate::engine::leg::{Direct, LegMedia, LegState, Party, Redirections};
use crate::engine::lookup::{Contact, trunk_account};
use crate::ids::DialId;
use crate::report::LegRole;

/// Which way the sound of a callee is to go.
enum Sound {
    Anchored(Box<LegMedia>),
    Direct(Box<Direct>),
}

/// An INVITE to make.
pub(super) struct Branch {
    pub party: Party,
    pub target: Uri,
    path: Path,
    routes: Vec<Uri>,
    credentials: Option<Credentials>,
    number: String,
    pub outside: bool,
    /// The domain that From and P-Asserted-Identity name.
    pub domain: String,
}

impl Exchange {
    pub(super) fn invite_contact(
        &mut self,
        id: DialId,
        target: usize,
        line: &Arc<str>,
        device: &Arc<str>,
        contact: Contact,
    ) -> Result<(), Cause> {
        let tenant = self
            .dials
            .get(&id)
            .map(|dial| dial.tenant.clone())
            .ok_or(Cause::Cancelled)?;
        let branch = Branch {
            party: Party::Device {
                line: line.clone(),
                device: device.clone(),
            },
            target: contact.uri,
            path: contact.path,
            routes: contact.routes,
            credentials: None,
            number: line.to_string(),
            outside: false,
            domain: self.domain_of(&tenant),
        };
        self.invite(id, target, branch, &Redirections::default())
    }

    /// A line whose phones another exchange has: as if they were here, but over the trunk to that.
    pub(super) fn ring_elsewhere(
        &mut self,
        id: DialId,
        target: usize,
        line: &Arc<str>,
        trunk: &TrunkId,
    ) -> Result<(), Cause> {
        let dial = self.dials.get(&id).ok_or(Cause::Cancelled)?;
        let (tenant, call) = (dial.tenant.clone(), dial.call);
        if let Some(cause) = self.take_tried(call, line) {
            let sentence = format!("the exchange that has the phones of {line} has tried it: {cause}");
            self.because(&tenant, call, "interception", sentence);
            return Err(cause);
        }
        let view = self.tenant(&tenant).ok_or(Cause::Failed)?;
        let label = view.line(line).map(|line| line.label().clone());
        let label = label.ok_or(Cause::UnknownNumber)?;
        let way = self.way_out(&tenant, trunk, &label).ok_or(Cause::Congestion)?;
        let branch = Branch {
            party: Party::Device {
                line: line.clone(),
                device: trunk_account(trunk).into(),
            },
            target: way.target,
            path: way.path,
            routes: Vec::new(),
            credentials: way.credentials,
            number: way.number,
            outside: false,
            domain: way.domain,
        };
        self.invite(id, target, branch, &Redirections::default())
    }

    /// Over the first trunk that takes the number; the others wait in case it cannot.
    pub(super) fn ring_outside(
        &mut self,
        id: DialId,
        target: usize,
        number: &Arc<str>,
        trunks: &[TrunkId],
    ) -> Result<(), Cause> {
        let trunks = trunks.iter().rev().cloned().collect();
        let rest = Redirections {
            trunks,
            number: number.clone(),
        };
        self.invite_trunk(id, target, rest)
    }

    pub(super) fn invite_trunk(
        &mut self,
        id: DialId,
        target: usize,
        mut rest: Redirections,
    ) -> Result<(), Cause> {
        let tenant = self
            .dials
            .get(&id)
            .map(|dial| dial.tenant.clone())
            .ok_or(Cause::Cancelled)?;
        let mut why = Cause::Congestion;
        while let Some(trunk) = rest.trunks.pop() {
            let Some(way) = self.way_out(&tenant, &trunk, &rest.number) else {
                continue;
            };
            let branch = Branch {
                party: Party::Trunk(trunk.text().clone()),
                target: way.target,
                path: way.path,
                routes: Vec::new(),
                credentials: way.credentials,
                number: way.number,
                outside: true,
                domain: way.domain,
            };
            match self.invite(id, target, branch, &rest) {
                Ok(()) => return Ok(()),
                Err(cause) => why = cause,
            }
        }
        Err(why)
    }

    fn invite(
        &mut self,
        id: DialId,
        target: usize,
        branch: Branch,
        rest: &Redirections,
    ) -> Result<(), Cause> {
        let dial = self.dials.get(&id).ok_or(Cause::Cancelled)?;
        let (call, tenant, caller, options) =
            (dial.call, dial.tenant.clone(), dial.caller, dial.options.clone());
        let (sound, offer) = match self.direct_offer(id, &branch.party, &branch.target, &branch.path)? {
            Some((direct, offer)) => (Sound::Direct(direct), offer),
            None => {
                let opened = self.open_offer(&branch.path, caller);
                let (media, offer) = opened.map_err(|()| Cause::Congestion)?;
                (Sound::Anchored(media), offer)
            }
        };
        let shown = self.shown_to(call, &options.shown, &branch);
        let to =
            Uri::sip(Some(&branch.number), &branch.domain, None).unwrap_or_else(|_| branch.target.clone());
        let mut invite = Invite::new(branch.target, branch.path, shown.from, to).offer(offer);
        if branch.party.line().is_some() {
            // A device that registered over UDP is reached through that very flow.
            invite.large = Large::Udp;
        }
        invite.routes = branch.routes;
        invite.credentials = branch.credentials;
        invite.headers = shown.headers;
        invite.max_forwards = self
            .calls
            .get(&call)
            .map_or(70, |call| call.max_forwards)
            .saturating_sub(1);
        let alert = options
            .alert
            .or_else(|| self.distinctive_ring(call, &branch.party));
        if let Some(alert) = &alert {
            invite.headers.push("Alert-Info", alert_info(alert));
        }
        self.add_diversions(id, &branch.domain, &branch.number, &mut invite.headers);
        let usage = match self.sip.invite(self.now, invite) {
            Ok(usage) => usage,
            Err(_) => {
                if let Sound::Anchored(media) = sound {
                    self.close_media(*media);
                }
                return Err(Cause::Congestion);
            }
        };
        let leg = self.add_leg(
            call,
            tenant,
            usage,
            branch.party,
            LegState::Calling,
            LegRole::Callee,
            branch.number,
        );
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.dial = Some((id, target));
            leg.rest = (!rest.trunks.is_empty()).then(|| Box::new(rest.clone()));
        }
        match sound {
            Sound::Anchored(media) => self.attach_media(leg, media),
            Sound::Direct(direct) => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.direct = Some(direct);
                }
            }
        }
        if let Some(run) = self.dials.get_mut(&id).and_then(|dial| dial.runs.get_mut(target))
            && let RunState::Legs { live, .. } = &mut run.state
        {
            live.push(leg);
        }
        Ok(())
    }
}
