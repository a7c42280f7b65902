//! One line whose phones another exchange has, while somebody wants to know how it is.
//!
//! ```text
//!  wanted ──▶ Waits ──its turn──▶ Asked ──NOTIFY──▶ Told ──nobody wants it any more──▶ a while ──▶ SUBSCRIBE, Expires 0
//!               ▲                   │ refused          │ ended by that exchange
//!               └── later, or much later ◀─────────────┘
//! ```
//!
//! How long it waits is said here (RFC 6665 §4.1.3 and §4.1.2.3): a subscription that ends for no fault of the line's is made anew at
//! once, one that fails later and later, and one that is refused for good after an hour, in case somebody has mended it. Until then
//! the line's state is not known, and whoever wants to wait for it hears that.

use std::sync::Arc;
use std::time::Duration;

use base::{Moment, Random};
use sip::endpoint::{SubscriptionEnding, SubscriptionId};

use super::told::Told;
use crate::directory::TrunkId;
use crate::engine::timers::TimerKey;
use crate::live::{self, Telling};

/// The state of a line is asked for again so often, at least: a peer that forgot us is found out by then.
pub(super) const LASTING: Duration = Duration::from_secs(600);
/// Nobody wants to know any more: the next one who does often comes soon.
pub(super) const LINGER: Duration = Duration::from_secs(30);
/// The full state is asked for out of turn no more often than this.
pub(super) const FULL_EVERY: Duration = Duration::from_secs(30);

const SOON: Duration = Duration::from_secs(1);
const SHORTEST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(900);
/// After it was refused for good.
const MENDED: Duration = Duration::from_secs(3_600);
/// What a peer may ask for with Retry-After.
const ASKED: std::ops::RangeInclusive<Duration> = SOON..=Duration::from_secs(86_400);
/// One that lasted so long was a good one.
const GOOD: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Watched {
    pub trunk: TrunkId,
    pub standing: Standing,
    /// What was told last. Kept while it is asked for anew, so that lamps do not flicker.
    pub told: Option<Told>,
    /// Attempts in vain, one after the other.
    failures: u32,
    pub wanted: bool,
    /// The next attempt, or the end of the while.
    pub timer: Option<TimerKey>,
    /// When the full state was asked for out of turn.
    pub full_asked: Moment,
    /// The state is known, or is not, since then.
    pub since: Moment,
}

#[derive(Debug)]
pub(crate) enum Standing {
    /// Until its timer, with what failed before.
    Waits(Option<Failed>),
    Asked(SubscriptionId),
    Told(SubscriptionId),
}

/// Why the state is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// For people.
    pub why: String,
    /// There is no use in waiting.
    pub for_good: bool,
}

/// What to do once a subscription is over, or could not be made.
#[derive(Debug, PartialEq, Eq)]
enum Again {
    /// It ended without a fault.
    AtOnce,
    Later(Option<Duration>),
    Hardly,
}

impl Watched {
    pub(super) fn new(trunk: TrunkId, now: Moment) -> Self {
        Self {
            trunk,
            standing: Standing::Waits(None),
            told: None,
            failures: 0,
            wanted: true,
            timer: None,
            full_asked: Moment::ZERO,
            since: now,
        }
    }

    pub(super) fn subscription(&self) -> Option<SubscriptionId> {
        match self.standing {
            Standing::Asked(id) | Standing::Told(id) => Some(id),
            Standing::Waits(_) => None,
        }
    }

    /// That it was told to have, at the moment or last.
    pub(super) fn calls(&self) -> u16 {
        self.told.as_ref().map_or(0, Told::calls)
    }

    /// Whether the state is known, and with how many calls.
    pub(super) fn known(&self) -> (bool, u16) {
        (matches!(self.standing, Standing::Told(_)), self.calls())
    }

    pub(super) fn failed(&self) -> Option<&Failed> {
        match &self.standing {
            Standing::Waits(failed) => failed.as_ref(),
            Standing::Asked(_) | Standing::Told(_) => None,
        }
    }

    /// For people.
    pub(super) fn described(&self, line: &Arc<str>) -> live::Elsewhere {
        let state = match (&self.standing, self.failed()) {
            (Standing::Told(_), _) => Telling::Told,
            (_, Some(_)) => Telling::Unknown,
            (Standing::Asked(_) | Standing::Waits(_), None) => Telling::Asked,
        };
        live::Elsewhere {
            line: line.clone(),
            trunk: self.trunk.text().clone(),
            state,
            calls: (state == Telling::Told).then(|| self.calls()),
            since: self.since,
            why: self.failed().map(|failed| failed.why.clone()),
            again: self.failed().and(self.timer).map(TimerKey::at),
        }
    }

    /// It cannot be asked now: no address, a trunk that is down. Returns how long to wait.
    pub(super) fn no_way(&mut self, now: Moment, why: &str, random: &mut Random) -> Duration {
        self.fails(now, why.to_owned(), &Again::Later(None), random)
    }

    /// A subscription has ended. Returns how long to wait before the next.
    pub(super) fn ended(
        &mut self,
        now: Moment,
        ending: &SubscriptionEnding,
        random: &mut Random,
    ) -> Duration {
        let (again, why) = judge(ending);
        self.fails(now, why, &again, random)
    }

