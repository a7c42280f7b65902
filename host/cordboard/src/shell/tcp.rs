//! SIP over TCP: accepts, opens, frames, writes. One tokio task reads a connection, one writes it.
//!
//! Bounds: a connection that sends no whole message within the idle time is closed, one
//! whose peer does not read is closed when its queue is full, and there are at most so many.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sip::endpoint::{ConnectionId, Packet, Path, Transport};
use sip::stream::{Frame, Framer, PONG};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

/// Messages that may wait for a peer that reads slowly.
const QUEUE: usize = 256;

/// Connections that may be open at once.
const CONNECTIONS: usize = 20_000;

/// RFC 5626 §4.4.1 has clients ping every 95–120 s at the latest; half as much again is patience.
const IDLE: Duration = Duration::from_secs(600);

/// After a fault in the stream: what came whole before it is still answered, for as long as answers take.
const LINGER: Duration = Duration::from_secs(1);

const CONNECT: Duration = Duration::from_secs(5);

/// What the connections tell the exchange.
pub enum TcpInput {
    Packet(Packet),
    Closed(ConnectionId),
    /// Nothing can be sent on this path: no connection could be opened.
    Unreachable(Path),
}

/// All connections of all listeners. Cheap to clone.
#[derive(Clone)]
pub struct Tcp(Arc<Shared>);

struct Shared {
    runtime: tokio::runtime::Handle,
    next: AtomicU64,
    table: Mutex<Table>,
    deliver: Box<dyn Fn(TcpInput) + Send + Sync>,
}

#[derive(Default)]
struct Table {
    open: HashMap<ConnectionId, Open>,
    by_remote: HashMap<SocketAddr, ConnectionId>,
    /// What waits for a connection that is being opened.
    opening: HashMap<SocketAddr, Vec<Bytes>>,
}

struct Open {
    writer: mpsc::Sender<Bytes>,
    /// Dropped to end the reading task, and with it the connection.
    _stop: oneshot::Sender<()>,
}

