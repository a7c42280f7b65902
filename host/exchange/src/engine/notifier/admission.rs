//! Who may watch which line.
//!
//! | watcher | lines | known by |
//! |---|---|---|
//! | a device | all of its tenant, lamps of codes | its password |
//! | a trunk with `dialog-watches.inbound` | those whose phones are here | its address, or its password |
//!
//! A line that is another exchange's is not told to a third: two that ask each other about one line would never stop.

use std::sync::Arc;

use sip::endpoint::{Path, Reply};
use sip::uri::Uri;
use sip::{Name, Request};

use super::Watcher;
use crate::directory::TenantView;
use crate::engine::Exchange;
use crate::engine::invited::refuse;
use crate::engine::lookup::{of_trunk, trunk_account};
use crate::engine::requests::Account;
use crate::engine::texts::line_called;

const TYPES: [&str; 3] = ["application/dialog-info+xml", "application/*", "*/*"];

impl Exchange {
    /// Who watches what, if he may.
    ///
    /// # Errors
    ///
    /// The answer to send instead.
    pub(super) fn watcher_for(&mut self, request: &Request, path: Path) -> Result<Watcher, Box<Reply>> {
        let uri = request.uri().map_err(|_| refuse(400))?;
        let user = uri.user().ok_or_else(|| refuse(404))?;
        let (tenant, account) = self.who_watches(request, path, &user)?;
        if !takes_documents(request) {
            return Err(refuse(406));
        }
        let (line, device) = match account {
            Account::Device(device) => {
                let line = line_called(&tenant, &user).or_else(|| self.lamp_called(&tenant, &user, &device));
                (line, device)
            }
            Account::Trunk(trunk) => (line_for(&tenant, &trunk, &user), trunk_account(&trunk).into()),
        };
        let entity = Uri::sip(Some(&user), &uri.host().to_string(), None).map_err(|_| refuse(404))?;
        let watcher = Watcher {
            tenant: tenant.id().text().clone(),
            line: line.ok_or_else(|| refuse(404))?,
            device,
            called: called(&tenant, &user),
            entity: entity.to_string().into(),
            version: 0,
        };
        if self.notifier.has_room_for(&watcher) {
            Ok(watcher)
        } else {
            Err(Box::new(Reply::new(480).header("Retry-After", "600")))
        }
    }

    fn who_watches(
        &mut self,
        request: &Request,
        path: Path,
        called: &str,
    ) -> Result<(Arc<TenantView>, Account), Box<Reply>> {
        let by_address = self.directory.inbound_trunk(path.remote.ip(), called);
        if let Some((view, trunk)) = by_address
            && trunk.dialog_watches.inbound
        {
            return Ok((view.clone(), Account::Trunk(trunk.id.text().clone())));
        }
        let tenant = self.tenant_of(request).ok_or_else(|| refuse(404))?;
        let account = self.authenticate(request, path, &tenant)?;
        match &account {
            Account::Trunk(trunk) if !may_watch(&tenant, trunk) => Err(refuse(403)),
            Account::Trunk(_) | Account::Device(_) => Ok((tenant, account)),
        }
    }

    /// Whether a stored watcher may watch this still.
    pub(super) fn still_watches(&self, tenant: &str, device: &str, watched: &str) -> bool {
        let Some(view) = self.tenant(tenant) else {
            return false;
        };
        match of_trunk(device) {
            Some(trunk) => {
                let here = |line| view.elsewhere(line).is_none();
                may_watch(view, trunk) && view.line(watched).is_some_and(|line| here(line))
            }
            None => view.device(device).is_some() && self.can_be_watched(view, watched),
        }
    }
}

fn may_watch(tenant: &TenantView, trunk: &str) -> bool {
    let trunk = tenant.trunk(trunk);
    trunk.is_some_and(|trunk| trunk.dialog_watches.inbound)
}

/// What a watched line is called, in one spelling.
pub(super) fn called(tenant: &TenantView, user: &str) -> Box<str> {
    contract::View::normalise(tenant, user).map_or_else(|| user.into(), String::into_boxed_str)
}

/// The line that another exchange calls so; none when its phones are not here.
pub(super) fn line_for(tenant: &TenantView, trunk: &str, called: &str) -> Option<Arc<str>> {
    let number = tenant.trunk(trunk)?.read_number(called, tenant.number_plan());
    let line = tenant.find_line(&number)?;
    tenant.elsewhere(line).is_none().then(|| line.id.text().clone())
}

/// No Accept means the package's own type (RFC 4235 §3.5).
fn takes_documents(request: &Request) -> bool {
    let mut kinds = request.headers.values(Name::Accept).peekable();
    let is_ours = |kind: &str| {
        let essence = kind.split(';').next().unwrap_or_default().trim();
        TYPES.iter().any(|ours| essence.eq_ignore_ascii_case(ours))
    };
    kinds.peek().is_none() || kinds.any(is_ours)
}
