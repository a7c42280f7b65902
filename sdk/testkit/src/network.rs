//! The way between phones and the exchange: perfect, or lossy, slow and out of order, as a seed has it.

use std::collections::BTreeMap;
use std::time::Duration;

use base::Random;

use crate::office::PhoneId;

/// What one link does to datagrams, each way. A link over TCP is slow, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Share of datagrams that never arrive.
    pub loss: f64,
    /// Share that arrive twice.
    pub duplicates: f64,
    /// Share that wait for up to `late` more, so that later ones overtake them.
    pub reordered: f64,
    pub late: Duration,
    /// The least that every datagram takes.
    pub delay: Duration,
    /// Up to so much more.
    pub jitter: Duration,
}

impl Link {
    /// A millisecond, always.
    pub const PERFECT: Self = Self {
        loss: 0.0,
        duplicates: 0.0,
        reordered: 0.0,
        late: Duration::ZERO,
        delay: Duration::from_millis(1),
        jitter: Duration::ZERO,
    };
}

impl Default for Link {
    fn default() -> Self {
        Self::PERFECT
    }
}

/// What the links did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mischief {
    pub lost: u64,
    pub duplicated: u64,
    pub delayed: u64,
}

/// All links: one for each phone.
#[derive(Debug)]
pub struct Network {
    usual: Link,
    own: BTreeMap<PhoneId, Link>,
    random: Random,
    mischief: Mischief,
}

impl Network {
    pub(crate) fn new(random: Random) -> Self {
        Self {
            usual: Link::PERFECT,
            own: BTreeMap::new(),
            random,
            mischief: Mischief::default(),
        }
    }

    /// How links are that are not set on their own.
    pub fn set_all(&mut self, link: Link) {
        self.usual = link;
        self.own.clear();
    }

    /// How the link of one phone is.
    pub fn set(&mut self, phone: PhoneId, link: Link) {
        self.own.insert(phone, link);
    }

    /// What happened to datagrams so far.
    pub fn mischief(&self) -> Mischief {
        self.mischief
    }

    fn link(&self, phone: Option<PhoneId>) -> Link {
        phone
            .and_then(|phone| self.own.get(&phone))
            .copied()
            .unwrap_or(self.usual)
    }

    /// How long each copy of a datagram takes: none, one or two.
    pub(crate) fn send(&mut self, phone: Option<PhoneId>) -> Vec<Duration> {
        let link = self.link(phone);
        if self.random.chance(link.loss) {
            self.mischief.lost += 1;
            return Vec::new();
        }
        let mut copies = vec![self.one_way(&link)];
        if self.random.chance(link.duplicates) {
            self.mischief.duplicated += 1;
            copies.push(self.one_way(&link));
        }
        copies
    }

    /// How long a message over a connection takes: repeats of lost segments are a delay.
    pub(crate) fn stream(&mut self, phone: Option<PhoneId>) -> Duration {
        let link = self.link(phone);
        let again = if self.random.chance(link.loss) {
            self.mischief.delayed += 1;
            Duration::from_millis(200)
        } else {
            Duration::ZERO
        };
        self.one_way(&link) + again
    }

    fn one_way(&mut self, link: &Link) -> Duration {
        let mut length = link.delay + self.up_to(link.jitter);
        if self.random.chance(link.reordered) {
            self.mischief.delayed += 1;
            length += self.up_to(link.late);
        }
        length
    }

    fn up_to(&mut self, length: Duration) -> Duration {
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.random.below(micros))
    }
}
