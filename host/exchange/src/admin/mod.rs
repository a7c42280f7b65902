//! What operators and managers ask of the exchange.

/// A request of the administration interface.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Request {}

/// What became of a [`Request`].
#[derive(Clone, Debug)]
pub struct Response;
