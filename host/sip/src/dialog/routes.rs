use serde::{Deserialize, Serialize};

use crate::header::NameAddr;
use crate::{Headers, Name};

/// The proxies that asked to stay on a dialog's way, nearest first (RFC 3261 §12.1). Fixed once the dialog is
/// confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routes(Box<[Box<str>]>);

impl Routes {
    /// For the callee: Record-Route as it came. None when one is malformed.
    pub fn of_uas(headers: &Headers) -> Option<Self> {
        headers.record_routes().ok()?;
        Some(Self(headers.values(Name::RecordRoute).map(Into::into).collect()))
    }

    /// For the caller: Record-Route from the last to the first. None when one is malformed.
    pub fn of_uac(headers: &Headers) -> Option<Self> {
        let Self(mut routes) = Self::of_uas(headers)?;
        routes.reverse();
        Some(Self(routes))
    }

    /// The URI of the nearest proxy.
    pub fn first_uri(&self) -> Option<&str> {
        let text: &str = self.0.first()?;
        NameAddr::parse(text).ok().map(|address| address.uri.as_str())
    }

    /// Request-URI and Route values of a request to `target` (§12.2.1.1).
    ///
    /// A loose router (`lr`) leaves the Request-URI alone. A strict one, of RFC 2543, wants to find itself there,
    /// and the target at the end of Route.
    pub fn apply<'a>(&'a self, target: &'a str) -> (&'a str, Vec<String>) {
        let Some(first) = self.0.first().and_then(|first| NameAddr::parse(first).ok()) else {
            return (target, vec![]);
        };
        let all = self.0.iter().map(|route| route.to_string());
        if first.uri.params().has("lr") {
            return (target, all.collect());
        }
        let rest = all.skip(1).chain([format!("<{target}>")]);
        (first.uri.as_str(), rest.collect())
    }
}
