//! Features that people switch at their phones: do-not-disturb and forwards (R13, R20).
//!
//! ```text
//!  SUBSCRIBE as-feature-event, SetDoNotDisturb ─┐
//!  *78, *21*203                                ─┼─▶ the line's settings ─▶ NOTIFY to every phone of the line
//!  the API, a portal                           ─┘
//! ```
//!
//! What a feature does is a behaviour's business: here is only which property of its settings it is (`x-phone` in the schema), and that the line's
//! user may change it. The next call finds the new settings.
//!
//! These subscriptions do not outlive the process: a phone whose refresh gets 481 subscribes anew.

use std::sync::Arc;

use contract::{Cause, LegId};
use rustc_hash::FxHashMap;
use serde_json::Value;
use sip::Request;
use sip::body::{FeatureEvent, ForwardingType};
use sip::endpoint::{Notice, Path, Reply, SubscriptionId};

use super::Exchange;
use super::requests::Account;
use crate::admin::{self, Expect};
use crate::directory::{BehaviourName, Document, Feature, Line, SetFeature, Settings, TenantView};

/// The package's name.
pub(super) const PACKAGE: &str = "as-feature-event";

/// Subscriptions of one device.
const PER_DEVICE: usize = 4;

/// Every feature that a phone may know, in the order in which it is told.
const ALL: [Feature; 4] = [
    Feature::DoNotDisturb,
    Feature::ForwardImmediate,
    Feature::ForwardBusy,
    Feature::ForwardNoAnswer,
];

#[derive(Debug, Default)]
pub(crate) struct Features {
    watchers: FxHashMap<SubscriptionId, FeatureWatcher>,
}

/// A phone that keeps its features like its line's.
#[derive(Debug)]
pub(super) struct FeatureWatcher {
    tenant: Arc<str>,
    pub line: Arc<str>,
    pub device: Arc<str>,
    told: Vec<FeatureEvent>,
}

impl Features {
    /// Subscriptions of a tenant, in order.
    pub fn of(&self, tenant: &str, is_meant: impl Fn(&FeatureWatcher) -> bool) -> Vec<SubscriptionId> {
        let own = self.watchers.iter();
        let mut ids: Vec<SubscriptionId> = own
            .filter(|(_, watcher)| *watcher.tenant == *tenant && is_meant(watcher))
            .map(|(id, _)| *id)
            .collect();
        ids.sort_unstable();
        ids
    }
}

/// Whether a SUBSCRIBE is for this package.
pub(super) fn is_for(request: &Request) -> bool {
    let event = request.headers.event().ok().flatten();
    event.is_some_and(|event| event.package.eq_ignore_ascii_case(PACKAGE))
}

/// Where a feature lies in the settings of a line.
struct Lies {
    behaviour: BehaviourName,
    property: String,
    value: Value,
    /// The line's user may change it.
    is_users: bool,
}

/// Subscriptions.
impl Exchange {
    pub(super) fn subscribing_features(&mut self, id: SubscriptionId, request: &Request, path: Path) {
        let watcher = match self.feature_watcher(request, path) {
            Ok(watcher) => watcher,
            Err(reply) => {
                let _ = self.sip.reject_subscription(self.now, id, *reply);
                return;
            }
        };
        self.set_by_phone(&watcher.tenant.clone(), &watcher.line.clone(), request);
        let told = self.features_of(&watcher.tenant, &watcher.line);
        let notice = Notice::of(FeatureEvent::to_body(&told));
        self.features
            .watchers
            .insert(id, FeatureWatcher { told, ..watcher });
        // An error means that the subscriber gave up; its end is on its way.
        let _ = self.sip.accept_subscription(self.now, id, notice);
    }

