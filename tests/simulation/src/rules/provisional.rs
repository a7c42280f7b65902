//! Reliable provisional responses get their PRACK, and one at a time is sent (RFC 3262); each UPDATE and PRACK gets an answer.

use std::collections::{BTreeMap, BTreeSet};

use testkit::wire::Glance;
use testkit::world::{Seen, What};

use super::{Verdict, broken};

/// A response of the exchange's that waits for its PRACK.
struct Waiting {
    cseq: u32,
    rseq: u32,
    has_body: bool,
}

#[derive(Default)]
pub(super) struct Provisional {
    /// Call-IDs of INVITEs that this process sent and nobody has answered or cancelled.
    calling: BTreeSet<String>,
    /// By Call-ID and tag: RSeq of the newest reliable response in order.
    newest: BTreeMap<(String, String), u32>,
    /// The same, not acknowledged yet.
    due: BTreeSet<(String, String, u32)>,
    /// By Call-ID.
    waiting: BTreeMap<String, Waiting>,
    /// By Call-ID and CSeq: RSeq of the newest response that got its PRACK. A repeated INVITE may be answered by it again.
    thanked: BTreeMap<(String, u32), u32>,
    /// Call-ID, CSeq, branch and method of requests that wait for an answer.
    asked: BTreeSet<(String, u32, String, String)>,
}

