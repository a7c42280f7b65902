//! Worker threads behind a bounded queue in which tenants take turns.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use contract::{Decision, Failure, Invocation, Limits, Record, Spent};

use crate::Invoker;
use crate::processor;
use crate::turns::{Lane, Taken, Turns};

/// Events that one worker is woken for: half a millisecond's work of everyday ones.
const BATCH: usize = 16;

/// What an event may take of the processor where whoever asks runs it itself and waits for it; a hundred times what everyday
/// ones take.
const LEASH: Duration = Duration::from_millis(2);
/// The same in fuel, which is looked at more often: about a millisecond.
const LEASH_FUEL: u64 = 2_000_000;

/// By the clock, which costs no system call. What is over by then took no more of the processor, and hardly less.
const SHORT: Duration = Duration::from_micros(100);

/// Who works, and how much may wait.
#[derive(Clone, Copy, Debug)]
pub struct Workers {
    /// Workers for short events, at least one. As many more, which give way to everything else on the machine, serve tenants
    /// whose events are long or that take more than their share.
    pub threads: usize,
    /// Events that may wait.
    pub waiting: usize,
    /// How long whoever asks waits for an answer. An event that has waited for so long is not run any more.
    pub patience: Duration,
}

/// Runs invocations on threads of its own and delivers their decisions from there.
///
/// Dropping it answers what is queued, then ends the threads.
pub struct Pool {
    invoker: Arc<dyn Invoker>,
    work: Arc<Work>,
    workers: Vec<JoinHandle<()>>,
}

/// What waits, and who waits for it. A worker without work sleeps at once: with channels, which look again a few
/// times before they do, a twelfth of a server's time at 300 calls a second went into looking.
struct Work {
    queue: Mutex<Queue>,
    /// One for each worker.
    bells: Vec<Condvar>,
    started: Instant,
    patience: Duration,
    /// Whoever asks runs an event.
    answering: AtomicBool,
    /// The [`Keeper`]'s thread, and whether it sleeps for longer than a tick.
    keeper: OnceLock<Thread>,
    napping: AtomicBool,
}

/// Sees to it that no event of a [`Pool`] waits behind a slow one for long, from a thread of its own. That looks once a tick
/// while there is work, and seldom while there is none.
pub struct Keeper(Arc<Work>);

struct Queue {
    turns: Turns<Invocation>,
    brisk: Idle,
    patient: Idle,
    closed: bool,
}

/// Workers of a lane that have nothing to do.
#[derive(Default)]
struct Idle {
    /// The last one to fall asleep is called first: what it needs is still in its processor's cache.
    asleep: Vec<usize>,
    /// Those that have been called and have not come yet.
    called: usize,
}

/// The queue is full: an invocation comes back, for the caller to fail it (the exchange takes the failure ladder)
/// instead of waiting. It is the newest of the tenant that has most waiting.
#[derive(Debug, thiserror::Error)]
#[error("all workers are busy and {waiting} events wait already")]
pub struct Saturated {
    pub invocation: Box<Invocation>,
    pub waiting: usize,
}

impl Pool {
    /// Starts the workers.
    ///
    /// `deliver` runs on them; it must not block for long.
    ///
    /// # Errors
    ///
    /// When the system gives no more threads.
    pub fn start(
        invoker: Arc<dyn Invoker>,
        wanted: Workers,
        deliver: impl Fn(Decision) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let lanes = [(Lane::Brisk, "behaviour"), (Lane::Patient, "patient")];
        let threads = wanted.threads.max(1);
        let work = Arc::new(Work {
            queue: Mutex::new(Queue {
                turns: Turns::new(wanted.waiting),
                brisk: Idle::default(),
                patient: Idle::default(),
                closed: false,
            }),
            bells: (0..threads * lanes.len()).map(|_| Condvar::new()).collect(),
            started: Instant::now(),
            patience: wanted.patience,
            answering: AtomicBool::new(false),
            keeper: OnceLock::new(),
            napping: AtomicBool::new(false),
        });
        let deliver: Arc<dyn Fn(Decision) + Send + Sync> = Arc::new(deliver);
        let mut workers = Vec::new();
        for number in 0..threads {
            for (lane, name) in lanes {
                let (work, invoker, deliver) =
                    (Arc::clone(&work), Arc::clone(&invoker), Arc::clone(&deliver));
                let me = workers.len();
                let worker = thread::Builder::new()
                    .name(format!("{name}-{number}"))
                    .spawn(move || serve(&work, (lane, me), &*invoker, &*deliver))?;
                workers.push(worker);
            }
        }
        Ok(Self {
            invoker,
            work,
            workers,
        })
    }

