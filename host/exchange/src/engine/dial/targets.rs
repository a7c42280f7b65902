//! What a target of a dial becomes: devices, another behaviour, or a trunk.

use std::sync::Arc;

use contract::{Cause, LineKind, Target};

use super::RunState;
use crate::directory::{Origin, Resolution};
use crate::engine::Exchange;
use crate::ids::{DialId, DialOwner};

const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

impl Exchange {
    /// Rings one target, or marks it as done.
    pub(super) fn begin_target(&mut self, id: DialId, target: usize) {
        let Some(wanted) = self
            .dials
            .get(&id)
            .and_then(|dial| dial.runs.get(target))
            .map(|run| run.target.clone())
        else {
            return;
        };
        let done = match wanted {
            Target::Line(line) => match self.mobile_of(id, &line) {
                Some(mobile) => self.ring_number(id, target, &mobile),
                None => self.ring_line(id, target, &line),
            },
            Target::Device(device) => self.ring_device(id, target, &device),
            Target::Number(number) => self.ring_number(id, target, &number),
            Target::Next => self.ring_next(id, target),
            Target::Outside { number, trunk } => {
                self.ring_outside_target(id, target, &number, trunk.as_deref())
            }
        };
        if let Err(why) = done {
            self.target_done(id, target, why);
        }
    }

    /// A virtual line never rings: the mobile line that it stands for has its calls (R2, R19).
    fn mobile_of(&self, id: DialId, line: &str) -> Option<String> {
        let view = self.tenant(&self.dials.get(&id)?.tenant)?;
        let line = view
            .find_line(line)
            .filter(|line| line.kind == LineKind::Virtual)?;
        let mobile = view.line(line.paired.as_ref()?)?;
        Some(mobile.label().to_string())
    }

    /// Through the dial plan, as if the holder of the leg had dialled it.
    fn ring_number(&mut self, id: DialId, target: usize, number: &str) -> Result<(), Cause> {
        let dial = self.dials.get(&id).ok_or(Cause::Cancelled)?;
        let (tenant, call, owner) = (dial.tenant.clone(), dial.call, dial.owner);
        let line = match owner {
            // Whoever transfers a call answers for where it goes.
            DialOwner::Transfer {
                referrer: Some(referrer),
            } => self.legs.get(&referrer).and_then(|leg| leg.party.line().cloned()),
            _ => None,
        };
        let line = line.or_else(|| self.caller_line(call));
        let origin = match (owner, line.as_deref()) {
            (DialOwner::Session { .. }, line) => Origin::Behaviour(line),
            (DialOwner::Host | DialOwner::ClickToDial | DialOwner::Transfer { .. }, Some(line)) => {
                Origin::Line(line)
            }
            (DialOwner::Host | DialOwner::ClickToDial | DialOwner::Transfer { .. }, None) => {
                Origin::Behaviour(None)
            }
        };
        let resolution = self.resolve(&tenant, number, origin);
        self.ring_resolved(id, target, resolution)
    }

    /// A phone of the line that was rung sends the call on (3xx): as if that line had dialled.
    pub(super) fn ring_redirected(
        &mut self,
        id: DialId,
        target: usize,
        line: &str,
        number: &str,
    ) -> Result<(), Cause> {
        let dial = self.dials.get_mut(&id).ok_or(Cause::Cancelled)?;
        dial.redirected += 1;
        let (redirected, tenant) = (dial.redirected, dial.tenant.clone());
        if redirected > self.hop_limit(&tenant) {
            return Err(Cause::Failed);
        }
        let resolution = self.resolve(&tenant, number, Origin::Line(line));
        self.ring_resolved(id, target, resolution)
    }

