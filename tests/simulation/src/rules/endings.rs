//! Calls are written down once, and when everything has ended nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use contract::SessionId;
use exchange::{CallId, Fact, Report};
use testkit::World;
use testkit::world::{Seen, What};

use super::{Verdict, broken};

/// Behaviours whose sessions per number go on without a call. One of `call-back` ends when nobody waits.
const STAY: [&str; 4] = ["group", "desk", "park", "busy-alerter"];

/// A call that started: the process that it started in, and the one that wrote it down.
#[derive(Clone, Copy, Debug)]
struct Life {
    started: u32,
    ended: Option<u32>,
}

#[derive(Default)]
pub(super) struct Endings {
    calls: BTreeMap<CallId, Life>,
    /// Sessions that have not ended, by behaviour and number: to tell of those that should have.
    sessions: BTreeMap<SessionId, String>,
    /// The same of sessions per number that stay: one of each.
    stays: BTreeSet<(String, String)>,
    run: u32,
}

impl Endings {
    pub fn see(&mut self, seen: &Seen) -> Verdict {
        let report = match &seen.what {
            What::Died => {
                self.run += 1;
                return Ok(());
            }
            What::Report(report) => report,
            _ => return Ok(()),
        };
        match (&report.fact, report.call) {
            (Fact::CallStarted { .. }, Some(call)) => {
                let life = Life {
                    started: self.run,
                    ended: None,
                };
                match self.calls.insert(call, life) {
                    Some(_) => broken("no number of a call comes twice", call.to_string()),
                    None => Ok(()),
                }
            }
            (Fact::CallEnded(cdr), _) => self.ended(cdr),
            _ => {
                self.session(report);
                Ok(())
            }
        }
    }

    fn stays(&mut self, report: &Report, name: String) {
        let tenant = report.tenant.as_deref().unwrap_or_default();
        self.stays.insert((tenant.to_owned(), name));
    }

    fn session(&mut self, report: &Report) {
        let Some(id) = report.session else {
            return;
        };
        match &report.fact {
            Fact::SessionStarted {
                behaviour, number, ..
            } => {
                let name = format!("{behaviour} {}", number.0);
                if STAY.contains(&&**behaviour) {
                    self.stays(report, name.clone());
                }
                self.sessions.insert(id, name);
            }
            // The lost event may have been what would have ended it: one per number waits for the next.
            Fact::NotDecided { .. } if report.call.is_none() => {
                if let Some(name) = self.sessions.get(&id).cloned() {
                    self.stays(report, name);
                }
            }
            Fact::SessionEnded => {
                self.sessions.remove(&id);
            }
            _ => {}
        }
    }

    fn ended(&mut self, cdr: &exchange::Cdr) -> Verdict {
        let rule = "every call is written down once";
        let Some(life) = self.calls.get_mut(&cdr.call) else {
            return broken(rule, format!("{} ends, and never started", cdr.call));
        };
        // A process that dies between the two may write it down again.
        if life.ended.replace(self.run) == Some(self.run) {
            return broken(rule, format!("{} ends twice", cdr.call));
        }
        let order = [Some(cdr.started), cdr.answered, cdr.connected, Some(cdr.ended)];
        let order: Vec<_> = order.into_iter().flatten().collect();
        if !order.is_sorted() {
            return broken("a call's times are in order", format!("{cdr:?}"));
        }
        Ok(())
    }

    pub fn at_the_end(&self, world: &World) -> Verdict {
        let lost = self
            .calls
            .iter()
            .find(|(_, life)| life.started == self.run && life.ended.is_none());
        if let Some((call, _)) = lost {
            return broken("every call is written down once", format!("{call} never ended"));
        }
        let rule = "nothing is left when everything has ended";
        let census = world.exchange().census();
        let left = [
            census.calls,
            census.legs,
            census.custodies,
            census.dials,
            census.asks,
            census.ports,
            census.usages,
            world.open_ports(),
        ];
        if left.iter().any(|count| *count > 0) {
            return broken(rule, format!("{census:?}, {} open ports", world.open_ports()));
        }
        if let Some(key) = world.stored().find(|key| key.starts_with("call/")) {
            return broken(rule, format!("{key} is still stored"));
        }
        let sessions = world.stored().filter(|key| key.starts_with("session/")).count();
        let most = self.stays.len();
        if census.sessions > most || sessions > most {
            let names: Vec<&str> = self.sessions.values().map(String::as_str).collect();
            let how = format!(
                "{} sessions, {sessions} stored, of {}",
                census.sessions,
                names.join(", ")
            );
            return broken(rule, how);
        }
        busy_line(world).map_or(Ok(()), |how| broken(rule, how))
    }
}

/// A line that is believed to be in a call.
fn busy_line(world: &World) -> Option<String> {
    world.exchange().directory().tenants().find_map(|view| {
        let mut lines = view.lines().keys();
        let busy = lines.find(|line| view.line_state(line).calls > 0)?;
        Some(format!("line {busy} of {} is still in a call", view.id().text()))
    })
}
