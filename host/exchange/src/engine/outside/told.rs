//! How a line is, as its exchange tells it: documents of RFC 4235, put together.
//!
//! Documents come in order, as the dialog that brings them sees to that. One with the full state is taken whatever its version
//! says, for there are notifiers that begin anew with each; a partial one is taken when it follows the last, left out when it is
//! an older one, and taken with the wish for the full state when some are missing between (§4.3).

use std::hash::{Hash, Hasher};

use contract::LegId;
use rustc_hash::FxHasher;
use sip::body::{self, DialogInfo, DialogState, Direction};

/// Calls of one line that are told apart; with more it is no less busy.
const MOST: usize = 32;

/// A line's calls at its exchange.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Of the last document; none before the first that was full.
    version: Option<u32>,
    dialogs: Vec<Dialog>,
}

/// One call. It has a name of ours for those who watch the line here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Dialog {
    id: u64,
    pub name: LegId,
    pub state: DialogState,
    pub direction: Option<Direction>,
}

impl Told {
    /// Takes a document in; `name` gives names to calls. True when some are missing before it: the full state is wanted.
    pub(super) fn take(&mut self, info: &DialogInfo, mut name: impl FnMut() -> u64) -> bool {
        let follows = self.version.map(|last| info.version.wrapping_sub(last));
        if !info.full && follows.is_some_and(|ahead| ahead == 0 || ahead > u32::MAX / 2) {
            return false;
        }
        let before = if info.full {
            std::mem::take(&mut self.dialogs)
        } else {
            Vec::new()
        };
        for told in &info.dialogs {
            self.put(told, &before, &mut name);
        }
        if info.full || self.version.is_some() {
            self.version = Some(info.version);
        }
        !info.full && follows != Some(1)
    }

    fn put(&mut self, told: &body::Dialog, before: &[Dialog], name: &mut impl FnMut() -> u64) {
        let id = hash(&told.id);
        let known = self.dialogs.iter().position(|dialog| dialog.id == id);
        if told.state == DialogState::Terminated {
            known.map(|known| self.dialogs.remove(known));
            return;
        }
        if let Some(dialog) = known.and_then(|known| self.dialogs.get_mut(known)) {
            dialog.state = told.state;
            dialog.direction = told.direction.or(dialog.direction);
        } else if self.dialogs.len() < MOST {
            let earlier = before.iter().find(|dialog| dialog.id == id);
            self.dialogs.push(Dialog {
                id,
                name: earlier.map_or_else(|| LegId(name()), |dialog| dialog.name),
                state: told.state,
                direction: told.direction.or_else(|| earlier?.direction),
            });
        }
    }

    /// Calls that are up or on their way.
    pub(in crate::engine) fn dialogs(&self) -> &[Dialog] {
        &self.dialogs
    }

    pub(super) fn calls(&self) -> u16 {
        u16::try_from(self.dialogs.len()).unwrap_or(u16::MAX)
    }
}

/// Names of the other side's are kept as what they come to: whoever makes two come to the same hides a call of its own.
fn hash(id: &str) -> u64 {
    let mut hasher = FxHasher::default();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(version: u32, full: bool, dialogs: &[(&str, DialogState)]) -> DialogInfo {
        let dialog = |(id, state): &(&str, DialogState)| body::Dialog {
            id: (*id).to_owned(),
            state: *state,
            ..body::Dialog::default()
        };
        DialogInfo {
            version,
            full,
            dialogs: dialogs.iter().map(dialog).collect(),
            ..DialogInfo::default()
        }
    }

    /// Takes the documents; how many calls there were after each, and whether the full state was wanted.
    fn after(documents: &[DialogInfo]) -> Vec<(u16, bool)> {
        let (mut told, mut names) = (Told::default(), 0);
        let mut take = |info: &DialogInfo| {
            let wants = told.take(info, || {
                names += 1;
                names
            });
            (told.calls(), wants)
        };
        documents.iter().map(&mut take).collect()
    }

    #[test]
    fn partial_documents_change_the_full_one_before() {
        use DialogState::{Confirmed, Early, Terminated};
        let seen = after(&[
            document(0, true, &[("a", Confirmed)]),
            document(1, false, &[("b", Early)]),
            document(2, false, &[("a", Terminated), ("never", Terminated)]),
            document(3, false, &[("b", Confirmed)]),
            document(4, true, &[]),
        ]);
        assert_eq!(seen, [(1, false), (2, false), (1, false), (1, false), (0, false)]);
    }

    #[test]
    fn a_gap_asks_for_the_full_state_and_an_old_document_is_left_out() {
        use DialogState::{Confirmed, Trying};
        let seen = after(&[
            document(7, true, &[]),
            document(9, false, &[("a", Trying)]),
            document(9, false, &[("b", Trying)]),
            document(8, false, &[("c", Trying)]),
            document(10, false, &[("a", Confirmed)]),
        ]);
        assert_eq!(seen, [(0, false), (1, true), (1, false), (1, false), (1, false)]);
        assert_eq!(
            after(&[document(3, false, &[("a", Trying)])]),
            [(1, true)],
            "none was full"
        );
    }

    /// Some number each document from 0, or not at all.
    #[test]
    fn a_full_document_counts_whatever_its_version() {
        let busy = document(0, true, &[("a", DialogState::Confirmed)]);
        assert_eq!(
            after(&[busy.clone(), document(0, true, &[]), busy]),
            [(1, false), (0, false), (1, false)]
        );
    }

    #[test]
    fn a_call_keeps_its_name_and_there_are_never_too_many() {
        let ids: Vec<String> = (0..100).map(|id| id.to_string()).collect();
        let many: Vec<(&str, DialogState)> = ids.iter().map(|id| (&**id, DialogState::Early)).collect();
        let (mut told, mut names) = (Told::default(), 0);
        let mut name = || {
            names += 1;
            names
        };
        told.take(&document(0, true, &many), &mut name);
        let first = told.dialogs().to_vec();
        told.take(&document(1, true, &many), &mut name);
        assert_eq!(told.dialogs(), first);
        assert_eq!(first.len(), MOST);
    }
}
