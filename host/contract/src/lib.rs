//! What the exchange and a behaviour say to each other, as plain Rust.
//!
//! A mirror of `wit/`, serialisable for the journal: [`Event`] in, [`Command`]s out, with the
//! [`Invocation`] and [`Decision`] that carry them and the [`View`] that answers a behaviour's
//! questions. The exchange knows behaviours only through these types; `behaviours` converts
//! them to and from each released version of the WIT package.
//!
//! Holds no logic beyond small conveniences, and nothing of SIP.

mod command;
mod event;
mod invocation;
mod manifest;
mod permission;
mod view;
mod words;

pub use command::{
    Command, CommandError, Condition, DialOptions, GatherOptions, Hears, Page, Part, PlayOptions, Shown,
    Sound, Stage, Target, Tone,
};
pub use event::{
    DialAnswer, DialOutcome, DialResult, Digit, Event, GatherOutcome, LegAnswered, LegEnded, LegRinging,
    LineChange, Message, Offer, Outcome, OutcomeKind, PlayOutcome, TargetOutcome, TransferRequest,
};
pub use invocation::{
    AskId, Decided, Decision, Explanation, Failure, HeldLeg, Invocation, Limits, LogLevel, LogLine, Query,
    Record, Session, Spent, Task,
};
pub use manifest::{Interests, Manifest, ModuleDigest, Problem, Schedule, SessionScope};
pub use permission::{Granted, INTERFACES, Permission, Reach, SheetChange, not_granted, permission_sheet};
pub use view::{CalendarState, EmptyView, Line, LineKind, LocalTime, RouteError, View};
pub use words::{Cause, Identity, LegId, Millis, NumberClass, SessionId, Tag};
