//! The exchange's process: it starts from what was stored, and dies without a word.

use std::time::Duration;

use exchange::{Exchange, Input};

use super::{Happening, What, World};
use crate::sound::SoundDesk;

impl World {
    /// The process dies now, and another one starts after `down`. Of the writes that were not durable
    /// yet, some were just in time, as chance has it.
    pub fn crash(&mut self, down: Duration) {
        if !self.is_up {
            return;
        }
        let pending = self.store.pending() as u64;
        let kept = self.random.below(pending + 1);
        self.store.crash(usize::try_from(kept).unwrap_or(usize::MAX));
        self.is_up = false;
        self.sound = SoundDesk::default();
        self.silent.clear();
        self.break_connections();
        self.tell(What::Died);
        self.soon(down, Happening::Start);
    }

    /// The process is stopped in an orderly way and started again at once: everything it wrote is durable.
    pub fn restart(&mut self) {
        self.store.commit();
        self.crash(Duration::ZERO);
    }

    pub(super) fn start(&mut self) {
        self.run += 1;
        self.is_up = true;
        // Another run has other randomness: tags and Call-IDs never come twice.
        self.exchange = Exchange::new(self.config.clone(), self.random.fork());
        self.exchange.restore(self.now, self.store.entries());
        self.tell(What::Started);
        self.drain();
        for (tenant, prompts) in self.prompts.clone() {
            self.input(Input::Prompts {
                tenant: Some(tenant.as_str().into()),
                prompts,
            });
        }
    }
}
