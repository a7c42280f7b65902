//! The one call that the dry run and the explorer play, and what it may bring about.

use contract::{Event, Identity, LegId, Offer, Stage};

pub(crate) const CALLER: LegId = LegId(1);
/// Legs that answer a dial count from here.
pub(crate) const CALLEES: u64 = 100;

/// Somebody from outside calls a number.
pub(crate) fn offer() -> Event {
    Event::CallOffered(Offer {
        leg: CALLER,
        caller: Identity {
            number: Some("+33612345678".into()),
            ..Identity::default()
        },
        called: "300".into(),
        number: "300".into(),
        diversions: Vec::new(),
        answered: false,
        sole_holder: true,
        has_next: true,
    })
}

/// How many a dial rings, in all its stages.
pub(crate) fn targets(stages: &[Stage]) -> u32 {
    let targets = stages.iter().map(|stage| stage.targets.len()).sum::<usize>();
    u32::try_from(targets).unwrap_or(u32::MAX)
}
