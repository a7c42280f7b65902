//! Bodies of event packages: read from NOTIFYs, written for ours. Who is told what, and when, is not decided here.
//!
//! [`DialogInfo`] says how the calls of a line stand (RFC 4235), [`MessageSummary`] what waits in a mailbox
//! (RFC 3842), [`CallCompletion`] whose turn it is to be called back (RFC 6910),
//! [`FeatureEvent`] which features a line has on.

mod call_completion;
mod dialog_info;
mod feature_event;
mod message_summary;
mod xml;

pub use call_completion::{CallCompletion, CompletionState};
pub use dialog_info::{Dialog, DialogInfo, DialogState, Direction, Participant};
pub use feature_event::{FeatureEvent, ForwardingType};
pub use message_summary::{Count, MessageSummary};

/// A body that cannot be read: what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct Unreadable(pub &'static str);

/// Larger bodies are not read.
const LONGEST: usize = 32 * 1024;
