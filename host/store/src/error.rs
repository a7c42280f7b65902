use std::io;
use std::path::PathBuf;

use base::Moment;

use crate::{Expect, Revision};

/// Why the store could not do it. Each message says what, where, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Somebody else wrote first. Read again and decide again.
    #[error("document `{key}` is not at the expected revision: expected {expected}, found {}", found_text(*.found))]
    Conflict {
        key: String,
        expected: Expect,
        found: Option<Revision>,
    },

    /// The lease is somebody else's until then.
    #[error("lease `{name}` is held by `{owner}` until {until}")]
    LeaseHeld {
        name: String,
        owner: String,
        until: Moment,
    },

    /// The lease expired or was taken over: stop acting on it at once.
    #[error("lease `{name}` was lost: it expired or another node took it")]
    LeaseLost { name: String },

    /// The caller must send less.
    #[error("{what} is too large: at most {limit} bytes are allowed")]
    TooLarge { what: &'static str, limit: u64 },

    /// A programming error or a peer's text used as a name unescaped.
    #[error("{what} {name:?} is not a valid name: {reason}")]
    InvalidName {
        what: &'static str,
        name: String,
        reason: &'static str,
    },

    /// The content handed in could not be read; nothing was stored.
    #[error("the content to store could not be read")]
    Content(#[source] io::Error),

    /// Another process has the file open.
    #[error(
        "store `{}` is in use by another process; stop the other cordboard, or give this one a data directory of its own",
        .path.display()
    )]
    Locked { path: PathBuf },

    /// The file is not a store or its checksums do not match.
    #[error(
        "store `{}` is damaged or not a cordboard store ({detail}); move it away and restore a backup, or start with an empty data directory",
        .path.display()
    )]
    Corrupt { path: PathBuf, detail: String },

    /// The file could not be opened or created.
    #[error("store `{}` cannot be opened; check that the directory exists, is writable and has space", .path.display())]
    Open { path: PathBuf, source: io::Error },

    /// Written by a newer Cordboard.
    #[error(
        "store `{place}` has schema {found}, this cordboard knows up to {known}; run the newer version, or restore the backup made before it"
    )]
    SchemaTooNew { place: String, found: u32, known: u32 },

    /// An upgrade step failed; the store is as it was before.
    #[error("store `{place}` could not be upgraded from schema {from}: {reason}; it was left unchanged")]
    Upgrade {
        place: String,
        from: u32,
        reason: String,
    },

    /// The disk refused. What was not acknowledged may be lost; the store tries again at the next call.
    #[error("store `{place}` failed: {detail}; check the disk's space and health")]
    Failed { place: String, detail: String },
}

fn found_text(found: Option<Revision>) -> String {
    found.map_or_else(
        || "no document".to_owned(),
        |revision| format!("revision {revision}"),
    )
}
