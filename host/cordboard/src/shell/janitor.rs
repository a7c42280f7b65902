//! Removes what nobody wants to be kept any longer: traces, detail records, audit entries, sessions of the journal.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::{Duration, Instant};

use api::hub::{Keep, clear_journals, clear_old};
use store::Store;

use super::clock::Clock;
use super::office::Office;

/// Between two rounds. A tenant's journal may be larger than it wants by what comes in meanwhile.
const ROUND: Duration = Duration::from_secs(600);
/// How soon a stop is noticed.
const LOOK: Duration = Duration::from_millis(200);

/// # Errors
///
/// The system gives no thread.
pub fn start(
    office: Arc<Office>,
    store: Arc<dyn Store>,
    clock: Clock,
    stop: Arc<AtomicBool>,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name("janitor".to_owned()).spawn(move || {
        let mut latest = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            sleep(LOOK);
            if latest.elapsed() >= ROUND {
                round(&office, &*store, clock);
                latest = Instant::now();
            }
        }
    })
}

fn round(office: &Office, store: &dyn Store, clock: Clock) {
    let now = clock.now();
    let mut result = clear_old(store, &Keep::default(), now);
    if let Some(rules) = office.journal_rules() {
        result = result.and(clear_journals(store, &|tenant| rules.get(tenant).copied(), now));
    }
    if let Err(error) = result {
        tracing::error!(%error, "old records cannot be removed");
    }
}