    /// Runs an invocation here and now, if its tenant's have been brief for long enough to count on it; else it comes back. So does
    /// one that takes more than [`LEASH`] or [`LEASH_FUEL`] after all: nothing came of it, and a worker begins it again with
    /// the limits that are its own. The time that it took is the tenant's all the same.
    ///
    /// # Errors
    ///
    /// The invocation, for [`submit`](Self::submit).
    pub fn answer(&self, invocation: Invocation) -> Result<Decision, Box<Invocation>> {
        let began = self.work.now();
        if !self.work.lock().turns.is_brief(began, &invocation.tenant) {
            return Err(Box::new(invocation));
        }
        let before = processor::time().unwrap_or_default();
        self.work.answering.store(true, Ordering::Relaxed);
        let decision = decide(&*self.invoker, leashed(&invocation));
        self.work.answering.store(false, Ordering::Relaxed);
        let now = self.work.now();
        let took = now.saturating_sub(began);
        let cost = if took < SHORT {
            took
        } else {
            processor::time().unwrap_or_default().saturating_sub(before)
        };
        let cut_short = matches!(decision.result, Err(Failure::OutOfFuel | Failure::Overrun));
        // However little of the processor it got: who is cut short is not brief.
        let cost = if cut_short { cost.max(LEASH) } else { cost };
        let tenant = &invocation.tenant;
        self.work.lock().turns.done(now, tenant, Duration::ZERO, cost);
        if cut_short {
            return Err(Box::new(invocation));
        }
        Ok(decision)
    }

    /// Queues an invocation; never waits. A sleeping worker takes it after [`wake`](Self::wake).
    ///
    /// # Errors
    ///
    /// [`Saturated`] when the queue is full, with this invocation or another one.
    pub fn submit(&self, invocation: Invocation) -> Result<(), Saturated> {
        let now = self.work.now();
        let tenant = Arc::clone(&invocation.tenant);
        let mut queue = self.work.lock();
        let lost = queue.turns.push(now, &tenant, invocation);
        let waiting = queue.turns.waiting();
        lost.map_err(|lost| Saturated {
            invocation: Box::new(lost),
            waiting,
        })
    }

    /// Wakes sleeping workers, one for each small batch: most events take less time than waking somebody up. Call it
    /// when a batch is complete.
    pub fn wake(&self) {
        self.work.call(BATCH);
    }

    /// For one thread, which sleeps and helps in turns.
    pub fn keeper(&self) -> Keeper {
        Keeper(Arc::clone(&self.work))
    }

    /// Events that no worker has taken yet.
    pub fn waiting(&self) -> usize {
        self.work.lock().turns.waiting()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.work.lock().closed = true;
        self.work.bells.iter().for_each(Condvar::notify_one);
        for worker in self.workers.drain(..) {
            // A worker that panicked has said so already; there is nothing left to end.
            let _ = worker.join();
        }
    }
}

impl Keeper {
    /// Sleeps for a `tick`, or, while there is nothing to do, for a `nap` or until a worker is called.
    pub fn sleep(&self, tick: Duration, nap: Duration) {
        let work = &self.0;
        work.keeper.get_or_init(thread::current);
        work.napping.store(true, Ordering::Release);
        // Whoever calls a worker after this look sees the flag: both take the queue.
        if work.is_idle() {
            thread::park_timeout(nap);
        } else {
            thread::sleep(tick);
        }
        work.napping.store(false, Ordering::Release);
    }

    /// Wakes a worker for each event that waits.
    pub fn help(&self) {
        self.0.call(1);
    }
}

impl Work {
    /// Calls sleeping workers, one for so many events; those that were called already count.
    fn call(&self, each: usize) {
        self.ring(self.lock(), each);
    }

