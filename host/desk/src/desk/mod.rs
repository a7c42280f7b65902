//! The desk itself: commands are admitted and queued. What is asked and what is noted have files of their own.

mod notes;
mod questions;

pub use notes::{EXPLANATION_BYTES, EXPLANATIONS, LOG_BYTES, LOG_LINES};
pub use questions::QUESTIONS;

use std::sync::Arc;

use base::{Moment, Random};
use contract::{
    Command, CommandError, HeldLeg, Invocation, Limits, NumberClass, Record, Tag, Target, Task, View,
};

use crate::arguments;
use crate::custody::Custody;

/// Calls to the host an event, of whatever kind: fuel does not count what the host does.
pub const CALLS: u32 = 16_384;

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

    /// The moment that a delay from now leads to, in milliseconds since the epoch.
    pub fn after(&self, delay: u64) -> u64 {
        self.now.as_millis().saturating_add(delay)
    }
}

#[cfg(test)]
mod tests {
    use contract::{CalendarState, EmptyView, Line, LocalTime, RouteError};

    use super::*;

    fn desk() -> Desk {
        Desk::without_session(Arc::new(EmptyView), Moment::from_secs(7), Limits::default())
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
}
