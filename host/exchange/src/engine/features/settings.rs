//! Features as they are in the settings of a line, and as phones and codes write them.
//!
//! Told in one order: do-not-disturb, then forwards.

use std::sync::Arc;

use contract::{Cause, LegId, NumberClass, RouteError};
use serde_json::Value;
use sip::Request;
use sip::body::{FeatureEvent, ForwardingType};

use crate::admin::{self, Expect};
use crate::directory::{BehaviourName, Document, Feature, Line, SetFeature, Settings, TenantView};
use crate::engine::Exchange;

/// Where a feature lies in the settings of a line.
struct Lies {
    feature: Feature,
    behaviour: BehaviourName,
    property: String,
    value: Value,
    /// The line's user may change it.
    is_users: bool,
}

impl Exchange {
    /// The features that the line's behaviours offer, as they are.
    pub(super) fn features_of(&self, tenant: &str, line: &str) -> Vec<FeatureEvent> {
        let Some(view) = self.tenant(tenant) else {
            return Vec::new();
        };
        let Some(line) = view.line(line) else {
            return Vec::new();
        };
        let mut offered = offered(view, line);
        offered.sort_by_key(|lies| lies.feature);
        let told = offered.iter().map(|lies| event_of(lies.feature, &lies.value));
        told.collect()
    }

    /// What the body of a SUBSCRIBE asks for; a phone learns from the NOTIFY what became of it.
    pub(super) fn set_by_phone(&mut self, tenant: &Arc<str>, line: &Arc<str>, request: &Request) {
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
    pub(in crate::engine) fn set_by_code(&mut self, leg: LegId, set: SetFeature, to: Option<String>) {
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

    /// Writes the line's settings, as its user could. False when nobody offers the feature, calls are not sent on to such a number, or the
    /// settings are refused.
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
        let lies = |view, line| {
            offered(view, line)
                .into_iter()
                .find(|lies| lies.feature == feature)
        };
        let Some((document, lies)) = view
            .line(line)
            .and_then(|line| Some((line.document.clone(), lies(view, line)?)))
        else {
            return false;
        };
        if !lies.is_users || to.as_deref().is_some_and(|to| !takes_forwards(view, to)) {
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

/// Whether a phone may have calls forwarded there (R24): to a number of the tenant's, or to one outside that behaviours may dial.
fn takes_forwards(view: &TenantView, number: &str) -> bool {
    use contract::View;

    let Some(normal) = view.normalise(number) else {
        return false;
    };
    match view.classify(&normal) {
        NumberClass::Internal => true,
        NumberClass::Feature | NumberClass::Emergency | NumberClass::Invalid => false,
        _ => !matches!(
            view.route(&normal),
            Err(RouteError::Invalid | RouteError::Forbidden(_))
        ),
    }
}

/// What the behaviours in front of a line offer to its phones, the outermost's where several have a feature.
fn offered(view: &TenantView, line: &Line) -> Vec<Lies> {
    let mut found: Vec<Lies> = Vec::new();
    for bound in view.stack_of_line(line) {
        let features = view.phone_features(&bound.behaviour.name);
        if features.is_empty() {
            continue;
        }
        let settings: Value = serde_json::from_str(&bound.settings).unwrap_or_default();
        for own in features.iter().filter(|own| own.is_for(line.kind)) {
            if found.iter().all(|other| other.feature != own.feature) {
                found.push(Lies {
                    feature: own.feature,
                    behaviour: bound.behaviour.name.clone(),
                    value: settings.get(&*own.property).cloned().unwrap_or_default(),
                    property: own.property.to_string(),
                    is_users: own.is_users,
                });
            }
        }
    }
    found
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
