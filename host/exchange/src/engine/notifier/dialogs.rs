//! The calls of a line as its watchers see them: `application/dialog-info+xml` (RFC 4235).
//!
//! Each leg of the line's is a dialog, seen from the line. Documents hold the full state, so that nobody depends on an
//! earlier one; what has just ended is in there once more, because there are phones that wait for the word.

use contract::LegId;
use sip::body::{Dialog, DialogInfo, DialogState, Direction, Participant};
use sip::endpoint::{Body, Role};

use crate::engine::Exchange;
use crate::engine::leg::{Leg, LegState};
use crate::engine::outside;
use crate::engine::pickup::{TAGS, ringing_call_id};

/// What is told of one leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    leg: LegId,
    state: DialogState,
    direction: Option<Direction>,
    /// Whoever watches may take it.
    rings: bool,
}

impl Told {
    /// A call at the exchange that has the line's phones.
    fn there(dialog: &outside::Dialog) -> Self {
        Self {
            leg: dialog.name,
            state: dialog.state,
            direction: dialog.direction,
            rings: false,
        }
    }

    /// A lamp that is no line's.
    pub(super) fn lamp(leg: LegId, state: DialogState) -> Self {
        Self {
            leg,
            state,
            direction: None,
            rings: false,
        }
    }
}

impl Exchange {
    /// The line's calls as they are now, oldest first.
    pub(super) fn dialogs_of(&self, tenant: &str, line: &str) -> Vec<Told> {
        if let Some(lamp) = self.lamp(tenant, line) {
            return lamp;
        }
        let legs = self.legs_of_line(tenant, line);
        let mut told: Vec<Told> = legs.map(|leg| self.dialog_of_leg(leg)).collect();
        if told.is_empty() {
            // Its exchange tells of calls of ours, too.
            told.extend(self.dialogs_there(tenant, line).iter().map(Told::there));
        }
        told.sort_unstable_by_key(|told| told.leg);
        told
    }

    fn dialog_of_leg(&self, leg: &Leg) -> Told {
        let state = match leg.state {
            LegState::Calling => DialogState::Trying,
            LegState::Offered | LegState::Ringing => DialogState::Early,
            LegState::Confirming | LegState::Up => DialogState::Confirmed,
        };
        let direction = match leg.state {
            LegState::Offered | LegState::Confirming => Some(Direction::Initiator),
            LegState::Calling | LegState::Ringing => Some(Direction::Recipient),
            LegState::Up => self.sip.usage(leg.usage).map(|usage| match usage.role {
                Role::Uac => Direction::Recipient,
                Role::Uas => Direction::Initiator,
            }),
        };
        Told {
            leg: leg.id,
            state,
            direction,
            rings: self.can_be_picked_up(leg),
        }
    }
}

/// What is now, with what has ended since.
pub(super) fn with_ended(mut now: Vec<Told>, before: Vec<Told>) -> Vec<Told> {
    for mut ended in before {
        if !now.iter().any(|told| told.leg == ended.leg) {
            ended.state = DialogState::Terminated;
            ended.rings = false;
            now.push(ended);
        }
    }
    now
}

pub(super) fn document(entity: &str, version: u32, told: &[Told]) -> Body {
    let line = Participant {
        identity: entity.to_owned(),
        ..Participant::default()
    };
    let dialog = |told: &Told| Dialog {
        id: told.leg.0.to_string(),
        state: told.state,
        direction: told.direction,
        call_id: told.rings.then(|| ringing_call_id(told.leg)),
        local_tag: told.rings.then(|| TAGS.0.to_owned()),
        remote_tag: told.rings.then(|| TAGS.1.to_owned()),
        local: Some(line.clone()),
        ..Dialog::default()
    };
    let info = DialogInfo {
        version,
        full: true,
        entity: entity.to_owned(),
        dialogs: told.iter().map(dialog).collect(),
    };
    info.to_body()
}
