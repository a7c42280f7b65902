//! What is done with uploaded files: components are inspected, recordings measured.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use contract::{Manifest, ModuleDigest, Problem};
use journal::{Recorded, Verdict};

/// Work to wait for.
pub type Done = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An upload that is good.
#[derive(Clone, Debug)]
pub struct Inspected {
    pub manifest: Manifest,
    /// What is kept: the upload itself, or the component that a core module was encoded to.
    pub component: Vec<u8>,
}

/// The runtime of behaviours and the decoder of recordings. Calls take as long as they take (compiling: up to
/// seconds) and are made from threads that may wait.
pub trait Workshop: Send + Sync {
    /// Validates and compiles a component, or a core module that the SDK was built into.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, at once, and each import that is not `granted`. Paths are those of WIT items, or empty.
    fn inspect(&self, upload: &[u8], granted: &contract::Granted) -> Result<Inspected, Vec<Problem>>;

    /// Asks a module about a tenant's settings: complete ones, as a session would get them. No problem: they are good.
    /// `component` is fetched when the module is not loaded.
    ///
    /// # Errors
    ///
    /// The module is unknown to the runtime, or failed instead of answering.
    fn check(
        &self,
        tenant: &str,
        module: ModuleDigest,
        component: &dyn Fn() -> Result<Vec<u8>, String>,
        settings: &str,
    ) -> Result<Vec<Problem>, String>;

    /// Plays recorded sessions on a module, in parallel and after whatever calls need: a verdict each, in their order.
    /// `component` is fetched when the module is not loaded; `settings` are the candidate's for recorded ones.
    ///
    /// # Errors
    ///
    /// The module cannot be used.
    fn replay(
        &self,
        tenant: &str,
        module: ModuleDigest,
        component: &dyn Fn() -> Result<Vec<u8>, String>,
        sessions: &[Arc<Recorded>],
        settings: &(dyn Fn(&Arc<str>) -> Arc<str> + Sync),
    ) -> Result<Vec<Verdict>, String>;

    /// A component that nothing uses any more: what was compiled of it may go.
    fn forget(&self, module: ModuleDigest);

    /// Measures a recording.
    ///
    /// # Errors
    ///
    /// Why it cannot be played.
    fn measure(&self, media_type: &str, recording: &[u8]) -> Result<Duration, String>;

    /// Speaks a text: a WAV recording at the level of the others. `language` is one of R64's: `fr`.
    ///
    /// # Errors
    ///
    /// Why it cannot be spoken, also that nothing that speaks is installed.
    fn speak(&self, text: &str, language: &str) -> Result<Vec<u8>, String>;

    /// A tenant's recordings are others now: loads them again for its calls, done when these can play them.
    fn announcements_changed(&self, tenant: &str) -> Done;
}
