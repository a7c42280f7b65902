//! Starting and stopping a media thread.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use mio::{Poll, Waker};

use super::jobs::{BELL, MediaConfig, MediaHandle, jobs};
use super::run::Runner;

/// A running media thread. Dropping it stops it.
pub struct MediaThread {
    handle: MediaHandle,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl MediaThread {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the system gives no thread or no poll.
    pub fn start(config: MediaConfig) -> io::Result<Self> {
        let poll = Poll::new()?;
        let (handle, waiting) = jobs(Waker::new(poll.registry(), BELL)?);
        let name = config.name.clone();
        // The reader's buffers hold pointers into themselves: they are made where they are used.
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            behaviours::be_prompt();
            run_on(Runner::new(poll, config, waiting))
        })?;
        Ok(Self {
            handle,
            thread: Some(thread),
        })
    }

    pub fn handle(&self) -> MediaHandle {
        self.handle.clone()
    }

    /// Stops the thread and waits for it. Ports are dropped as they are.
    ///
    /// # Errors
    ///
    /// What made it stop before it was asked to.
    pub fn stop(mut self) -> io::Result<()> {
        self.ask_to_stop();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(io::Error::other("the media thread panicked")),
            None => Ok(()),
        }
    }

    fn ask_to_stop(&self) {
        self.handle.stop();
    }
}

impl Drop for MediaThread {
    fn drop(&mut self) {
        self.ask_to_stop();
        if let Some(thread) = self.thread.take() {
            // Whatever it stopped with has been logged by itself.
            drop(thread.join());
        }
    }
}

/// Runs to the end, through faults of the engine: a panic costs the calls of this thread their media, and
/// nothing else. New ports work at once.
fn run_on(mut runner: Runner) -> io::Result<()> {
    loop {
        match catch_unwind(AssertUnwindSafe(|| runner.run())) {
            Ok(result) => return result,
            Err(_) => {
                tracing::error!("the media engine panicked and starts anew: its calls have lost their media");
                runner.start_over();
            }
        }
    }
}
