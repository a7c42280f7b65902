//! Whose event is next. Tells no time and runs nothing: [`Pool`](crate::Pool) says when it is and what an event cost.
//!
//! Tenants take turns, and who has had least of the processor is first. What a tenant's events take is charged to it [`SHARE`]
//! times over, and time pays the debt off: whoever needs less than that part of a processor owes nothing, and is served in the
//! order of arrival. Running events cannot be interrupted to let others past, so a tenant whose events are long, or which owes
//! much, is served in a lane of its own: by workers that give way to all else. A module that burns its fuel at every event
//! meets its own kind there, and nobody else meets it.
//!
//! Bounded: when no more may wait, the tenant with most waiting loses its newest.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The part of a processor, one so-manyth, that a tenant may take for long without owing anything.
const SHARE: u32 = 4;
/// Debt with which a tenant is still served briskly: for a burst, a `SHARE`th of it in processor time.
const ALLOWED: Duration = Duration::from_millis(200);
/// No debt grows beyond this: what a tenant took of an idle machine costs it seconds, not hours.
const MOST: Duration = Duration::from_secs(2);
/// Who has had an event this long lately is served in the lane for long ones. A hunt group with two hundred members takes 0.2 ms,
/// a guest that brings an interpreter along takes two.
const LONG: Duration = Duration::from_millis(5);
/// How much of the longest event so far is forgotten with each shorter one: one part of so many.
const FORGET: u32 = 16;

/// Whose longest event lately took less than this may have its next run by whoever asks, who waits for it: handing it to a
/// worker and back costs about as much.
const BRIEF: Duration = Duration::from_micros(300);
/// Who has an event that takes this long after all has lost that trust for a while.
const BREACH: Duration = Duration::from_millis(1);
/// Events without a breach that a tenant is trusted after; [`DISTRUST`] times as many after each breach, up to [`FORGIVEN`], after
/// which all is forgotten.
const TRUSTED: u32 = 16;
const DISTRUST: u32 = 16;
const FORGIVEN: u32 = 1 << 16;

/// Tenants that are remembered before those that owe nothing are first looked for.
const REMEMBERED: usize = 256;

/// By whom a tenant is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Brisk,
    /// By workers that give way to everything else.
    Patient,
}

impl Lane {
    pub fn other(self) -> Self {
        match self {
            Self::Brisk => Self::Patient,
            Self::Patient => Self::Brisk,
        }
    }
}

/// An event that was taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken<T> {
    pub event: T,
    pub tenant: Arc<str>,
    pub waited: Duration,
    /// What was charged for it already, as it probably takes as long as the tenant's longest lately.
    pub charged: Duration,
}

/// Where a tenant stands: when its debt is paid or its event came, whichever is later; then who was first.
type Place = (Duration, u64);

pub(crate) struct Turns<T> {
    tenants: HashMap<Arc<str>, Tenant<T>>,
    brisk: Queue,
    patient: Queue,
    most: usize,
    places: u64,
    /// Remembering more tenants than this, those that owe nothing are forgotten.
    tidy_at: usize,
}

/// The tenants of one lane that something waits of.
#[derive(Default)]
struct Queue {
    tenants: BTreeMap<Place, Arc<str>>,
    /// Events of all of them.
    waiting: usize,
}

struct Tenant<T> {
    waiting: VecDeque<(Duration, T)>,
    /// Where it stands; none when nothing waits.
    place: Option<(Lane, Place)>,
    /// When its debt is paid.
    paid: Duration,
    /// About the longest of its events lately.
    longest: Duration,
    /// Events since the last breach, and how many of them it takes to be trusted.
    good: u32,
    trusted: u32,
}

impl<T> Tenant<T> {
    fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            place: None,
            paid: Duration::ZERO,
            longest: Duration::ZERO,
            good: 0,
            trusted: TRUSTED,
        }
    }

    fn lane(&self, now: Duration) -> Lane {
        if self.longest >= LONG || self.paid > now + ALLOWED {
            Lane::Patient
        } else {
            Lane::Brisk
        }
    }

    fn charge(&mut self, now: Duration, cost: Duration) {
        self.paid = (self.paid.max(now) + cost.saturating_mul(SHARE)).min(now + MOST);
    }

    fn is_brief(&self, now: Duration) -> bool {
        let owes = self.lane(now) == Lane::Patient;
        self.waiting.is_empty() && !owes && self.longest < BRIEF && self.good >= self.trusted
    }

    /// Learns what one of its events took.
    fn learn(&mut self, cost: Duration) {
        self.longest = cost.max(self.longest - self.longest / FORGET);
        self.good = self.good.saturating_add(1);
        if cost >= BREACH {
            self.good = 0;
            self.trusted = self.trusted.saturating_mul(DISTRUST).min(FORGIVEN);
        } else if self.good >= FORGIVEN {
            self.trusted = TRUSTED;
        }
    }

    /// Whether it stands in the other lane than it should, or too far in front.
    fn is_misplaced(&self, now: Duration) -> bool {
        self.place
            .is_none_or(|(lane, (since, _))| lane != self.lane(now) || self.paid > since)
    }
}

