//! What a behaviour says: its log and its explanations, bounded.

use contract::{Explanation, LogLevel, LogLine};

use super::Desk;

/// Lines of log an event.
pub const LOG_LINES: usize = 64;
/// Bytes of one line.
pub const LOG_BYTES: usize = 1 << 10;
/// Explanations an event.
pub const EXPLANATIONS: usize = 32;
/// Bytes of an explanation's sentence, and of its rule.
pub const EXPLANATION_BYTES: usize = 512;

impl Desk {
    pub fn log(&mut self, level: LogLevel, line: String) {
        if self.record.log.len() >= LOG_LINES {
            return self.count_cut();
        }
        let (line, was_cut) = cut(line, LOG_BYTES);
        self.record.log.push(LogLine { level, line });
        if was_cut {
            self.count_cut();
        }
    }

    pub fn because(&mut self, rule: String, sentence: String) {
        if self.record.explanations.len() >= EXPLANATIONS {
            return self.count_cut();
        }
        let (rule, rule_cut) = cut(rule, EXPLANATION_BYTES);
        let (sentence, sentence_cut) = cut(sentence, EXPLANATION_BYTES);
        self.record.explanations.push(Explanation { rule, sentence });
        if rule_cut || sentence_cut {
            self.count_cut();
        }
    }

    fn count_cut(&mut self) {
        self.record.cut = self.record.cut.saturating_add(1);
    }
}

/// At most `limit` bytes of a text, ended between characters; and whether any were lost.
pub(super) fn cut(mut text: String, limit: usize) -> (String, bool) {
    if text.len() <= limit {
        return (text, false);
    }
    text.truncate(text.floor_char_boundary(limit));
    text.shrink_to_fit();
    (text, true)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base::Moment;
    use contract::{EmptyView, Limits};

    use super::*;

    #[test]
    fn long_text_is_cut_between_characters_and_counted() {
        let mut desk = Desk::without_session(Arc::new(EmptyView), Moment::ZERO, Limits::default());
        desk.log(LogLevel::Info, format!("x{}", "é".repeat(600)));
        desk.because("rule".into(), "short".into());
        let record = desk.clear().0;
        assert_eq!((record.log[0].line.len(), record.cut), (1_023, 1));
    }
}
