//! What a behaviour asks: answered at once from the tenant's view, and noted with its answer for the journal.

use base::Random;
use contract::{CalendarState, Line, LocalTime, NumberClass, Query, RouteError};

use super::notes::cut;
use super::{Desk, Stop};

/// Questions an event. A behaviour that asks more is running wild; the journal keeps them all.
pub const QUESTIONS: usize = 2_048;
/// Longest name or number that is looked up, in bytes; anything longer is unknown.
const ASKED_BYTES: usize = 256;
/// Longest setting that is told, in bytes of JSON.
const SETTING_BYTES: usize = 4 << 10;

impl Desk {
    /// Milliseconds since the epoch. Stands still, so it is noted once.
    pub fn now(&mut self) -> u64 {
        let now = self.now.as_millis();
        if !self
            .record
            .queries
            .iter()
            .any(|query| matches!(query, Query::Now(_)))
        {
            self.record.queries.push(Query::Now(now));
        }
        now
    }

    /// Stands still, so it is noted once.
    pub fn local_time(&mut self) -> LocalTime {
        let noted = |query: &Query| matches!(query, Query::Local(_));
        let local = self.view.local_time(self.now);
        if !self.record.queries.iter().any(noted) {
            self.record.queries.push(Query::Local(local));
        }
        local
    }

    pub fn random(&mut self) -> Result<u64, Stop> {
        let random = self.random.get_or_insert_with(|| Random::from_seed(self.seed));
        let answer = random.next_u64();
        self.note(Query::Random(answer))?;
        Ok(answer)
    }

    pub fn line(&mut self, name: String) -> Result<Option<Line>, Stop> {
        let answer = is_askable(&name).then(|| self.view.line(&name)).flatten();
        let noted = answer.clone();
        self.note(Query::Line {
            name: cut(name, ASKED_BYTES).0,
            answer: noted,
        })?;
        Ok(answer)
    }

    pub fn setting(
        &mut self,
        line: String,
        behaviour: String,
        pointer: String,
    ) -> Result<Option<String>, Stop> {
        let askable = is_askable(&line) && is_askable(&behaviour) && pointer.len() <= ASKED_BYTES;
        let answer = askable.then(|| self.view.setting(&line, &behaviour, &pointer));
        let answer = answer.flatten().filter(|json| json.len() <= SETTING_BYTES);
        let noted = answer.clone();
        self.note(Query::Setting {
            line: cut(line, ASKED_BYTES).0,
            behaviour: cut(behaviour, ASKED_BYTES).0,
            pointer: cut(pointer, ASKED_BYTES).0,
            answer: noted,
        })?;
        Ok(answer)
    }

    pub fn normalise(&mut self, typed: String) -> Result<Option<String>, Stop> {
        let answer = is_askable(&typed).then(|| self.view.normalise(&typed)).flatten();
        let noted = answer.clone();
        self.note(Query::Normalise {
            typed: cut(typed, ASKED_BYTES).0,
            answer: noted,
        })?;
        Ok(answer)
    }

    pub fn classify(&mut self, number: String) -> Result<NumberClass, Stop> {
        let answer = if is_askable(&number) {
            self.view.classify(&number)
        } else {
            NumberClass::Invalid
        };
        self.note(Query::Classify {
            number: cut(number, ASKED_BYTES).0,
            answer,
        })?;
        Ok(answer)
    }

    pub fn matches(&mut self, number: String, pattern: String) -> Result<bool, Stop> {
        let askable = is_askable(&number) && is_askable(&pattern);
        let answer = askable && self.view.matches(&number, &pattern);
        self.note(Query::Matches {
            number: cut(number, ASKED_BYTES).0,
            pattern: cut(pattern, ASKED_BYTES).0,
            answer,
        })?;
        Ok(answer)
    }

    pub fn calendar(&mut self, name: String) -> Result<Option<CalendarState>, Stop> {
        let answer = is_askable(&name)
            .then(|| self.view.calendar(&name, self.now))
            .flatten();
        self.note(Query::Calendar {
            name: cut(name, ASKED_BYTES).0,
            answer,
        })?;
        Ok(answer)
    }

    pub fn route(&mut self, number: String) -> Result<Result<NumberClass, RouteError>, Stop> {
        let answer = if is_askable(&number) {
            self.view.route(&number)
        } else {
            Err(RouteError::Invalid)
        };
        self.note(Query::Route {
            number: cut(number, ASKED_BYTES).0,
            answer,
        })?;
        Ok(answer)
    }

    fn note(&mut self, query: Query) -> Result<(), Stop> {
        if self.record.queries.len() >= QUESTIONS {
            return Err(Stop::TooManyQuestions);
        }
        self.record.queries.push(query);
        Ok(())
    }
}

fn is_askable(text: &str) -> bool {
    (1..=ASKED_BYTES).contains(&text.len())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base::Moment;
    use contract::{EmptyView, Limits};

    use super::*;

    fn desk() -> Desk {
        Desk::without_session(Arc::new(EmptyView), Moment::from_secs(7), Limits::default())
    }

    #[test]
    fn time_stands_still_and_is_noted_once() {
        let mut desk = desk();
        assert_eq!((desk.now(), desk.now(), desk.after(500)), (7_000, 7_000, 7_500));
        assert_eq!(desk.clear().0.queries, [Query::Now(7_000)]);
    }

    #[test]
    fn an_overlong_name_is_unknown_and_noted_short() {
        let mut desk = desk();
        assert_eq!(desk.classify("é".repeat(200)), Ok(NumberClass::Invalid));
        let Some(Query::Classify { number, .. }) = desk.clear().0.queries.pop() else {
            panic!("the question is noted");
        };
        assert_eq!(number.len(), 256);
    }
}
