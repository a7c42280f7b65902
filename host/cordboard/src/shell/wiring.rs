//! Where the exchange's outputs go: workers, media, store, API.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use behaviours::{Pool, Saturated};
use contract::{Decision, Failure, Invocation, Record, Spent};
use exchange::{AdminId, Input, Report, Ticket, Write};
use store::{Overloaded, Submission, Writer};
use tokio::sync::oneshot;

use super::core::{Load, Sinks};
use super::inbox::Inbox;
use super::names::Names;
use super::preparing::Preparing;
use super::reports::Reporter;
use super::screens::Screens;
use crate::media::MediaHandle;

/// Batches of writes held while the store does not keep up, before the oldest are dropped.
const HELD: usize = 50_000;

/// Events answered by the exchange's own thread in a turn, half a millisecond's work: the workers have the others.
const ANSWERED: usize = 16;

/// Replies that somebody waits for.
#[derive(Clone, Default)]
pub struct Replies(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    next: u64,
    answers: HashMap<AdminId, oneshot::Sender<exchange::admin::Response>>,
}

impl Replies {
    /// A new request's id, and where its reply arrives.
    pub fn expect(&self) -> (AdminId, oneshot::Receiver<exchange::admin::Response>) {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.next += 1;
        let id = AdminId(waiting.next);
        waiting.answers.insert(id, sender);
        (id, receiver)
    }

    /// Nobody waits any more: the request was not taken.
    pub fn forget(&self, id: AdminId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .answers
            .remove(&id);
    }

    fn deliver(&self, id: AdminId, response: exchange::admin::Response) {
        let answer = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .answers
            .remove(&id);
        if let Some(answer) = answer {
            // Whoever asked may have gone.
            drop(answer.send(response));
        }
    }
}

/// Everything that the exchange's thread hands work to.
pub struct Wiring {
    pub inbox: Inbox<Input>,
    pub pool: Arc<Pool>,
    pub preparing: Preparing,
    /// Decisions of brief events, which were taken at once.
    pub decisions: VecDeque<Decision>,
    /// How many there were in this turn.
    pub answered: usize,
    pub media: MediaHandle,
    pub writer: Arc<Writer>,
    pub replies: Replies,
    pub reports: Reporter,
    pub names: Names,
    pub screens: Screens,
    pub held: VecDeque<Submission>,
    /// An address of media waits to be bound, to which somebody may send in a moment. All else can wait for the media
    /// thread's tick: sound leaves with the tick, a packet wakes it by itself, and it does what was asked before it
    /// looks at packets.
    pub binds: bool,
    /// Addresses of media that were bound before, and most likely still are: packets wait there until somebody looks.
    pub bound: HashSet<SocketAddr, rustc_hash::FxBuildHasher>,
}

/// Gives an event to the workers.
pub fn submit(pool: &Pool, inbox: &Inbox<Input>, invocation: Invocation) {
    if let Err(Saturated { invocation, waiting }) = pool.submit(invocation) {
        fail(inbox, &invocation, waiting);
    }
}

/// Back into the exchange; when even that is full, its own deadline does the rest.
fn fail(inbox: &Inbox<Input>, invocation: &Invocation, waiting: usize) {
    tracing::warn!(waiting, "all workers are busy; an event takes the failure ladder");
    metrics::counter!("cordboard_saturated_total").increment(1);
    let decision = Decision {
        ask: invocation.ask,
        result: Err(Failure::Overrun),
        record: Record::default(),
        spent: Spent::default(),
    };
    let _ = inbox.send(Input::Decision(decision));
}

impl Wiring {
    /// Hands over what is held, oldest first, until the writer refuses.
    fn submit(&mut self) {
        while let Some(submission) = self.held.pop_front() {
            if let Err(overloaded) = self.writer.submit(submission) {
                let Overloaded(submission) = *overloaded;
                self.held.push_front(submission);
                break;
            }
        }
        while self.held.len() > HELD {
            self.held.pop_front();
            metrics::counter!("cordboard_writes_lost_total").increment(1);
        }
    }
}

