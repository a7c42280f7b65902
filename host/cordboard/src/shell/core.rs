//! The exchange's thread: one loop, one poll.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::Moment;
use bytes::Bytes;
use exchange::{Census, Exchange, Input, Output, Ticket, Write};
use mio::{Events, Poll, Token, Waker};
use sip::endpoint::{Packet, Path, Transport};

use super::clock::Clock;
use super::inbox::{Inbox, Outlet, inbox};
use super::tcp::Tcp;
use super::udp::{BATCH, Bound, UdpPort};

/// Inputs of one kind taken before the others get their turn.
const TURN: usize = 256;

/// The longest sleep: bounds how late a stop is noticed, costs nothing.
const NAP: Duration = Duration::from_secs(1);

/// The shortest time from one turn to the next. What comes meanwhile is taken together: under load most of a small turn's
/// cost is falling asleep, waking up and waking others. A set-up whose events are brief takes two turns, else about four.
const TURN_TIME: Duration = Duration::from_millis(3);

const BELL: Token = Token(usize::MAX);

/// Where the exchange's outputs go, apart from the sockets. None of these may block.
pub trait Sinks: Send {
    /// Its decision comes as an input, or, when the event was brief, from [`decision`](Self::decision).
    fn invoke(&mut self, invocation: contract::Invocation);
    /// The next decision that has been taken already.
    fn decision(&mut self) -> Option<contract::Decision>;
    fn bind(&mut self, port: media::PortId, local: SocketAddr);
    fn media(&mut self, command: media::Command);
    fn persist(&mut self, writes: Vec<Write>, ticket: Option<Ticket>);
    fn reply(&mut self, id: exchange::AdminId, response: exchange::admin::Response);
    fn report(&mut self, report: exchange::Report);
    fn resolve(&mut self, tenant: Arc<str>, servers: Vec<exchange::Server>);
    fn push(&mut self, push: exchange::Push);
    /// All outputs of one turn have been handed over.
    fn flush(&mut self);
    /// About once a second.
    fn load(&mut self, load: Load);
}

/// How much there is to do, for metrics.
pub struct Load {
    pub census: Census,
    /// Datagrams that the kernel did not take, since the start.
    pub unsent: u64,
    /// Inputs that did not fit, since the start.
    pub refused: u64,
}

/// The thread's sockets and its way in, made before the exchange so that others can be given the
/// [`Inbox`].
pub struct Core {
    poll: Poll,
    outlet: Outlet<Input>,
    udp: Vec<Bound>,
}

/// What a turn took of what waited.
enum Taken {
    /// Nothing waited.
    Nothing,
    All,
    /// There may be more.
    Some,
}

/// The loop while it runs.
struct Loop<'a> {
    poll: Poll,
    outlet: Outlet<Input>,
    udp: Vec<UdpPort>,
    tcp: &'a Tcp,
    sinks: &'a mut dyn Sinks,
}

impl Core {
    /// # Errors
    ///
    /// When the system gives no poll.
    pub fn new() -> io::Result<(Self, Inbox<Input>)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), BELL)?;
        let (inbox, outlet) = inbox(waker);
        Ok((
            Self {
                poll,
                outlet,
                udp: Vec::new(),
            },
            inbox,
        ))
    }

    /// Adds a UDP socket; returns the address that peers know it by.
    ///
    /// # Errors
    ///
    /// As the system says: in use, not ours, not permitted.
    pub fn listen_udp(&mut self, bind: SocketAddr, advertised: SocketAddr) -> io::Result<SocketAddr> {
        let port = Bound::bind(bind, advertised, self.poll.registry(), Token(self.udp.len()))?;
        let local = port.local();
        self.udp.push(port);
        Ok(local)
    }

    /// Runs the exchange until `stop` is set.
    ///
    /// # Errors
    ///
    /// When the poll or a socket breaks, which no peer can cause.
    pub fn run(
        self,
        clock: Clock,
        exchange: Exchange,
        tcp: &Tcp,
        sinks: &mut dyn Sinks,
        stop: &Arc<AtomicBool>,
    ) -> io::Result<()> {
        let udp = self.udp.into_iter().map(UdpPort::new).collect();
        Loop {
            poll: self.poll,
            outlet: self.outlet,
            udp,
            tcp,
            sinks,
        }
        .run(clock, exchange, stop)
    }
}

