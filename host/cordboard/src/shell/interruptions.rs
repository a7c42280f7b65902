//! Ctrl-C and a termination request.

use anyhow::{Context, Result};
use nix::sys::signal::{SigSet, Signal as NixSignal};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

const CANNOT: &str = "cannot listen to signals";

/// Lets the signals through that whoever started us may have held back for itself. To be called before any thread is
/// started, because threads inherit what is held back.
///
/// # Errors
///
/// The system's.
pub fn allow() -> Result<()> {
    SigSet::from_iter([NixSignal::SIGINT, NixSignal::SIGTERM])
        .thread_unblock()
        .context(CANNOT)
}

/// Listened to before anybody is told that the exchange is there.
pub struct Interruptions {
    interrupt: Signal,
    terminate: Signal,
}

impl Interruptions {
    /// # Errors
    ///
    /// The system's.
    pub fn listen(tokio: &Runtime) -> Result<Self> {
        let _entered = tokio.enter();
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context(CANNOT)?,
            terminate: signal(SignalKind::terminate()).context(CANNOT)?,
        })
    }

    /// Waits for one of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
