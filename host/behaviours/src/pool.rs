//! Worker threads behind a bounded queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use contract::{Decision, Failure, Invocation, Record, Spent};
use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::Invoker;

/// Runs invocations on threads of its own and delivers their decisions from there.
///
/// Dropping it answers what is queued, then ends the threads.
pub struct Pool {
    queue: Option<Sender<Invocation>>,
    workers: Vec<JoinHandle<()>>,
}

/// The queue is full: the invocation comes back, for the caller to fail it (the exchange takes
/// the failure ladder) instead of waiting.
#[derive(Debug, thiserror::Error)]
#[error("all workers are busy and {waiting} events wait already")]
pub struct Saturated {
    pub invocation: Box<Invocation>,
    pub waiting: usize,
}

impl Pool {
    /// Starts `threads` workers (at least one) behind a queue of `waiting` events.
    ///
    /// `deliver` runs on the workers; it must not block for long.
    ///
    /// # Errors
    ///
    /// When the system gives no more threads.
    pub fn start(
        invoker: Arc<dyn Invoker>,
        threads: usize,
        waiting: usize,
        deliver: impl Fn(Decision) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (queue, work) = crossbeam_channel::bounded(waiting);
        let deliver: Arc<dyn Fn(Decision) + Send + Sync> = Arc::new(deliver);
        let mut workers = Vec::new();
        for number in 0..threads.max(1) {
            let (work, invoker, deliver) = (work.clone(), Arc::clone(&invoker), Arc::clone(&deliver));
            let worker = thread::Builder::new()
                .name(format!("behaviour-{number}"))
                .spawn(move || serve(&work, &*invoker, &*deliver))?;
            workers.push(worker);
        }
        Ok(Self {
            queue: Some(queue),
            workers,
        })
    }

    /// Queues an invocation; never waits.
    ///
    /// # Errors
    ///
    /// [`Saturated`] when the queue is full.
    pub fn submit(&self, invocation: Invocation) -> Result<(), Saturated> {
        let waiting = self.waiting();
        let Some(queue) = &self.queue else {
            return Err(Saturated {
                invocation: Box::new(invocation),
                waiting,
            });
        };
        queue.try_send(invocation).map_err(|error| {
            let (TrySendError::Full(invocation) | TrySendError::Disconnected(invocation)) = error;
            Saturated {
                invocation: Box::new(invocation),
                waiting,
            }
        })
    }

    /// Events that no worker has taken yet.
    pub fn waiting(&self) -> usize {
        self.queue.as_ref().map_or(0, Sender::len)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue = None;
        for worker in self.workers.drain(..) {
            // A worker that panicked has said so already; there is nothing left to end.
            let _ = worker.join();
        }
    }
}

fn serve(work: &Receiver<Invocation>, invoker: &dyn Invoker, deliver: &dyn Fn(Decision)) {
    for invocation in work {
        let ask = invocation.ask;
        let decision = catch_unwind(AssertUnwindSafe(|| invoker.invoke(invocation)));
        deliver(decision.unwrap_or_else(|_| {
            tracing::error!(ask = ask.0, "the host failed while it ran a behaviour");
            Decision {
                ask,
                result: Err(Failure::Trapped("the host failed while it ran the module".into())),
                record: Record::default(),
                spent: Spent::default(),
            }
        }));
    }
}
