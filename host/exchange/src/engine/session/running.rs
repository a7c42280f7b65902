//! The versions that sessions run on, each told once for all of its sessions.

use std::sync::Arc;

use contract::ModuleDigest;
use rustc_hash::FxHashMap;

use crate::engine::lookup::Version;

/// More versions than this are looked through for those that no session runs on any more.
const TIDY: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Running {
    versions: FxHashMap<ModuleDigest, Arc<Version>>,
    tidy_at: usize,
}

impl Running {
    /// The version as others have it already.
    pub(crate) fn share(&mut self, version: Version) -> Arc<Version> {
        if let Some(known) = self.versions.get(&version.digest)
            && **known == version
        {
            return known.clone();
        }
        if self.versions.len() >= self.tidy_at {
            self.versions.retain(|_, version| Arc::strong_count(version) > 1);
            self.tidy_at = TIDY.max(self.versions.len() * 2);
        }
        let version = Arc::new(version);
        self.versions.insert(version.digest, version.clone());
        version
    }
}

#[cfg(test)]
mod tests {
    use contract::{Interests, SessionScope};

    use super::*;

    fn version(digest: u8, name: &str) -> Version {
        Version {
            digest: ModuleDigest([digest; 32]),
            version: name.into(),
            scope: SessionScope::PerNumber,
            interests: Interests::default(),
        }
    }

    #[test]
    fn sessions_on_one_version_share_it() {
        let mut running = Running::default();
        let first = running.share(version(1, "1.0.0"));
        assert!(Arc::ptr_eq(&first, &running.share(version(1, "1.0.0"))));
        assert!(!Arc::ptr_eq(&first, &running.share(version(1, "1.0.1"))));
    }

    #[test]
    fn versions_that_no_session_runs_on_are_forgotten() {
        let mut running = Running::default();
        let kept = running.share(version(0, "kept"));
        for digest in 1..=TIDY as u8 {
            running.share(version(digest, "gone"));
        }
        assert!(running.versions.len() < TIDY);
        assert!(Arc::ptr_eq(&kept, &running.share(version(0, "kept"))));
    }
}
