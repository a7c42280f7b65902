//! Starting and stopping a whole exchange.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use base::Random;
use behaviours::Runtime;
use contract::{Invocation, ModuleDigest};
use exchange::directory::TenantView;
use exchange::{Exchange, Input};
use sip::endpoint::{Path as SipPath, Transport};
use store::{EmbeddedStore, GroupLimits, OpenOptions, Schema, Store, Writer};

use super::clock::Clock;
use super::core::Core;
use super::interruptions::{self, Interruptions};
use super::janitor;
use super::lazily::Lazily;
use super::listening::{listen, tcp_inputs};
use super::names::{Names, Resolver};
use super::office::{Inner, Office};
use super::preparing::Preparing;
use super::reports::reports;
use super::screens::Screens;
use super::stored;
use super::tcp::Tcp;
use super::threads::{reporter, start_media, start_pool, ticker, workers};
use super::wiring::{self, Replies, Wiring};
use super::workshop::{TICK, Workshop};
use crate::config::{Config, Metrics};
use crate::media::MediaThread;
use crate::memory;

/// How long changes of calls gather before they are written, and then again before they are committed: together what a
/// crash may cost. Of a call that is over by then nothing is ever written.
const KEEP_AFTER: Duration = Duration::from_millis(50);

/// How long records of what is over may wait to be written, if nothing else is: a commit costs as much as three calls.
const RECORDS: Duration = Duration::from_millis(300);

/// How often memory that nobody needs any more goes back to the system.
const TIDY: Duration = Duration::from_secs(5);

/// Instances beside those of the workers: for uploads, checks and replays.
const SPARE_INSTANCES: usize = 32;

/// A running exchange. Everything stops when it is stopped; dropping it without leaves threads behind.
pub struct Server {
    pub sip: Vec<SocketAddr>,
    pub api: SocketAddr,
    /// Where the metrics are, when that is an address of their own.
    pub metrics: Option<SocketAddr>,
    /// Where the first operator's token was written, when this start made one.
    pub new_token: Option<std::path::PathBuf>,
    stop: Arc<AtomicBool>,
    exchange: JoinHandle<Result<()>>,
    helpers: Vec<JoinHandle<()>>,
    media: MediaThread,
    interruptions: Interruptions,
    tokio: tokio::runtime::Runtime,
}