impl<T> Turns<T> {
    /// In all, `most` events may wait.
    pub fn new(most: usize) -> Self {
        Self {
            tenants: HashMap::new(),
            brisk: Queue::default(),
            patient: Queue::default(),
            most,
            places: 0,
            tidy_at: REMEMBERED,
        }
    }

    /// Events that wait.
    pub fn waiting(&self) -> usize {
        self.brisk.waiting + self.patient.waiting
    }

    pub fn waiting_in(&self, lane: Lane) -> usize {
        match lane {
            Lane::Brisk => self.brisk.waiting,
            Lane::Patient => self.patient.waiting,
        }
    }

    /// An event waits from now on.
    ///
    /// # Errors
    ///
    /// The event that cannot wait any longer: this one, or the newest of the tenant that has most waiting.
    pub fn push(&mut self, now: Duration, tenant: &Arc<str>, event: T) -> Result<(), T> {
        let mut lost = None;
        if self.waiting() >= self.most {
            lost = self.lose(tenant);
            if lost.is_none() {
                return Err(event);
            }
        }
        self.leave(tenant, |known| known.is_misplaced(now));
        let known = self.tenants.entry(Arc::clone(tenant)).or_insert_with(Tenant::new);
        known.waiting.push_back((now, event));
        match known.place {
            Some((lane, _)) => self.queue(lane).waiting += 1,
            None => self.join(now, tenant),
        }
        lost.map_or(Ok(()), Err)
    }

    /// The next event of a lane.
    pub fn take(&mut self, now: Duration, lane: Lane) -> Option<Taken<T>> {
        let tenant = self.queue(lane).tenants.values().next().cloned()?;
        self.leave(&tenant, |_| true);
        let known = self.tenants.get_mut(&tenant)?;
        let (since, event) = known.waiting.pop_front()?;
        let charged = known.longest;
        known.charge(now, charged);
        self.join(now, &tenant);
        Some(Taken {
            event,
            tenant,
            waited: now.saturating_sub(since),
            charged,
        })
    }

    /// Whether a tenant's next event most likely takes less time than handing it over would.
    pub fn is_brief(&self, now: Duration, tenant: &str) -> bool {
        self.tenants.get(tenant).is_some_and(|known| known.is_brief(now))
    }

    /// What an event that was taken cost after all, of the processor.
    pub fn done(&mut self, now: Duration, tenant: &Arc<str>, charged: Duration, cost: Duration) {
        if let Some(known) = self.tenants.get_mut(tenant) {
            known.paid = known.paid.saturating_sub(charged.saturating_mul(SHARE));
            known.charge(now, cost);
            known.learn(cost);
            self.leave(tenant, |known| known.is_misplaced(now));
            self.join(now, tenant);
        }
        self.tidy(now);
    }

    /// Gives a tenant without a place one, if anything of its waits.
    fn join(&mut self, now: Duration, tenant: &Arc<str>) {
        let Some(known) = self.tenants.get_mut(tenant) else {
            return;
        };
        let waiting = known.waiting.len();
        if waiting == 0 || known.place.is_some() {
            return;
        }
        self.places += 1;
        let (lane, place) = (known.lane(now), (known.paid.max(now), self.places));
        known.place = Some((lane, place));
        let queue = self.queue(lane);
        queue.tenants.insert(place, Arc::clone(tenant));
        queue.waiting += waiting;
    }

    /// Takes a tenant's place away, where it has one and this holds.
    fn leave(&mut self, tenant: &Arc<str>, when: impl Fn(&Tenant<T>) -> bool) {
        let Some(known) = self.tenants.get_mut(tenant).filter(|known| when(known)) else {
            return;
        };
        let waiting = known.waiting.len();
        if let Some((lane, place)) = known.place.take() {
            let queue = self.queue(lane);
            queue.tenants.remove(&place);
            queue.waiting = queue.waiting.saturating_sub(waiting);
        }
    }

    /// The newest event of the tenant that has most waiting, unless that is this one.
    fn lose(&mut self, newcomer: &Arc<str>) -> Option<T> {
        let length = |tenant: &Arc<str>| self.tenants.get(tenant).map_or(0, |known| known.waiting.len());
        let placed = self.brisk.tenants.values().chain(self.patient.tenants.values());
        let longest = placed.max_by_key(|tenant| length(tenant)).cloned()?;
        if length(&longest) <= length(newcomer) + 1 {
            return None;
        }
        let known = self.tenants.get_mut(&longest)?;
        let (_, event) = known.waiting.pop_back()?;
        let lane = known.place.map(|(lane, _)| lane);
        if let Some(lane) = lane {
            let queue = self.queue(lane);
            queue.waiting = queue.waiting.saturating_sub(1);
        }
        Some(event)
    }

    fn tidy(&mut self, now: Duration) {
        if self.tenants.len() > self.tidy_at {
            let owes =
                |known: &Tenant<T>| known.paid > now || known.longest >= LONG || known.trusted > TRUSTED;
            self.tenants
                .retain(|_, known| known.place.is_some() || owes(known));
            self.tidy_at = REMEMBERED.max(self.tenants.len() * 2);
        }
    }

    fn queue(&mut self, lane: Lane) -> &mut Queue {
        match lane {
            Lane::Brisk => &mut self.brisk,
            Lane::Patient => &mut self.patient,
        }
    }
}

#[cfg(test)]
mod tests;
