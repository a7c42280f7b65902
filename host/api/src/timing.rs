//! Where a request's time went, as the header `Server-Timing` (W3C Server Timing) tells it.

use std::fmt::Write;

use axum::http::{HeaderMap, HeaderValue};
use base::Moment;

use crate::Inner;

const HEADER: &str = "server-timing";

/// Consecutive parts of one request.
pub(crate) struct Timing<'a> {
    api: &'a Inner,
    since: Moment,
    text: String,
}

impl<'a> Timing<'a> {
    pub fn start(api: &'a Inner) -> Self {
        Self {
            api,
            since: api.now(),
            text: String::new(),
        }
    }

    /// The part that began with the previous one's end is over.
    pub fn over(&mut self, part: &str) {
        let now = self.api.now();
        let millis = now.since(self.since).as_secs_f64() * 1_000.0;
        let comma = if self.text.is_empty() { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(self.text, "{comma}{part};dur={millis:.3}");
        self.since = now;
    }

    pub fn tell(self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.text) {
            headers.insert(HEADER, value);
        }
    }
}