    fn feature_watcher(&mut self, request: &Request, path: Path) -> Result<FeatureWatcher, Box<Reply>> {
        let refuse = |status: u16| Box::new(Reply::new(status));
        let tenant = self.tenant_of(request).ok_or_else(|| refuse(404))?;
        let Account::Device(device) = self.authenticate(request, path, &tenant)? else {
            return Err(refuse(403));
        };
        let document = tenant.device(&device).ok_or_else(|| refuse(403))?;
        let line = tenant
            .lines_of_device(document)
            .next()
            .ok_or_else(|| refuse(404))?;
        let line = line.id.text().clone();
        let own = self.features.of(tenant.id(), |watcher| watcher.device == device);
        if own.len() >= PER_DEVICE {
            return Err(Box::new(Reply::new(480).header("Retry-After", "600")));
        }
        Ok(FeatureWatcher {
            tenant: tenant.id().text().clone(),
            line,
            device,
            told: Vec::new(),
        })
    }

    /// A phone refreshes, or sets something. False when the subscription is none of this package.
    pub(super) fn features_resubscribed(&mut self, id: SubscriptionId, request: &Request) -> bool {
        let Some(watcher) = self.features.watchers.get(&id) else {
            return false;
        };
        let (tenant, line) = (watcher.tenant.clone(), watcher.line.clone());
        self.set_by_phone(&tenant, &line, request);
        self.tell_features_to(id);
        true
    }

    pub(super) fn features_ended(&mut self, id: SubscriptionId) {
        self.features.watchers.remove(&id);
    }

    /// Settings changed, whoever did it: phones that show them are told.
    pub(super) fn tell_features(&mut self, tenant: &str) {
        for id in self.features.of(tenant, |_| true) {
            let Some(watcher) = self.features.watchers.get(&id) else {
                continue;
            };
            if self.features_of(tenant, &watcher.line) != watcher.told {
                self.tell_features_to(id);
            }
        }
    }

    fn tell_features_to(&mut self, id: SubscriptionId) {
        let Some(watcher) = self.features.watchers.get(&id) else {
            return;
        };
        let told = self.features_of(&watcher.tenant, &watcher.line);
        let notice = Notice::of(FeatureEvent::to_body(&told));
        if let Some(watcher) = self.features.watchers.get_mut(&id) {
            watcher.told = told;
        }
        // An error means that the subscription is ending.
        let _ = self.sip.notify(self.now, id, notice);
    }
}

/// Settings.
impl Exchange {
    /// The features that the line's behaviours offer, as they are.
    fn features_of(&self, tenant: &str, line: &str) -> Vec<FeatureEvent> {
        let Some(view) = self.tenant(tenant) else {
            return Vec::new();
        };
        let Some(line) = view.line(line) else {
            return Vec::new();
        };
        let told = |feature: Feature| Some(event_of(feature, &lies(view, line, feature)?.value));
        ALL.into_iter().filter_map(told).collect()
    }

    /// What the body of a SUBSCRIBE asks for; a phone learns from the NOTIFY what became of it.
    fn set_by_phone(&mut self, tenant: &Arc<str>, line: &Arc<str>, request: &Request) {
        let text = std::str::from_utf8(&request.body).unwrap_or_default();
        match FeatureEvent::parse_request(text) {
            Ok(FeatureEvent::DoNotDisturb { on }) => {
                self.set_feature(tenant, line, Feature::DoNotDisturb, on, None);
            }
            Ok(FeatureEvent::Forwarding { kind, on, to }) => {
                let feature = match kind {
                    ForwardingType::Immediate => Feature::ForwardImmediate,
                    ForwardingType::Busy => Feature::ForwardBusy,
                    ForwardingType::NoAnswer => Feature::ForwardNoAnswer,
                };
                self.set_feature(tenant, line, feature, on, to);
            }
            Err(_) => {}
        }
    }

