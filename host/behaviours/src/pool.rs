//! Worker threads behind a bounded queue.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use contract::{Decision, Failure, Invocation, Record, Spent};

use crate::Invoker;

/// Events that one worker is woken for.
const BATCH: usize = 4;

/// Runs invocations on threads of its own and delivers their decisions from there.
///
/// Dropping it answers what is queued, then ends the threads.
pub struct Pool {
    work: Arc<Work>,
    workers: Vec<JoinHandle<()>>,
}

/// What waits, and who waits for it. A worker without work sleeps at once: with channels, which look again a few
/// times before they do, a twelfth of a server's time at 300 calls a second went into looking.
struct Work {
    queue: Mutex<Queue>,
    more: Condvar,
    most: usize,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Invocation>,
    /// Workers that sleep.
    asleep: usize,
    /// Those of them that have been called and have not come yet.
    called: usize,
    closed: bool,
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
        let work = Arc::new(Work {
            queue: Mutex::default(),
            more: Condvar::new(),
            most: waiting,
        });
        let deliver: Arc<dyn Fn(Decision) + Send + Sync> = Arc::new(deliver);
        let mut workers = Vec::new();
        for number in 0..threads.max(1) {
            let (work, invoker, deliver) = (Arc::clone(&work), Arc::clone(&invoker), Arc::clone(&deliver));
            let worker = thread::Builder::new()
                .name(format!("behaviour-{number}"))
                .spawn(move || serve(&work, &*invoker, &*deliver))?;
            workers.push(worker);
        }
        Ok(Self { work, workers })
    }

    /// Queues an invocation; never waits. A sleeping worker takes it after [`wake`](Self::wake).
    ///
    /// # Errors
    ///
    /// [`Saturated`] when the queue is full.
    pub fn submit(&self, invocation: Invocation) -> Result<(), Saturated> {
        let mut queue = self.work.lock();
        let waiting = queue.waiting.len();
        if waiting >= self.work.most {
            return Err(Saturated {
                invocation: Box::new(invocation),
                waiting,
            });
        }
        queue.waiting.push_back(invocation);
        Ok(())
    }

    /// Wakes sleeping workers, one for each small batch: most events take less time than waking somebody up. Call it
    /// when a batch is complete.
    pub fn wake(&self) {
        self.work.call(BATCH);
    }

    /// Who makes sure that no event waits behind a slow one for long: every call wakes a worker for each that waits.
    pub fn helper(&self) -> impl Fn() + Send + 'static {
        let work = Arc::clone(&self.work);
        move || work.call(1)
    }

    /// Events that no worker has taken yet.
    pub fn waiting(&self) -> usize {
        self.work.lock().waiting.len()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.work.lock().closed = true;
        self.work.more.notify_all();
        for worker in self.workers.drain(..) {
            // A worker that panicked has said so already; there is nothing left to end.
            let _ = worker.join();
        }
    }
}

impl Work {
    /// Calls sleeping workers, one for so many events; those that were called already count.
    fn call(&self, each: usize) {
        let mut queue = self.lock();
        let wanted = queue.waiting.len().div_ceil(each).min(queue.asleep);
        let called = wanted.saturating_sub(queue.called);
        queue.called += called;
        drop(queue);
        for _ in 0..called {
            self.more.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next invocation, waiting for it; none when the pool is closed and the queue empty.
    fn next(&self) -> Option<Invocation> {
        let mut queue = self.lock();
        loop {
            if let Some(invocation) = queue.waiting.pop_front() {
                return Some(invocation);
            }
            if queue.closed {
                return None;
            }
            queue.asleep += 1;
            queue = self.more.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.asleep -= 1;
            queue.called = queue.called.saturating_sub(1);
        }
    }
}

fn serve(work: &Work, invoker: &dyn Invoker, deliver: &dyn Fn(Decision)) {
    while let Some(invocation) = work.next() {
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
