//! Call flows in a behaviour's own unit tests: virtual time, no network, no exchange.
//!
//! A [`Flow`] hands a behaviour the events of one or more calls and tells in plain words what it
//! did. It knows the contract, not the exchange: for whole calls there is the test kit.
//!
//! ```
//! use cordboard::prelude::*;
//! use cordboard::test::Flow;
//!
//! /// Rings 201 for three rings, then says good-bye.
//! #[cordboard::script]
//! pub async fn doorbell(call: Call) -> Outcome {
//!     match call.ring_line("201").for_rings(3).await {
//!         Ok(_) => call.connected(),
//!         Err(_) => {
//!             call.play("nobody-home").await;
//!             call.hang_up()
//!         }
//!     }
//! }
//!
//! # fn main() {
//! let mut flow = Flow::of::<doorbell>(&Default::default());
//! let caller = flow.call("0612345678");
//! assert_eq!(flow.did(), ["dial line 201 for 15 s"]);
//! flow.fails(caller, Cause::NoAnswer);
//! assert_eq!(flow.did(), ["play nobody-home"]);
//! flow.played(caller);
//! assert_eq!(flow.did(), ["hang up"]);
//! # }
//! ```

mod flow;
mod tenant;
mod words;

pub use flow::Flow;
pub use tenant::Tenant;
pub use words::sentence;
