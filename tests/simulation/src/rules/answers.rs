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
    /// Call-ID and CSeq of the ACKs that arrived.
    confirmed: BTreeSet<(String, u32)>,
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
        // What an earlier process accepted and the phone confirmed is over, though the network repeats the INVITE to
        // the next one.
        let is_over = |transaction: &Transaction| {
            self.earlier.contains(transaction)
                && self.confirmed.contains(&(transaction.0.clone(), transaction.1))
        };
        let open = self
            .invites
            .iter()
            .find(|(transaction, status)| status.is_none() && !is_over(transaction));
        match open {
            Some(((call_id, cseq, _), _)) => broken(
                "every INVITE gets a final response",
                format!("INVITE {cseq} of {call_id} has none"),
            ),
            None => Ok(()),
        }
    }

    fn arrived(&mut self, glance: Glance) {
        if glance.method == "ACK" {
            self.confirmed.insert((glance.call_id, glance.cseq));
            return;
        }
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

#[cfg(test)]
mod tests {
    use base::Moment;
    use testkit::PhoneId;

    use super::*;

    fn message(start: &str, method: &str, branch: &str) -> String {
        format!("{start}\r\nVia: SIP/2.0/UDP h;branch={branch}\r\nCall-ID: c\r\nCSeq: 2 {method}\r\n\r\n")
    }

    fn story(of: &[&str]) -> Verdict {
        let mut answers = Answers::default();
        for happening in of {
            let arrived = |text: String| What::Arrived {
                from: PhoneId(0),
                bytes: text.into(),
            };
            let what = match *happening {
                "INVITE" => arrived(message("INVITE sip:1@h SIP/2.0", "INVITE", "z9hG4bK1")),
                "ACK" => arrived(message("ACK sip:1@h SIP/2.0", "ACK", "z9hG4bK2")),
                "200" => What::Sent {
                    to: None,
                    bytes: message("SIP/2.0 200 OK", "INVITE", "z9hG4bK1").into(),
                },
                _ => What::Died,
            };
            let at = Moment::ZERO;
            answers.see(&Seen { at, what })?;
        }
        answers.at_the_end()
    }

    /// The ACK went to the next process, so the repeated INVITE asks for nothing; without it, it does.
    #[test]
    fn a_repeated_invite_needs_no_answer_once_an_earlier_process_answered_and_the_phone_confirmed() {
        assert!(story(&["INVITE", "200", "dies", "ACK", "INVITE"]).is_ok());
        assert!(story(&["INVITE", "200", "dies", "INVITE"]).is_err());
        assert!(story(&["INVITE", "dies", "INVITE", "200"]).is_ok());
        assert!(story(&["INVITE", "ACK"]).is_err());
    }
}
