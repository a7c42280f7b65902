//! Documents as a store holds them, for tests that begin with a restore.

use bytes::Bytes;
use cordboard_exchange::directory::{Document, Key, Versioned};

/// The key and the bytes of a document of the tenant `acme`, in its first revision.
pub fn stored(document: Document) -> (String, Bytes) {
    let tenant = "acme".into();
    let key = Key::new(&tenant, document.kind(), document.id(&tenant));
    let value = serde_json::to_vec(&Versioned {
        revision: 1,
        document,
    })
    .unwrap();
    (key.path(), value.into())
}