impl Server {
    /// # Errors
    ///
    /// What could not be had, and which setting names it.
    pub fn start(config: &Config) -> Result<Self> {
        std::fs::create_dir_all(&config.data)
            .with_context(|| format!("cannot make the folder `data` = {}", config.data.display()))?;
        interruptions::allow()?;
        let clock = Clock::start();
        let mut random = Random::from_entropy(entropy()?);
        let stop = Arc::new(AtomicBool::new(false));
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let interruptions = Interruptions::listen(&tokio)?;
        let recorded = metrics_exporter_prometheus::PrometheusBuilder::new()
            .install_recorder()
            .context("cannot start the metrics")?;
        let upkeep = recorded.clone();
        let metrics: Arc<dyn Fn() -> String + Send + Sync> = Arc::new(move || recorded.render());

        memory::keep_nothing();
        // Opened for this alone: all of it went through the store's cache, and hardly any is read again.
        let entries = stored::entries(&open(&config.data)?)?;
        let store: Arc<dyn Store> = Arc::new(open(&config.data)?);
        let writer = Arc::new(Writer::start(Arc::clone(&store), groups(), None)?);

        let runtime = Arc::new(Runtime::new(behaviours::Config {
            tick: TICK,
            room: config.behaviours.room << 20,
            instances: u32::try_from(2 * workers(config) + SPARE_INSTANCES)?,
            ..behaviours::Config::default()
        })?);
        let workshop = Arc::new(Workshop::new(Arc::clone(&runtime), &config.data)?);

        let (mut core, inbox) = Core::new()?;
        let tcp = Tcp::new(tokio.handle().clone(), tcp_inputs(inbox.clone()));
        let sip = listen(config, &mut core, &tcp, &tokio)?;
        let media = start_media(clock, random.fork(), inbox.clone())?;
        let lazily = Lazily {
            workshop: Arc::clone(&workshop),
            store: Arc::clone(&store),
        };
        let pool = Arc::new(start_pool(config, Arc::new(lazily), inbox.clone())?);
        let keeper = pool.keeper();
        let (reports, reported) = reports();
        let replies = Replies::default();

        let mut exchange = Exchange::new(exchange_config(config, &sip), random.fork());
        exchange.restore(clock.now(), entries);
        let tenants: Vec<Arc<TenantView>> = exchange.directory().tenants().cloned().collect();
        let (preparing, prepares) = {
            let (pool, inbox) = (Arc::clone(&pool), inbox.clone());
            let run = move |invocation: Invocation| {
                wiring::submit(&pool, &inbox, invocation);
                pool.wake();
            };
            Preparing::start(Arc::clone(&workshop), Arc::clone(&store), used(&tenants), run)?
        };
        exchange.handle(
            clock.now(),
            Input::Prompts {
                tenant: None,
                prompts: media::Prompts::shipped(),
            },
        );

        let names = Names::default();
        names.keep_found(
            tokio.handle(),
            Resolver::new(&config.sip.dns, random.fork()),
            inbox.clone(),
        );
        let mut wiring = Wiring {
            inbox: inbox.clone(),
            pool,
            preparing,
            decisions: std::collections::VecDeque::new(),
            answered: 0,
            media: media.handle(),
            writer: Arc::clone(&writer),
            replies: replies.clone(),
            reports,
            names,
            screens: Screens::new(config.screens.clone(), tokio.handle().clone(), inbox.clone()),
            held: std::collections::VecDeque::new(),
            binds: false,
            bound: std::collections::HashSet::default(),
        };
        let thread = {
            let (tcp, stop) = (tcp.clone(), Arc::clone(&stop));
            std::thread::Builder::new()
                .name("exchange".to_owned())
                .spawn(move || {
                    behaviours::be_prompt();
                    core.run(clock, exchange, &tcp, &mut wiring, &stop)
                        .context("the exchange's thread stopped")
                })?
        };

        let hub = api::hub::Hub::new(Arc::clone(&writer));
        let mut helpers = vec![
            prepares,
            ticker(runtime, keeper, Arc::clone(&stop))?,
            reporter(hub.clone(), clock, reported, move || upkeep.run_upkeep())?,
        ];
        let tokens = Arc::new(api::access::Tokens::load(Arc::clone(&store))?);
        let new_token = first_token(&tokens, &config.data, clock, &mut random)?;
        let office = Arc::new(Office::new(Inner {
            inbox,
            replies,
            workshop,
            store: Arc::clone(&store),
            clock,
            tokio: tokio.handle().clone(),
            speech: super::speech::Speech::default(),
            recordings: tokio::sync::Mutex::default(),
        }));
        office.load_announcements(&tenants);
        helpers.push(janitor::start(
            Arc::clone(&office),
            Arc::clone(&store),
            clock,
            Arc::clone(&stop),
        )?);
        let parts = api::Parts {
            exchange: office.clone(),
            workshop: office,
            store,
            tokens,
            hub,
            clock: Arc::new(move || clock.now()),
            random: random.fork(),
            metrics,
            metrics_for: metrics_for(config),
            screens: config.screens.url.clone(),
        };
        let metrics = serve_metrics(config, &parts, &tokio)?;
        let api = serve_http(config.api.listen, "api.listen", api::router(parts), &tokio)?;
        Ok(Self {
            sip,
            api,
            metrics,
            new_token,
            stop,
            exchange: thread,
            helpers,
            media,
            interruptions,
            tokio,
        })
    }

    /// Waits for Ctrl-C, a termination request, or the exchange's end.
    pub fn wait(&mut self) {
        self.tokio.block_on(async {
            let mut look = tokio::time::interval(Duration::from_millis(500));
            let mut tidy = tokio::time::interval(TIDY);
            loop {
                tokio::select! {
                    () = self.interruptions.next() => return,
                    _ = look.tick() => if self.exchange.is_finished() { return },
                    // Most was made by this thread when it started, and is dropped by others later.
                    _ = tidy.tick() => memory::give_back(),
                }
            }
        });
    }

