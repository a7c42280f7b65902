use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use store::{Overloaded, Submission, Write, Writer};

/// Batches held while the store does not keep up; the oldest go first.
const HELD: usize = 10_000;

/// Hands writes to the store's writer and holds a bounded number while that is overloaded.
pub(super) struct Sink {
    writer: Arc<Writer>,
    held: Mutex<VecDeque<Vec<Write>>>,
}

impl Sink {
    pub fn new(writer: Arc<Writer>) -> Self {
        Self {
            writer,
            held: Mutex::default(),
        }
    }

    pub fn send(&self, writes: Vec<Write>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push_back(writes);
        while let Some(writes) = held.pop_front() {
            if let Err(overloaded) = self.writer.submit(Submission::records(writes)) {
                let Overloaded(submission) = *overloaded;
                held.push_front(submission.into_writes());
                break;
            }
        }
        while held.len() > HELD {
            held.pop_front();
            metrics::counter!("cordboard_records_lost_total").increment(1);
        }
    }
}
