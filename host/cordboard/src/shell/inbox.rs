//! The one way into the exchange's thread for all that is not UDP.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use mio::Waker;

/// What waits at most. A thousand calls a second make a few thousand inputs; beyond this the exchange
/// is seconds behind, and more waiting helps nobody.
const CAPACITY: usize = 65_536;

/// Hands inputs to the exchange's thread and wakes it; cheap to clone.
pub struct Inbox<T> {
    sender: Sender<T>,
    bell: Arc<Bell>,
}

struct Bell {
    waker: Waker,
    /// The exchange's thread is awake, or will be: it looks before it sleeps, so nobody need ring.
    awake: AtomicBool,
    /// The exchange's thread, once it has dozed.
    dozer: OnceLock<Thread>,
    refused: AtomicU64,
}

/// The receiving end, held by the exchange's thread.
pub struct Outlet<T> {
    receiver: Receiver<T>,
    bell: Arc<Bell>,
}

/// The exchange is too far behind, or has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the exchange takes no more work right now")]
pub struct Refused;

pub fn inbox<T>(waker: Waker) -> (Inbox<T>, Outlet<T>) {
    let (sender, receiver) = bounded(CAPACITY);
    let bell = Arc::new(Bell {
        waker,
        awake: AtomicBool::new(true),
        dozer: OnceLock::new(),
        refused: AtomicU64::new(0),
    });
    (
        Inbox {
            sender,
            bell: Arc::clone(&bell),
        },
        Outlet { receiver, bell },
    )
}

impl<T> Inbox<T> {
    /// Never blocks.
    ///
    /// # Errors
    ///
    /// [`Refused`] when the exchange is too far behind; the input is dropped and counted.
    pub fn send(&self, input: T) -> Result<(), Refused> {
        match self.sender.try_send(input) {
            Ok(()) => {
                self.ring();
                Ok(())
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.bell.refused.fetch_add(1, Ordering::Relaxed);
                Err(Refused)
            }
        }
    }

    /// The same for what is rare and somebody waits for: a dozing exchange takes it at once, too.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_urgent(&self, input: T) -> Result<(), Refused> {
        self.send(input)?;
        if let Some(dozer) = self.bell.dozer.get() {
            dozer.unpark();
        }
        Ok(())
    }

    fn ring(&self) {
        // Between what was sent and the look at the flag; `rest` has the other half.
        fence(Ordering::SeqCst);
        if !self.bell.awake.swap(true, Ordering::AcqRel)
            && let Err(error) = self.bell.waker.wake()
        {
            tracing::error!(%error, "the exchange's thread cannot be woken");
        }
    }
}

impl<T> Clone for Inbox<T> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            bell: Arc::clone(&self.bell),
        }
    }
}

impl<T> Outlet<T> {
    /// Takes up to `most` inputs.
    pub fn take(&self, most: usize, mut each: impl FnMut(T)) -> usize {
        let mut taken = 0;
        while taken < most {
            let Ok(input) = self.receiver.try_recv() else {
                break;
            };
            each(input);
            taken += 1;
        }
        taken
    }

    /// Lets inputs gather for so long, or until an urgent one comes.
    pub fn doze(&self, most: Duration) {
        self.bell.dozer.get_or_init(thread::current);
        thread::park_timeout(most);
    }

    /// To be called before sleeping: from now on senders ring. False when something waits already.
    pub fn rest(&self) -> bool {
        self.bell.awake.store(false, Ordering::Release);
        fence(Ordering::SeqCst);
        if self.receiver.is_empty() {
            return true;
        }
        self.wake();
        false
    }

    /// To be called after sleeping: nobody need ring any more.
    pub fn wake(&self) {
        self.bell.awake.store(true, Ordering::Release);
    }

    /// Inputs dropped since the start because the exchange was too far behind.
    pub fn refused(&self) -> u64 {
        self.bell.refused.load(Ordering::Relaxed)
    }
}
