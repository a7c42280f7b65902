use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{io, mem};

use base::Moment;
use crossbeam_channel::{Receiver, RecvError, Sender, TryRecvError, TrySendError, bounded};

use crate::{Error, Fence, Group, GroupCommit, GroupLimits, Store, Write};

/// Submissions that may wait for the thread. At several thousand a second this is more than a second of a stuck
/// disk; then [`Overloaded`] tells the shell to refuse new calls instead of filling the memory.
const QUEUE: usize = 8_192;

/// Writes held while the disk fails, before the queue is left to fill.
const HELD: usize = 200_000;

/// Between attempts while the disk fails.
const RETRY: Duration = Duration::from_millis(500);

/// Told whether the writes are durable. Runs on the writer's thread: hand over, do not work.
type Ticket = Box<dyn FnOnce(Result<(), &Error>) + Send>;

/// Writes for the [`Writer`], and who wants to know.
pub struct Submission {
    writes: Vec<Write>,
    ticket: Option<Ticket>,
    records: bool,
}

impl Submission {
    /// Writes of things that need not wait: a call goes on while they are on their way.
    pub fn new(writes: Vec<Write>) -> Self {
        Self {
            writes,
            ticket: None,
            records: false,
        }
    }

    /// Records of what is over: they wait for longest, or until something else is written.
    pub fn records(writes: Vec<Write>) -> Self {
        Self {
            records: true,
            ..Self::new(writes)
        }
    }

    /// Writes that are acknowledged to somebody, a REGISTER's 200: `durable` is called with `Ok` once they are on the
    /// disk, or with the error of the attempt that failed. After an error the writes are tried again all the same.
    pub fn acknowledged(
        writes: Vec<Write>,
        durable: impl FnOnce(Result<(), &Error>) + Send + 'static,
    ) -> Self {
        Self {
            writes,
            ticket: Some(Box::new(durable)),
            records: false,
        }
    }

    /// The writes, to hold them for later; whoever waits for them is not told any more.
    pub fn into_writes(self) -> Vec<Write> {
        self.writes
    }
}

/// The disk does not keep up: the submission comes back.
#[derive(thiserror::Error)]
#[error("the store does not keep up with the writes")]
pub struct Overloaded(pub Submission);

impl std::fmt::Debug for Overloaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overloaded")
            .field("writes", &self.0.writes.len())
            .finish_non_exhaustive()
    }
}

/// Counters of a [`Writer`] since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterStats {
    pub commits: u64,
    /// Writes that reached the disk.
    pub writes: u64,
    /// Writes saved because a newer one to the same key came in time.
    pub coalesced: u64,
    /// Commits that failed and were tried again.
    pub failures: u64,
    /// Duration of the last commit.
    pub last_commit: Duration,
    /// The last commit failed: what is submitted is kept in memory only.
    pub failing: bool,
}

#[derive(Default)]
struct Counters {
    commits: AtomicU64,
    writes: AtomicU64,
    coalesced: AtomicU64,
    failures: AtomicU64,
    last_commit_micros: AtomicU64,
    failing: AtomicBool,
    closing: AtomicBool,
    /// The thread sleeps for longer than anything but records may wait.
    fast_asleep: AtomicBool,
}

/// A thread that commits submitted writes in groups.
///
/// Submissions take effect in order. Dropping it commits what is left and waits for that.
pub struct Writer {
    submissions: Option<Sender<Submission>>,
    counters: Arc<Counters>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. With a `fence`, every group is refused once the lease was taken by another.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start(store: Arc<dyn Store>, limits: GroupLimits, fence: Option<Fence>) -> io::Result<Self> {
        let (sender, submissions) = bounded(QUEUE);
        let counters = Arc::new(Counters::default());
        let work = Work {
            store,
            fence,
            submissions,
            group: GroupCommit::new(limits),
            counters: counters.clone(),
            began: Instant::now(),
        };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work.run())?;
        Ok(Self {
            submissions: Some(sender),
            counters,
            thread: Some(thread),
        })
    }

    /// Hands writes over without waiting.
    ///
    /// # Errors
    ///
    /// [`Overloaded`] gives the submission back when the queue is full.
    pub fn submit(&self, submission: Submission) -> Result<(), Box<Overloaded>> {
        let Some(submissions) = &self.submissions else {
            return Err(Box::new(Overloaded(submission)));
        };
        let (somebody_waits, records) = (submission.ticket.is_some(), submission.records);
        submissions.try_send(submission).map_err(|error| match error {
            TrySendError::Full(submission) | TrySendError::Disconnected(submission) => {
                Box::new(Overloaded(submission))
            }
        })?;
        // Between what was sent and the look at the flag; the thread has the other half.
        fence(Ordering::SeqCst);
        if somebody_waits || (!records && self.counters.fast_asleep.swap(false, Ordering::AcqRel)) {
            self.wake();
        }
        Ok(())
    }

    /// The thread looks at the queue now, not only when its group is due.
    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Waits until everything submitted so far is durable; false when the disk failed.
    pub fn flush(&self) -> bool {
        let (tell, told) = mpsc::channel();
        let submission = Submission::acknowledged(Vec::new(), move |result| {
            // Nobody listens only if this thread is gone.
            let _ = tell.send(result.is_ok());
        });
        let sent = self
            .submissions
            .as_ref()
            .is_some_and(|queue| queue.send(submission).is_ok());
        self.wake();
        sent && told.recv().unwrap_or(false)
    }

    pub fn stats(&self) -> WriterStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WriterStats {
            commits: count(&self.counters.commits),
            writes: count(&self.counters.writes),
            coalesced: count(&self.counters.coalesced),
            failures: count(&self.counters.failures),
            last_commit: Duration::from_micros(count(&self.counters.last_commit_micros)),
            failing: self.counters.failing.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.counters.closing.store(true, Ordering::Relaxed);
        self.submissions = None;
        self.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer thread panicked");
        }
    }
}

