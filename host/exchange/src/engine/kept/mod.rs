//! What outlives the process: calls and sessions are stored as they change (`keep`, in the shapes of `records`), and another
//! process takes them up (`restore`, `resume`) and says the last BYEs of this one (`farewell`).
//!
//! Not here: what is stored of subscriptions, phones' features and money, which is with each of these.

mod farewell;
mod keep;
pub(super) mod records;
mod restore;
mod resume;

pub(super) use self::keep::Dirty;
pub(super) use self::resume::Resumed;
