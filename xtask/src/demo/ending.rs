//! Ctrl-C ends the demo as its end would: the exchange is stopped, its folder goes, the exit status says that all is well.

use anyhow::{Context, Result};
use nix::sys::signal::{SigSet, Signal};

use super::{Shared, take};

/// Call it before other threads are started: they inherit that these signals are left to one thread.
pub(super) fn on_ctrl_c(house: Shared) -> Result<()> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    signals.thread_block().context("cannot take Ctrl-C")?;
    std::thread::spawn(move || {
        if signals.wait().is_ok() {
            println!("\nStopping the exchange …");
            drop(take(&house));
            println!("Done.");
            std::process::exit(0);
        }
    });
    Ok(())
}
