//! What happens to the calls of a session: parties, phones, time.

use std::time::Duration;

use base::Moment;
use contract::{
    Cause, DialAnswer, DialOutcome, DialResult, Event, GatherOutcome, HeldLeg, LegAnswered, LegEnded, LegId,
    Outcome, OutcomeKind, PlayOutcome, Stage, Tag, Target, TargetOutcome,
};

use super::{CALLEES, Flow};

impl Flow {
    /// What plays to the leg has come to its end.
    pub fn played(&mut self, leg: LegId) {
        self.audio(leg, OutcomeKind::Played(PlayOutcome::Finished));
    }

    /// The caller presses what a `gather` or a `play` waits for.
    pub fn presses(&mut self, leg: LegId, digits: &str) {
        self.audio(
            leg,
            OutcomeKind::Gathered(GatherOutcome::Digits(digits.to_owned())),
        );
    }

    /// The caller presses nothing for as long as the `gather` waits.
    pub fn presses_nothing(&mut self, leg: LegId) {
        self.audio(leg, OutcomeKind::Gathered(GatherOutcome::Timeout(String::new())));
    }

    /// The audio that runs for the leg ends like this.
    pub fn audio(&mut self, leg: LegId, kind: OutcomeKind) {
        let tag = self.running.entry(leg).or_default().audio.take();
        let Some(tag) = tag else {
            panic_nothing(leg, "plays")
        };
        self.happens(Event::Outcome(Outcome { tag, kind }));
    }

    /// The target of the leg's dial with this index (through all stages, from 0) answers.
    pub fn answers(&mut self, leg: LegId, target: u32) -> LegId {
        let (tag, stages) = self.dial(leg);
        self.callees += 1;
        let callee = LegId(CALLEES + self.callees);
        let line = stages
            .iter()
            .flat_map(|stage| &stage.targets)
            .nth(target as usize)
            .and_then(|target| match target {
                Target::Line(name) => Some(name.clone()),
                _ => None,
            });
        self.held.push(HeldLeg {
            leg: callee,
            sole_holder: true,
            answered: true,
        });
        for held in self.held.iter_mut().filter(|held| held.leg == leg) {
            held.answered = true;
        }
        if !self.held.iter().any(|held| held.leg == leg) {
            let line = line.clone();
            self.next
                .push_back(Event::LegAnswered(LegAnswered { leg: callee, line }));
        }
        let result = DialResult::Answered(DialAnswer {
            target,
            leg: callee,
            line,
        });
        self.dialled(
            tag,
            DialOutcome {
                result,
                targets: Vec::new(),
            },
        );
        callee
    }

    /// Every target of the leg's dial fails with this cause.
    pub fn fails(&mut self, leg: LegId, cause: Cause) {
        let (tag, stages) = self.dial(leg);
        let count = stages.iter().map(|stage| stage.targets.len() as u32).sum();
        let rang = matches!(cause, Cause::NoAnswer | Cause::Declined | Cause::Cancelled);
        let targets = (0..count)
            .map(|target| TargetOutcome { target, cause, rang })
            .collect();
        self.dialled(
            tag,
            DialOutcome {
                result: DialResult::Failed(cause),
                targets,
            },
        );
    }

    fn dial(&mut self, leg: LegId) -> (Tag, Vec<Stage>) {
        let dial = self.running.entry(leg).or_default().dial.take();
        dial.unwrap_or_else(|| panic_nothing(leg, "dials"))
    }

    fn dialled(&mut self, tag: Tag, outcome: DialOutcome) {
        self.happens(Event::Outcome(Outcome {
            tag,
            kind: OutcomeKind::Dialled(outcome),
        }));
    }

    /// The leg's party hangs up.
    pub fn hangs_up(&mut self, leg: LegId) {
        self.ends(leg, Cause::Normal);
        self.settle();
    }

