//! For people who look at the exchange and give it orders: what is running and happens, and click to dial.

mod census;
mod click;
mod live;
mod reporting;

pub use self::census::Census;
