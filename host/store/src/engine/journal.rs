use std::ops::Range;

use base::Moment;
use bytes::Bytes;

use super::{Commit, damaged, listing_start, read_u64};
use crate::backend::{Table, View};
use crate::{Entry, Error, Limits, Retention, StreamInfo, Trimmed, key};

/// Bytes before an entry's own: its instant.
const HEADER: usize = 8;

pub(super) fn info(view: &mut dyn View, name: &str) -> Result<Option<StreamInfo>, Error> {
    match view.get(Table::Streams, name.as_bytes())? {
        Some(record) => postcard::from_bytes(&record).map(Some).map_err(|_| damaged(name)),
        None => Ok(None),
    }
}

pub(super) fn list(
    view: &mut dyn View,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, StreamInfo)>, Error> {
    let start = listing_start(prefix.as_bytes(), after.map(str::as_bytes));
    let end = key::prefix_end(prefix.as_bytes());
    let mut found = Vec::new();
    view.scan(Table::Streams, &start, end.as_deref(), &mut |name, record| {
        if let Ok(info) = postcard::from_bytes(record) {
            found.push((String::from_utf8_lossy(name).into_owned(), info));
        }
        found.len() < limit
    })?;
    Ok(found)
}

pub(super) fn read(
    view: &mut dyn View,
    stream: &str,
    from: u64,
    limits: Limits,
) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    let mut bytes = 0;
    view.scan(
        Table::Entries,
        &entry_key(stream, from),
        Some(&stream_end(stream)),
        &mut |key, record| {
            if bytes > 0 && bytes + record.len() > limits.page_bytes {
                return false;
            }
            bytes += record.len();
            entries.extend(decode(key, record));
            entries.len() < limits.page
        },
    )?;
    Ok(entries)
}

fn decode(key: &[u8], record: &[u8]) -> Option<Entry> {
    let (_, offset) = key.split_last_chunk()?;
    let at = Moment::from_micros(read_u64(record)?);
    Some(Entry {
        offset: u64::from_be_bytes(*offset),
        at,
        bytes: Bytes::copy_from_slice(record.get(HEADER..)?),
    })
}

impl Commit<'_> {
    pub fn append<'a>(
        &mut self,
        stream: &str,
        entries: impl Iterator<Item = (Moment, &'a Bytes)>,
    ) -> Result<Range<u64>, Error> {
        key::check("stream", stream)?;
        let mut extent = info(self.transaction, stream)?.unwrap_or_default();
        let start = extent.next;
        for (at, entry) in entries {
            self.check_size("a journal entry", entry)?;
            let record = [&at.as_micros().to_be_bytes(), entry.as_ref()].concat();
            self.transaction
                .put(Table::Entries, &entry_key(stream, extent.next), &record)?;
            extent.next += 1;
            extent.bytes += entry.len() as u64;
        }
        self.put_extent(stream, &extent)?;
        Ok(start..extent.next)
    }

    pub fn trim(&mut self, stream: &str, keep: &Retention, now: Moment) -> Result<Trimmed, Error> {
        key::check("stream", stream)?;
        let Some(mut extent) = info(self.transaction, stream)? else {
            return Ok(Trimmed {
                removed: 0,
                more: false,
            });
        };
        let (first, limit) = (extent.first, self.limits.trim as u64);
        let mut more = false;
        let from = entry_key(stream, first);
        self.transaction.scan(
            Table::Entries,
            &from,
            Some(&stream_end(stream)),
            &mut |_, record| {
                let goes = keep.excludes(&extent, record, now);
                more = goes && extent.first - first == limit;
                if !goes || more {
                    return false;
                }
                extent.first += 1;
                extent.bytes = extent
                    .bytes
                    .saturating_sub(record.len().saturating_sub(HEADER) as u64);
                true
            },
        )?;
        for offset in first..extent.first {
            self.transaction
                .delete(Table::Entries, &entry_key(stream, offset))?;
        }
        self.put_extent(stream, &extent)?;
        Ok(Trimmed {
            removed: extent.first - first,
            more,
        })
    }

    pub fn forget_stream(&mut self, stream: &str) -> Result<bool, Error> {
        key::check("stream", stream)?;
        let empty = info(self.transaction, stream)?.is_some_and(|extent| extent.first == extent.next);
        if empty {
            self.transaction.delete(Table::Streams, stream.as_bytes())?;
        }
        Ok(empty)
    }

    fn put_extent(&mut self, stream: &str, extent: &StreamInfo) -> Result<(), Error> {
        let record = postcard::to_stdvec(extent).map_err(|_| damaged(stream))?;
        self.transaction.put(Table::Streams, stream.as_bytes(), &record)
    }
}

impl Retention {
    /// Whether the oldest entry of a stream must go.
    fn excludes(&self, extent: &StreamInfo, oldest: &[u8], now: Moment) -> bool {
        let at = Moment::from_micros(read_u64(oldest).unwrap_or(0));
        self.max_bytes.is_some_and(|most| extent.bytes > most)
            || self.max_age.is_some_and(|longest| now.since(at) > longest)
    }
}

/// No stream name holds a NUL, so one stream's keys never lie among another's.
fn entry_key(stream: &str, offset: u64) -> Vec<u8> {
    [stream.as_bytes(), &[0], &offset.to_be_bytes()].concat()
}

fn stream_end(stream: &str) -> Vec<u8> {
    [stream.as_bytes(), &[1]].concat()
}
