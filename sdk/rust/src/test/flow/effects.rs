//! What a command does to the calls of a session.

use std::time::Duration;

use base::Moment;
use contract::{
    Cause, Command, DialOutcome, DialResult, Event, GatherOutcome, LegId, Outcome, OutcomeKind, PlayOutcome,
    Tag,
};

use super::{CALLEES, Flow};
use crate::test::words::sentence;

impl Flow {
    pub(super) fn carry_out(&mut self, command: Command) {
        self.tell(&command);
        match command {
            Command::Answer { tag, leg } => {
                for held in self.held.iter_mut().filter(|held| held.leg == leg) {
                    held.answered = true;
                }
                self.next.push_back(Event::Outcome(Outcome {
                    tag,
                    kind: OutcomeKind::Done,
                }));
            }
            Command::HangUp { leg, cause, .. } => self.ends(leg, cause),
            Command::Reject { leg, .. } => self.held.retain(|held| held.leg != leg),
            Command::Play { tag, leg, .. } | Command::Gather { tag, leg, .. } => self.plays(leg, tag),
            Command::StopAudio { leg } => self.running.entry(leg).or_default().audio = None,
            Command::Dial {
                tag, caller, stages, ..
            } => {
                // Without a caller the tag stands for one.
                let leg = caller.unwrap_or(LegId(tag));
                self.running.entry(leg).or_default().dial = Some((tag, stages));
            }
            Command::CancelDial { tag } => self.cancel(tag),
            Command::SetTimer { tag, at } => drop(self.timers.insert(tag, Moment::from_millis(at))),
            Command::CancelTimer { tag } => drop(self.timers.remove(&tag)),
            Command::Watch {
                tag,
                line,
                condition,
                expiry,
            } => {
                self.unwatch(tag);
                let due = self.now + Duration::from_millis(expiry);
                self.watches.push((tag, line, condition, due));
            }
            Command::CancelWatch { tag } => self.unwatch(tag),
            Command::Show { tag, .. } if self.blind => {
                let kind = OutcomeKind::Gathered(GatherOutcome::Gone);
                self.next.push_back(Event::Outcome(Outcome { tag, kind }));
            }
            Command::Show { tag, line, page } => {
                let until = self.now + Duration::from_millis(page.expiry);
                self.pages.insert(tag, (line, until));
            }
            Command::Dismiss { tag } => drop(self.pages.remove(&tag)),
            Command::Send { body, .. } => self.sent.push(body),
            Command::Reserve { lines, .. } => self.reserved.extend(lines),
            Command::Release { lines } => self.reserved.retain(|line| !lines.contains(line)),
            Command::Publish { json } => self.published = Some(json),
            Command::Ring { .. }
            | Command::Hold { .. }
            | Command::Resume { .. }
            | Command::Bridge { .. }
            | Command::Unbridge { .. }
            | Command::SendDigits { .. }
            | Command::Join { .. }
            | Command::Leave { .. }
            | Command::Finish => {}
        }
    }

    /// One thing plays to a leg at a time: what played before is stopped, and hears so.
    fn plays(&mut self, leg: LegId, tag: Tag) {
        if let Some(before) = self.running.entry(leg).or_default().audio.replace(tag) {
            let kind = OutcomeKind::Played(PlayOutcome::Stopped);
            self.next.push_back(Event::Outcome(Outcome { tag: before, kind }));
        }
    }

    fn cancel(&mut self, tag: Tag) {
        for running in self.running.values_mut() {
            if running.dial.as_ref().is_some_and(|(of, _)| *of == tag) {
                if self.silent_cancel {
                    return; // still rings, as far as anybody here knows
                }
                running.dial = None;
                let outcome = DialOutcome {
                    result: DialResult::Failed(Cause::Cancelled),
                    targets: Vec::new(),
                };
                let kind = OutcomeKind::Dialled(outcome);
                self.next.push_back(Event::Outcome(Outcome { tag, kind }));
            }
        }
    }

    fn tell(&mut self, command: &Command) {
        let Some(sentence) = sentence(command) else { return };
        let leg = match command {
            Command::Ring { leg, .. }
            | Command::Answer { leg, .. }
            | Command::Reject { leg, .. }
            | Command::HangUp { leg, .. }
            | Command::Play { leg, .. }
            | Command::Gather { leg, .. }
            | Command::StopAudio { leg }
            | Command::Join { leg, .. }
            | Command::Leave { leg, .. }
            | Command::Dial {
                caller: Some(leg), ..
            } => Some(leg.0),
            Command::CancelDial { tag } if *tag < CALLEES => Some(*tag),
            _ => None,
        };
        self.did.push(match leg {
            Some(leg) if self.callers > 1 => format!("{leg}: {sentence}"),
            _ => sentence,
        });
    }
}
