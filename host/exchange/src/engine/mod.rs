//! The state machine: what comes in is handed to the part that it is for.
//!
//! One [`Exchange`] owns every table; the parts are `impl` blocks beside each other:
//!
//! ```text
//!  sip_events ─▶ requests (REGISTER, OPTIONS), texts (MESSAGE)      invited (a call comes in)
//!            └▶ call, leg, legs ─▶ sound (what parties hear)          transfer (REFER, Replaces), conference (Join)
//!  custody, holders (who decides) ◀─▶ dial (who rings) ◀─▶ session (what behaviours say) ─▶ commands
//!     └▶ host_default (nobody decides)                                                       due (what time brings)
//!  outside (other exchanges that have phones of ours: their calls, how those lines are)
//!  lines (state), watches and notifier (who watches them), trunks (registering), ways_out (how calls leave), lookup (the directory),
//!  versions (trials)
//!  kept (what outlives the process)    people (who look at it and give orders)
//! ```
//!
//! Consequences that would come back to where they started are put off as [`Step`]s, which are taken once
//! the input itself is done. So no part is entered twice, and a behaviour is asked only when everything
//! that its event stands for is settled.

mod administer;
mod call;
mod commands;
mod conference;
mod custody;
mod dial;
mod due;
mod evict;
mod features;
mod few;
mod holders;
mod host_default;
mod invited;
mod kept;
mod leg;
mod legs;
mod lines;
mod lookup;
mod names;
mod notifier;
mod outside;
mod people;
mod pickup;
mod published;
mod quota;
mod registration;
mod requests;
mod reservations;
mod rooms;
mod screens;
mod session;
mod sip_events;
mod sound;
mod spend;
mod texts;
mod timers;
mod transfer;
mod trunks;
mod versions;
mod watches;
mod ways_out;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use base::{Moment, Random};
use contract::{AskId, LegId, SessionId, Tag};
use rustc_hash::FxHashMap;
use sip::endpoint::{Endpoint, RequestId, UsageId};

pub use self::people::Census;

use self::call::Call;
use self::custody::Custody;
use self::dial::Dial;
use self::due::{Due, OfTenant};
use self::kept::Dirty;
use self::kept::Resumed;
use self::leg::Leg;
use self::leg::{AudioRecord, RoomKey};
use self::lines::Activity;
use self::names::Names;
use self::registration::Registration;
use self::requests::Waiting as WaitingReply;
use self::session::{Keyed, Running, Session};
use self::sip_events::Spoken;
use self::sound::PortPairs;
use self::timers::Timers;
use crate::config::Config;
use crate::directory::Directory;
use crate::ids::{CallId, CustodyId, DialId};
use crate::io::{Input, Output, Ticket};

/// Something of a tenant's, by name.
type ByTenant<T> = FxHashMap<Arc<str>, FxHashMap<Arc<str>, T>>;

/// A tenant, and the device or trunk of its that registered.
type Registrant = (Arc<str>, Arc<str>);

/// Outputs that there is always room for; what a start or a storm needed beyond is given back.
const OUTBOX: usize = 4_096;

/// A whole exchange. See the [crate](crate).
pub struct Exchange {
    config: Config,
    random: Random,
    /// The moment of the input that is being handled.
    now: Moment,
    ids: Ids,
    outbox: VecDeque<Output>,
    steps: VecDeque<Step>,
    timers: Timers<Due>,
    sip: Endpoint,
    digest: sip::digest::Server,
    directory: Directory,

    legs: FxHashMap<LegId, Leg>,
    by_usage: FxHashMap<UsageId, LegId>,
    by_port: FxHashMap<::media::PortId, LegId>,
    /// Which leg a message belongs to, for reports: by a hash of its Call-ID.
    spoken: FxHashMap<u64, Spoken>,
    /// Entries of `spoken` whose legs are gone, and until when they stay.
    fading: VecDeque<(Moment, u64)>,
    calls: FxHashMap<CallId, Call>,
    custodies: FxHashMap<CustodyId, Custody>,
    dials: FxHashMap<DialId, Dial>,

