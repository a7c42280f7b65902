//! A behaviour's no.

/// Why a behaviour will not handle an event or take a session over; the host takes the
/// failure ladder, or pins the session to its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

impl Refusal {
    /// A refusal with its reason, for people.
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