impl Sinks for Wiring {
    fn invoke(&mut self, invocation: Invocation) {
        if self.preparing.concerns(&invocation) {
            if let Err(invocation) = self.preparing.wait(invocation) {
                fail(&self.inbox, &invocation, self.pool.waiting());
            }
        } else if self.answered < ANSWERED && self.preparing.is_ready(&invocation) {
            match self.pool.answer(invocation) {
                Ok(decision) => {
                    self.answered += 1;
                    self.decisions.push_back(decision);
                }
                Err(invocation) => submit(&self.pool, &self.inbox, *invocation),
            }
        } else {
            submit(&self.pool, &self.inbox, invocation);
        }
    }

    fn decision(&mut self) -> Option<Decision> {
        self.decisions.pop_front()
    }

    fn bind(&mut self, port: media::PortId, local: SocketAddr) {
        self.binds |= self.bound.insert(local);
        if self.media.bind(port, local).is_err() {
            let _ = self.inbox.send(Input::BindFailed(port));
        }
    }

    fn media(&mut self, command: media::Command) {
        if let Err(error) = self.media.command(command) {
            tracing::warn!(%error, "a media command was lost");
        }
    }

    fn persist(&mut self, writes: Vec<Write>, ticket: Option<Ticket>) {
        let writes = writes
            .into_iter()
            .map(|write| store::Write::set(write.key, write.value))
            .collect();
        let submission = match ticket {
            None => Submission::new(writes),
            Some(ticket) => {
                let inbox = self.inbox.clone();
                Submission::acknowledged(writes, move |result| match result {
                    Ok(()) => {
                        let _ = inbox.send_urgent(Input::Durable(ticket));
                    }
                    Err(error) => {
                        tracing::error!(%error, "the store cannot keep what was to be acknowledged")
                    }
                })
            }
        };
        self.held.push_back(submission);
        self.submit();
    }

    fn reply(&mut self, id: AdminId, response: exchange::admin::Response) {
        self.replies.deliver(id, response);
    }

    fn report(&mut self, report: Report) {
        if let Some(record) = api::hub::detail_record(&report) {
            self.held.push_back(Submission::records(vec![record]));
        }
        self.reports.add(report);
    }

    fn resolve(&mut self, tenant: Arc<str>, servers: Vec<exchange::Server>) {
        self.names.want(tenant, servers);
    }

    fn push(&mut self, push: exchange::Push) {
        self.screens.push(push);
    }

    fn flush(&mut self) {
        self.answered = 0;
        self.pool.wake();
        let lost = self.reports.hand_over();
        if lost > 0 {
            metrics::counter!("cordboard_reports_lost_total").increment(lost as u64);
        }
        if std::mem::take(&mut self.binds) {
            self.media.wake();
        }
        if !self.held.is_empty() {
            self.submit();
        }
    }

    fn load(&mut self, load: Load) {
        let Load {
            census,
            unsent,
            refused,
        } = load;
        let media = self.media.load();
        let store = self.writer.stats();
        let counts = [
            ("cordboard_sip_unsent_total", unsent),
            ("cordboard_inputs_refused_total", refused),
            ("cordboard_rtp_packets_in_total", media.packets_in),
            ("cordboard_rtp_packets_out_total", media.packets_out),
            ("cordboard_rtp_unsent_total", media.unsent),
            ("cordboard_media_commands_refused_total", media.refused),
            ("cordboard_media_events_lost_total", media.events_lost),
            ("cordboard_store_commits_total", store.commits),
            ("cordboard_store_writes_total", store.writes),
            ("cordboard_store_failures_total", store.failures),
        ];
        for (name, count) in counts {
            metrics::counter!(name).absolute(count);
        }
        let gauges = [
            ("cordboard_calls", census.calls as f64),
            ("cordboard_legs", census.legs as f64),
            ("cordboard_sessions", census.sessions as f64),
            ("cordboard_decisions_pending", census.asks as f64),
            ("cordboard_timers", census.timers as f64),
            ("cordboard_media_ports", media.ports as f64),
            ("cordboard_media_cpu_seconds", media.cpu.as_secs_f64()),
            ("cordboard_store_commit_seconds", store.last_commit.as_secs_f64()),
        ];
        for (name, value) in gauges {
            metrics::gauge!(name).set(value);
        }
    }
}
