//! The exchange's words in those of the administration interface, and back.

use api::exchange::{
    Address, Call, Elsewhere, Expect, Figures, Kind as ApiKind, Leg, LegState, Refusal, Registration,
};
use contract::Problem;
use exchange::Direction;
use exchange::admin;
use exchange::directory::{Document, Key, Kind, TenantId};
use exchange::live;
use serde_json::Value;

pub(super) fn kind(kind: ApiKind) -> Kind {
    match kind {
        ApiKind::Tenant => Kind::Tenant,
        ApiKind::Site => Kind::Site,
        ApiKind::User => Kind::User,
        ApiKind::Device => Kind::Device,
        ApiKind::Line => Kind::Line,
        ApiKind::Number => Kind::Number,
        ApiKind::DialPlan => Kind::DialPlan,
        ApiKind::Trunk => Kind::Trunk,
        ApiKind::Calendar => Kind::Calendar,
        ApiKind::Behaviour => Kind::Behaviour,
        ApiKind::Announcement => Kind::Announcement,
        ApiKind::PickupGroup => Kind::PickupGroup,
        ApiKind::Contact => Kind::Contact,
    }
}

pub(super) fn key(address: &Address) -> Key {
    Key::new(
        &TenantId::from(address.tenant.as_str()),
        kind(address.kind),
        &address.id,
    )
}

pub(super) fn expectation(expect: Expect) -> admin::Expect {
    match expect {
        Expect::Any => admin::Expect::Any,
        Expect::Absent => admin::Expect::Absent,
        Expect::At(revision) => admin::Expect::Revision(revision),
    }
}

pub(super) fn refusal(refusal: admin::Refusal) -> Refusal {
    match refusal {
        admin::Refusal::Invalid(findings) => Refusal::Invalid(
            findings
                .into_iter()
                .map(|finding| Problem {
                    path: finding.path,
                    message: finding.message,
                })
                .collect(),
        ),
        admin::Refusal::NotFound(_) => Refusal::NotFound,
        admin::Refusal::Exists(_) => Refusal::Conflict { found: None },
        admin::Refusal::Stale { actual, .. } => Refusal::Conflict { found: Some(actual) },
        admin::Refusal::InUse { by, .. } => Refusal::InUse(by.iter().map(Key::to_string).collect()),
    }
}

/// The field that has to be another, or what is full.
pub(super) fn not_dialled(why: live::NotDialled) -> Refusal {
    let message = why.to_string();
    match why {
        live::NotDialled::NoLine(_) => wrong("/line", message),
        live::NotDialled::NoNumber(_)
        | live::NotDialled::Code(_)
        | live::NotDialled::Forbidden { .. }
        | live::NotDialled::NoTrunk { .. } => wrong("/number", message),
        live::NotDialled::Full(_) => Refusal::Full(message),
    }
}

pub(super) fn not_told(why: live::NotTold) -> Refusal {
    let message = why.to_string();
    match why {
        live::NotTold::NoBehaviour(_) => Refusal::NotFound,
        live::NotTold::NoNumber(_) => wrong("/number", message),
        live::NotTold::PerCall(_) => wrong("", message),
        live::NotTold::Full => Refusal::Full(message),
    }
}

fn wrong(path: &str, message: String) -> Refusal {
    Refusal::Invalid(vec![Problem {
        path: path.to_owned(),
        message,
    }])
}

/// The document inside of its kind: what people write and read.
pub(super) fn plain(document: Document) -> Value {
    match serde_json::to_value(document.redacted()) {
        Ok(Value::Object(tagged)) => tagged.into_iter().next().map_or(Value::Null, |(_, inner)| inner),
        Ok(_) | Err(_) => Value::Null,
    }
}

pub(super) fn read(kind: Kind, document: Value) -> Result<Document, Refusal> {
    let tagged = Value::Object([(kind.as_str().to_owned(), document)].into_iter().collect());
    serde_path_to_error::deserialize(tagged).map_err(|error| {
        let path = error.path().to_string();
        let below = path.strip_prefix(kind.as_str()).unwrap_or(&path);
        Refusal::unreadable(below, error.inner().to_string())
    })
}

pub(super) fn registration(known: live::Registration) -> Registration {
    Registration {
        device: known.device.to_string(),
        contact: known.contact.into_inner(),
        from: known.from.to_string(),
        expires_ms: known.expires.as_millis(),
        user_agent: known.user_agent,
    }
}

pub(super) fn elsewhere(known: live::Elsewhere) -> Elsewhere {
    Elsewhere {
        line: known.line.to_string(),
        trunk: known.trunk.to_string(),
        state: match known.state {
            live::Telling::Asked => "asked",
            live::Telling::Told => "told",
            live::Telling::Unknown => "unknown",
        }
        .to_owned(),
        calls: known.calls,
        since_ms: known.since.as_millis(),
        why: known.why,
        again_ms: known.again.map(base::Moment::as_millis),
    }
}

pub(super) fn figures(published: live::Figures) -> Figures {
    Figures {
        behaviour: published.behaviour.to_string(),
        number: published.number.to_string(),
        at_ms: published.at.as_millis(),
        // What is no JSON is a behaviour's mistake, and shown as such.
        figures: serde_json::from_str(&published.json).unwrap_or_default(),
    }
}

pub(super) fn call(call: live::Call) -> Call {
    Call {
        id: call.id.0,
        started_ms: call.started.as_millis(),
        answered_ms: call.answered.map(base::Moment::as_millis),
        connected_ms: call.connected.map(base::Moment::as_millis),
        direction: match call.direction {
            Direction::FromInside => "from-inside",
            Direction::FromOutside => "from-outside",
            Direction::Originated => "originated",
        }
        .to_owned(),
        caller: call.caller.into_inner(),
        called: call.called.into_inner(),
        legs: call.legs.into_iter().map(leg).collect(),
        behaviours: call.behaviours.iter().map(ToString::to_string).collect(),
    }
}

fn leg(leg: live::Leg) -> Leg {
    let name = |name: Option<std::sync::Arc<str>>| name.as_deref().map(str::to_owned);
    Leg {
        id: leg.id.0,
        state: match leg.state {
            live::LegState::Trying => LegState::Trying,
            live::LegState::Ringing => LegState::Ringing,
            live::LegState::Answered => LegState::Answered,
            live::LegState::Held => LegState::Held,
        },
        line: name(leg.line),
        device: name(leg.device),
        trunk: name(leg.trunk),
        hears: leg.bridged.map(|leg| leg.0),
    }
}
