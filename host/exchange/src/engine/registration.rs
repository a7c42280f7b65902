//! What is kept of the contacts that registered. A phone is asked for a few times a day, and waits for it the whole day:
//! its contacts lie as they are stored, which is a third of what they take spread out.

use base::Moment;
use sip::registrar::Bindings;

use super::timers::TimerKey;

/// The contacts of one device or registering trunk.
#[derive(Debug, Default)]
pub(crate) struct Registration {
    /// As it is stored; nothing when there are none.
    packed: Box<[u8]>,
    /// When the last of them expires.
    until: Moment,
    /// The next expiry.
    pub timer: Option<TimerKey>,
}

impl Registration {
    pub(crate) fn bindings(&self) -> Bindings {
        postcard::from_bytes(&self.packed).unwrap_or_default()
    }

    pub(crate) fn keep(&mut self, bindings: &Bindings) {
        self.until = bindings.last_expiry().unwrap_or_default();
        self.packed = if bindings.is_empty() {
            Box::default()
        } else {
            postcard::to_allocvec(bindings).unwrap_or_default().into()
        };
    }

    /// What is to be stored.
    pub(crate) fn packed(&self) -> Option<&[u8]> {
        Some(&*self.packed).filter(|packed| !packed.is_empty())
    }

    pub(crate) fn is_live(&self, now: Moment) -> bool {
        self.until > now
    }
}
