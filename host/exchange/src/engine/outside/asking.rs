//! Asking other exchanges how lines are whose phones they have: one subscription a line, however many want to know.
//!
//! Whoever watches the line wants to know: sessions that wait for it or hear of its changes, lamps of phones here. What is told
//! becomes the line's state, so that a watch, a lamp and a view are the same for a line there as for one here.
//!
//! Nothing of it is stored: after a restart those who want to know are there again, and it is asked anew. The subscription of the
//! process before ends at its next NOTIFY, which nobody knows (481).

use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use contract::Cause;
use rustc_hash::FxHashMap;
use sip::endpoint::{Party, Subscribe, SubscriptionId};
use sip::uri::Uri;

use super::told::{Dialog, Told};
use super::watched::{LASTING, LINGER, Standing, Watched};
use crate::directory::TrunkId;
use crate::engine::notifier::PACKAGE;
use crate::engine::{ByTenant, Exchange, OfTenant};
use crate::live;
use crate::report::Fact;

const TYPE: &str = "application/dialog-info+xml";

/// Lines that are asked about, of one tenant.
const PER_TENANT: usize = 20_000;
/// Between one first SUBSCRIBE and the next: after a start, or when a trunk is back, many are due.
const PACE: Duration = Duration::from_millis(5);

/// Lines that are asked about.
#[derive(Debug, Default)]
pub(crate) struct Watching {
    lines: ByTenant<Box<Watched>>,
    pub(super) by_subscription: FxHashMap<SubscriptionId, (Arc<str>, Arc<str>)>,
    /// The next one may be asked about then.
    free: Moment,
}

/// What the exchange knows of a line's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// All of them.
    Full,
    /// Its own; the rest is asked for, or will be.
    Awaited,
    /// Its own; nobody tells the rest.
    Never,
}

impl Watching {
    fn get(&self, tenant: &str, line: &str) -> Option<&Watched> {
        Some(self.lines.get(tenant)?.get(line)?)
    }

    pub(super) fn get_mut(&mut self, tenant: &str, line: &str) -> Option<&mut Watched> {
        Some(self.lines.get_mut(tenant)?.get_mut(line)?)
    }

    /// Stored subscriptions have their numbers first.
    pub(in crate::engine) fn not_before(&mut self, at: Moment) {
        self.free = self.free.max(at);
    }

    fn turn(&mut self, now: Moment) -> Moment {
        let turn = self.free.max(now);
        self.free = turn + PACE;
        turn
    }
}

/// What is known.
impl Exchange {
    pub(in crate::engine) fn knowledge(&self, tenant: &str, line: &str) -> Knowledge {
        if self.elsewhere(tenant, line).is_none() {
            return Knowledge::Full;
        }
        let Some(watched) = self.watching.get(tenant, line) else {
            return match self.teller(tenant, line) {
                Some(_) if self.has_room_to_ask(tenant) => Knowledge::Awaited,
                Some(_) | None => Knowledge::Never,
            };
        };
        match &watched.standing {
            Standing::Told(_) => Knowledge::Full,
            Standing::Waits(Some(failed)) if failed.for_good => Knowledge::Never,
            Standing::Asked(_) | Standing::Waits(_) => Knowledge::Awaited,
        }
    }

    /// The trunk to the exchange that has the line's phones, when that is asked how they are.
    fn teller(&self, tenant: &str, line: &str) -> Option<TrunkId> {
        let view = self.tenant(tenant)?;
        let trunk = view.elsewhere(view.line(line)?)?;
        let asks = view.trunk(trunk)?.dialog_watches.outbound;
        asks.then(|| trunk.clone())
    }

    fn has_room_to_ask(&self, tenant: &str) -> bool {
        let of_tenant = self.watching.lines.get(tenant);
        of_tenant.is_none_or(|lines| lines.len() < PER_TENANT)
    }

    /// Calls that its exchange told of, at the moment or last.
    pub(in crate::engine) fn calls_there(&self, tenant: &str, line: &str) -> u16 {
        let watched = self.watching.get(tenant, line);
        watched.map_or(0, Watched::calls)
    }

