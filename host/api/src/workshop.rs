//! What is done with uploaded files: components are inspected, recordings measured.

use std::time::Duration;

use contract::{Manifest, ModuleDigest, Problem};

/// The runtime of behaviours and the decoder of recordings. Calls take as long as they take (compiling: up to
/// seconds) and are made from threads that may wait.
pub trait Workshop: Send + Sync {
    /// Validates and compiles a component.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, at once. Paths are those of WIT items, or empty.
    fn inspect(&self, component: &[u8]) -> Result<Manifest, Vec<Problem>>;

    /// Asks a module about settings: complete ones, as a session would get them. No problem: they are good.
    ///
    /// # Errors
    ///
    /// The module is unknown to the runtime, or failed instead of answering.
    fn check(&self, module: ModuleDigest, component: &[u8], settings: &str) -> Result<Vec<Problem>, String>;

    /// Measures a recording.
    ///
    /// # Errors
    ///
    /// Why it cannot be played.
    fn measure(&self, media_type: &str, recording: &[u8]) -> Result<Duration, String>;

    /// A tenant's recordings are others now: load them again for its calls.
    fn announcements_changed(&self, tenant: &str);
}
