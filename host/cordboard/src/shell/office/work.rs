//! What the interface has done with modules and recordings, on threads that may wait.

use std::sync::Arc;
use std::time::Duration;

use api::exchange::Refusal;
use api::workshop::{Done, Inspected};
use contract::{EmptyView, ModuleDigest, Problem, View};
use journal::{Recorded, Verdict};
use media::Limits;

use super::Office;

impl api::workshop::Workshop for Office {
    fn inspect(&self, upload: &[u8], granted: &contract::Granted) -> Result<Inspected, Vec<Problem>> {
        let admitted = self.0.workshop.admit(upload, granted)?;
        Ok(Inspected {
            manifest: admitted.manifest,
            component: admitted.component,
        })
    }

    fn check(
        &self,
        tenant: &str,
        module: ModuleDigest,
        component: &dyn Fn() -> Result<Vec<u8>, String>,
        settings: &str,
    ) -> Result<Vec<Problem>, String> {
        self.0.workshop.ready(module, component)?;
        // The caller is on a thread that may wait.
        let view = match self.0.tokio.block_on(self.view(tenant)) {
            Ok(view) => view as Arc<dyn View>,
            Err(Refusal::NotFound) => Arc::new(EmptyView),
            Err(refusal) => return Err(refusal.to_string()),
        };
        self.0.workshop.check(module, settings, view, self.0.clock.now())
    }

    fn replay(
        &self,
        tenant: &str,
        module: ModuleDigest,
        component: &dyn Fn() -> Result<Vec<u8>, String>,
        sessions: &[Arc<Recorded>],
        settings: &(dyn Fn(&Arc<str>) -> Arc<str> + Sync),
    ) -> Result<Vec<Verdict>, String> {
        self.0.workshop.ready(module, component)?;
        // The caller is on a thread that may wait.
        let view = self.0.tokio.block_on(self.view(tenant));
        let view = view.map_err(|refusal| refusal.to_string())?;
        Ok(self.0.workshop.replay(module, view, sessions, settings))
    }

    fn forget(&self, module: ModuleDigest) {
        self.0.workshop.forget(module);
    }

    fn measure(&self, _media_type: &str, recording: &[u8]) -> Result<Duration, String> {
        media::decode(recording, Limits::default())
            .map(|pcm| pcm.length())
            .map_err(|error| error.to_string())
    }

    fn speak(&self, text: &str, language: &str) -> Result<Vec<u8>, String> {
        self.0.speech.speak(text, language).map(|spoken| spoken.to_vec())
    }

    fn announcements_changed(&self, tenant: &str) -> Done {
        let (office, tenant) = (self.clone(), tenant.to_owned());
        Box::pin(async move { office.reload_announcements(&tenant).await })
    }
}
