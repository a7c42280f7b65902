use std::fs::{self, File};
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use redb::{
    CommitError, Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, StorageError,
    TableDefinition, TableError, TransactionError,
};

use crate::backend::{Backend, Sync, Table, Transaction, View, Visit};
use crate::engine::Engine;
use crate::{Error, Limits, Schema};

/// A store in one file, opened by one process at a time.
///
/// A write is on the disk (fsync) when its call returns; `kill -9` and power cuts lose nothing that returned. The
/// file holds phones' secrets and is readable by its owner only.
pub type EmbeddedStore = Engine<Redb>;

/// How to open an [`EmbeddedStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    pub limits: Limits,
    /// Bytes of memory for pages of the file.
    pub cache_bytes: usize,
    /// Reads the whole file and compares every checksum first. After a crash that happens anyway.
    pub verify: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            cache_bytes: 4 << 20,
            verify: false,
        }
    }
}

impl EmbeddedStore {
    /// Opens the file, creates it if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`], [`Error::Corrupt`], [`Error::Open`], [`Error::SchemaTooNew`] or [`Error::Upgrade`].
    pub fn open_file(path: &Path, schema: &Schema<'_>, options: OpenOptions) -> Result<Self, Error> {
        Self::open(Redb::open(path, options)?, options.limits, schema)
    }
}

/// The backend of [`EmbeddedStore`].
pub struct Redb {
    path: PathBuf,
    options: OpenOptions,
    /// `None` while it could not be opened again after the disk failed.
    database: RwLock<Option<Database>>,
}

type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

fn definition(table: Table) -> Definition {
    TableDefinition::new(match table {
        Table::Meta => "meta",
        Table::Documents => "documents",
        Table::Blobs => "blobs",
        Table::Chunks => "chunks",
        Table::Streams => "streams",
        Table::Entries => "entries",
        Table::Leases => "leases",
    })
}

impl Redb {
    fn open(path: &Path, options: OpenOptions) -> Result<Self, Error> {
        create_private(path).map_err(|source| Error::Open {
            path: path.to_owned(),
            source,
        })?;
        let database = RwLock::new(Some(open_database(path, options)?));
        Ok(Self {
            path: path.to_owned(),
            options,
            database,
        })
    }

    fn failed(&self, detail: impl ToString) -> Error {
        Error::Failed {
            place: self.place(),
            detail: detail.to_string(),
        }
    }

    /// After an I/O error redb refuses everything until the file is opened again, which also returns to the last
    /// commit that the disk confirmed.
    fn reopen(&self) -> Result<(), Error> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        tracing::warn!(store = %self.path.display(), "opening the store again after a failure of the disk");
        *database = None;
        *database = Some(open_database(&self.path, self.options)?);
        Ok(())
    }

    fn database(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on the open database; opens it first if an earlier failure closed it.
    fn with<R>(&self, mut work: impl FnMut(&Database) -> Result<R, Fault>) -> Result<R, Error> {
        for _ in 0..2 {
            match self.database().as_ref().map(&mut work) {
                Some(Err(Fault::NeedsReopening)) | None => {}
                Some(Err(Fault::Failed(error))) => return Err(error),
                Some(Ok(result)) => return Ok(result),
            }
            self.reopen()?;
        }
        Err(self.failed("the disk failed again after opening the file anew"))
    }

    fn begin_write(&self, database: &Database, sync: Sync) -> Result<redb::WriteTransaction, Fault> {
        let mut transaction = database.begin_write().map_err(|error| match error {
            TransactionError::Storage(StorageError::PreviousIo) => Fault::NeedsReopening,
            error => Fault::Failed(self.failed(error)),
        })?;
        let durability = match sync {
            Sync::Now => Durability::Immediate,
            Sync::Later => Durability::None,
        };
        transaction
            .set_durability(durability)
            .map_err(|error| Fault::Failed(self.failed(error)))?;
        Ok(transaction)
    }
}

enum Fault {
    /// Nothing was done.
    NeedsReopening,
    Failed(Error),
}

impl Backend for Redb {
    fn view(&self, work: &mut dyn FnMut(&mut dyn View) -> Result<(), Error>) -> Result<(), Error> {
        self.with(|database| {
            let transaction = database.begin_read().map_err(|error| match error {
                TransactionError::Storage(StorageError::PreviousIo) => Fault::NeedsReopening,
                error => Fault::Failed(self.failed(error)),
            })?;
            work(&mut Reading {
                backend: self,
                transaction,
            })
            .map_err(Fault::Failed)
        })
    }