    /// In boxes: a table has twice the room that it needs.
    sessions: FxHashMap<SessionId, Box<Session>>,
    /// None is empty.
    rooms: FxHashMap<RoomKey, rooms::Room>,
    keyed: Keyed,
    running: Running,
    /// What sessions use together, by tenant.
    usage: FxHashMap<Arc<str>, quota::Usage>,
    asks: FxHashMap<AskId, SessionId>,
    late_decisions: u64,
    /// Questions to candidates that nobody waits for.
    shadow_asks: FxHashMap<AskId, SessionId>,
    /// Questions of other exchanges about calls of theirs.
    intercepted: FxHashMap<AskId, Box<outside::Intercepted>>,
    /// How versions do, by tenant.
    figures: FxHashMap<Arc<str>, versions::Figures>,
    /// Calls outside of the current minute, by tenant.
    outside: FxHashMap<Arc<str>, (Moment, u32)>,
    /// What calls outside have cost, and those that cost at the moment.
    spent: FxHashMap<Arc<str>, spend::Spent>,
    metered: FxHashMap<LegId, spend::Metered>,
    /// Digits on their way into a leg.
    sending: FxHashMap<::media::PlayId, (SessionId, Tag)>,

    registrations: ByTenant<Registration>,
    /// Who registered over a connection.
    connections: FxHashMap<sip::endpoint::ConnectionId, Vec<Registrant>>,
    lines: ByTenant<Box<Activity>>,
    /// Legs of each device and trunk.
    legs_of: ByTenant<usize>,
    calls_of_tenant: FxHashMap<Arc<str>, usize>,
    trunks: ByTenant<trunks::TrunkState>,
    /// Requests of ours out of dialogs.
    requests: FxHashMap<RequestId, (Arc<str>, Arc<str>)>,
    /// Servers that trunks give by name.
    names: Names,

    ports_v4: Option<PortPairs>,
    ports_v6: Option<PortPairs>,
    /// Ports that the engine is still letting go of.
    closing: FxHashMap<::media::PortId, SocketAddr>,
    shipped_prompts: ::media::Prompts,
    prompts: FxHashMap<Arc<str>, ::media::Prompts>,

    dirty: Dirty,
    /// During a restore.
    resumed: Resumed,
    /// After a restore: what played to legs, until its recordings are there.
    sounds_again: Vec<(LegId, AudioRecord)>,
    texts: texts::Texts,
    screens: screens::Screens,
    notifier: notifier::Notifier,
    watching: outside::Watching,
    features: features::Features,
    /// Answers that wait for their writes.
    waiting: FxHashMap<Ticket, WaitingReply>,
}

/// Numbers for everything that needs one; never reused, also over restarts.
#[derive(Debug, Default)]
struct Ids(u64);

impl Ids {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// A consequence that is looked at once the input is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Dial(DialId),
    Settle(SessionId),
    Call(CallId),
    /// It has lost its partner: does anybody care for it?
    Alone(LegId),
}

/// What the parts of the engine answer, so that Allow and Allow-Events name nothing else.
fn offering(sip: sip::endpoint::Config) -> sip::endpoint::Config {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    sip::endpoint::Config {
        handles: names(&["REGISTER", "OPTIONS", "MESSAGE"]),
        handles_in_dialog: names(&["INFO", "MESSAGE", "REFER", "NOTIFY", "SUBSCRIBE"]),
        packages: names(&[notifier::PACKAGE, features::PACKAGE]),
        ..sip
    }
}