    fn ring(&self, mut queue: MutexGuard<'_, Queue>, each: usize) {
        let mut called = queue.call(Lane::Brisk, each);
        // Whose events are long is worth a worker for each.
        called.extend(queue.call(Lane::Patient, 1));
        drop(queue);
        if !called.is_empty()
            && self.napping.swap(false, Ordering::AcqRel)
            && let Some(keeper) = self.keeper.get()
        {
            keeper.unpark();
        }
        let bells = called.into_iter().filter_map(|worker| self.bells.get(worker));
        bells.for_each(Condvar::notify_one);
    }

    /// Whether nothing waits and nobody works.
    fn is_idle(&self) -> bool {
        let queue = self.lock();
        let asleep = queue.brisk.asleep.len() + queue.patient.asleep.len();
        asleep == self.bells.len() && queue.turns.waiting() == 0 && !self.answering.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// The next invocation, waiting for it; none when the pool is closed and nothing waits.
    fn next(&self, lane: Lane, me: usize) -> Option<Taken<Invocation>> {
        let bell = self.bells.get(me)?;
        let mut queue = self.lock();
        loop {
            if let Some(taken) = queue.turns.take(self.now(), lane) {
                return Some(taken);
            }
            if queue.closed {
                // The last ones leave nothing behind.
                return queue.turns.take(self.now(), lane.other());
            }
            queue.idle(lane).asleep.push(me);
            while !queue.closed && queue.idle(lane).asleep.contains(&me) {
                queue = bell.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            let idle = queue.idle(lane);
            idle.called = idle.called.saturating_sub(1);
        }
    }

    fn done(&self, lane: Lane, tenant: &Arc<str>, charged: Duration, cost: Duration) {
        let now = self.now();
        let mut queue = self.lock();
        let before = queue.turns.waiting_in(lane);
        queue.turns.done(now, tenant, charged, cost);
        // The tenant may have changed lanes with all that waits of it. Else whoever was needed has been called, and this
        // worker comes back itself.
        if queue.turns.waiting_in(lane) != before {
            self.ring(queue, BATCH);
        }
    }
}

impl Queue {
    fn idle(&mut self, lane: Lane) -> &mut Idle {
        match lane {
            Lane::Brisk => &mut self.brisk,
            Lane::Patient => &mut self.patient,
        }
    }

    /// Who of a lane's sleepers should come.
    fn call(&mut self, lane: Lane, each: usize) -> Vec<usize> {
        let waiting = self.turns.waiting_in(lane);
        let idle = self.idle(lane);
        let more = waiting.div_ceil(each).saturating_sub(idle.called);
        let called = idle.asleep.split_off(idle.asleep.len().saturating_sub(more));
        idle.called += called.len();
        called
    }
}

fn serve(work: &Work, (lane, me): (Lane, usize), invoker: &dyn Invoker, deliver: &dyn Fn(Decision)) {
    match lane {
        Lane::Brisk => processor::be_prompt(),
        Lane::Patient => processor::give_way(),
    }
    let mut taken_before = processor::time().unwrap_or_default();
    while let Some(Taken {
        event,
        tenant,
        waited,
        charged,
    }) = work.next(lane, me)
    {
        let decision = if waited < work.patience {
            decide(invoker, event)
        } else {
            none(event.ask, Failure::Overrun)
        };
        // Sleeping takes nothing, so what this thread has taken since is the event's.
        let taken = processor::time().unwrap_or_default();
        work.done(lane, &tenant, charged, taken.saturating_sub(taken_before));
        taken_before = taken;
        deliver(decision);
    }
}

fn decide(invoker: &dyn Invoker, invocation: Invocation) -> Decision {
    let ask = invocation.ask;
    catch_unwind(AssertUnwindSafe(|| invoker.invoke(invocation))).unwrap_or_else(|_| {
        tracing::error!(ask = ask.0, "the host failed while it ran a behaviour");
        none(
            ask,
            Failure::Trapped("the host failed while it ran the module".into()),
        )
    })
}

/// The same event with so little to use up that whoever asks can wait for it.
fn leashed(invocation: &Invocation) -> Invocation {
    let own = invocation.limits;
    Invocation {
        limits: Limits {
            fuel: own.fuel.min(LEASH_FUEL),
            deadline: own.deadline.min(LEASH),
            ..own
        },
        ..invocation.clone()
    }
}

/// A decision that was not taken.
fn none(ask: contract::AskId, failure: Failure) -> Decision {
    Decision {
        ask,
        result: Err(failure),
        record: Record::default(),
        spent: Spent::default(),
    }
}
