//! A network that loses messages, between a peer and the exchange.
//!
//! SIPp's own `-lost` throws dice: now and then it loses every copy of a message, which no protocol survives. This
//! path loses the first copy of every third message in each direction, and never a message twice: what arrives in
//! the end is the sender's retransmission or nothing, on every run.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a direction may be blind to its end.
const TICK: Duration = Duration::from_millis(20);

/// Two sockets with a path between them: what comes in at one leaves by the other.
pub struct Lossy {
    /// Where senders send to.
    pub address: SocketAddr,
    over: Arc<AtomicBool>,
    directions: Vec<JoinHandle<u32>>,
}

impl Lossy {
    /// A path from whoever sends to this port of the loopback interface to `far`, and back to whoever sent last.
    pub fn at(port: u16, far: SocketAddr) -> Self {
        let near = socket(port);
        let away = socket(0);
        away.connect(far).unwrap();
        let address = near.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let sender = Arc::new(std::sync::Mutex::new(None));
        let there = {
            let (near, away) = (near.try_clone().unwrap(), away.try_clone().unwrap());
            let (over, sender) = (Arc::clone(&over), Arc::clone(&sender));
            std::thread::spawn(move || {
                forward(&near, &over, |bytes, from| {
                    *sender.lock().unwrap() = Some(from);
                    away.send(bytes)
                })
            })
        };
        let back = {
            let over = Arc::clone(&over);
            std::thread::spawn(move || {
                forward(&away, &over, |bytes, _| match *sender.lock().unwrap() {
                    Some(to) => near.send_to(bytes, to),
                    None => Ok(0),
                })
            })
        };
        Self {
            address,
            over,
            directions: vec![there, back],
        }
    }

    /// Ends it, and tells how many messages were lost.
    pub fn losses(mut self) -> u32 {
        self.over.store(true, Ordering::Relaxed);
        self.directions
            .drain(..)
            .map(|direction| direction.join().unwrap())
            .sum()
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn socket(port: u16) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    socket.set_read_timeout(Some(TICK)).unwrap();
    socket
}

/// Passes messages on until it is over; the result is how many were lost.
fn forward(
    from: &UdpSocket,
    over: &AtomicBool,
    mut on: impl FnMut(&[u8], SocketAddr) -> std::io::Result<usize>,
) -> u32 {
    let mut seen = HashSet::new();
    let mut lost = 0;
    let mut buffer = vec![0; 65_535];
    while !over.load(Ordering::Relaxed) {
        let (length, sender) = match from.recv_from(&mut buffer) {
            Ok(received) => received,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            // The other end has closed its port: a later message may find it open again.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => continue,
            Err(error) => panic!("the lossy path broke: {error}"),
        };
        let bytes = &buffer[..length];
        if seen.insert(bytes.to_vec()) && seen.len() % 3 == 0 {
            lost += 1;
            continue;
        }
        drop(on(bytes, sender));
    }
    lost
}
