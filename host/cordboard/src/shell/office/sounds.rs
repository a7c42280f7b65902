//! Tenants' recordings: decoded here, away from calls, and handed to the exchange whole.

use std::sync::Arc;

use contract::ModuleDigest;
use exchange::Input;
use exchange::directory::TenantView;
use media::{Limits, Pcm, Prompt, Prompts};
use store::Store;

use super::Office;
use crate::shell::stored::component;

impl Office {
    /// Decodes every tenant's recordings and hands them to the exchange. Takes long where there are many.
    pub fn load_announcements(&self, tenants: &[Arc<TenantView>]) {
        for tenant in tenants.iter().filter(|tenant| !tenant.announcements().is_empty()) {
            self.hand_over(tenant, prompts(&*self.0.store, tenant));
        }
    }

    /// The same for one tenant whose recordings have changed. One at a time, so that the last change wins.
    pub(super) async fn reload_announcements(&self, tenant: &str) {
        let _turn = self.0.recordings.lock().await;
        let Ok(view) = self.view(tenant).await else {
            // The tenant is gone, and its recordings with it.
            return;
        };
        let (store, of) = (Arc::clone(&self.0.store), Arc::clone(&view));
        match tokio::task::spawn_blocking(move || prompts(&*store, &of)).await {
            Ok(prompts) => self.hand_over(&view, prompts),
            Err(error) => tracing::error!(tenant, %error, "recordings cannot be loaded"),
        }
    }

    fn hand_over(&self, tenant: &TenantView, prompts: Prompts) {
        let input = Input::Prompts {
            tenant: Some(tenant.id().text().clone()),
            prompts,
        };
        if self.0.inbox.send(input).is_err() {
            tracing::error!(
                tenant = tenant.id().as_str(),
                "the exchange did not take a tenant's recordings"
            );
        }
    }
}

/// The shipped recordings with the tenant's own over them, all at one loudness; what was uploaded or spoken stays in the store
/// as it came. One that cannot be played is left out.
fn prompts(store: &dyn Store, tenant: &TenantView) -> Prompts {
    let mut prompts = Prompts::shipped();
    for (name, announcement) in tenant.announcements() {
        let decoded =
            component(store, ModuleDigest(announcement.blob.0)).and_then(|recording| loaded(&recording));
        match decoded {
            Ok(pcm) => prompts.insert(name.as_str().to_owned(), Prompt::new(&pcm)),
            Err(error) => {
                tracing::error!(
                    tenant = tenant.id().as_str(),
                    name = name.as_str(),
                    error,
                    "a recording cannot be loaded"
                );
            }
        }
    }
    prompts
}

/// A recording as callers hear it.
///
/// # Errors
///
/// Why it cannot be played, for people.
pub fn loaded(recording: &[u8]) -> Result<Pcm, String> {
    let decoded = media::decode(recording, Limits::default());
    decoded.map(media::normalised).map_err(|error| error.to_string())
}
