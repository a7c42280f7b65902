//! Modules are had ready when somebody calls them: of ten thousand tenants a few hundred are called in any minute.

use std::sync::Arc;

use behaviours::Invoker;
use contract::{Decision, Invocation};
use store::Store;

use super::stored::component;
use super::workshop::Workshop;

/// Runs events, after it has had their modules loaded. Loading one from the cache takes about a millisecond, on the worker that
/// needs it; one that is not in the cache is not compiled here, but before ([`Preparing`](super::preparing::Preparing)).
pub struct Lazily {
    pub workshop: Arc<Workshop>,
    pub store: Arc<dyn Store>,
}

impl Invoker for Lazily {
    fn invoke(&self, invocation: Invocation) -> Decision {
        let module = invocation.module;
        if !self.workshop.is_ready(module)
            && self.workshop.is_compiled(module)
            && let Err(error) = self.workshop.ready(module, || component(&*self.store, module))
        {
            tracing::error!(%module, error, "a module that a behaviour uses cannot be loaded");
        }
        // Without its module the event fails, and the ladder goes on.
        self.workshop.invoke(invocation)
    }
}