impl Exchange {
    /// `random` gives tags, nonces and seeds: seed it from the operating system, or from a simulation's seed.
    pub fn new(mut config: Config, mut random: Random) -> Self {
        config.sip = offering(config.sip);
        let mut secret = [0; 32];
        random.fill(&mut secret);
        let pairs = |first: Option<IpAddr>| {
            let more = config.media.more.iter().copied();
            let first = first?;
            let family = more.filter(|ip| ip.is_ipv4() == first.is_ipv4());
            let addresses = std::iter::once(first).chain(family).collect();
            Some(PortPairs::new(addresses, &config.media.ports))
        };
        Self {
            sip: Endpoint::new(config.sip.clone(), random.fork()),
            digest: sip::digest::Server::new(sip::digest::Settings::default(), secret, random.fork()),
            ports_v4: pairs(config.media.v4),
            ports_v6: pairs(config.media.v6),
            config,
            random,
            now: Moment::ZERO,
            ids: Ids::default(),
            outbox: VecDeque::new(),
            steps: VecDeque::new(),
            timers: Timers::default(),
            directory: Directory::new(),
            legs: FxHashMap::default(),
            by_usage: FxHashMap::default(),
            by_port: FxHashMap::default(),
            spoken: FxHashMap::default(),
            fading: VecDeque::new(),
            calls: FxHashMap::default(),
            custodies: FxHashMap::default(),
            dials: FxHashMap::default(),
            sessions: FxHashMap::default(),
            rooms: FxHashMap::default(),
            keyed: Keyed::default(),
            running: Running::default(),
            usage: FxHashMap::default(),
            asks: FxHashMap::default(),
            late_decisions: 0,
            shadow_asks: FxHashMap::default(),
            intercepted: FxHashMap::default(),
            figures: FxHashMap::default(),
            outside: FxHashMap::default(),
            spent: FxHashMap::default(),
            metered: FxHashMap::default(),
            sending: FxHashMap::default(),
            registrations: FxHashMap::default(),
            connections: FxHashMap::default(),
            lines: FxHashMap::default(),
            legs_of: FxHashMap::default(),
            calls_of_tenant: FxHashMap::default(),
            trunks: FxHashMap::default(),
            requests: FxHashMap::default(),
            names: Names::default(),
            closing: FxHashMap::default(),
            shipped_prompts: ::media::Prompts::default(),
            prompts: FxHashMap::default(),
            dirty: Dirty::default(),
            resumed: Resumed::default(),
            sounds_again: Vec::new(),
            texts: texts::Texts::default(),
            screens: screens::Screens::default(),
            notifier: notifier::Notifier::default(),
            watching: outside::Watching::default(),
            features: features::Features::default(),
            waiting: FxHashMap::default(),
        }
    }

    /// Takes one input in. Take all outputs out with [`poll`](Self::poll) afterwards. `now` never goes backwards.
    pub fn handle(&mut self, now: Moment, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Packet(packet) => self.packet(packet),
            Input::ConnectionClosed(connection) => {
                self.sip.connection_lost(self.now, connection);
                self.connection_lost(connection);
            }
            Input::Unreachable(path) => self.sip.unreachable(self.now, path),
            Input::Decision(decision) => self.decision(decision),
            Input::Media(event) => self.media_event(event),
            Input::BindFailed(port) => self.bind_failed(port),
            Input::Admin { id, request } => self.admin(id, request),
            Input::Prompts {
                tenant: Some(tenant),
                prompts,
            } => {
                self.prompts.insert(tenant, prompts);
                self.play_again(false);
            }
            Input::Prompts {
                tenant: None,
                prompts,
            } => {
                self.shipped_prompts = prompts;
                self.play_again(false);
            }
            Input::Name { server, addresses } => self.name_found(server, addresses),
            Input::Pushed { token, device, shown } => self.pushed(&token, &device, shown),
            Input::Durable(ticket) => self.durable(ticket),
            Input::Timeout => self.timeout(),
        }
        self.settle_all();
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        let output = self.outbox.pop_front();
        if output.is_none() && self.outbox.capacity() > OUTBOX {
            self.outbox.shrink_to(OUTBOX);
        }
        output
    }

    /// When to hand in [`Input::Timeout`]; none when nothing is waited for.
    pub fn next_timeout(&self) -> Option<Moment> {
        [self.timers.next(), self.sip.next_timeout(), self.dirty.due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// All tenants.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Puts a consequence off until the input is done.
    fn later(&mut self, step: Step) {
        // The same look twice in a row sees nothing new.
        if self.steps.back() != Some(&step) {
            self.steps.push_back(step);
        }
    }

    /// Takes everything that follows from the input: what SIP says, and what was put off.
    fn settle_all(&mut self) {
        loop {
            self.drain_sip();
            let Some(step) = self.steps.pop_front() else {
                if self.notify_watchers() {
                    continue;
                }
                self.write_dirty();
                return;
            };
            match step {
                Step::Dial(dial) => self.check_dial(dial),
                Step::Settle(session) => self.settle(session),
                Step::Call(call) => self.end_call(call),
                Step::Alone(leg) => self.look_after_alone(leg),
            }
        }
    }
}
