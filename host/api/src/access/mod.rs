//! Who may do what: tokens, roles, isolation between tenants, patience with strangers.

mod guard;
mod limiter;
mod role;
mod tokens;

pub use guard::Peer;
pub(crate) use guard::{Guard, guard};
pub(crate) use limiter::Limiter;
pub use role::{Access, Caller, Role};
pub use tokens::{NewToken, TokenInfo, Tokens};
