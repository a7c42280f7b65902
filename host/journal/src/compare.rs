//! Whether two versions decided the same.
//!
//! Tags are names that a behaviour gives its own commands: two versions may choose them differently and do the same. So
//! they are compared up to a renaming, which then holds for the outcomes that come later.

use std::collections::BTreeMap;

use contract::{Command, Event, LegRinging, Outcome, Tag};

/// The candidate's names for the recorded tags.
#[derive(Debug, Default)]
pub(crate) struct Tags(BTreeMap<Tag, Tag>);

impl Tags {
    /// Whether these are the same commands; then remembers what the tags are called.
    pub fn same(&mut self, did: &[Command], would: &[Command]) -> bool {
        let same =
            did.len() == would.len() && did.iter().zip(would).all(|(did, would)| self.is_same(did, would));
        if same {
            for (did, would) in did.iter().zip(would) {
                if matches!(
                    did,
                    Command::CancelDial { .. }
                        | Command::CancelTimer { .. }
                        | Command::CancelWatch { .. }
                        | Command::Dismiss { .. }
                ) {
                    continue;
                }
                if let (Some(did), Some(would)) = (did.tag(), would.tag()) {
                    self.0.insert(did, would);
                }
            }
        }
        same
    }

    /// The event as the candidate would have got it.
    pub fn rename(&self, event: &Event) -> Event {
        let tag = |tag: Tag| self.0.get(&tag).copied().unwrap_or(tag);
        match event {
            Event::Timer(one) => Event::Timer(tag(*one)),
            Event::Outcome(outcome) => Event::Outcome(Outcome {
                tag: tag(outcome.tag),
                kind: outcome.kind.clone(),
            }),
            Event::LegRinging(ringing) => Event::LegRinging(LegRinging {
                tag: tag(ringing.tag),
                ..ringing.clone()
            }),
            other => other.clone(),
        }
    }

    fn is_same(&self, did: &Command, would: &Command) -> bool {
        // These name what was begun before: it must be the same thing.
        if let Command::CancelDial { tag }
        | Command::CancelTimer { tag }
        | Command::CancelWatch { tag }
        | Command::Dismiss { tag } = did
        {
            let named = self.0.get(tag).copied().unwrap_or(*tag);
            return std::mem::discriminant(did) == std::mem::discriminant(would)
                && would.tag() == Some(named);
        }
        if did.tag() == would.tag() {
            return did == would;
        }
        let mut would = would.clone();
        if let (Some(name), Some(tag)) = (did.tag(), would.tag_mut()) {
            *tag = name;
        }
        *did == would
    }
}

#[cfg(test)]
mod tests {
    use contract::{LegId, OutcomeKind};

    use super::*;

    fn ring(tag: Tag, leg: u64) -> Command {
        Command::Ring { tag, leg: LegId(leg) }
    }

    #[test]
    fn other_names_for_the_same_deeds_are_no_difference() {
        let mut tags = Tags::default();
        assert!(tags.same(&[ring(1, 7)], &[ring(40, 7)]));
        assert!(!tags.same(&[ring(1, 7)], &[ring(1, 8)]));
        assert!(!tags.same(&[ring(1, 7)], &[]));
        let cancel = |tag| Command::CancelDial { tag };
        assert!(tags.same(&[cancel(1)], &[cancel(40)]));
        assert!(!tags.same(&[cancel(1)], &[cancel(41)]), "another dial");
        let outcome = |tag| {
            Event::Outcome(Outcome {
                tag,
                kind: OutcomeKind::Done,
            })
        };
        assert_eq!(tags.rename(&outcome(1)), outcome(40));
        assert_eq!(tags.rename(&outcome(2)), outcome(2));
    }
}