    /// A feature code: the caller hears that it was taken, or that it was not.
    pub(super) fn set_by_code(&mut self, leg: LegId, set: SetFeature, to: Option<String>) {
        let found = self.legs.get(&leg).and_then(|leg| {
            let line = leg.party.line()?;
            Some((leg.tenant.clone(), line.clone()))
        });
        let is_set =
            found.is_some_and(|(tenant, line)| self.set_feature(&tenant, &line, set.feature, set.on, to));
        if !is_set {
            self.hang_up(leg, Cause::Forbidden);
            return;
        }
        match self.answer_caller(leg, None, None) {
            Ok(()) => self.play_confirmation(leg),
            Err(why) => self.hang_up(leg, why),
        }
    }

    /// Writes the line's settings, as its user could. False when nobody offers the feature, or the settings are refused.
    fn set_feature(
        &mut self,
        tenant: &Arc<str>,
        line: &Arc<str>,
        feature: Feature,
        on: bool,
        to: Option<String>,
    ) -> bool {
        let Some(view) = self.tenant(tenant) else {
            return false;
        };
        let Some((document, lies)) = view
            .line(line)
            .and_then(|line| Some((line.document.clone(), lies(view, line, feature)?)))
        else {
            return false;
        };
        if !lies.is_users {
            return false;
        }
        let request = admin::Request::Put {
            tenant: view.id().clone(),
            document: Box::new(Document::Line(with_feature(document, lies, on, to))),
            expect: Expect::Any,
        };
        let Ok(admin::Answer::Changed(applied)) = admin::handle(&mut self.directory, self.now, request)
        else {
            return false;
        };
        self.put_in_force(&applied.changes, None);
        true
    }
}

/// The first behaviour in front of a line whose schema has the feature, for lines of this kind.
fn lies(view: &TenantView, line: &Line, feature: Feature) -> Option<Lies> {
    let word = serde_json::to_value(feature).ok()?;
    let kind = serde_json::to_value(line.kind).ok()?;
    for bound in view.stack_of_line(line) {
        let schema: Value =
            serde_json::from_str(&bound.behaviour.manifest.settings_schema).unwrap_or_default();
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            continue;
        };
        let offered = |rules: &Value| {
            let lines = rules.get("x-lines").and_then(Value::as_str);
            lines.is_none_or(|lines| lines.split(' ').any(|line| Some(line) == kind.as_str()))
        };
        let mut having = properties
            .iter()
            .filter(|(_, rules)| rules.get("x-phone") == Some(&word) && offered(rules));
        if let Some((property, rules)) = having.next() {
            let settings: Value = serde_json::from_str(&bound.settings).unwrap_or_default();
            return Some(Lies {
                behaviour: bound.behaviour.name.clone(),
                value: settings.get(property).cloned().unwrap_or_default(),
                property: property.clone(),
                is_users: rules.get("x-edit").and_then(Value::as_str) == Some("user"),
            });
        }
    }
    None
}

/// The line with the feature switched.
fn with_feature(mut line: Line, lies: Lies, on: bool, to: Option<String>) -> Line {
    let value = match lies.value {
        Value::Object(mut forward) => {
            forward.insert("on".to_owned(), on.into());
            if let Some(to) = to {
                forward.insert("to".to_owned(), to.into());
            }
            Value::Object(forward)
        }
        _ => on.into(),
    };
    let own = line.settings.entry(lies.behaviour).or_default();
    let mut object = own.to_object();
    object.insert(lies.property, value);
    *own = Settings::from_object(object);
    line
}

fn event_of(feature: Feature, value: &Value) -> FeatureEvent {
    let on = |value: Option<&Value>| value.and_then(Value::as_bool).unwrap_or_default();
    let kind = match feature {
        Feature::DoNotDisturb => return FeatureEvent::DoNotDisturb { on: on(Some(value)) },
        Feature::ForwardImmediate => ForwardingType::Immediate,
        Feature::ForwardBusy => ForwardingType::Busy,
        Feature::ForwardNoAnswer => ForwardingType::NoAnswer,
    };
    FeatureEvent::Forwarding {
        kind,
        on: on(value.get("on")),
        to: value.get("to").and_then(Value::as_str).map(str::to_owned),
    }
}
