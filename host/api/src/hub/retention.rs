use std::time::Duration;

use base::Moment;
use store::{Expect, Retention, Store, key};

use super::kept::Found;

/// How long records of ended calls are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    pub traces: Duration,
    pub cdrs: Duration,
    pub audit: Duration,
}

impl Default for Keep {
    /// A week of traces, a year of detail records and of the audit journal.
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Self {
            traces: days(7),
            cdrs: days(365),
            audit: days(365),
        }
    }
}

/// How much of its sessions a tenant wants to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepJournal {
    pub longest: Duration,
    /// Of each behaviour.
    pub bytes: u64,
}

/// Removes what is older, or more, than each tenant wants of its sessions. Tenants without a rule are gone, and so is
/// their journal.
///
/// # Errors
///
/// The store's; what was removed until then stays removed.
pub fn clear_journals(
    store: &dyn Store,
    rule: &dyn Fn(&str) -> Option<KeepJournal>,
    now: Moment,
) -> Result<(), store::Error> {
    let mut after = None;
    loop {
        let streams = store.streams("journal/", after.as_deref(), usize::MAX)?;
        let Some((last, _)) = streams.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        for (stream, _) in &streams {
            let tenant = key::split(stream).into_iter().nth(1);
            let rule = tenant.as_deref().and_then(rule);
            let keep = Retention {
                max_age: rule.map(|rule| rule.longest),
                max_bytes: Some(rule.map_or(0, |rule| rule.bytes)),
            };
            while store.trim(stream, &keep, now)?.more {}
            if rule.is_none() {
                store.forget_stream(stream)?;
            }
        }
    }
}

/// Removes what is older than is kept. To be called now and then, from a thread that may wait.
///
/// # Errors
///
/// The store's; what was removed until then stays removed.
pub fn clear_old(store: &dyn Store, keep: &Keep, now: Moment) -> Result<(), store::Error> {
    clear_streams(store, "cdr/", keep.cdrs, now)?;
    clear_streams(store, "audit/", keep.audit, now)?;
    clear_traces(store, now - keep.traces)
}

fn clear_streams(
    store: &dyn Store,
    prefix: &str,
    longest: Duration,
    now: Moment,
) -> Result<(), store::Error> {
    let keep = Retention {
        max_age: Some(longest),
        ..Retention::default()
    };
    let mut after = None;
    loop {
        let streams = store.streams(prefix, after.as_deref(), usize::MAX)?;
        let Some((last, _)) = streams.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        for (stream, _) in &streams {
            while store.trim(stream, &keep, now)?.more {}
        }
    }
}

/// Keys lie in the order of tenants and calls, not of ends, so all are looked at.
fn clear_traces(store: &dyn Store, before: Moment) -> Result<(), store::Error> {
    let mut after = None;
    loop {
        let page = store.list("trace/", after.as_deref(), usize::MAX)?;
        for document in page.documents {
            let ended = Found::unpack(&document.value).and_then(|found| found.ended());
            if ended.is_none_or(|ended| ended < before) {
                store.delete(&document.key, Expect::At(document.revision))?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
