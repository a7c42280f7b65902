use crate::Error;
use crate::backend::{Backend, Sync, Table, Transaction};
use crate::{Revision, key};

const SCHEMA: &[u8] = b"schema";

/// Which form the documents have, and how to bring older ones to it.
///
/// Versions count from 1. The steps of an upgrade and the new version are one commit: a failure or a crash leaves
/// the store as it was.
pub struct Schema<'a> {
    /// What this program writes.
    pub version: u32,
    /// Turns documents of version `from` into those of `from + 1`.
    pub upgrade: &'a dyn Fn(u32, &mut Upgrade<'_>) -> Result<(), String>,
}

impl Default for Schema<'_> {
    /// Version 1, with nothing older.
    fn default() -> Self {
        Self {
            version: 1,
            upgrade: &|from, _| Err(format!("there is no upgrade from schema {from}")),
        }
    }
}

/// Gets a document's key and value; gives its new value, or `None` to delete it.
pub type Change<'a> = &'a mut dyn FnMut(&str, &[u8]) -> Result<Option<Vec<u8>>, String>;

/// The documents, as an upgrade step sees them.
pub struct Upgrade<'a> {
    transaction: &'a mut dyn Transaction,
}

impl Upgrade<'_> {
    /// Replaces the documents under `prefix` one by one. Revisions stay.
    ///
    /// # Errors
    ///
    /// What `change` or the disk said; return it from the step.
    pub fn each(&mut self, prefix: &str, change: Change<'_>) -> Result<(), String> {
        let mut keys = Vec::new();
        let end = key::prefix_end(prefix.as_bytes());
        self.transaction
            .scan(
                Table::Documents,
                prefix.as_bytes(),
                end.as_deref(),
                &mut |key, _| {
                    keys.push(key.to_vec());
                    true
                },
            )
            .map_err(text)?;
        keys.iter().try_for_each(|key| self.one(key, change))
    }

    fn one(&mut self, key: &[u8], change: Change<'_>) -> Result<(), String> {
        let Some(record) = self.transaction.get(Table::Documents, key).map_err(text)? else {
            return Ok(());
        };
        let (revision, value) = record.split_at_checked(8).ok_or("a document is damaged")?;
        match change(&String::from_utf8_lossy(key), value)? {
            Some(value) => self
                .transaction
                .put(Table::Documents, key, &[revision, &value].concat())
                .map_err(text),
            None => self
                .transaction
                .delete(Table::Documents, key)
                .map(drop)
                .map_err(text),
        }
    }

    /// Adds or replaces a document, with revision 0.
    ///
    /// # Errors
    ///
    /// What the disk said.
    pub fn put(&mut self, key: &str, value: &[u8]) -> Result<(), String> {
        key::check("key", key).map_err(text)?;
        let record = [&Revision(0).0.to_be_bytes(), value].concat();
        self.transaction
            .put(Table::Documents, key.as_bytes(), &record)
            .map_err(text)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function")]
fn text(error: Error) -> String {
    error.to_string()
}

/// Marks an empty store with the version, upgrades an older one, refuses a newer one.
pub(crate) fn bring_up_to_date(backend: &impl Backend, schema: &Schema<'_>) -> Result<(), Error> {
    let place = backend.place();
    let mut stored = None;
    backend.view(&mut |view| {
        stored = view.get(Table::Meta, SCHEMA)?;
        Ok(())
    })?;
    let found = match stored.as_deref().map(<[u8; 4]>::try_from) {
        None => None,
        Some(Ok(bytes)) => Some(u32::from_be_bytes(bytes)),
        Some(Err(_)) => {
            return Err(Error::Failed {
                place,
                detail: "the schema record is damaged".to_owned(),
            });
        }
    };
    match found {
        Some(found) if found == schema.version => Ok(()),
        Some(found) if found > schema.version => Err(Error::SchemaTooNew {
            place,
            found,
            known: schema.version,
        }),
        _ => backend.transact(Sync::Now, &mut |transaction| {
            for from in found.unwrap_or(schema.version)..schema.version {
                (schema.upgrade)(
                    from,
                    &mut Upgrade {
                        transaction: &mut *transaction,
                    },
                )
                .map_err(|reason| Error::Upgrade {
                    place: place.clone(),
                    from,
                    reason,
                })?;
            }
            transaction.put(Table::Meta, SCHEMA, &schema.version.to_be_bytes())
        }),
    }
}