    pub(in crate::engine) fn dialogs_there(&self, tenant: &str, line: &str) -> &[Dialog] {
        let watched = self.watching.get(tenant, line);
        watched
            .and_then(|watched| watched.told.as_ref())
            .map_or(&[], Told::dialogs)
    }

    /// Lines that are asked about, for people.
    pub(in crate::engine) fn list_elsewhere(&self, tenant: &str) -> Vec<live::Elsewhere> {
        let of_tenant = self.watching.lines.get(tenant).into_iter().flatten();
        let mut list: Vec<live::Elsewhere> =
            of_tenant.map(|(line, watched)| watched.described(line)).collect();
        list.sort_by(|a, b| a.line.cmp(&b.line));
        list
    }
}

/// Who wants to know.
impl Exchange {
    /// Somebody began or ceased to watch a line, or its document has changed.
    pub(in crate::engine) fn look_elsewhere(&mut self, tenant: &str, line: &str) {
        let teller = self.teller(tenant, line);
        if let Some(watched) = self.watching.get(tenant, line)
            && teller.as_ref() != Some(&watched.trunk)
        {
            self.ask_no_more(tenant, line);
        }
        let Some(trunk) = teller else {
            return;
        };
        let is_wanted = self.is_wanted(tenant, line);
        match self.watching.get(tenant, line).map(|watched| watched.wanted) {
            None if is_wanted => self.begin_asking(tenant, line, trunk),
            Some(was) if was != is_wanted => self.wanted_or_not(tenant, line, is_wanted),
            None | Some(_) => {}
        }
    }

    fn is_wanted(&self, tenant: &str, line: &str) -> bool {
        let activity = self.lines.get(tenant).and_then(|lines| lines.get(line));
        activity.is_some_and(|activity| !activity.waiting.is_empty() || !activity.watchers.is_empty())
            || self.notifier.is_watched(tenant, line)
    }

    fn begin_asking(&mut self, tenant: &str, line: &str, trunk: TrunkId) {
        if !self.has_room_to_ask(tenant) {
            return;
        }
        let Some(view) = self.tenant(tenant) else {
            return;
        };
        let (Some(line), tenant) = (
            view.line(line).map(|line| line.id.text().clone()),
            view.id().text().clone(),
        ) else {
            return;
        };
        let watched = Box::new(Watched::new(trunk, self.now));
        let of_tenant = self.watching.lines.entry(tenant.clone()).or_default();
        of_tenant.insert(line.clone(), watched);
        self.ask_in_turn(&tenant, &line);
    }

    fn ask_in_turn(&mut self, tenant: &str, line: &str) {
        let turn = self.watching.turn(self.now);
        if turn <= self.now {
            self.ask_about_line(tenant, line);
        } else {
            self.set_elsewhere_timer(tenant, line, Some(turn));
        }
    }

    fn wanted_or_not(&mut self, tenant: &str, line: &str, is_wanted: bool) {
        let now = self.now;
        let Some(watched) = self.watching.get_mut(tenant, line) else {
            return;
        };
        watched.wanted = is_wanted;
        // One that waits goes on waiting, so that it is not asked more often when people come and go.
        if watched.subscription().is_some() {
            self.set_elsewhere_timer(tenant, line, (!is_wanted).then(|| now + LINGER));
        }
    }

    fn set_elsewhere_timer(&mut self, tenant: &str, line: &str, at: Option<Moment>) {
        let Some((tenant, line)) = self.names_of(tenant, line) else {
            return;
        };
        let due = OfTenant::Elsewhere {
            tenant: tenant.clone(),
            line: line.clone(),
        };
        let timer = at.map(|at| self.timers.set(at, due.into()));
        let watched = self.watching.get_mut(&tenant, &line);
        let old = watched.and_then(|watched| std::mem::replace(&mut watched.timer, timer));
        if let Some(old) = old {
            self.timers.cancel(old);
        }
    }