/// The thread's side.
struct Work {
    store: Arc<dyn Store>,
    fence: Option<Fence>,
    submissions: Receiver<Submission>,
    group: GroupCommit<Ticket>,
    counters: Arc<Counters>,
    began: Instant,
}

impl Work {
    fn run(mut self) {
        while self.gather() {
            if let Some(group) = self.group.take(self.now()) {
                self.commit(group);
            }
        }
        if let Some(group) = self.group.take_all() {
            let lost = group.writes.len();
            if !self.commit(group) {
                tracing::error!(lost, "the last writes before the end could not be stored");
            }
        }
    }

    /// Only differences matter here, so time counts from the start.
    fn now(&self) -> Moment {
        Moment::ZERO + self.began.elapsed()
    }

    /// Takes submissions until a group is due; false once the writer is closed and the queue empty.
    fn gather(&mut self) -> bool {
        loop {
            let now = self.now();
            let due = self.group.next_timeout();
            if due.is_some_and(|due| due <= now) {
                self.take_waiting();
                return true;
            }
            if self.group.len() >= HELD && !self.counters.closing.load(Ordering::Relaxed) {
                // The disk fails. Leave the queue alone, so that it fills and submitters notice.
                thread::sleep(due.map_or(RETRY, |due| due - now).min(RETRY));
                continue;
            }
            match self.submissions.try_recv() {
                Ok(submission) => self.add(submission),
                Err(TryRecvError::Disconnected) => return false,
                // More gather while this thread sleeps: waking up for each would cost more than keeping it.
                Err(TryRecvError::Empty) if let Some(due) = due => self.sleep(now, due),
                Err(TryRecvError::Empty) => match self.submissions.recv() {
                    Ok(submission) => self.add(submission),
                    Err(RecvError) => return false,
                },
            }
        }
    }

    fn sleep(&self, now: Moment, due: Moment) {
        let fast_asleep = &self.counters.fast_asleep;
        fast_asleep.store(self.group.is_patient(now), Ordering::Release);
        fence(Ordering::SeqCst);
        if self.submissions.is_empty() {
            thread::park_timeout(due - now);
        }
        fast_asleep.store(false, Ordering::Release);
    }

    /// What came while this thread slept goes with the group that is due, up to a queue's length.
    fn take_waiting(&mut self) {
        for _ in 0..self.submissions.len() {
            match self.submissions.try_recv() {
                Ok(submission) => self.add(submission),
                Err(_) => break,
            }
        }
    }

    fn add(&mut self, submission: Submission) {
        let now = self.now();
        if submission.records {
            self.group.add_records(now, submission.writes);
        } else {
            self.group.add(now, submission.writes, submission.ticket);
        }
        self.counters
            .coalesced
            .store(self.group.coalesced(), Ordering::Relaxed);
    }

    fn commit(&mut self, group: Group<Ticket>) -> bool {
        let Group { writes, tickets } = group;
        let began = Instant::now();
        let result = match writes.as_slice() {
            [] => Ok(()),
            writes => self.store.write_batch(writes, self.fence.as_ref()).map(drop),
        };
        self.count(&result, writes.len(), began.elapsed());
        tickets
            .into_iter()
            .for_each(|ticket| ticket(result.as_ref().copied()));
        match result {
            Ok(()) => true,
            Err(error) => {
                self.keep_for_later(&error, writes);
                false
            }
        }
    }

    fn keep_for_later(&mut self, error: &Error, mut writes: Vec<Write>) {
        tracing::error!(%error, writes = writes.len(), "a group of writes could not be stored");
        // What can never be stored would hold up everything behind it for ever.
        if matches!(error, Error::TooLarge { .. } | Error::InvalidName { .. }) {
            writes = self.one_by_one(mem::take(&mut writes));
        }
        if !matches!(error, Error::LeaseLost { .. }) && !writes.is_empty() {
            let retry_at = self.now() + RETRY;
            self.group.restore(writes, retry_at);
        }
    }

    /// Stores each write of a refused group on its own; drops, with a message, what is refused by itself.
    fn one_by_one(&self, writes: Vec<Write>) -> Vec<Write> {
        let mut failed = Vec::new();
        for write in writes {
            match self
                .store
                .write_batch(std::slice::from_ref(&write), self.fence.as_ref())
            {
                Ok(_) => {}
                Err(error @ (Error::TooLarge { .. } | Error::InvalidName { .. })) => {
                    tracing::error!(%error, "a write was dropped");
                }
                Err(_) => failed.push(write),
            }
        }
        failed
    }

    fn count(&self, result: &Result<(), Error>, writes: usize, took: Duration) {
        let counters = &self.counters;
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        counters.last_commit_micros.store(micros, Ordering::Relaxed);
        counters.failing.store(result.is_err(), Ordering::Relaxed);
        if result.is_ok() {
            counters.commits.fetch_add(1, Ordering::Relaxed);
            counters.writes.fetch_add(writes as u64, Ordering::Relaxed);
        } else {
            counters.failures.fetch_add(1, Ordering::Relaxed);
        }
    }
}
