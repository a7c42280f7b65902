//! Serves the interface on a socket, to peers of whom nothing is known: connections, their number from one address,
//! and the time for a request's head are bounded.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

use crate::access::Peer;

/// Connections at once; more wait in the system's queue.
const CONNECTIONS: usize = 2_000;
/// Of these from one address. A console, some event streams and scripts need a few.
pub(crate) const FROM_ONE_ADDRESS: usize = 200;
/// For a request's head, and between requests.
const HEAD: Duration = Duration::from_secs(30);
/// Pause after the system refused a connection, which it does when it is short of something.
const SHORT: Duration = Duration::from_millis(100);

/// Serves `router` until the future is dropped; connections end with the runtime.
pub async fn serve(listener: TcpListener, router: Router) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let counts = Counts::default();
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(counted) = counts.enter(peer.ip()) {
                    tokio::spawn(connection(stream, peer, router.clone(), (permit, counted)));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(SHORT).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    _room: (OwnedSemaphorePermit, Counted),
) {
    // Events are small and wanted at once. Without it they come later; no reason to refuse.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(Peer(peer.ip()));
        router.clone().oneshot(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection of the administration interface ended early");
    }
}

/// Connections by address.
#[derive(Clone, Default)]
struct Counts(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection, until it is dropped.
struct Counted {
    counts: Counts,
    address: IpAddr,
}

impl Counts {
    /// `None` if the address has as many as it may.
    fn enter(&self, address: IpAddr) -> Option<Counted> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= FROM_ONE_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Counted {
            counts: self.clone(),
            address,
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn served() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = async |axum::Extension(peer): axum::Extension<Peer>| peer.0.to_string();
        let router = Router::new().route("/", axum::routing::get(answer));
        tokio::spawn(serve(listener, router));
        address
    }

    #[tokio::test]
    async fn a_request_is_answered_and_its_peer_known() {
        let mut stream = TcpStream::connect(served().await).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn one_address_cannot_take_all_connections() {
        let address = served().await;
        let mut held = Vec::new();
        for _ in 0..FROM_ONE_ADDRESS {
            held.push(TcpStream::connect(address).await.unwrap());
        }
        let mut refused = TcpStream::connect(address).await.unwrap();
        // Closed at once: as an end or as a reset.
        assert_eq!(refused.read(&mut [0]).await.unwrap_or(0), 0);
        drop(held);
    }
}