    /// It is time to ask, or to ask no more.
    pub(in crate::engine) fn elsewhere_due(&mut self, tenant: &str, line: &str) {
        let Some(watched) = self.watching.get_mut(tenant, line) else {
            return;
        };
        watched.timer = None;
        match (watched.wanted, &watched.standing) {
            (false, _) => self.ask_no_more(tenant, line),
            (true, Standing::Waits(_)) => self.ask_about_line(tenant, line),
            (true, Standing::Asked(_) | Standing::Told(_)) => {}
        }
    }

    /// Forgets the line, and takes the subscription back.
    fn ask_no_more(&mut self, tenant: &str, line: &str) {
        self.set_elsewhere_timer(tenant, line, None);
        let Some(of_tenant) = self.watching.lines.get_mut(tenant) else {
            return;
        };
        let gone = of_tenant.remove_entry(line);
        if of_tenant.is_empty() {
            self.watching.lines.remove(tenant);
        }
        let Some((line, watched)) = gone else {
            return;
        };
        if let Some(id) = watched.subscription() {
            self.watching.by_subscription.remove(&id);
            // An error means that it is over already.
            let _ = self.sip.unsubscribe(self.now, id);
        }
        self.told_anew(tenant, &line, watched.calls());
    }

    /// These trunks have come, gone or changed, or the tenant has.
    pub(in crate::engine) fn tellers_changed(&mut self, tenant: &str, trunks: &[&str]) {
        for line in self.lines_asked_about(tenant, |watched| trunks.contains(&watched.trunk.as_str())) {
            self.ask_no_more(tenant, &line);
        }
        let activities = self.lines.get(tenant).into_iter().flatten();
        let wanted = activities
            .filter(|(_, activity)| !activity.waiting.is_empty() || !activity.watchers.is_empty())
            .map(|(line, _)| line.clone());
        let mut wanted: Vec<Arc<str>> = wanted.chain(self.notifier.watched_lines(tenant)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        for line in wanted {
            self.look_elsewhere(tenant, &line);
            self.watches_fire(tenant, &line);
            self.unknowable(tenant, &line);
        }
    }

    /// The tenant is gone, and everything of it.
    pub(in crate::engine) fn ask_for_nobody(&mut self, tenant: &str) {
        for line in self.lines_asked_about(tenant, |_| true) {
            self.ask_no_more(tenant, &line);
        }
    }

    fn lines_asked_about(&self, tenant: &str, which: impl Fn(&Watched) -> bool) -> Vec<Arc<str>> {
        let of_tenant = self.watching.lines.get(tenant).into_iter().flatten();
        let mut lines: Vec<Arc<str>> = of_tenant
            .filter(|(_, watched)| which(watched))
            .map(|(line, _)| line.clone())
            .collect();
        lines.sort_unstable();
        lines
    }
}

/// Asking.
impl Exchange {
    fn ask_about_line(&mut self, tenant: &str, line: &str) {
        self.set_elsewhere_timer(tenant, line, None);
        let made = match self.subscribe_for(tenant, line) {
            Some(subscribe) => self
                .sip
                .subscribe(self.now, subscribe)
                .map_err(|error| error.to_string()),
            None => Err("the trunk is down, or has no address".to_owned()),
        };
        let (now, tenant_and_line) = (self.now, self.names_of(tenant, line));
        let Some(watched) = self.watching.get_mut(tenant, line) else {
            return;
        };
        match made {
            Ok(id) => {
                watched.standing = Standing::Asked(id);
                self.watching
                    .by_subscription
                    .extend(tenant_and_line.map(|who| (id, who)));
            }
            Err(why) => {
                let (known, before) = watched.known();
                let wait = watched.no_way(now, &why, &mut self.random);
                self.not_told(tenant, line, wait, known, before);
            }
        }
    }

    fn names_of(&self, tenant: &str, line: &str) -> Option<(Arc<str>, Arc<str>)> {
        let (tenant, lines) = self.watching.lines.get_key_value(tenant)?;
        Some((tenant.clone(), lines.get_key_value(line)?.0.clone()))
    }

