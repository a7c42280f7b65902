//! Who hears whom, and which ports have heard nobody for too long.

use std::net::SocketAddr;
use std::time::Duration;

use base::Moment;
use exchange::Input;
use media::PortId;

use super::{Happening, World};
use crate::office::PhoneId;
use crate::sound::Hearing;

/// How often the media engine looks for ports that hear nobody.
pub(super) const LISTEN: Duration = Duration::from_secs(10);

impl World {
    /// RTP ports that the media engine has open.
    pub fn open_ports(&self) -> usize {
        self.sound.open_ports()
    }

    /// What the party hears that sends to this address: one of ours, or another phone's.
    pub fn hears(&self, address: SocketAddr) -> Hearing {
        if let Some(port) = self.sound.at(address) {
            return self.sound.hearing(port);
        }
        let is_there = |id: &PhoneId| self.phone(*id).is_some_and(|phone| phone.config().rtp == address);
        let found = self.phones().find(is_there);
        let talks = |id: &PhoneId| {
            let live = self.phone(*id).map(phone::Phone::live).unwrap_or_default();
            !live.is_empty() || !self.is_here(*id)
        };
        found.filter(talks).map_or(Hearing::Nothing, Hearing::Phone)
    }

    /// Whether what the party behind one address of ours says reaches the party behind another.
    pub fn reaches(&self, from: SocketAddr, to: SocketAddr) -> bool {
        let (from, to) = (self.sound.at(from), self.sound.at(to));
        from.zip(to)
            .is_some_and(|(from, to)| self.sound.reaches(from, to))
    }

    /// Tells of ports that have heard nobody for as long as the exchange allows.
    pub(super) fn listen(&mut self) {
        self.soon(LISTEN, Happening::Listen);
        let Some(most) = self.config.media.silence else {
            return;
        };
        let mut listening = self.sound.listening();
        listening.retain(|(_, local, remote)| !self.speaks_to(*remote, *local));
        let now = self.now;
        let before = std::mem::take(&mut self.silent);
        let since = |port: PortId| before.get(&port).copied().unwrap_or(now);
        self.silent = listening
            .into_iter()
            .map(|(port, _, _)| (port, since(port)))
            .collect();
        let told = |since: Moment| (most..most + LISTEN).contains(&now.since(since));
        let over: Vec<PortId> = self
            .silent
            .iter()
            .filter_map(|(port, since)| told(*since).then_some(*port))
            .collect();
        if self.is_up {
            for port in over {
                let lasting = most;
                self.input(Input::Media(media::Event::Silence { port, lasting }));
            }
        }
    }
}
