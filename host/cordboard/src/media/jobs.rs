//! Work for a media thread, from the hand that gives it to the one that takes it, and what it tells of itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::time::Duration;

use base::{Moment, Random};
use crossbeam_channel::{Receiver, Sender, bounded};
use media::{Command, Event, PortId};
use mio::{Token, Waker};

/// Jobs that wait at most; a call makes about ten.
const CAPACITY: usize = 65_536;

pub(super) const BELL: Token = Token(usize::MAX);

/// What a media thread needs besides sockets.
pub struct MediaConfig {
    /// Shown by the operating system.
    pub name: String,
    /// Seeds SSRCs and sequence numbers: from the system's entropy.
    pub random: Random,
    /// The clock of the whole process.
    pub clock: Box<dyn Fn() -> Moment + Send>,
    /// Takes what happened to the exchange; false when that has no room: it is offered again. Never blocks.
    pub events: Box<dyn FnMut(&Notice) -> bool + Send>,
}

/// What a media thread has to tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    Event(Event),
    /// The socket pair of this port is not to be had.
    BindFailed(PortId),
}

/// The thread is too far behind, or has stopped; the command was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the media thread takes no more commands")]
pub struct Overloaded;

pub(super) enum Job {
    Bind(PortId, SocketAddr),
    Command(Command),
}

/// Counters for metrics, as of the last second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    pub packets_in: u64,
    pub packets_out: u64,
    /// Not taken by the kernel.
    pub unsent: u64,
    /// Processor time that the thread has used since its start.
    pub cpu: Duration,
    /// Open ports.
    pub ports: u64,
    /// Commands refused because too many waited.
    pub refused: u64,
    /// Events dropped because the exchange took none for long.
    pub events_lost: u64,
}

#[derive(Default)]
pub(super) struct Shared {
    /// The thread is awake, or will be: it looks before it sleeps, so nobody need ring.
    pub awake: AtomicBool,
    pub stop: AtomicBool,
    pub packets_in: AtomicU64,
    pub packets_out: AtomicU64,
    pub unsent: AtomicU64,
    pub cpu_micros: AtomicU64,
    pub ports: AtomicU64,
    pub refused: AtomicU64,
    pub events_lost: AtomicU64,
}

/// Hands work to a media thread; cheap to clone.
#[derive(Clone)]
pub struct MediaHandle {
    jobs: Sender<Job>,
    waker: Arc<Waker>,
    shared: Arc<Shared>,
}

/// The two ends of what a media thread is to do.
pub(super) fn jobs(waker: Waker) -> (MediaHandle, Waiting) {
    let (jobs, taken) = bounded(CAPACITY);
    let shared = Arc::<Shared>::default();
    let waiting = Waiting {
        jobs: taken,
        shared: Arc::clone(&shared),
    };
    let waker = Arc::new(waker);
    (MediaHandle { jobs, waker, shared }, waiting)
}

impl MediaHandle {
    /// Has a socket pair bound for a port that is opened next: RTP at `local`, RTCP on the next port. Failure is told by
    /// [`Notice::BindFailed`].
    ///
    /// # Errors
    ///
    /// [`Overloaded`]; treat it as a failed bind.
    pub fn bind(&self, port: PortId, local: SocketAddr) -> Result<(), Overloaded> {
        self.submit(Job::Bind(port, local))
    }

    /// Hands a command over.
    ///
    /// # Errors
    ///
    /// [`Overloaded`]: the command is lost.
    pub fn command(&self, command: Command) -> Result<(), Overloaded> {
        self.submit(Job::Command(command))
    }

    pub fn load(&self) -> Load {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Load {
            packets_in: read(&self.shared.packets_in),
            packets_out: read(&self.shared.packets_out),
            unsent: read(&self.shared.unsent),
            cpu: Duration::from_micros(read(&self.shared.cpu_micros)),
            ports: read(&self.shared.ports),
            refused: read(&self.shared.refused),
            events_lost: read(&self.shared.events_lost),
        }
    }

    fn submit(&self, job: Job) -> Result<(), Overloaded> {
        if self.jobs.try_send(job).is_err() {
            self.shared.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Overloaded);
        }
        Ok(())
    }

    /// Asks the thread to end.
    pub(super) fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        self.wake();
    }

    /// Has the thread look at what was handed over, if it sleeps. Call it when a batch is complete.
    pub fn wake(&self) {
        // Between what was sent and the look at the flag; `rest` has the other half.
        fence(Ordering::SeqCst);
        if !self.shared.awake.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "the media thread cannot be woken");
        }
    }
}

/// The thread's end of the channel.
pub(super) struct Waiting {
    jobs: Receiver<Job>,
    pub shared: Arc<Shared>,
}

impl Waiting {
    /// The next job; none when all are taken.
    pub fn next(&self) -> Option<Job> {
        self.jobs.try_recv().ok()
    }

    /// To be called before sleeping: from now on whoever wakes the thread rings. False when jobs wait already.
    pub fn rest(&self) -> bool {
        self.shared.awake.store(false, Ordering::Release);
        fence(Ordering::SeqCst);
        if self.jobs.is_empty() && !self.is_stopped() {
            return true;
        }
        self.shared.awake.store(true, Ordering::Release);
        false
    }

    /// To be called after sleeping.
    pub fn wake(&self) {
        self.shared.awake.store(true, Ordering::Release);
    }

    pub fn is_stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Acquire)
    }
}