impl Tcp {
    /// `deliver` takes what arrives and must not block.
    pub fn new(runtime: tokio::runtime::Handle, deliver: impl Fn(TcpInput) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared {
            runtime,
            next: AtomicU64::new(1),
            table: Mutex::default(),
            deliver: Box::new(deliver),
        }))
    }

    /// Accepts connections until the listener breaks.
    pub async fn listen(self, listener: TcpListener, local: SocketAddr) {
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => self.start(stream, local, remote, Vec::new()),
                Err(error) => {
                    // Out of file descriptors, mostly: going on at once would spin.
                    tracing::warn!(%error, "cannot accept a TCP connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Sends a message on the path's connection, on another to the same remote, or on a new one.
    pub fn send(&self, path: Path, bytes: Bytes) {
        let writer = self.0.writer(&path);
        match writer {
            Some((connection, writer)) => {
                if writer.try_send(bytes).is_err() {
                    tracing::debug!(remote = %path.remote, "a TCP peer does not read; closing");
                    self.0.forget(connection, path.remote);
                    (self.0.deliver)(TcpInput::Closed(connection));
                }
            }
            None => self.connect(path, bytes),
        }
    }

    /// Closes a connection: what waits for it is still written, nothing more is read.
    /// The exchange is not told, for it is who asks.
    pub fn close(&self, connection: ConnectionId) {
        let mut table = self.0.table();
        table.by_remote.retain(|_, id| *id != connection);
        table.open.remove(&connection);
    }

    fn connect(&self, path: Path, bytes: Bytes) {
        match self.0.table().opening.entry(path.remote) {
            Entry::Occupied(mut waiting) => {
                if waiting.get().len() < QUEUE {
                    waiting.get_mut().push(bytes);
                }
                return;
            }
            Entry::Vacant(vacant) => drop(vacant.insert(vec![bytes])),
        }
        let this = self.clone();
        self.0.runtime.spawn(async move {
            let stream = tokio::time::timeout(CONNECT, TcpStream::connect(path.remote)).await;
            let waiting = this.0.table().opening.remove(&path.remote).unwrap_or_default();
            match stream {
                Ok(Ok(stream)) => this.start(stream, path.local, path.remote, waiting),
                Ok(Err(_)) | Err(_) => (this.0.deliver)(TcpInput::Unreachable(path)),
            }
        });
    }

    fn start(&self, stream: TcpStream, local: SocketAddr, remote: SocketAddr, first: Vec<Bytes>) {
        let connection = ConnectionId(self.0.next.fetch_add(1, Ordering::Relaxed));
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (stop, stopped) = oneshot::channel();
        if !self.0.admit(
            connection,
            remote,
            Open {
                writer: sender.clone(),
                _stop: stop,
            },
        ) {
            tracing::warn!(%remote, "too many TCP connections; one was refused");
            return;
        }
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        for bytes in first {
            // The queue is new, and as long as what waited.
            drop(sender.try_send(bytes));
        }
        let (read, write) = stream.into_split();
        let path = Path {
            transport: Transport::Tcp,
            local,
            remote,
            connection: Some(connection),
        };
        let this = self.clone();
        self.0.runtime.spawn(writes(write, receiver));
        self.0.runtime.spawn(async move {
            tokio::select! {
                () = reads(read, path, &sender, &this.0) => {
                    this.0.forget(connection, remote);
                    (this.0.deliver)(TcpInput::Closed(connection));
                }
                _ = stopped => {}
            }
        });
    }
}

impl Shared {
    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, connection: ConnectionId, remote: SocketAddr, open: Open) -> bool {
        let mut table = self.table();
        if table.open.len() >= CONNECTIONS {
            return false;
        }
        table.open.insert(connection, open);
        table.by_remote.insert(remote, connection);
        true
    }

    fn forget(&self, connection: ConnectionId, remote: SocketAddr) {
        let mut table = self.table();
        table.open.remove(&connection);
        if table.by_remote.get(&remote) == Some(&connection) {
            table.by_remote.remove(&remote);
        }
    }

    fn writer(&self, path: &Path) -> Option<(ConnectionId, mpsc::Sender<Bytes>)> {
        let table = self.table();
        let by_remote = || table.by_remote.get(&path.remote).copied();
        let connection = path
            .connection
            .filter(|id| table.open.contains_key(id))
            .or_else(by_remote)?;
        Some((connection, table.open.get(&connection)?.writer.clone()))
    }
}

async fn writes(mut write: OwnedWriteHalf, mut queue: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = queue.recv().await {
        if write.write_all(&bytes).await.is_err() {
            break;
        }
    }
}

/// Returns when the connection is over, for whatever reason.
async fn reads(mut read: OwnedReadHalf, path: Path, answers: &mpsc::Sender<Bytes>, shared: &Shared) {
    let mut framer = Framer::new();
    let mut buffer = vec![0; 16_384];
    while let Ok(Ok(length)) = tokio::time::timeout(IDLE, read.read(&mut buffer)).await {
        let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else {
            return;
        };
        framer.push(bytes);
        loop {
            match framer.poll() {
                Ok(Some(Frame::Message(bytes))) => (shared.deliver)(TcpInput::Packet(Packet { path, bytes })),
                // RFC 5626 §4.4.1: a double CRLF is answered with a single one.
                Ok(Some(Frame::Ping)) => drop(answers.try_send(Bytes::from_static(PONG))),
                Ok(Some(Frame::Pong)) => {}
                Ok(None) => break,
                Err(error) => {
                    tracing::debug!(remote = %path.remote, %error, "a TCP peer sent what is no SIP; closing");
                    drop(tokio::time::timeout(LINGER, discard(read, buffer)).await);
                    return;
                }
            }
        }
    }
}

/// Until the peer has nothing more to say.
async fn discard(mut read: OwnedReadHalf, mut buffer: Vec<u8>) {
    while matches!(read.read(&mut buffer).await, Ok(length) if length > 0) {}
}
