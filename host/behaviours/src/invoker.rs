use contract::{Decision, Invocation};

/// Answers events: a [`Runtime`](crate::Runtime), or native Rust in its place (simulators,
/// tests of the exchange).
pub trait Invoker: Send + Sync {
    /// Must return within about the invocation's deadline, and must not panic.
    fn invoke(&self, invocation: Invocation) -> Decision;
}
