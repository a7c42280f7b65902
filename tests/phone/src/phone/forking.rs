//! The phone as several: a proxy of the callee's side forks an INVITE, and each branch has a dialog of its own
//! (RFC 3261 §12.1, §16.7). Here every branch is a call, and one answers for the INVITE.

use base::Moment;

use super::{CallRef, CallState, Phone};
use crate::dialog::{Dialog, Early};

impl Phone {
    /// Somebody else rings for an INVITE that is not answered, too: another dialog, with a tag of its own. None for any
    /// other call, and for one whose description has been changed already.
    pub fn fork(&mut self, now: Moment, call: CallRef) -> Option<CallRef> {
        let dialog = self.calls.get(&call)?;
        if dialog.state != CallState::Offered || dialog.early.updated {
            return None;
        }
        let mut other = dialog.clone();
        let (base, _) = other.to.rsplit_once(";tag=")?;
        other.to = format!("{base};tag={}", self.random.token(8));
        other.local.clone_from(&other.to);
        other.early = Early {
            can_be_reliable: other.early.can_be_reliable,
            ..Early::default()
        };
        other.remote_cseq = Some(other.invite_cseq);
        other.local_cseq = 0;
        other.ring_again = None;
        let fork = CallRef(self.next_call);
        self.next_call += 1;
        self.calls.insert(fork, other);
        self.ring(now, fork);
        Some(fork)
    }

    /// All branches answer at once: a proxy passes each 2xx on.
    pub fn answer_everywhere(&mut self, now: Moment, call: CallRef) {
        let mut others = self.other_forks(call);
        others.retain(|other| !self.waits_for_prack(*other));
        for other in others {
            self.answer_alone(now, other);
        }
        self.answer(now, call);
    }

    /// Other branches of the same INVITE that still ring.
    pub(super) fn other_forks(&self, call: CallRef) -> Vec<CallRef> {
        let Some(dialog) = self.calls.get(&call).filter(|dialog| !dialog.we_called) else {
            return Vec::new();
        };
        let is_other = |other: &Dialog| {
            !other.we_called
                && other.state == CallState::Offered
                && other.invite_branch == dialog.invite_branch
                && other.tag() != dialog.tag()
        };
        let others = self.calls.iter().filter(|(_, other)| is_other(other));
        others.map(|(call, _)| *call).collect()
    }
}