    /// None when there is no way to its exchange now.
    fn subscribe_for(&self, tenant: &str, line: &str) -> Option<Subscribe> {
        let watched = self.watching.get(tenant, line)?;
        let label = self.tenant(tenant)?.line(line)?.label().clone();
        if self.is_trunk_down(tenant, &watched.trunk) {
            return None;
        }
        let way = self.way_over(tenant, &watched.trunk, &label)?;
        let account = way.credentials.as_ref().map(|own| own.user.clone());
        let from = Uri::sip(account.as_deref(), &self.domain_of(tenant), None).ok()?;
        let to = Uri::sip(Some(&way.number), &way.domain, None).ok()?;
        let (from, to) = (Party::from(from), Party::from(to));
        let mut subscribe = Subscribe::new(way.target, way.path, from, to, PACKAGE, LASTING).accept(TYPE);
        subscribe.contact_user = account;
        subscribe.credentials = way.credentials;
        Some(subscribe)
    }

    /// The state is not known: it is asked for again after `wait`.
    pub(super) fn not_told(
        &mut self,
        tenant: &str,
        line: &str,
        wait: Duration,
        was_known: bool,
        before: u16,
    ) {
        let at = self.now + wait;
        self.set_elsewhere_timer(tenant, line, Some(at));
        let Some(watched) = self.watching.get(tenant, line) else {
            return;
        };
        if let Some(failed) = watched.failed().cloned() {
            self.tell_whether(tenant, line, failed.why, was_known);
            self.told_anew(tenant, line, before);
            if failed.for_good {
                self.unknowable(tenant, line);
            }
        }
    }

    /// Reports that the state is known, or why not.
    pub(super) fn tell_whether(&mut self, tenant: &str, line: &str, why: String, changed: bool) {
        let (Some((tenant, line)), Some(watched)) =
            (self.names_of(tenant, line), self.watching.get(tenant, line))
        else {
            return;
        };
        let trunk = watched.trunk.text().clone();
        let known = why.is_empty();
        if changed || !known {
            let fact = Fact::LineElsewhere {
                line,
                trunk,
                known,
                why,
            };
            self.report_for(&tenant, None, None, None, fact);
        }
    }

    /// Those who wait for the line cannot be told.
    fn unknowable(&mut self, tenant: &str, line: &str) {
        if self.knowledge(tenant, line) == Knowledge::Never {
            self.watches_of_line_end(tenant, line, Cause::Unreachable);
        }
    }
}

/// What happens to trunks.
impl Exchange {
    /// A trunk is up, or can be reached again: its lines are asked about at once, those that were refused for good as well.
    pub(in crate::engine) fn trunk_is_back(&mut self, tenant: &str, trunk: &str) {
        let waits =
            |watched: &Watched| watched.wanted && *watched.trunk == *trunk && watched.failed().is_some();
        for line in self.lines_asked_about(tenant, waits) {
            self.ask_in_turn(tenant, &line);
        }
    }

    /// A trunk has gone down: what was told over it says nothing any more.
    pub(in crate::engine) fn trunk_is_lost(&mut self, tenant: &str, trunk: &str) {
        let now = self.now;
        let asked = |watched: &Watched| *watched.trunk == *trunk && watched.subscription().is_some();
        for line in self.lines_asked_about(tenant, asked) {
            let Some(watched) = self.watching.get_mut(tenant, &line) else {
                continue;
            };
            let ((was_known, before), id) = (watched.known(), watched.subscription());
            let wait = watched.no_way(now, "the trunk is down", &mut self.random);
            if let Some(id) = id {
                self.watching.by_subscription.remove(&id);
                let _ = self.sip.unsubscribe(now, id);
            }
            self.not_told(tenant, &line, wait, was_known, before);
        }
    }

    /// A server was found: whoever has waited for a way has one now.
    pub(in crate::engine) fn servers_found(&mut self) {
        let mut ways: Vec<(Arc<str>, TrunkId)> = Vec::new();
        for (tenant, lines) in &self.watching.lines {
            let failed = lines.values().filter(|watched| watched.failed().is_some());
            ways.extend(failed.map(|watched| (tenant.clone(), watched.trunk.clone())));
        }
        ways.sort_unstable();
        ways.dedup();
        for (tenant, trunk) in ways {
            self.trunk_is_back(&tenant, &trunk);
        }
    }
}