    fn ring_resolved(&mut self, id: DialId, target: usize, resolution: Resolution) -> Result<(), Cause> {
        let dial = self.dials.get(&id).ok_or(Cause::Cancelled)?;
        let (call, has_caller) = (dial.call, dial.custody.is_some());
        match resolution {
            Resolution::Inside(inside) => {
                self.diverted(call, &inside.number);
                if has_caller && !inside.stack.is_empty() {
                    let custody = self.nest(id, target, &inside)?;
                    self.enter(id, target, custody);
                    return Ok(());
                }
                // Without a caller there is no leg that a behaviour could be offered.
                let line = inside.line.ok_or(Cause::Failed)?;
                self.ring_line(id, target, &line.id)
            }
            Resolution::Outside { number, trunks, .. } => {
                self.may_dial_outside(id)?;
                self.may_spend(id, &number)?;
                self.diverted(call, &number);
                self.ring_outside(id, target, &number, &trunks)
            }
            Resolution::Emergency { number, trunks } => self.ring_outside(id, target, &number, &trunks),
            // A code is for a person's phone: nobody answers here.
            Resolution::Reach { .. }
            | Resolution::Tell { .. }
            | Resolution::Set { .. }
            | Resolution::PickUp { .. }
            | Resolution::Conference { .. }
            | Resolution::Unknown => Err(Cause::UnknownNumber),
            Resolution::Forbidden(_) => Err(Cause::Forbidden),
            Resolution::NoTrunk(_) => Err(Cause::Congestion),
        }
    }

    fn ring_next(&mut self, id: DialId, target: usize) -> Result<(), Cause> {
        if let Some(custody) = self.nest_next(id, target)? {
            self.enter(id, target, custody);
            return Ok(());
        }
        // Behind the last behaviour stands the line itself.
        let dial = self.dials.get(&id).ok_or(Cause::Cancelled)?;
        let custody = dial
            .custody
            .and_then(|id| self.custodies.get(&id))
            .ok_or(Cause::Failed)?;
        let line = custody.line.clone().ok_or(Cause::UnknownNumber)?;
        self.ring_line(id, target, &line)
    }

    /// The target is another behaviour's business, unless that gave the leg back at once.
    fn enter(&mut self, id: DialId, target: usize, custody: super::CustodyId) {
        if !self.custodies.contains_key(&custody) {
            return;
        }
        if let Some(run) = self.dials.get_mut(&id).and_then(|dial| dial.runs.get_mut(target))
            && run.is_live()
        {
            run.state = RunState::Inside(custody);
            self.keep_dial(id);
        }
    }

    /// Importing `trunk` is a behaviour's permission to dial outside; people's is a matter of their line's
    /// restriction, which the dial plan has looked at.
    fn may_dial_outside(&mut self, id: DialId) -> Result<(), Cause> {
        let owner = self
            .dials
            .get(&id)
            .map(|dial| dial.owner)
            .ok_or(Cause::Cancelled)?;
        match owner {
            DialOwner::Session { session, .. } if !self.session_may(session, "trunk") => {
                Err(Cause::Forbidden)
            }
            DialOwner::Session { .. }
            | DialOwner::Host
            | DialOwner::ClickToDial
            | DialOwner::Transfer { .. } => self.count_outside(id),
        }
    }

    /// The tenant's envelope: calls begun outside within a minute.
    fn count_outside(&mut self, id: DialId) -> Result<(), Cause> {
        let dial = self.dials.get(&id).ok_or(Cause::Cancelled)?;
        let (tenant, call) = (dial.tenant.clone(), dial.call);
        let limit = self
            .tenant(&tenant)
            .map_or(0, |view| view.tenant().limits.outside_per_minute);
        let now = self.now;
        let (since, count) = self.outside.entry(tenant.clone()).or_insert((now, 0));
        if now.since(*since) >= MINUTE {
            (*since, *count) = (now, 0);
        }
        if limit > 0 && *count >= limit {
            let sentence = format!("{limit} calls went outside within this minute already");
            self.because(&tenant, call, "limits.outside-per-minute", sentence);
            return Err(Cause::Forbidden);
        }
        *count += 1;
        Ok(())
    }