    fn fails(&mut self, now: Moment, why: String, again: &Again, random: &mut Random) -> Duration {
        let was_good = matches!(self.standing, Standing::Told(_)) && now.since(self.since) >= GOOD;
        self.failures = if was_good {
            0
        } else {
            self.failures.saturating_add(1)
        };
        let at_once = *again == Again::AtOnce && self.failures <= 1;
        if !at_once {
            self.told = None;
        }
        self.since = now;
        self.standing = Standing::Waits((!at_once).then_some(Failed {
            why,
            for_good: *again == Again::Hardly,
        }));
        let doubled = SHORTEST.saturating_mul(1 << self.failures.clamp(1, 8).saturating_sub(1));
        let backoff = doubled.min(LONGEST);
        let wait = match again {
            Again::AtOnce if at_once => return SOON,
            Again::AtOnce | Again::Later(None) => backoff,
            Again::Later(Some(asked)) => (*asked).clamp(*ASKED.start(), *ASKED.end()),
            Again::Hardly => MENDED,
        };
        // Lines that failed together are not asked about together.
        wait + wait.mul_f64(f64::from(random.next_u32() >> 16) / 262_144.0)
    }
}

/// RFC 6665 §4.1.3 for those that were ended, §4.1.2.3 and RFC 3261 §21 for those that were refused.
fn judge(ending: &SubscriptionEnding) -> (Again, String) {
    match ending {
        SubscriptionEnding::Terminated { reason, retry_after } => {
            let reason = reason.as_deref().unwrap_or_default().to_ascii_lowercase();
            let again = match &*reason {
                "deactivated" | "timeout" => Again::AtOnce,
                "rejected" | "noresource" | "invariant" => Again::Hardly,
                _ => Again::Later(*retry_after),
            };
            (again, format!("it ended the subscription: {reason}"))
        }
        SubscriptionEnding::Refused(failure) => {
            let status = failure.status();
            let after = failure
                .response()
                .and_then(|response| response.headers.get("Retry-After"))
                .and_then(|text| text.split([' ', ';', '(']).next()?.parse().ok())
                .map(Duration::from_secs);
            let again = match status {
                // It may be there again tomorrow.
                408 | 430 | 480 | 486 | 487 | 491 | 500 | 502..=504 | 580 | 600 => Again::Later(after),
                _ => Again::Hardly,
            };
            let why = match status {
                489 | 405 | 501 => format!("it does not tell how lines are ({status})"),
                408 => "it did not answer".to_owned(),
                404 | 410 | 604 => format!("it knows no such line ({status})"),
                _ => format!("it refused ({status})"),
            };
            (again, why)
        }
        SubscriptionEnding::Gone | SubscriptionEnding::Expired => {
            (Again::AtOnce, "it forgot the subscription".to_owned())
        }
        SubscriptionEnding::NotNotified => (Again::Later(None), "it told nothing".to_owned()),
        _ => (Again::Later(None), "the subscription is over".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(endings: &[SubscriptionEnding]) -> Vec<u64> {
        let mut watched = Watched::new("there".into(), Moment::ZERO);
        let mut random = Random::from_seed(1);
        let mut seconds = |ending| watched.ended(Moment::ZERO, ending, &mut random).as_secs();
        endings.iter().map(&mut seconds).collect()
    }

    fn terminated(reason: &str, retry_after: Option<u64>) -> SubscriptionEnding {
        SubscriptionEnding::Terminated {
            reason: Some(reason.to_owned()),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    /// Each with a quarter more at most.
    fn is_about(wait: u64, expected: u64) -> bool {
        (expected..=expected + expected / 4).contains(&wait)
    }

    #[test]
    fn what_fails_is_tried_later_and_later_and_never_too_rarely() {
        let nothing = vec![SubscriptionEnding::NotNotified; 10];
        let expected = [10, 20, 40, 80, 160, 320, 640, 900, 900, 900];
        let seen = waits(&nothing);
        assert!(
            seen.iter()
                .zip(expected)
                .all(|(wait, wanted)| is_about(*wait, wanted)),
            "{seen:?}"
        );
    }

    #[test]
    fn what_ends_without_a_fault_is_made_anew_at_once_but_not_for_ever() {
        let seen = waits(&[terminated("deactivated", None), terminated("timeout", None)]);
        assert_eq!(seen[0], 1);
        assert!(is_about(seen[1], 20), "{seen:?}");
        assert_eq!(waits(&[SubscriptionEnding::Gone]), [1]);
    }

    #[test]
    fn the_other_side_says_when_and_whether_to_try_again() {
        assert!(is_about(waits(&[terminated("probation", Some(77))])[0], 77));
        assert!(is_about(waits(&[terminated("giveup", Some(0))])[0], 1));
        assert!(is_about(
            waits(&[terminated("giveup", Some(u64::MAX / 2))])[0],
            86_400
        ));
        for reason in ["rejected", "NoResource", "invariant"] {
            assert!(
                is_about(waits(&[terminated(reason, Some(5))])[0], 3_600),
                "{reason}"
            );
        }
    }
}
