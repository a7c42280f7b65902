use std::sync::Arc;

use base::{Moment, Random};
use contract::{
    CalendarState, Command, CommandError, Explanation, HeldLeg, Invocation, Limits, Line, LocalTime,
    LogLevel, LogLine, NumberClass, Query, Record, RouteError, Tag, Target, Task, View,
};

use crate::arguments;
use crate::custody::Custody;

/// Lines of log an event.
pub const LOG_LINES: usize = 64;
/// Bytes of one line.
pub const LOG_BYTES: usize = 1 << 10;
/// Explanations an event.
pub const EXPLANATIONS: usize = 32;
/// Bytes of an explanation's sentence, and of its rule.
pub const EXPLANATION_BYTES: usize = 512;
/// Questions an event. A behaviour that asks more is running wild; the journal keeps them all.
pub const QUESTIONS: usize = 2_048;
/// Calls to the host an event, of whatever kind: fuel does not count what the host does.
pub const CALLS: u32 = 16_384;
/// Longest name or number that is looked up, in bytes; anything longer is unknown.
const ASKED_BYTES: usize = 256;
/// Longest setting that is told, in bytes of JSON.
const SETTING_BYTES: usize = 4 << 10;

/// Why the host ends an event on its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The quota was used up, and the behaviour went on as often again.
    #[error("queued more than {limit} commands")]
    TooManyCommands { limit: usize },
    #[error("asked more than {QUESTIONS} questions")]
    TooManyQuestions,
    #[error("called the host more than {CALLS} times")]
    TooManyCalls,
}

/// One event's desk; see the [crate](crate).
#[derive(Debug)]
pub struct Desk {
    now: Moment,
    view: Arc<dyn View>,
    seed: u64,
    random: Option<Random>,
    limits: Limits,
    /// `describe`, `check` and `migrate` have no event to answer.
    may_act: bool,
    may_dial_outside: bool,
    custody: Custody,
    commands: Vec<Command>,
    /// Commands refused because the quota was used up.
    over_quota: usize,
    record: Record,
    calls: u32,
}

impl Desk {
    /// For one invocation. `may_dial_outside`: the behaviour imports `trunk`.
    pub fn new(invocation: &Invocation, may_dial_outside: bool) -> Self {
        Self {
            now: invocation.now,
            view: Arc::clone(&invocation.view),
            seed: invocation.seed,
            random: None,
            limits: invocation.limits,
            may_act: matches!(invocation.task, Task::Handle(_)),
            may_dial_outside,
            custody: Custody::new(invocation.held.clone()),
            commands: Vec::new(),
            over_quota: 0,
            record: Record::default(),
            calls: 0,
        }
    }

    /// For `describe` and `check`, which have no session.
    pub fn without_session(view: Arc<dyn View>, now: Moment, limits: Limits) -> Self {
        Self {
            now,
            view,
            seed: 0,
            random: None,
            limits,
            may_act: false,
            may_dial_outside: false,
            custody: Custody::new(Vec::<HeldLeg>::new()),
            commands: Vec::new(),
            over_quota: 0,
            record: Record::default(),
            calls: 0,
        }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What was noted, and what was queued.
    pub fn clear(self) -> (Record, Vec<Command>) {
        (self.record, self.commands)
    }

    /// Counts a call of the behaviour's; the host makes it first thing in each.
    ///
    /// # Errors
    ///
    /// [`Stop::TooManyCalls`].
    pub fn count_call(&mut self) -> Result<(), Stop> {
        self.calls += 1;
        if self.calls > CALLS {
            Err(Stop::TooManyCalls)
        } else {
            Ok(())
        }
    }

    /// Queues a command.
    ///
    /// # Errors
    ///
    /// The outer one ends the event; the inner one is the behaviour's to handle.
    pub fn queue(&mut self, command: Command) -> Result<Result<(), CommandError>, Stop> {
        if !self.may_act {
            let message = "commands; only `handle` may give them";
            return Ok(Err(CommandError::NotGranted(message.into())));
        }
        if self.commands.len() >= self.limits.commands {
            return self.refuse_over_quota();
        }
        Ok(self.admit(&command).map(|()| {
            self.custody.follow(&command);
            self.commands.push(command);
        }))
    }

    /// Adds what whoever answers hears first to the last dial with this tag.
    ///
    /// # Errors
    ///
    /// There is none in this event, or the name is none.
    pub fn whisper(&mut self, tag: Tag, announcement: String) -> Result<(), CommandError> {
        arguments::name("announcement", &announcement)?;
        let of_tag = self.commands.iter_mut().rev().find_map(|command| match command {
            Command::Dial { tag: of, options, .. } if *of == tag => Some(options),
            _ => None,
        });
        let none = || CommandError::Invalid("tag: no dial of this event has it".into());
        of_tag.ok_or_else(none)?.whisper = Some(announcement);
        Ok(())
    }

    fn admit(&self, command: &Command) -> Result<(), CommandError> {
        self.custody.allows(command)?;
        arguments::check(command)?;
        self.may_wake(command)?;
        self.grants(command)
    }

    /// A session that was woken as often as its tenant allows has to wait until it may be woken again.
    fn may_wake(&self, command: &Command) -> Result<(), CommandError> {
        let (Command::SetTimer { at, .. }, from) = (command, self.limits.timers_from) else {
            return Ok(());
        };
        if *at >= from {
            return Ok(());
        }
        let wait = from.saturating_sub(self.now.as_millis());
        Err(CommandError::Invalid(format!(
            "the session was woken as often as it may be within a minute (limits.events-per-minute); a timer may be due in {wait} ms"
        )))
    }

    fn refuse_over_quota(&mut self) -> Result<Result<(), CommandError>, Stop> {
        let limit = self.limits.commands;
        self.over_quota += 1;
        if self.over_quota > limit {
            return Err(Stop::TooManyCommands { limit });
        }
        Ok(Err(CommandError::TooManyCommands))
    }

    fn grants(&self, command: &Command) -> Result<(), CommandError> {
        let Command::Dial { stages, .. } = command else {
            return Ok(());
        };
        if self.may_dial_outside {
            return Ok(());
        }
        let mut targets = stages.iter().flat_map(|stage| &stage.targets);
        if targets.any(|target| self.leads_outside(target)) {
            let message = "numbers outside; import `trunk` to dial them";
            return Err(CommandError::NotGranted(message.into()));
        }
        Ok(())
    }

    /// The dial plan leads outside too. Emergency numbers always pass (R74).
    fn leads_outside(&self, target: &Target) -> bool {
        use NumberClass as N;
        match target {
            Target::Outside { .. } => true,
            Target::Number(number) => match self.view.classify(number) {
                N::Fixed | N::Mobile | N::Free | N::Premium | N::NearAbroad | N::World => true,
                N::Internal | N::Feature | N::Emergency | N::Invalid => false,
            },
            Target::Line(_) | Target::Next | Target::Device(_) => false,
        }
    }

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

    /// The moment that a delay from now leads to, in milliseconds since the epoch.
    pub fn after(&self, delay: u64) -> u64 {
        self.now.as_millis().saturating_add(delay)
    }

    fn note(&mut self, query: Query) -> Result<(), Stop> {
        if self.record.queries.len() >= QUESTIONS {
            return Err(Stop::TooManyQuestions);
        }
        self.record.queries.push(query);
        Ok(())
    }

    fn count_cut(&mut self) {
        self.record.cut = self.record.cut.saturating_add(1);
    }
}

fn is_askable(text: &str) -> bool {
    (1..=ASKED_BYTES).contains(&text.len())
}

/// At most `limit` bytes of a text, ended between characters; and whether any were lost.
fn cut(mut text: String, limit: usize) -> (String, bool) {
    if text.len() <= limit {
        return (text, false);
    }
    text.truncate(text.floor_char_boundary(limit));
    text.shrink_to_fit();
    (text, true)
}

#[cfg(test)]
mod tests {
    use contract::EmptyView;

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
    fn without_an_event_nothing_can_be_done() {
        let queued = desk().queue(Command::Finish);
        assert!(matches!(queued, Ok(Err(CommandError::NotGranted(_)))));
    }