    /// Ends every thread; what waits to be stored is stored.
    ///
    /// # Errors
    ///
    /// What the exchange's thread had ended with.
    pub fn stop(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        let result = self
            .exchange
            .join()
            .map_err(|_| anyhow!("the exchange's thread panicked"))?;
        self.tokio.shutdown_timeout(Duration::from_secs(2));
        self.media.stop().context("the media thread stopped")?;
        for helper in self.helpers {
            if helper.join().is_err() {
                tracing::error!("a helper thread panicked");
            }
        }
        result
    }
}

fn metrics_for(config: &Config) -> api::MetricsFor {
    match config.api.metrics {
        Metrics::Open => api::MetricsFor::Everybody,
        Metrics::Token => api::MetricsFor::Operators,
        Metrics::Elsewhere(_) => api::MetricsFor::Nobody,
    }
}

/// Where the metrics have an address of their own, that.
fn serve_metrics(
    config: &Config,
    parts: &api::Parts,
    tokio: &tokio::runtime::Runtime,
) -> Result<Option<SocketAddr>> {
    match config.api.metrics {
        Metrics::Elsewhere(address) => {
            let router = api::metrics_router(Arc::clone(&parts.metrics));
            serve_http(address, "api.metrics", router, tokio).map(Some)
        }
        Metrics::Open | Metrics::Token => Ok(None),
    }
}

fn entropy() -> Result<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow!("the system gives no randomness: {error}"))?;
    Ok(seed)
}

fn groups() -> GroupLimits {
    GroupLimits {
        max_delay: KEEP_AFTER,
        max_records: RECORDS,
        ..GroupLimits::default()
    }
}

fn open(data: &Path) -> Result<EmbeddedStore> {
    let path = data.join("cordboard.redb");
    EmbeddedStore::open_file(&path, &Schema::default(), OpenOptions::default())
        .with_context(|| format!("cannot open the store {}", path.display()))
}

/// The modules that behaviours use or may go back to.
fn used(tenants: &[Arc<TenantView>]) -> Vec<ModuleDigest> {
    let mut digests: Vec<ModuleDigest> = Vec::new();
    let behaviours = || tenants.iter().flat_map(|tenant| tenant.behaviours().values());
    digests.extend(behaviours().map(|behaviour| behaviour.active));
    for behaviour in behaviours() {
        digests.extend(behaviour.candidate.iter().map(|candidate| candidate.digest));
        digests.extend(behaviour.history.iter().map(|earlier| earlier.digest));
    }
    let mut seen = HashSet::new();
    digests.retain(|digest| seen.insert(*digest));
    digests
}

fn exchange_config(config: &Config, sip: &[SocketAddr]) -> exchange::Config {
    let mut wanted = exchange::Config {
        keep_after: KEEP_AFTER,
        ..exchange::Config::default()
    };
    wanted.sip.addresses = sip.to_vec();
    wanted.media.v4 = config.media_v4();
    wanted.media.v6 = config.media_v6();
    wanted.media.ports = config.media.ports.0.clone();
    let source = |transport, local| SipPath {
        transport,
        local,
        remote: local,
        connection: None,
    };
    wanted.sources = sip
        .iter()
        .flat_map(|local| [source(Transport::Udp, *local), source(Transport::Tcp, *local)])
        .collect();
    wanted
}

/// At the very first start: makes the operator's token and writes it where only the owner can read it.
fn first_token(
    tokens: &api::access::Tokens,
    data: &Path,
    clock: Clock,
    random: &mut Random,
) -> Result<Option<std::path::PathBuf>> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    let Some(token) = tokens.first_operator(random, clock.now())? else {
        return Ok(None);
    };
    let path = data.join("operator.token");
    std::fs::OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| writeln!(file, "{token}"))
        .with_context(|| format!("cannot write the operator's token to {}", path.display()))?;
    Ok(Some(path))
}

fn serve_http(
    listen: SocketAddr,
    setting: &str,
    router: axum::Router,
    tokio: &tokio::runtime::Runtime,
) -> Result<SocketAddr> {
    let listener = tokio
        .block_on(tokio::net::TcpListener::bind(listen))
        .with_context(|| format!("cannot listen on {listen} (`{setting}`)"))?;
    let local = listener.local_addr()?;
    tokio.spawn(api::serve(listener, router));
    Ok(local)
}
