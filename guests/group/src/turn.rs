//! The group while it handles one event: what everything else here works on.

use cordboard::prelude::*;

use crate::lines::Lines;
use crate::{Group, GroupSettings};

/// The group while it handles an event.
pub struct Turn<'a> {
    pub group: &'a mut Group,
    pub settings: &'a GroupSettings,
    pub host: &'a Host,
    pub now: u64,
    pub lines: Lines,
}

impl<'a> Turn<'a> {
    pub fn new(group: &'a mut Group, settings: &'a GroupSettings, host: &'a Host) -> Self {
        if let Some(moved) = group.members.follow(&settings.members) {
            group.calls.iter_mut().for_each(|call| call.reseat(&moved));
        }
        Turn {
            lines: Lines::of(group.members.len()),
            group,
            settings,
            host,
            now: host.now(),
        }
    }
}

/// In words.
pub fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
