//! Threads beside the exchange's own: workers for behaviours, media, deadlines, reports. All end with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;
use base::Random;
use behaviours::{Invoker, Keeper, Pool, Runtime, Workers};
use exchange::Input;

use super::clock::Clock;
use super::inbox::Inbox;
use super::reports::Reported;
use super::workshop::TICK;
use crate::config::Config;
use crate::media::{MediaConfig, MediaThread, Notice};

/// How long reports gather while one waits: waking up for each costs more than most of them do. Who watches live does not
/// notice, and what is printed is stored seconds later.
const GATHER: Duration = Duration::from_millis(20);

/// How often deadlines are moved on while no worker works: waking up costs as much as a few messages do.
const NAP: Duration = Duration::from_millis(20);

/// How long nothing is reported before the traces of ended calls are stored all the same.
const IDLE: Duration = Duration::from_secs(1);

/// How often histograms are brought up to date.
const UPKEEP: Duration = Duration::from_secs(5);

/// Events that may wait for the workers.
const EVENTS: usize = 16_384;

pub(super) fn start_pool(config: &Config, invoker: Arc<dyn Invoker>, inbox: Inbox<Input>) -> Result<Pool> {
    let workers = Workers {
        threads: workers(config),
        waiting: EVENTS,
        patience: exchange::Config::default().patience,
    };
    Ok(Pool::start(invoker, workers, move |decision| {
        // A full inbox counts what it refuses; the exchange gives up waiting for the answer.
        let _ = inbox.send(Input::Decision(decision));
    })?)
}

/// Workers for behaviours, as configured.
pub(super) fn workers(config: &Config) -> usize {
    match config.behaviours.threads {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        threads => threads,
    }
}

pub(super) fn start_media(clock: Clock, random: Random, inbox: Inbox<Input>) -> Result<MediaThread> {
    Ok(MediaThread::start(MediaConfig {
        name: "media".to_owned(),
        random,
        clock: Box::new(move || clock.now()),
        events: Box::new(move |notice| {
            let input = match notice {
                Notice::Event(event) => Input::Media(event.clone()),
                Notice::BindFailed(port) => Input::BindFailed(*port),
            };
            inbox.send(input).is_ok()
        }),
    })?)
}

/// Moves the deadlines of events on, and sees to it that none waits behind a slow one.
pub(super) fn ticker(runtime: Arc<Runtime>, keeper: Keeper, stop: Arc<AtomicBool>) -> Result<JoinHandle<()>> {
    Ok(std::thread::Builder::new()
        .name("deadlines".to_owned())
        .spawn(move || {
            let mut told = Instant::now();
            while !stop.load(Ordering::Relaxed) {
                keeper.sleep(TICK, NAP);
                while told.elapsed() >= TICK {
                    told += TICK;
                    runtime.tick();
                }
                keeper.help();
            }
        })?)
}

/// Ends when the exchange's thread, which holds the other end, does.
///
/// Histograms keep every value until `upkeep` sorts them in.
pub(super) fn reporter(
    hub: api::hub::Hub,
    clock: Clock,
    reported: Reported,
    upkeep: impl Fn() + Send + 'static,
) -> Result<JoinHandle<()>> {
    Ok(std::thread::Builder::new()
        .name("reports".to_owned())
        .spawn(move || {
            let mut kept_up = clock.now();
            let mut reports = Vec::new();
            while reported.take(&mut reports, IDLE) {
                let now = clock.now();
                if now.since(kept_up) >= UPKEEP {
                    kept_up = now;
                    upkeep();
                }
                let patient = reports.is_empty();
                reports.drain(..).for_each(|report| hub.report(report));
                hub.tidy(now);
                if !patient {
                    std::thread::sleep(GATHER);
                }
            }
            hub.tidy(base::Moment::MAX);
        })?)
}