impl Loop<'_> {
    fn run(mut self, clock: Clock, mut exchange: Exchange, stop: &Arc<AtomicBool>) -> io::Result<()> {
        let mut events = Events::with_capacity(64);
        let mut told = Moment::ZERO;
        // What a restored exchange wants done at once.
        self.carry_out(&clock, &mut exchange);
        while !stop.load(Ordering::Relaxed) {
            let began = clock.now();
            let taken = self.take(&clock, &mut exchange)?;
            let now = clock.now();
            if exchange.next_timeout().is_some_and(|due| due <= now) {
                exchange.handle(now, Input::Timeout);
            }
            self.carry_out(&clock, &mut exchange);
            if now.since(told) >= NAP {
                told = now;
                self.sinks.load(Load {
                    census: exchange.census(),
                    unsent: self.udp.iter().map(UdpPort::unsent).sum(),
                    refused: self.outlet.refused(),
                });
            }
            match taken {
                Taken::Nothing => self.sleep(&mut events, nap(clock.now(), exchange.next_timeout()))?,
                Taken::All => self
                    .outlet
                    .doze(TURN_TIME.saturating_sub(clock.now().since(began))),
                Taken::Some => {}
            }
        }
        exchange.keep_now();
        self.carry_out(&clock, &mut exchange);
        Ok(())
    }

    /// Sleeps until something comes, `most` has passed, or a signal says so.
    fn sleep(&mut self, events: &mut Events, most: Duration) -> io::Result<()> {
        if self.outlet.rest() {
            match self.poll.poll(events, Some(most)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                Ok(()) | Err(_) => {}
            }
            self.outlet.wake();
        }
        Ok(())
    }

    /// Takes one turn of every source.
    ///
    /// Sockets are read whether or not the poll named them: it tells of each arrival only once.
    fn take(&mut self, clock: &Clock, exchange: &mut Exchange) -> io::Result<Taken> {
        let (mut taken, mut more) = (0, false);
        for port in &mut self.udp {
            let local = port.local();
            let mut from_port = 0;
            loop {
                let now = clock.now();
                let count = port.receive(|remote, bytes| {
                    exchange.handle(
                        now,
                        Input::Packet(Packet {
                            path: Path::udp(local, remote),
                            bytes,
                        }),
                    );
                })?;
                from_port += count;
                if count < BATCH {
                    break;
                }
                if from_port >= TURN {
                    more = true;
                    break;
                }
            }
            taken += from_port;
        }
        let now = clock.now();
        let from_inbox = self.outlet.take(TURN, |input| exchange.handle(now, input));
        Ok(match taken + from_inbox {
            0 => Taken::Nothing,
            _ if more || from_inbox == TURN => Taken::Some,
            _ => Taken::All,
        })
    }

    fn carry_out(&mut self, clock: &Clock, exchange: &mut Exchange) {
        self.carry_out_all(exchange);
        while let Some(decision) = self.sinks.decision() {
            exchange.handle(clock.now(), Input::Decision(decision));
            self.carry_out_all(exchange);
        }
        self.sinks.flush();
        for port in &mut self.udp {
            port.flush();
        }
    }

    fn carry_out_all(&mut self, exchange: &mut Exchange) {
        while let Some(output) = exchange.poll() {
            match output {
                Output::Transmit { path, bytes } => self.transmit(path, bytes),
                Output::CloseConnection(connection) => self.tcp.close(connection),
                Output::Invoke(invocation) => self.sinks.invoke(*invocation),
                Output::Bind { port, local } => self.sinks.bind(port, local),
                Output::Media(command) => self.sinks.media(command),
                Output::Persist { writes, ticket } => self.sinks.persist(writes, ticket),
                Output::Reply { id, response } => self.sinks.reply(id, response),
                Output::Report(report) => self.sinks.report(*report),
                Output::Push(push) => self.sinks.push(push),
                Output::Resolve { tenant, servers } => self.sinks.resolve(tenant, servers),
            }
        }
    }

    fn transmit(&mut self, path: Path, bytes: Bytes) {
        match path.transport {
            Transport::Tcp => self.tcp.send(path, bytes),
            Transport::Udp => {
                let same_family = |port: &&mut UdpPort| port.local().is_ipv4() == path.remote.is_ipv4();
                let exact = self.udp.iter().position(|port| port.local() == path.local);
                let port = match exact {
                    Some(index) => self.udp.get_mut(index),
                    // A stored path from before the configuration changed.
                    None => self.udp.iter_mut().find(same_family),
                };
                match port {
                    Some(port) => port.send(path.remote, bytes),
                    None => tracing::debug!(local = %path.local, "no UDP socket to send from"),
                }
            }
        }
    }
}

fn nap(now: Moment, due: Option<Moment>) -> Duration {
    due.map_or(NAP, |due| due.since(now).min(NAP))
}