impl Provisional {
    pub fn see(&mut self, seen: &Seen) -> Verdict {
        match &seen.what {
            // Another process knows only what was stored.
            What::Died => *self = Self::default(),
            What::Arrived { bytes, .. } => {
                if let Some(glance) = Glance::at(bytes) {
                    self.arrived(&glance);
                }
            }
            What::Sent { bytes, .. } => {
                if let Some(glance) = Glance::at(bytes) {
                    return self.sent(&glance);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// All that an arrival brought is seen.
    pub fn look(&self) -> Verdict {
        match self.due.first() {
            Some((call_id, _, rseq)) => broken(
                "a reliable provisional response gets its PRACK",
                format!("{rseq} of {call_id} has none"),
            ),
            None => Ok(()),
        }
    }

    pub fn at_the_end(&self) -> Verdict {
        match self.asked.first() {
            Some((call_id, cseq, _, method)) => broken(
                "every UPDATE and PRACK gets an answer",
                format!("{method} {cseq} of {call_id} has none"),
            ),
            None => Ok(()),
        }
    }

    fn arrived(&mut self, glance: &Glance) {
        let call_id = glance.call_id.clone();
        match (glance.method.as_str(), glance.status) {
            ("INVITE", Some(101..=199)) => {
                let dialog = (call_id, glance.to_tag.clone());
                let Some(rseq) = glance.rseq.filter(|_| self.calling.contains(&dialog.0)) else {
                    return;
                };
                let newest = self.newest.get(&dialog);
                if newest.is_none_or(|newest| newest + 1 == rseq) {
                    self.newest.insert(dialog.clone(), rseq);
                    self.due.insert((dialog.0, dialog.1, rseq));
                }
            }
            ("INVITE", Some(200..)) => self.no_longer(&call_id),
            ("PRACK" | "UPDATE", None) => {
                if glance.method == "PRACK"
                    && let Some(waiting) = self.waiting.get(&call_id)
                    && glance.rack == format!("{} {} INVITE", waiting.rseq, waiting.cseq)
                {
                    self.thanked.insert((call_id.clone(), waiting.cseq), waiting.rseq);
                    self.waiting.remove(&call_id);
                }
                self.asked.insert(request(glance));
            }
            _ => {}
        }
    }

    fn sent(&mut self, glance: &Glance) -> Verdict {
        let call_id = &glance.call_id;
        match (glance.method.as_str(), glance.status) {
            ("INVITE", None) if glance.to_tag.is_empty() => {
                self.calling.insert(call_id.clone());
            }
            ("CANCEL" | "BYE", None) => self.no_longer(call_id),
            ("PRACK", None) => {
                let rseq = glance.rack.split(' ').next().and_then(|rseq| rseq.parse().ok());
                let rseq: u32 = rseq.unwrap_or_default();
                self.due.remove(&(call_id.clone(), glance.to_tag.clone(), rseq));
            }
            ("INVITE", Some(101..=199)) => return self.provisional(glance),
            ("INVITE", Some(status @ 200..)) => {
                let waiting = self.waiting.remove(call_id);
                if status < 300 && waiting.is_some_and(|waiting| waiting.has_body) {
                    return broken(
                        "no 2xx while a description waits for its PRACK",
                        format!("INVITE {} of {call_id}", glance.cseq),
                    );
                }
            }
            ("PRACK" | "UPDATE", Some(200..)) => {
                self.asked.remove(&request(glance));
            }
            _ => {}
        }
        Ok(())
    }

    fn provisional(&mut self, glance: &Glance) -> Verdict {
        let thanked = self.thanked.get(&(glance.call_id.clone(), glance.cseq));
        let Some(rseq) = glance.rseq.filter(|rseq| Some(rseq) != thanked) else {
            return Ok(());
        };
        let waiting = Waiting {
            cseq: glance.cseq,
            rseq,
            has_body: glance.has_body,
        };
        match self.waiting.insert(glance.call_id.clone(), waiting) {
            Some(before) if (before.cseq, before.rseq) != (glance.cseq, rseq) => broken(
                "one reliable provisional response at a time",
                format!(
                    "{rseq} of {} while {} waits for its PRACK",
                    glance.call_id, before.rseq
                ),
            ),
            _ => Ok(()),
        }
    }

    fn no_longer(&mut self, call_id: &str) {
        self.calling.remove(call_id);
        self.due.retain(|(of, _, _)| of != call_id);
    }
}

fn request(glance: &Glance) -> (String, u32, String, String) {
    let Glance {
        call_id,
        cseq,
        branch,
        method,
        ..
    } = glance.clone();
    (call_id, cseq, branch, method)
}

#[cfg(test)]
mod tests {
    use base::Moment;
    use testkit::PhoneId;

    use super::*;

    fn message(start: &str, method: &str, lines: &str, body: &str) -> String {
        format!(
            "{start}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{method}\r\nCall-ID: c\r\nCSeq: 2 {method}\r\n{lines}\r\n{body}"
        )
    }

    fn story(of: &[&str]) -> Verdict {
        let mut rule = Provisional::default();
        for happening in of {
            let from = PhoneId(0);
            let reliable = message("SIP/2.0 183 Go", "INVITE", "RSeq: 7\r\n", "v=0");
            let what = match *happening {
                "asks" => What::Sent {
                    to: None,
                    bytes: message("INVITE sip:1@h SIP/2.0", "INVITE", "", "").into(),
                },
                "hears" => What::Arrived {
                    from,
                    bytes: reliable.into(),
                },
                "thanks" => What::Sent {
                    to: None,
                    bytes: message("PRACK sip:1@h SIP/2.0", "PRACK", "RAck: 7 2 INVITE\r\n", "").into(),
                },
                "says" => What::Sent {
                    to: None,
                    bytes: reliable.into(),
                },
                "says more" => What::Sent {
                    to: None,
                    bytes: message("SIP/2.0 183 Go", "INVITE", "RSeq: 8\r\n", "v=0").into(),
                },
                "answers" => What::Sent {
                    to: None,
                    bytes: message("SIP/2.0 200 OK", "INVITE", "", "").into(),
                },
                "is thanked" => What::Arrived {
                    from,
                    bytes: message("PRACK sip:1@h SIP/2.0", "PRACK", "RAck: 7 2 INVITE\r\n", "").into(),
                },
                _ => What::Sent {
                    to: None,
                    bytes: message("SIP/2.0 200 OK", "PRACK", "", "").into(),
                },
            };
            let at = Moment::ZERO;
            rule.see(&Seen { at, what })?;
        }
        rule.look()?;
        rule.at_the_end()
    }

    #[test]
    fn each_rule_of_provisional_responses_can_be_broken() {
        assert!(story(&["asks", "hears", "thanks"]).is_ok());
        assert!(story(&["asks", "hears"]).is_err());
        assert!(story(&["says", "says", "is thanked", "welcomes", "says more"]).is_ok());
        assert!(story(&["says", "says more"]).is_err());
        assert!(story(&["says", "answers"]).is_err());
        assert!(
            story(&["says", "is thanked", "answers"]).is_err(),
            "the PRACK has no answer"
        );
    }
}
