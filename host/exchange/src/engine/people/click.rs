//! Click to dial (R68): the line's phones ring first, and whoever takes one off the hook is connected with the number.
//!
//! What cannot come to anything is refused before a phone rings. What is only known later (a line is busy, a behaviour declines) ends
//! the call as it would one that was dialled.

use std::sync::Arc;

use contract::{DialOptions, Identity, LegId, Stage, Target};

use crate::directory::{Origin, Resolution};
use crate::engine::Exchange;
use crate::engine::call::Call;
use crate::engine::custody::Handover;
use crate::ids::{CallId, DialOwner};
use crate::live::NotDialled;
use crate::report::Direction;

impl Exchange {
    pub(in crate::engine) fn originate(
        &mut self,
        tenant: &Arc<str>,
        line: &str,
        number: &str,
    ) -> Result<CallId, NotDialled> {
        let no_line = || NotDialled::NoLine(line.to_owned());
        let view = self.tenant(tenant).ok_or_else(no_line)?;
        let line = view.find_line(line).ok_or_else(no_line)?;
        let (label, line) = (line.label().clone(), line.id.text().clone());
        let resolution = view.resolve(number, Origin::Line(&line), self.now);
        let emergency = matches!(resolution, Resolution::Emergency { .. });
        may_dial(&resolution, &label, number)?;
        if !emergency {
            self.room_for_call(tenant)?;
        }
        let call = self.start_call(Call {
            caller_line: Some(line.clone()),
            emergency,
            ..Call::new(
                tenant.clone(),
                Direction::Originated,
                Identity {
                    number: Some(label.to_string()),
                    line: Some(label.to_string()),
                    ..Identity::default()
                },
                number.into(),
                self.now,
            )
        });
        let stage = self.stage_to(Target::Line(line.to_string()));
        self.start_dial(
            DialOwner::ClickToDial,
            None,
            call,
            vec![stage],
            DialOptions::default(),
        );
        Ok(call)
    }

    /// The phone was taken off the hook: now the number is dialled for it.
    pub(in crate::engine) fn click_answered(&mut self, leg: LegId) {
        let Some((call, number)) = self
            .call_of(leg)
            .and_then(|id| Some((id, self.calls.get(&id)?.called.clone())))
        else {
            return;
        };
        if let Some(custody) = self.host_custody(Handover::to_host(leg, number.clone(), 1)) {
            let stage = self.stage_to(Target::Number(number.to_string()));
            self.start_dial(
                DialOwner::Host,
                Some(custody),
                call,
                vec![stage],
                DialOptions::default(),
            );
        }
    }

    /// One target, for as long as phones ring by default.
    pub(in crate::engine) fn stage_to(&self, target: Target) -> Stage {
        Stage {
            targets: vec![target],
            ring_for: u64::try_from(self.config.ring_for.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// Whether a number that was clicked can be dialled from the line, as far as the dial plan tells.
fn may_dial(resolution: &Resolution, line: &str, number: &str) -> Result<(), NotDialled> {
    let number = number.to_owned();
    match *resolution {
        Resolution::Inside(_) | Resolution::Outside { .. } | Resolution::Emergency { .. } => Ok(()),
        Resolution::Reach { .. }
        | Resolution::Tell { .. }
        | Resolution::Set { .. }
        | Resolution::PickUp { .. }
        | Resolution::Conference { .. } => Err(NotDialled::Code(number)),
        Resolution::Unknown => Err(NotDialled::NoNumber(number)),
        Resolution::Forbidden(class) => Err(NotDialled::Forbidden {
            line: line.to_owned(),
            number,
            class,
        }),
        Resolution::NoTrunk(class) => Err(NotDialled::NoTrunk { number, class }),
    }
}
