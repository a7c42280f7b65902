use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, TrySendError, bounded};

use crate::Revision;

/// A committed change of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub key: String,
    pub revision: Revision,
    /// `None`: deleted.
    pub value: Option<Bytes>,
}

/// Why a watch gives nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchEnd {
    /// The watcher was slower than the changes and some were dropped: list again, watch again.
    #[error("the watch fell behind and was ended: list again, then watch again")]
    Lagged,
    #[error("the store was closed")]
    Closed,
}

/// Changes under a prefix, in commit order, without gaps until it ends.
///
/// Watch first and list afterwards: a change that the listing already holds then comes again, none is missed.
/// A slow watcher never holds up a write; it is cut off with [`WatchEnd::Lagged`] after what fitted its channel.
pub struct Watch {
    changes: Receiver<Change>,
    lagged: Arc<AtomicBool>,
}

impl Watch {
    /// The next change if there is one.
    ///
    /// # Errors
    ///
    /// [`WatchEnd`] once everything delivered has been taken.
    pub fn try_next(&self) -> Result<Option<Change>, WatchEnd> {
        match self.changes.try_recv() {
            Ok(change) => Ok(Some(change)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(self.end()),
        }
    }

    /// Waits for the next change for at most `longest`; `None` when that time passed.
    ///
    /// # Errors
    ///
    /// As [`Watch::try_next`].
    pub fn next(&self, longest: Duration) -> Result<Option<Change>, WatchEnd> {
        match self.changes.recv_timeout(longest) {
            Ok(change) => Ok(Some(change)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(self.end()),
        }
    }

    fn end(&self) -> WatchEnd {
        if self.lagged.load(Ordering::Acquire) {
            WatchEnd::Lagged
        } else {
            WatchEnd::Closed
        }
    }
}

/// The store's side of all watches.
#[derive(Default)]
pub(crate) struct Watches(Vec<Watcher>);

struct Watcher {
    prefix: String,
    changes: Sender<Change>,
    lagged: Arc<AtomicBool>,
}

impl Watches {
    pub fn add(&mut self, prefix: &str, capacity: usize) -> Watch {
        let (sender, receiver) = bounded(capacity.max(1));
        let lagged = Arc::new(AtomicBool::new(false));
        self.0.push(Watcher {
            prefix: prefix.to_owned(),
            changes: sender,
            lagged: lagged.clone(),
        });
        Watch {
            changes: receiver,
            lagged,
        }
    }

    /// Without watchers nobody need collect changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn publish(&mut self, changes: &[Change]) {
        self.0.retain(|watcher| watcher.deliver(changes));
    }

    /// Ends every watch as [`WatchEnd::Closed`].
    pub fn close(&mut self) {
        self.0.clear();
    }
}

impl Watcher {
    /// False once the watcher is gone or too slow.
    fn deliver(&self, changes: &[Change]) -> bool {
        changes
            .iter()
            .filter(|change| change.key.starts_with(&self.prefix))
            .all(|change| match self.changes.try_send(change.clone()) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    self.lagged.store(true, Ordering::Release);
                    false
                }
                Err(TrySendError::Disconnected(_)) => false,
            })
    }
}