    #[test]
    fn who_was_woken_too_often_sets_no_timer_before_the_minute_is_over() {
        let limits = Limits {
            timers_from: 9_000,
            ..Limits::default()
        };
        let mut desk = Desk::without_session(Arc::new(EmptyView), Moment::from_secs(7), limits);
        desk.may_act = true;
        let mut set = |at| desk.queue(Command::SetTimer { tag: 1, at }).unwrap();
        let Err(CommandError::Invalid(why)) = set(8_999) else {
            panic!("it is too early");
        };
        assert!(
            why.contains("limits.events-per-minute") && why.contains("2000 ms"),
            "{why}"
        );
        assert_eq!(set(9_000), Ok(()));
    }

    /// Everything with six digits is a mobile number.
    #[derive(Debug)]
    struct Mobiles;

    impl View for Mobiles {
        fn line(&self, _: &str) -> Option<Line> {
            None
        }

        fn setting(&self, _: &str, _: &str, _: &str) -> Option<String> {
            None
        }

        fn normalise(&self, typed: &str) -> Option<String> {
            Some(typed.into())
        }

        fn classify(&self, number: &str) -> NumberClass {
            match number.len() {
                6 => NumberClass::Mobile,
                2 => NumberClass::Emergency,
                _ => NumberClass::Internal,
            }
        }

        fn matches(&self, _: &str, _: &str) -> bool {
            false
        }

        fn calendar(&self, _: &str, _: Moment) -> Option<CalendarState> {
            None
        }

        fn local_time(&self, _: Moment) -> LocalTime {
            LocalTime::default()
        }

        fn route(&self, _: &str) -> Result<NumberClass, RouteError> {
            Err(RouteError::Invalid)
        }
    }

    #[test]
    fn without_the_trunk_no_target_leads_outside() {
        let dial = |target: Target, trunk: bool| {
            let mut desk = Desk::without_session(Arc::new(Mobiles), Moment::ZERO, Limits::default());
            (desk.may_act, desk.may_dial_outside) = (true, trunk);
            let stages = vec![contract::Stage {
                targets: vec![Target::Next, target],
                ring_for: 0,
            }];
            desk.queue(Command::Dial {
                tag: 1,
                caller: None,
                stages,
                options: contract::DialOptions::default(),
            })
            .unwrap()
        };
        let number = |number: &str| Target::Number(number.into());
        let outside = Target::Outside {
            number: "061234".into(),
            trunk: None,
        };
        for target in [outside, number("061234")] {
            assert!(matches!(
                dial(target.clone(), false),
                Err(CommandError::NotGranted(_))
            ));
            assert_eq!(dial(target, true), Ok(()));
        }
        assert_eq!(dial(number("300"), false), Ok(()));
        assert_eq!(dial(number("15"), false), Ok(()), "R74");
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

    #[test]
    fn long_text_is_cut_between_characters_and_counted() {
        let mut desk = desk();
        desk.log(LogLevel::Info, format!("x{}", "é".repeat(600)));
        desk.because("rule".into(), "short".into());
        let record = desk.clear().0;
        assert_eq!((record.log[0].line.len(), record.cut), (1_023, 1));
    }
}
