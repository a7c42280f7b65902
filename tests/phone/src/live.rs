//! The phone on real sockets, for the demo and for tests of the binary. Waits for events, never sleeps.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use base::{Moment, Random};

use crate::phone::{CallRef, Event, Output, Phone, PhoneConfig};
use crate::rtp::{FRAME, Heard, Sender};

/// A [`Phone`] with a SIP and an RTP socket. Whoever holds it pumps it.
pub struct LivePhone {
    pub phone: Phone,
    pub heard: Heard,
    sip: UdpSocket,
    rtp: UdpSocket,
    server: SocketAddr,
    start: Instant,
    sender: Sender,
    /// Frames sent so far; the next is due 20 ms after each.
    frames: u64,
    talking: Option<CallRef>,
    keys: Vec<Vec<u8>>,
    events: Vec<Event>,
}

impl LivePhone {
    /// # Errors
    ///
    /// When the system gives no socket.
    pub fn new(
        user: &str,
        password: &str,
        domain: &str,
        server: SocketAddr,
        random: Random,
    ) -> io::Result<Self> {
        let ip = if server.is_ipv4() { "127.0.0.1" } else { "[::1]" };
        let sip = UdpSocket::bind(format!("{ip}:0"))?;
        let rtp = UdpSocket::bind(format!("{ip}:0"))?;
        rtp.set_nonblocking(true)?;
        let mut config = PhoneConfig::new(user, password, domain, sip.local_addr()?, server);
        config.rtp = rtp.local_addr()?;
        Ok(Self {
            phone: Phone::new(config, random),
            heard: Heard::default(),
            sip,
            rtp,
            server,
            start: Instant::now(),
            sender: Sender::new(8, 0x0c0d_0b0a),
            frames: 0,
            talking: None,
            keys: Vec::new(),
            events: Vec::new(),
        })
    }

    pub fn now(&self) -> Moment {
        Moment::ZERO + self.start.elapsed()
    }

    /// Sends a call's sound from now on: silence, and the keys pressed.
    pub fn talk(&mut self, call: CallRef) {
        self.talking = Some(call);
        self.frames = (self.start.elapsed().as_millis() / 20) as u64;
    }

    pub fn press(&mut self, call: CallRef, digit: char) {
        if let Some(events) = self.phone.theirs(call).and_then(|theirs| theirs.events) {
            self.keys.extend(self.sender.key(digit, events));
        }
    }

    /// Lives for up to `length`, or until something happened; returns what did.
    ///
    /// # Errors
    ///
    /// Errors of the sockets.
    pub fn pump(&mut self, length: Duration) -> io::Result<Vec<Event>> {
        let end = Instant::now() + length;
        let mut buffer = [0; 65_535];
        loop {
            self.flush()?;
            let left = end.saturating_duration_since(Instant::now());
            if !self.events.is_empty() || left.is_zero() {
                return Ok(std::mem::take(&mut self.events));
            }
            let tick = if self.talking.is_some() {
                Duration::from_millis(5)
            } else {
                Duration::from_millis(20)
            };
            self.sip
                .set_read_timeout(Some(left.min(tick).max(Duration::from_millis(1))))?;
            match self.sip.recv_from(&mut buffer) {
                Ok((length, _)) => {
                    let now = self.now();
                    if let Some(bytes) = buffer.get(..length) {
                        self.phone.receive(now, bytes);
                    }
                }
                Err(error) if is_wait(&error) => {}
                Err(error) => return Err(error),
            }
            let now = self.now();
            if self.phone.next_timeout().is_some_and(|due| due <= now) {
                self.phone.timeout(now);
            }
            self.media(&mut buffer)?;
        }
    }

    /// Pumps until `wanted` picks an event, or fails with what came instead.
    ///
    /// # Errors
    ///
    /// After `patience`, or on [`Event::Wrong`].
    pub fn wait<T>(
        &mut self,
        patience: Duration,
        mut wanted: impl FnMut(&Event) -> Option<T>,
    ) -> io::Result<T> {
        let end = Instant::now() + patience;
        let mut others = Vec::new();
        while Instant::now() < end {
            for event in self.pump(Duration::from_millis(200))? {
                if let Some(found) = wanted(&event) {
                    return Ok(found);
                }
                if let Event::Wrong(what) = &event {
                    return Err(io::Error::other(format!("the exchange did wrong: {what}")));
                }
                others.push(event);
            }
        }
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("what was waited for did not come; instead {others:?}"),
        ))
    }

    fn flush(&mut self) -> io::Result<()> {
        while let Some(output) = self.phone.poll() {
            match output {
                Output::Send(bytes) => drop(self.sip.send_to(&bytes, self.server)?),
                Output::Event(event) => self.events.push(event),
            }
        }
        Ok(())
    }

    fn media(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let events = self
            .talking
            .and_then(|call| self.phone.ours(call))
            .and_then(|ours| ours.events);
        loop {
            match self.rtp.recv_from(buffer) {
                Ok((length, _)) => self
                    .heard
                    .receive(buffer.get(..length).unwrap_or_default(), events.or(Some(101))),
                Err(error) if is_wait(&error) => break,
                Err(error) => return Err(error),
            }
        }
        let Some(theirs) = self.talking.and_then(|call| self.phone.theirs(call)) else {
            return Ok(());
        };
        let (remote, codec) = (theirs.rtp, theirs.codecs.first().copied().unwrap_or(8));
        self.sender.payload_type = codec;
        let due = (self.start.elapsed().as_millis() / 20) as u64;
        while self.frames < due {
            self.frames += 1;
            let packet = if self.keys.is_empty() {
                self.sender.frame(&[0; FRAME])
            } else {
                self.keys.remove(0)
            };
            // The far end may have closed already.
            drop(self.rtp.send_to(&packet, remote));
        }
        Ok(())
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock
            | io::ErrorKind::TimedOut
            | io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionRefused
    )
}