    pub(super) fn ends(&mut self, leg: LegId, cause: Cause) {
        let before = self.held.len();
        self.held.retain(|held| held.leg != leg);
        if self.held.len() < before {
            self.running.remove(&leg);
            self.next.push_back(Event::LegEnded(LegEnded { leg, cause }));
        }
    }

    /// Time passes; what falls due fires when it does.
    pub fn passes(&mut self, length: Duration) {
        let end = self.now + length;
        while let Some((due, event)) = self.first_due(end) {
            self.now = self.now.max(due);
            self.happens(event);
        }
        self.now = end;
    }

    /// The timer or the watch whose time is over first, until then.
    fn first_due(&mut self, end: Moment) -> Option<(Moment, Event)> {
        let timers = self.timers.iter().map(|(tag, due)| (*tag, *due));
        let timer = timers.filter(|(_, due)| *due <= end).min_by_key(|(_, due)| *due);
        let pages = self.pages.iter().map(|(tag, (_, due))| (*tag, *due));
        let page = pages.filter(|(_, due)| *due <= end).min_by_key(|(_, due)| *due);
        if let Some((tag, due)) = page.filter(|(_, due)| timer.is_none_or(|(_, other)| *due < other)) {
            self.pages.remove(&tag);
            let kind = OutcomeKind::Gathered(GatherOutcome::Timeout(String::new()));
            return Some((due, Event::Outcome(Outcome { tag, kind })));
        }
        let watches = self.watches.iter().map(|(tag, .., due)| (*tag, *due));
        let watch = watches.filter(|(_, due)| *due <= end).min_by_key(|(_, due)| *due);
        match (timer, watch) {
            (timer, Some((tag, due))) if timer.is_none_or(|(_, other)| due < other) => {
                self.unwatch(tag);
                let kind = OutcomeKind::Failed(Cause::NoAnswer);
                Some((due, Event::Outcome(Outcome { tag, kind })))
            }
            (Some((tag, due)), _) => {
                self.timers.remove(&tag);
                Some((due, Event::Timer(tag)))
            }
            (None, _) => None,
        }
    }

    /// From now on every line has a display.
    pub fn with_displays(&mut self) {
        self.blind = false;
    }

    /// What a line's display shows is answered with this choice, counted from 1; with 0 it is dismissed.
    pub fn chooses(&mut self, line: &str, choice: u32) {
        let shown = self.pages.iter().find(|(_, (on, _))| on == line);
        let Some(tag) = shown.map(|(tag, _)| *tag) else {
            panic_blank(line)
        };
        self.pages.remove(&tag);
        let gathered = match choice {
            0 => GatherOutcome::Stopped(String::new()),
            choice => GatherOutcome::Digits(choice.to_string()),
        };
        let kind = OutcomeKind::Gathered(gathered);
        self.happens(Event::Outcome(Outcome { tag, kind }));
    }

    /// A line has so many calls from now on; what watches it hears so.
    pub fn line_has(&mut self, line: &str, registered: bool, calls: u32) {
        let line = self.tenant.line(line);
        (line.registered, line.calls) = (registered, calls);
        self.settle();
    }

    pub(super) fn unwatch(&mut self, tag: Tag) {
        self.watches.retain(|(other, ..)| *other != tag);
    }

    /// The first watch whose line is in its condition.
    pub(super) fn watched(&mut self) -> Option<Event> {
        let tenant = &self.tenant;
        let (tag, ..) = *self.watches.iter().find(|(_, line, condition, _)| {
            let line = contract::View::line(tenant, line);
            line.is_some_and(|line| condition.holds(line.registered, line.calls))
        })?;
        self.unwatch(tag);
        let kind = OutcomeKind::Done;
        Some(Event::Outcome(Outcome { tag, kind }))
    }
}

#[allow(clippy::panic, reason = "a test that expects what does not happen has failed")]
fn panic_nothing(leg: LegId, what: &str) -> ! {
    panic!("nothing {what} for {leg}")
}

#[allow(clippy::panic, reason = "a test that expects what is not shown has failed")]
fn panic_blank(line: &str) -> ! {
    panic!("{line} shows nothing")
}
