//! One final response per INVITE, and no CANCEL before the callee has spoken (RFC 3261 §9.1).

use std::collections::{BTreeMap, BTreeSet};

use testkit::wire::Glance;
use testkit::world::{Seen, What};

use super::{Verdict, broken};

/// Call-ID, CSeq and branch: one transaction.
type Transaction = (String, u32, String);

#[derive(Default)]
pub(super) struct Answers {
    /// INVITEs that arrived, with their final response.
    invites: BTreeMap<Transaction, Option<u16>>,
    /// INVITEs that came to processes that are no more.
    earlier: BTreeSet<Transaction>,
    /// INVITEs of ours that were answered at all.
    heard: BTreeSet<Transaction>,
}

impl Answers {
    pub fn see(&mut self, seen: &Seen) -> Verdict {
        match &seen.what {
            // Another process may not know what came last, or what the last one said to it.
            What::Died => {
                let open = std::mem::take(&mut self.invites);
                self.earlier.extend(open.into_keys());
                Ok(())
            }
            What::Arrived { bytes, .. } => {
                if let Some(glance) = Glance::at(bytes) {
                    self.arrived(glance);
                }
                Ok(())
            }
            What::Sent { bytes, .. } => match Glance::at(bytes) {
                Some(glance) => self.sent(glance),
                None => broken("everything sent is SIP", String::from_utf8_lossy(bytes)),
            },
            _ => Ok(()),
        }
    }

    pub fn at_the_end(&self) -> Verdict {
        let open = self.invites.iter().find(|(_, status)| status.is_none());
        match open {
            Some(((call_id, cseq, _), _)) => broken(
                "every INVITE gets a final response",
                format!("INVITE {cseq} of {call_id} has none"),
            ),
            None => Ok(()),
        }
    }

    fn arrived(&mut self, glance: Glance) {
        if glance.method != "INVITE" {
            return;
        }
        let transaction = (glance.call_id, glance.cseq, glance.branch);
        match glance.status {
            None => {
                self.invites.entry(transaction).or_default();
            }
            Some(_) => {
                self.heard.insert(transaction);
            }
        }
    }

    fn sent(&mut self, glance: Glance) -> Verdict {
        let transaction = (glance.call_id, glance.cseq, glance.branch);
        match (glance.method.as_str(), glance.status) {
            ("INVITE", Some(status)) if status >= 200 => self.answered(transaction, status),
            ("CANCEL", None) if !self.heard.contains(&transaction) => broken(
                "no CANCEL before a response",
                format!("INVITE {} of {}", transaction.1, transaction.0),
            ),
            _ => Ok(()),
        }
    }

    fn answered(&mut self, transaction: Transaction, status: u16) -> Verdict {
        let Some(before) = self.invites.get_mut(&transaction) else {
            if self.earlier.contains(&transaction) {
                self.invites.insert(transaction, Some(status));
                return Ok(());
            }
            return broken(
                "responses answer requests",
                format!(
                    "{status} to an INVITE {} of {} that never came",
                    transaction.1, transaction.0
                ),
            );
        };
        match before.replace(status) {
            Some(other) if other != status => broken(
                "one final response per INVITE",
                format!(
                    "{other}, then {status} to INVITE {} of {}",
                    transaction.1, transaction.0
                ),
            ),
            _ => Ok(()),
        }
    }
}
