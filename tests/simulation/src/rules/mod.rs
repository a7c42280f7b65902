//! What must hold whatever happens. Each rule watches what is seen in the world, step by step.

mod answers;
mod asks;
mod endings;
mod heard;
mod kept;
mod offers;
mod provisional;
mod tenants;
mod versions;

use testkit::World;
use testkit::world::{Seen, What};

use self::answers::Answers;
use self::asks::Asks;
use self::endings::Endings;
use self::heard::Heard;
use self::kept::Kept;
use self::offers::Offers;
use self::provisional::Provisional;
use self::tenants::Tenants;
use self::versions::Versions;
use crate::town::Town;

/// A rule that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The rule, as a sentence.
    pub rule: &'static str,
    pub how: String,
}

/// What a phone finds wrong after a process died: the ACK or PRACK would have been that one's, and it had not stored what
/// it agreed on last.
const EXCUSED: [&str; 3] = ["no ACK", "no PRACK", "a 2xx with another description"];

/// What a look at something found.
pub type Verdict = Result<(), Broken>;

pub(crate) fn broken(rule: &'static str, how: impl Into<String>) -> Verdict {
    Err(Broken {
        rule,
        how: how.into(),
    })
}

/// All rules of a run.
#[derive(Default)]
pub struct Rules {
    answers: Answers,
    asks: Asks,
    endings: Endings,
    kept: Kept,
    heard: Heard,
    offers: Offers,
    provisional: Provisional,
    tenants: Tenants,
    versions: Versions,
    crashed: bool,
    /// Some message was lost.
    lost: bool,
}

impl Rules {
    /// Something happened.
    ///
    /// # Errors
    ///
    /// The rule that it breaks.
    pub fn see(&mut self, world: &World, town: &Town, seen: &Seen) -> Verdict {
        self.crashed |= matches!(seen.what, What::Died);
        self.lost |= matches!(seen.what, What::Lost { .. });
        self.exchange_is_sound(world, seen)?;
        self.answers.see(seen)?;
        self.asks.see(world, seen)?;
        self.endings.see(seen)?;
        self.kept.see(world, seen)?;
        self.offers.see(world, seen)?;
        self.provisional.see(seen)?;
        self.tenants.see(world, town, seen)?;
        self.heard.see(world, seen);
        self.versions.see(seen)
    }

    /// All that one happening brought is seen.
    ///
    /// # Errors
    ///
    /// The rule that does not hold now.
    pub fn look(&mut self, world: &World, town: &Town) -> Verdict {
        if let Some(complaint) = town.complaints.borrow().first() {
            return broken(
                "no session runs on a version that it did not accept",
                complaint.clone(),
            );
        }
        if let Some(error) = crate::errors::take() {
            return broken("nothing is logged as an error", error);
        }
        self.asks.look(world)?;
        self.provisional.look()?;
        self.heard.look(world)
    }

    /// A step of the plan is over.
    ///
    /// # Errors
    ///
    /// The rule that does not hold now.
    pub fn after_step(&mut self, world: &mut World, town: &Town) -> Verdict {
        self.kept.compare(world, town)
    }

    /// Everybody hung up, and a long time passed.
    ///
    /// # Errors
    ///
    /// The rule that does not hold.
    pub fn at_the_end(&mut self, world: &mut World, town: &Town) -> Verdict {
        self.answers.at_the_end()?;
        self.endings.at_the_end(world)?;
        self.provisional.at_the_end()?;
        self.kept.compare(world, town)
    }

    fn exchange_is_sound(&self, world: &World, seen: &Seen) -> Verdict {
        match &seen.what {
            What::Wrong(how) => broken("the exchange keeps to its contract", how.clone()),
            What::Phone(_, phone::Event::Wrong(how))
                if self.crashed && EXCUSED.iter().any(|start| how.starts_with(start)) =>
            {
                Ok(())
            }
            What::Phone(id, phone::Event::NotRefreshed(call)) if !self.crashed && !self.lost => broken(
                "session timers are kept",
                format!("{}/{}: {call:?}", world.tenant_of(*id), world.name(*id)),
            ),
            What::Phone(id, phone::Event::Wrong(how)) => broken(
                "phones find nothing wrong",
                format!("{}/{}: {how}", world.tenant_of(*id), world.name(*id)),
            ),
            _ => Ok(()),
        }
    }
}