    fn transact(
        &self,
        sync: Sync,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.with(|database| {
            let transaction = self.begin_write(database, sync)?;
            let mut writing = Writing {
                backend: self,
                transaction: &transaction,
                tables: Default::default(),
            };
            work(&mut writing).map_err(Fault::Failed)?;
            drop(writing);
            transaction.commit().map_err(|error| match error {
                CommitError::Storage(StorageError::PreviousIo) => Fault::NeedsReopening,
                error => Fault::Failed(self.failed(error)),
            })
        })
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

struct Reading<'a> {
    backend: &'a Redb,
    transaction: redb::ReadTransaction,
}

type ReadTable = redb::ReadOnlyTable<&'static [u8], &'static [u8]>;

impl Reading<'_> {
    /// `None` if nothing was ever written to it.
    fn table(&self, table: Table) -> Result<Option<ReadTable>, Error> {
        match self.transaction.open_table(definition(table)) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(self.backend.failed(error)),
        }
    }
}

impl View for Reading<'_> {
    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.table(table)? {
            Some(table) => get(self.backend, &table, key),
            None => Ok(None),
        }
    }

    fn scan(&mut self, table: Table, from: &[u8], to: Option<&[u8]>, visit: Visit<'_>) -> Result<(), Error> {
        match self.table(table)? {
            Some(table) => scan(self.backend, &table, from, to, visit),
            None => Ok(()),
        }
    }
}

type OpenTable<'a> = redb::Table<'a, &'static [u8], &'static [u8]>;

struct Writing<'a> {
    backend: &'a Redb,
    transaction: &'a redb::WriteTransaction,
    /// Opened at first use: most commits touch two.
    tables: [Option<OpenTable<'a>>; Table::ALL.len()],
}

impl<'a> Writing<'a> {
    fn table(&mut self, table: Table) -> Result<&mut OpenTable<'a>, Error> {
        let slot = &mut self.tables[table as usize];
        if slot.is_none() {
            let opened = self.transaction.open_table(definition(table));
            *slot = Some(opened.map_err(|error| self.backend.failed(error))?);
        }
        slot.as_mut()
            .ok_or_else(|| self.backend.failed("a table could not be opened"))
    }
}

impl View for Writing<'_> {
    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let backend = self.backend;
        get(backend, self.table(table)?, key)
    }

    fn scan(&mut self, table: Table, from: &[u8], to: Option<&[u8]>, visit: Visit<'_>) -> Result<(), Error> {
        let backend = self.backend;
        scan(backend, self.table(table)?, from, to, visit)
    }
}

impl Transaction for Writing<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let backend = self.backend;
        self.table(table)?
            .insert(key, value)
            .map(drop)
            .map_err(|error| backend.failed(error))
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<bool, Error> {
        let backend = self.backend;
        let removed = self
            .table(table)?
            .remove(key)
            .map_err(|error| backend.failed(error))?;
        Ok(removed.is_some())
    }
}

fn get(
    backend: &Redb,
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    let found = table.get(key).map_err(|error| backend.failed(error))?;
    Ok(found.map(|value| value.value().to_vec()))
}

fn scan(
    backend: &Redb,
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    from: &[u8],
    to: Option<&[u8]>,
    visit: Visit<'_>,
) -> Result<(), Error> {
    let range = match to {
        Some(to) if from >= to => return Ok(()),
        Some(to) => table.range::<&[u8]>(from..to),
        None => table.range::<&[u8]>(from..),
    };
    for record in range.map_err(|error| backend.failed(error))? {
        let (key, value) = record.map_err(|error| backend.failed(error))?;
        if !visit(key.value(), value.value()) {
            break;
        }
    }
    Ok(())
}

/// Makes an empty file for the owner alone, and its name durable: a file whose directory entry a power cut takes
/// away is lost with all that was acknowledged.
fn create_private(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.sync_all()?;
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

fn open_database(path: &Path, options: OpenOptions) -> Result<Database, Error> {
    let shown = path.display().to_string();
    let mut builder = Database::builder();
    builder
        .set_cache_size(options.cache_bytes)
        .set_check_integrity_on_open(options.verify)
        .set_repair_callback(move |repair| {
            let percent = (repair.progress() * 100.0) as u32;
            tracing::info!(store = %shown, percent, "checking the store after an unclean end");
        });
    // redb asserts on some kinds of damage instead of returning an error.
    match panic::catch_unwind(AssertUnwindSafe(|| builder.create(path))) {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(error)) => Err(opening(path, error)),
        Err(_) => Err(Error::Corrupt {
            path: path.to_owned(),
            detail: "its structure is damaged".to_owned(),
        }),
    }
}

fn opening(path: &Path, error: DatabaseError) -> Error {
    let path = path.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen => Error::Locked { path },
        DatabaseError::Storage(StorageError::Io(source)) if source.kind() != io::ErrorKind::InvalidData => {
            Error::Open { path, source }
        }
        DatabaseError::Storage(StorageError::Io(_)) => Error::Corrupt {
            path,
            detail: "it does not begin as one".to_owned(),
        },
        DatabaseError::Storage(StorageError::Corrupted(detail)) => Error::Corrupt { path, detail },
        error => Error::Corrupt {
            path,
            detail: error.to_string(),
        },
    }
}
