//! The world: one queue of happenings in order of time, around a real exchange.
//!
//! ```text
//!  Phone ──▶ Network ──▶ Exchange ──Invoke──▶ Modules ──Decision──┐
//!    ▲                     │ │ ▲                                  │
//!    └────── Network ◀─────┘ │ └───────── after a while ──────────┤
//!                            ├──Media───▶ SoundDesk ──────────────┤
//!                            └──Persist─▶ Store ──Durable─────────┘
//! ```
//!
//! Nothing here has a clock or chance of its own: one seed and one series of actions give one run. Everything that
//! happens is told in [`Seen`]s, for ladders and for invariants.

mod desk;
mod happening;
mod hearing;
mod outputs;
mod process;
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use base::{Moment, Random};
use exchange::admin::{Request, Response};
use exchange::{AdminId, Config, Exchange, Input, MediaConfig, live};
use media::{PortId, Prompts};
use sip::endpoint::{ConnectionId, Path};

use self::desk::Desk;
pub use self::desk::Presence;
use self::happening::Happening;
use self::hearing::LISTEN;
pub use self::seen::{Seen, What};
use crate::modules::Modules;
use crate::network::Network;
use crate::office::{Office, PhoneId, two_seconds};
use crate::sound::SoundDesk;
use crate::store::Store;

/// See the module.
pub struct World {
    config: Config,
    exchange: Exchange,
    is_up: bool,
    /// Counts processes.
    run: u32,
    now: Moment,
    order: u64,
    queue: BTreeMap<(Moment, u64), Happening>,
    wake_ups: (Moment, u32),

    desks: Vec<Desk>,
    at: BTreeMap<SocketAddr, PhoneId>,
    /// When phones want to be woken.
    alarms: BTreeSet<(Moment, PhoneId)>,
    connections: BTreeMap<ConnectionId, PhoneId>,

    /// The links between phones and the exchange.
    pub network: Network,
    /// Behaviours and their faults.
    pub modules: Modules,
    store: Store,
    sound: SoundDesk,
    /// Ports that should hear somebody and do not, since when.
    silent: BTreeMap<PortId, Moment>,
    prompts: Vec<(String, Prompts)>,
    random: Random,
    seen: Vec<Seen>,
    replies: BTreeMap<AdminId, Response>,
    next_id: u64,
}

/// Where the exchange is.
pub fn server() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5060))
}

fn config() -> Config {
    let mut config = Config {
        sources: vec![Path::udp(server(), server()), Path::tcp(server(), server())],
        media: MediaConfig {
            v4: Some(server().ip()),
            ports: 20_000..=21_999,
            ..MediaConfig::default()
        },
        ..Config::default()
    };
    config.sip.addresses = vec![server()];
    config
}

impl World {
    /// A world of these tenants, on a Wednesday morning. The exchange is up, no phone is registered.
    pub fn new(seed: u64, offices: Vec<Office>) -> Self {
        Self::with_config(seed, offices, |_| {})
    }

    /// The same with something about the exchange changed.
    pub fn with_config(seed: u64, offices: Vec<Office>, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        change(&mut config);
        let mut random = Random::from_seed(seed);
        let mut world = Self {
            exchange: Exchange::new(config.clone(), random.fork()),
            config,
            is_up: false,
            run: 0,
            // 2026-01-07T09:00:00Z.
            now: Moment::from_secs(1_767_776_400),
            order: 0,
            queue: BTreeMap::new(),
            wake_ups: (Moment::ZERO, 0),
            desks: Vec::new(),
            at: BTreeMap::new(),
            alarms: BTreeSet::new(),
            connections: BTreeMap::new(),
            network: Network::new(random.fork()),
            modules: Modules::new(random.fork()),
            store: Store::default(),
            sound: SoundDesk::default(),
            silent: BTreeMap::new(),
            prompts: Vec::new(),
            random,
            seen: Vec::new(),
            replies: BTreeMap::new(),
            next_id: 1,
        };
        for office in offices {
            world.furnish(office);
        }
        world.soon(LISTEN, Happening::Listen);
        world.start();
        world
    }

    fn furnish(&mut self, mut office: Office) {
        let mut prompts = Prompts::shipped();
        for name in &office.announcements {
            prompts.insert(name.clone(), two_seconds());
        }
        self.prompts.push((office.name.clone(), prompts));
        for (digest, decide) in std::mem::take(&mut office.modules) {
            self.modules.insert(digest, decide);
        }
        #[cfg(feature = "components")]
        {
            office = self.load_components(office);
        }
        for plan in std::mem::take(&mut office.phones) {
            self.place_phone(&office, plan);
        }
        for (key, document) in office.into_documents() {
            if let Ok(bytes) = serde_json::to_vec(&document) {
                self.store.insert(key.path(), bytes.into());
            }
        }
    }

    #[cfg(feature = "components")]
    #[allow(clippy::panic, reason = "a test whose module would be refused has failed")]
    fn load_components(&mut self, mut office: Office) -> Office {
        for (name, bytes, settings) in std::mem::take(&mut office.components) {
            let (digest, manifest) = self
                .modules
                .component(&bytes)
                .unwrap_or_else(|problems| panic!("the module of {name} would be refused: {problems:?}"));
            office = office.behaviour_with(&name, digest, manifest, &settings.to_string());
        }
        office
    }

    /// Virtual time.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// The exchange, to look at.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Whether the process runs.
    pub fn is_up(&self) -> bool {
        self.is_up
    }

    /// Processes so far.
    pub fn runs(&self) -> u32 {
        self.run
    }

    /// Everything that happened since this was last asked.
    pub fn take_seen(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen)
    }

    /// Keys in the store, in order.
    pub fn stored(&self) -> impl Iterator<Item = &str> {
        self.store.keys()
    }

    /// How long the exchange waits for a behaviour.
    pub fn patience(&self) -> Duration {
        self.config.patience
    }

    /// Asks for a change of configuration; the [`reply`](Self::reply) comes once it is durable.
    pub fn admin(&mut self, request: Request) -> AdminId {
        let id = AdminId(self.next_id);
        self.next_id += 1;
        if self.is_up {
            self.input(Input::Admin { id, request });
        }
        id
    }

    /// The answer to a request, once.
    pub fn reply(&mut self, id: AdminId) -> Option<Response> {
        self.replies.remove(&id)
    }

    /// Asks about what is running; answered at once.
    pub fn live(&mut self, request: live::Request) -> Option<live::Answer> {
        let id = self.admin(Request::Live(request));
        match self.reply(id) {
            Some(Ok(exchange::admin::Answer::Live(answer))) => Some(answer),
            _ => None,
        }
    }

    /// Notes something that a test did, for the ladder.
    pub fn note(&mut self, what: What) {
        self.tell(what);
    }

    pub(crate) fn tell(&mut self, what: What) {
        self.seen.push(Seen { at: self.now, what });
    }
}
