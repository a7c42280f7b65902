use bytes::Bytes;

use super::{Commit, damaged, listing_start, read_u64};
use crate::backend::{Table, View};
use crate::{Change, Document, Error, Expect, Limits, Page, Revision, Write, key};

pub(super) fn get(view: &mut dyn View, key: &str) -> Result<Option<Document>, Error> {
    match view.get(Table::Documents, key.as_bytes())? {
        Some(record) => decode(key.to_owned(), record).map(Some),
        None => Ok(None),
    }
}

pub(super) fn list(
    view: &mut dyn View,
    prefix: &str,
    after: Option<&str>,
    limits: Limits,
) -> Result<Page, Error> {
    let start = listing_start(prefix.as_bytes(), after.map(str::as_bytes));
    let end = key::prefix_end(prefix.as_bytes());
    let mut page = Page::default();
    let (mut bytes, mut more, mut broken) = (0, false, None);
    view.scan(Table::Documents, &start, end.as_deref(), &mut |key, record| {
        more = page.documents.len() == limits.page || (bytes > 0 && bytes + record.len() > limits.page_bytes);
        if more {
            return false;
        }
        bytes += record.len();
        match decode(String::from_utf8_lossy(key).into_owned(), record.to_vec()) {
            Ok(document) => page.documents.push(document),
            Err(error) => broken = Some(error),
        }
        broken.is_none()
    })?;
    if more {
        page.next = page.documents.last().map(|last| last.key.clone());
    }
    broken.map_or(Ok(page), Err)
}

fn decode(key: String, record: Vec<u8>) -> Result<Document, Error> {
    let revision = Revision(read_u64(&record).ok_or_else(|| damaged(&key))?);
    Ok(Document {
        key,
        revision,
        value: Bytes::from(record).slice(8..),
    })
}

impl Commit<'_> {
    pub fn expect(&mut self, key: &str, expect: Expect) -> Result<(), Error> {
        key::check("key", key)?;
        if expect == Expect::Any {
            return Ok(());
        }
        let record = self.transaction.get(Table::Documents, key.as_bytes())?;
        let found = record.as_deref().and_then(read_u64).map(Revision);
        if expect.holds(found) {
            return Ok(());
        }
        Err(Error::Conflict {
            key: key.to_owned(),
            expected: expect,
            found,
        })
    }

    pub fn put_document(&mut self, key: &str, value: &Bytes) -> Result<(), Error> {
        key::check("key", key)?;
        self.check_size("a document", value)?;
        let record = [&self.revision.0.to_be_bytes(), value.as_ref()].concat();
        self.transaction.put(Table::Documents, key.as_bytes(), &record)?;
        self.changed(key, Some(value));
        Ok(())
    }

    pub fn delete_document(&mut self, key: &str) -> Result<bool, Error> {
        key::check("key", key)?;
        let existed = self.transaction.delete(Table::Documents, key.as_bytes())?;
        if existed {
            self.changed(key, None);
        }
        Ok(existed)
    }

    pub fn write_all(&mut self, writes: &[Write]) -> Result<(), Error> {
        // Neighbouring appends to one stream are one append: its extent is then read and written once.
        for run in writes.chunk_by(|one, next| stream(one).is_some() && stream(one) == stream(next)) {
            match run {
                [Write::Put { key, value }] => self.put_document(key, value)?,
                [Write::Delete { key }] => {
                    self.delete_document(key)?;
                }
                run => {
                    let Some(stream) = run.first().and_then(stream) else {
                        continue;
                    };
                    self.append(stream, run.iter().filter_map(entry))?;
                }
            }
        }
        Ok(())
    }

    pub fn check_size(&self, what: &'static str, value: &[u8]) -> Result<(), Error> {
        let limit = self.limits.value_bytes;
        if value.len() > limit {
            return Err(Error::TooLarge {
                what,
                limit: limit as u64,
            });
        }
        Ok(())
    }

    fn changed(&mut self, key: &str, value: Option<&Bytes>) {
        if let Some(changes) = &mut self.changes {
            changes.push(Change {
                key: key.to_owned(),
                revision: self.revision,
                value: value.cloned(),
            });
        }
    }
}

fn stream(write: &Write) -> Option<&str> {
    match write {
        Write::Append { stream, .. } => Some(stream),
        Write::Put { .. } | Write::Delete { .. } => None,
    }
}

fn entry(write: &Write) -> Option<(base::Moment, &Bytes)> {
    match write {
        Write::Append { at, entry, .. } => Some((*at, entry)),
        Write::Put { .. } | Write::Delete { .. } => None,
    }
}
