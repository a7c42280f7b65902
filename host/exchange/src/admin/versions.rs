//! Versions of a behaviour: each change is one new document, with a line about who, when and why.

use contract::{Manifest, ModuleDigest};
use serde::{Deserialize, Serialize};

use crate::directory::{Activation, Audit, Behaviour, Candidate, Drain, VersionStep};

/// Versions that a behaviour remembers.
const HISTORY: usize = 32;
/// Of these the latest can be rolled back to.
const REVIVABLE: usize = 3;
/// Changes that a behaviour remembers.
pub(super) const AUDITED: usize = 64;

/// One change of a behaviour's versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionChange {
    /// Another module handles its next events.
    Activate {
        digest: ModuleDigest,
        manifest: Box<Manifest>,
        /// Until when sessions may stay with earlier versions.
        #[serde(default)]
        drain: Option<Drain>,
    },
    /// A module gets some of its calls, or shadows all of them; in the place of an earlier candidate.
    Try(Box<Candidate>),
    /// The trial ends; its calls go back to the active version.
    Withdraw,
    /// The candidate becomes the active version.
    Promote,
    /// The version that was active before is so again, and a candidate is withdrawn.
    RollBack,
}

/// The behaviour after a change.
///
/// # Errors
///
/// Where in the document it fails, and why.
pub(super) fn changed(
    old: &Behaviour,
    change: VersionChange,
    by: String,
    why: String,
    now: u64,
) -> Result<Behaviour, (&'static str, &'static str)> {
    let mut new = old.clone();
    let no_candidate = ("/candidate", "there is none");
    let (what, from, to) = match change {
        VersionChange::Activate {
            digest,
            manifest,
            drain,
        } => {
            take_over(&mut new, digest, *manifest, now);
            new.drain = drain;
            (VersionStep::Activated, Some(old.active), Some(digest))
        }
        VersionChange::Try(candidate) => {
            if candidate.manifest.scope != old.manifest.scope {
                return Err((
                    "/candidate/manifest/scope",
                    "differs from the active version's: activate it instead",
                ));
            }
            let digest = candidate.digest;
            new.candidate = Some(Box::new(Candidate {
                since: now,
                ..*candidate
            }));
            (VersionStep::Tried, Some(old.active), Some(digest))
        }
        VersionChange::Withdraw => {
            let gone = new.candidate.take().ok_or(no_candidate)?;
            (VersionStep::Withdrawn, Some(gone.digest), Some(old.active))
        }
        VersionChange::Promote => {
            let candidate = *new.candidate.take().ok_or(no_candidate)?;
            let digest = candidate.digest;
            take_over(&mut new, digest, candidate.manifest, now);
            (VersionStep::Promoted, Some(old.active), Some(digest))
        }
        VersionChange::RollBack => {
            let earlier = old
                .history
                .first()
                .ok_or(("/history", "there is no earlier version"))?;
            let manifest = earlier.manifest.clone().ok_or((
                "/history",
                "the earlier version is too old: activate its module instead",
            ))?;
            let digest = earlier.digest;
            take_over(&mut new, digest, *manifest, now);
            new.candidate = None;
            (VersionStep::RolledBack, Some(old.active), Some(digest))
        }
    };
    let audit = Audit {
        at: now,
        by,
        what,
        from,
        to,
        why,
    };
    new.audit.insert(0, audit);
    new.audit.truncate(AUDITED);
    Ok(new)
}

fn take_over(behaviour: &mut Behaviour, digest: ModuleDigest, manifest: Manifest, now: u64) {
    behaviour.history = history(behaviour, digest, now);
    behaviour.active = digest;
    behaviour.drain = None;
    behaviour.manifest = manifest;
    if behaviour
        .candidate
        .as_ref()
        .is_some_and(|candidate| candidate.digest == digest)
    {
        behaviour.candidate = None;
    }
}

/// What was active before, once `active` is.
pub(super) fn history(old: &Behaviour, active: ModuleDigest, now: u64) -> Vec<Activation> {
    let mut history = old.history.clone();
    if old.active != active {
        history.insert(
            0,
            Activation {
                digest: old.active,
                version: old.manifest.version.clone(),
                until: now,
                manifest: Some(Box::new(old.manifest.clone())),
            },
        );
        history.truncate(HISTORY);
        history
            .iter_mut()
            .skip(REVIVABLE)
            .for_each(|old| old.manifest = None);
    }
    history
}