    /// A number outside, over the trunk that the behaviour names or over whichever takes it.
    fn ring_outside_target(
        &mut self,
        id: DialId,
        target: usize,
        number: &str,
        trunk: Option<&str>,
    ) -> Result<(), Cause> {
        let dial = self.dials.get(&id).ok_or(Cause::Cancelled)?;
        let (tenant, call) = (dial.tenant.clone(), dial.call);
        let (number, mut trunks) = self.outside_trunks(&tenant, number)?;
        if number.is_emergency {
            return self.ring_outside(id, target, &number.text, &trunks);
        }
        self.may_dial_outside(id)?;
        self.may_spend(id, &number.text)?;
        if let Some(name) = trunk {
            trunks.retain(|trunk| trunk.as_str() == name);
        }
        if trunks.is_empty() {
            return Err(Cause::Congestion);
        }
        self.diverted(call, &number.text);
        self.ring_outside(id, target, &number.text, &trunks)
    }

    /// All devices of a line that are registered; nothing else of the line's applies but call waiting: without
    /// it, a line that has a call is busy (R16). A behaviour that rings it and has a setting `call-waiting` has decided that.
    fn ring_line(&mut self, id: DialId, target: usize, line: &str) -> Result<(), Cause> {
        let dial = self.dials.get(&id).ok_or(Cause::Cancelled)?;
        let (tenant, call, owner) = (dial.tenant.clone(), dial.call, dial.owner);
        let (line, devices) = self.devices_of(&tenant, line).ok_or(Cause::UnknownNumber)?;
        if let DialOwner::Session { session, .. } = owner
            && let Some(holder) = self.keeps_away(session, &tenant, &line)
        {
            let sentence = format!("{line} is rung by {holder} already: busy");
            self.because(&tenant, call, "reserve", sentence);
            return Err(Cause::Busy);
        }
        if self.has_another_call(&tenant, &line, call) && !self.lets_wait(owner, &tenant, &line) {
            return Err(Cause::Busy);
        }
        if let Some(trunk) = self.elsewhere(&tenant, &line) {
            return self.ring_elsewhere(id, target, &line, &trunk);
        }
        let mut why = Cause::Unreachable;
        let mut rings = false;
        for device in devices {
            match self.ring_contacts(id, target, &line, &device) {
                Ok(()) => rings = true,
                Err(cause) if crate::cause::weight(cause) > crate::cause::weight(why) => why = cause,
                Err(_) => {}
            }
        }
        if rings { Ok(()) } else { Err(why) }
    }

    fn lets_wait(&self, owner: DialOwner, tenant: &str, line: &str) -> bool {
        let of_behaviour = match owner {
            DialOwner::Session { session, .. } => self.sessions.get(&session).and_then(|session| {
                let settings: serde_json::Value = serde_json::from_str(&session.settings).ok()?;
                settings.get("call-waiting")?.as_bool()
            }),
            DialOwner::Host | DialOwner::ClickToDial | DialOwner::Transfer { .. } => None,
        };
        let of_line = || {
            self.tenant(tenant)?
                .line(line)
                .map(|line| line.features.call_waiting)
        };
        of_behaviour.or_else(of_line).unwrap_or_default()
    }

    fn ring_device(&mut self, id: DialId, target: usize, device: &str) -> Result<(), Cause> {
        let tenant = self
            .dials
            .get(&id)
            .map(|dial| dial.tenant.clone())
            .ok_or(Cause::Cancelled)?;
        let (line, device) = self.device(&tenant, device).ok_or(Cause::UnknownNumber)?;
        self.ring_contacts(id, target, &line, &device)
    }

    /// Every place where a device registered from.
    fn ring_contacts(
        &mut self,
        id: DialId,
        target: usize,
        line: &Arc<str>,
        device: &crate::engine::lookup::Device,
    ) -> Result<(), Cause> {
        let tenant = self
            .dials
            .get(&id)
            .map(|dial| dial.tenant.clone())
            .ok_or(Cause::Cancelled)?;
        let contacts = self.contacts_of(&tenant, &device.name);
        if contacts.is_empty() {
            return Err(Cause::Unreachable);
        }
        if self.calls_of_device(&tenant, &device.name) >= device.quota {
            return Err(Cause::Busy);
        }
        let mut result = Err(Cause::Unreachable);
        for contact in contacts {
            match self.invite_contact(id, target, line, &device.name, contact) {
                Ok(()) => result = Ok(()),
                Err(cause) if result.is_err() => result = Err(cause),
                Err(_) => {}
            }
        }
        result
    }
}
