//! A tenant as a recorded session saw it.
//!
//! Questions get the answers that were given then: at the same event, else at the nearest of the session's others. What was never
//! asked then is asked of the tenant as it is now, and counted.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base::Moment;
use contract::{CalendarState, Line, LocalTime, NumberClass, Query, RouteError, View};

use crate::Recorded;

pub(crate) struct Recall {
    pub recorded: Arc<Recorded>,
    /// The step that is played.
    pub step: usize,
    pub now: Arc<dyn View>,
    /// Questions that nobody asked then.
    pub anew: Arc<AtomicU32>,
}

impl Recall {
    fn recall<T>(&self, answer: impl Fn(&Query) -> Option<T>) -> Option<T> {
        let steps = &self.recorded.steps;
        let (before, after) = steps.split_at(self.step.min(steps.len()));
        let nearest = after
            .iter()
            .take(1)
            .chain(before.iter().rev())
            .chain(after.iter().skip(1));
        let found = nearest.flat_map(|step| &step.record.queries).find_map(answer);
        if found.is_none() {
            self.anew.fetch_add(1, Ordering::Relaxed);
        }
        found
    }
}

impl fmt::Debug for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recall")
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

impl View for Recall {
    fn line(&self, asked: &str) -> Option<Line> {
        let recalled = self.recall(|query| match query {
            Query::Line { name, answer } if name == asked => Some(answer.clone()),
            _ => None,
        });
        recalled.unwrap_or_else(|| self.now.line(asked))
    }

    fn setting(&self, asked: &str, of: &str, at: &str) -> Option<String> {
        let recalled = self.recall(|query| match query {
            Query::Setting {
                line,
                behaviour,
                pointer,
                answer,
            } if line == asked && behaviour == of && pointer == at => Some(answer.clone()),
            _ => None,
        });
        recalled.unwrap_or_else(|| self.now.setting(asked, of, at))
    }

    fn normalise(&self, asked: &str) -> Option<String> {
        let recalled = self.recall(|query| match query {
            Query::Normalise { typed, answer } if typed == asked => Some(answer.clone()),
            _ => None,
        });
        recalled.unwrap_or_else(|| self.now.normalise(asked))
    }

    /// The host asks this for itself, too, when a number is dialled: that is no question of the behaviour's.
    fn classify(&self, asked: &str) -> NumberClass {
        let steps = self.recorded.steps.iter();
        let recalled = steps
            .flat_map(|step| &step.record.queries)
            .find_map(|query| match query {
                Query::Classify { number, answer } if number == asked => Some(*answer),
                _ => None,
            });
        recalled.unwrap_or_else(|| self.now.classify(asked))
    }

    fn matches(&self, asked: &str, with: &str) -> bool {
        let recalled = self.recall(|query| match query {
            Query::Matches {
                number,
                pattern,
                answer,
            } if number == asked && pattern == with => Some(*answer),
            _ => None,
        });
        recalled.unwrap_or_else(|| self.now.matches(asked, with))
    }

    fn calendar(&self, asked: &str, now: Moment) -> Option<CalendarState> {
        let recalled = self.recall(|query| match query {
            Query::Calendar { name, answer } if name == asked => Some(*answer),
            _ => None,
        });
        recalled.unwrap_or_else(|| self.now.calendar(asked, now))
    }

    fn local_time(&self, now: Moment) -> LocalTime {
        let step = self.recorded.steps.get(self.step);
        let queries = step
            .map(|step| step.record.queries.as_slice())
            .unwrap_or_default();
        let recalled = queries.iter().find_map(|query| match query {
            Query::Local(local) => Some(*local),
            _ => None,
        });
        // The time zone hardly ever changes: asking the tenant of today is no guess.
        recalled.unwrap_or_else(|| self.now.local_time(now))
    }

    fn route(&self, asked: &str) -> Result<NumberClass, RouteError> {
        let recalled = self.recall(|query| match query {
            Query::Route { number, answer } if number == asked => Some(*answer),
            _ => None,
        });
        recalled.unwrap_or_else(|| self.now.route(asked))
    }
}
