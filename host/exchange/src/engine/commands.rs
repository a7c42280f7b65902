//! Commands of behaviours, carried out in order.
//!
//! A command about a leg that ended meanwhile, or that the session does not hold, is answered with an outcome
//! that says so; it never touches anybody else's call.

use std::time::Duration;

use base::Moment;
use contract::{Cause, Command, Event, LegId, Message, OutcomeKind, PlayOutcome, SessionId, Tag};
use media::PlayId;

use super::Exchange;
use super::custody::Custody;
use super::leg::{Leg, Waiting};
use crate::ids::{CustodyId, DialOwner, Holder};
use crate::report::Fact;

/// Bytes of one message between sessions (`wit/sessions.wit`).
const MAX_MESSAGE: usize = 16 << 10;
const MAX_STAGES: usize = 64;
const MAX_TARGETS: usize = 64;

impl Exchange {
    pub(super) fn carry_out(&mut self, id: SessionId, command: Command) {
        if let Some(leg) = leg_of(&command)
            && !self.holds(id, leg)
        {
            self.not_held(id, command);
            return;
        }
        match command {
            Command::Ring { tag, leg } => {
                self.ring_caller(leg);
                self.outcome(id, tag, OutcomeKind::Done);
            }
            Command::Answer { tag, leg } => self.answer(id, tag, leg),
            Command::Reject { leg, cause, .. } => self.reject(id, leg, cause),
            Command::HangUp { leg, cause, .. } => self.hang_up(leg, cause),
            Command::Hold { tag, leg } => self.hold(leg, Waiting { session: id, tag }, true),
            Command::Resume { tag, leg } => self.hold(leg, Waiting { session: id, tag }, false),
            Command::Bridge { tag, a, b } => self.bridge(id, tag, a, b),
            Command::Unbridge { tag, leg } => {
                let kind = match self.part(leg) {
                    Some(_) => OutcomeKind::Done,
                    None => OutcomeKind::Failed(Cause::Failed),
                };
                self.outcome(id, tag, kind);
            }
            Command::SendDigits { tag, leg, digits } => self.send_digits(id, tag, leg, digits),
            Command::Dial {
                tag,
                caller,
                stages,
                options,
            } => self.dial(id, tag, caller, stages, options),
            Command::CancelDial { tag } => self.cancel_dial(id, tag),
            Command::Play {
                tag,
                leg,
                sounds,
                options,
            } => {
                if self.may_play(id, leg) {
                    self.play(id, tag, leg, &sounds, options);
                } else {
                    self.outcome(id, tag, OutcomeKind::Failed(Cause::Failed));
                }
            }
            Command::Gather { tag, leg, options } => {
                if self.may_play(id, leg) {
                    self.gather(id, tag, leg, options, String::new());
                } else {
                    self.outcome(id, tag, OutcomeKind::Failed(Cause::Failed));
                }
            }
            Command::StopAudio { leg } => self.stop_audio_for(id, leg),
            Command::SetTimer { tag, at } => {
                if !self.set_session_timer(id, tag, Moment::from_millis(at)) {
                    let command = Command::SetTimer { tag, at };
                    self.dropped(id, command, "256 timers are set already");
                }
            }
            Command::CancelTimer { tag } => self.cancel_session_timer(id, tag),
            Command::Send {
                tag,
                behaviour,
                number,
                body,
            } => self.send_message(id, tag, &behaviour, &number, body),
            Command::Watch {
                tag,
                line,
                condition,
                expiry,
            } => self.watch_line(id, tag, &line, condition, Duration::from_millis(expiry)),
            Command::CancelWatch { tag } => self.cancel_watch(id, tag),
            Command::Reserve { lines, lease } => self.reserve(id, &lines, Duration::from_millis(lease)),
            Command::Release { lines } => self.release(id, &lines),
            Command::Join { tag, leg, room, part } => self.join_room(id, tag, leg, &room, part),
            Command::Leave { tag, leg } => self.leave_room_on_command(id, tag, leg),
            Command::Publish { json } => self.publish(id, json),
            Command::Show { tag, line, page } => self.show(id, tag, &line, page),
            Command::Dismiss { tag } => self.dismiss(id, tag),
            Command::Finish => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.finishing = true;
                }
            }
        }
    }

    pub(super) fn holds(&self, id: SessionId, leg: LegId) -> bool {
        self.custody_of(id, leg).is_some() || self.legs.get(&leg).is_some_and(|leg| leg.holders.contains(&id))
    }

    /// The leg ended while the behaviour decided, or never was the session's.
    fn not_held(&mut self, id: SessionId, command: Command) {
        let outcome = match &command {
            Command::Play { tag, .. } => Some((*tag, OutcomeKind::Played(PlayOutcome::Gone))),
            Command::Gather { tag, .. } => Some((*tag, OutcomeKind::Gathered(contract::GatherOutcome::Gone))),
            Command::Reject { .. } | Command::HangUp { .. } | Command::StopAudio { .. } => None,
            Command::Dial { tag, .. } => {
                let outcome = contract::DialOutcome {
                    result: contract::DialResult::Failed(Cause::Cancelled),
                    targets: Vec::new(),
                };
                Some((*tag, OutcomeKind::Dialled(outcome)))
            }
            other => other
                .tag()
                .map(|tag| (tag, OutcomeKind::Failed(Cause::Cancelled))),
        };
        self.dropped(id, command, "the session does not hold the leg");
        if let Some((tag, kind)) = outcome {
            self.outcome(id, tag, kind);
        }
    }

    fn dropped(&mut self, id: SessionId, command: Command, why: &'static str) {
        self.report_session(
            id,
            Fact::Dropped {
                command,
                why: why.into(),
            },
        );
    }

    /// Playing to a caller before the answer is for its sole holder.
    fn may_play(&self, id: SessionId, leg: LegId) -> bool {
        match self.custody_of(id, leg) {
            Some(custody) => self.is_sole(custody),
            None => true,
        }
    }

    fn answer(&mut self, id: SessionId, tag: Tag, leg: LegId) {
        let waiting = Waiting { session: id, tag };
        if let Some(custody) = self.custody_of(id, leg) {
            // A behaviour that answers takes the call: branches beside it end.
            if let Some(dial) = self.custodies.get(&custody).and_then(|custody| custody.parent) {
                self.stop_ringback(leg, dial.0);
            }
            self.win(custody, leg);
        }
        if let Err(cause) = self.answer_caller(leg, None, Some(waiting)) {
            self.outcome(id, tag, OutcomeKind::Failed(cause));
            if cause == Cause::NotAcceptable {
                self.hang_up(leg, cause);
            }
        }
    }

    fn reject(&mut self, id: SessionId, leg: LegId, cause: Cause) {
        match self.custody_of(id, leg) {
            Some(custody) => self.give_back(custody, cause),
            None => self.hang_up(leg, cause),
        }
    }

    fn bridge(&mut self, id: SessionId, tag: Tag, a: LegId, b: LegId) {
        let both_up = a != b
            && self.holds(id, b)
            && [a, b]
                .iter()
                .all(|leg| self.legs.get(leg).is_some_and(Leg::is_answered));
        if both_up {
            self.connect(a, b);
            self.outcome(id, tag, OutcomeKind::Done);
        } else {
            self.outcome(id, tag, OutcomeKind::Failed(Cause::Failed));
        }
    }

    fn send_digits(&mut self, id: SessionId, tag: Tag, leg: LegId, digits: String) {
        let anchored = self.anchor(leg);
        let Some(port) = self.port_of(leg).filter(|_| anchored.is_ok()) else {
            self.outcome(id, tag, OutcomeKind::Failed(Cause::Failed));
            return;
        };
        let play = PlayId(self.ids.next());
        self.sending.insert(play, (id, tag));
        self.media(media::Command::SendDigits { port, play, digits });
    }

    fn dial(
        &mut self,
        id: SessionId,
        tag: Tag,
        caller: Option<LegId>,
        mut stages: Vec<contract::Stage>,
        options: contract::DialOptions,
    ) {
        stages.truncate(MAX_STAGES);
        for stage in &mut stages {
            stage.targets.truncate(MAX_TARGETS);
        }
        let owner = DialOwner::Session { session: id, tag };
        let started = match caller {
            Some(leg) => self.dial_custody(id, leg).and_then(|custody| {
                let call = self.custodies.get(&custody)?.call;
                self.start_dial(owner, Some(custody), call, stages, options)
            }),
            None => self
                .call_to_originate(id)
                .and_then(|call| self.start_dial(owner, None, call, stages, options)),
        };
        if started.is_none() {
            let outcome = contract::DialOutcome {
                result: contract::DialResult::Failed(Cause::Failed),
                targets: Vec::new(),
            };
            self.outcome(id, tag, OutcomeKind::Dialled(outcome));
        }
    }

    /// The custody that a dial runs in; none when one runs already. A callee that the session holds gets one
    /// of its own, so that it can be sent on like a caller.
    fn dial_custody(&mut self, id: SessionId, leg: LegId) -> Option<CustodyId> {
        if let Some(custody) = self.custody_of(id, leg) {
            let free = self
                .custodies
                .get(&custody)
                .is_some_and(|custody| custody.dial.is_none());
            return free.then_some(custody);
        }
        self.take_custody(id, leg)
    }

    /// Makes a session the holder of a leg that nobody offered to it: one that it dialled itself.
    pub(super) fn take_custody(&mut self, id: SessionId, leg: LegId) -> Option<CustodyId> {
        let session = self.sessions.get_mut(&id)?;
        let held = self.legs.get_mut(&leg)?;
        let custody = CustodyId(self.ids.next());
        session.callees.retain(|other| *other != leg);
        session.custodies.push(custody);
        held.holders.retain(|other| *other != id);
        held.custodies.push(custody);
        self.custodies.insert(
            custody,
            Custody {
                leg,
                call: held.call,
                tenant: held.tenant.clone(),
                holder: Holder::Session(id),
                parent: None,
                number: session.number.clone(),
                stack: std::sync::Arc::from([]),
                position: 0,
                line: None,
                hops: 0,
                diversions: Vec::new(),
                dial: None,
                won: false,
            },
        );
        Some(custody)
    }

    fn send_message(&mut self, id: SessionId, tag: Tag, behaviour: &str, number: &str, body: Vec<u8>) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let tenant = session.tenant.clone();
        let sender = (session.behaviour.to_string(), session.number.to_string());
        let kind = if body.len() > MAX_MESSAGE {
            OutcomeKind::Failed(Cause::Failed)
        } else {
            match self.keyed_session_or_new(&tenant, behaviour, number) {
                Ok(to) => {
                    let message = Message {
                        sender: Some(sender),
                        body,
                    };
                    self.deliver(to, Event::Message(message));
                    OutcomeKind::Done
                }
                Err(_) => OutcomeKind::Failed(Cause::UnknownNumber),
            }
        };
        self.outcome(id, tag, kind);
    }
}

/// The leg that a command is about, so far as holding it is a condition.
pub(super) fn leg_of(command: &Command) -> Option<LegId> {
    match command {
        Command::Ring { leg, .. }
        | Command::Answer { leg, .. }
        | Command::Reject { leg, .. }
        | Command::HangUp { leg, .. }
        | Command::Hold { leg, .. }
        | Command::Resume { leg, .. }
        | Command::Unbridge { leg, .. }
        | Command::SendDigits { leg, .. }
        | Command::Play { leg, .. }
        | Command::Gather { leg, .. }
        | Command::StopAudio { leg }
        | Command::Join { leg, .. }
        | Command::Leave { leg, .. } => Some(*leg),
        Command::Bridge { a, .. } => Some(*a),
        Command::Dial { caller, .. } => *caller,
        Command::CancelDial { .. }
        | Command::SetTimer { .. }
        | Command::CancelTimer { .. }
        | Command::Send { .. }
        | Command::Watch { .. }
        | Command::CancelWatch { .. }
        | Command::Reserve { .. }
        | Command::Release { .. }
        | Command::Publish { .. }
        | Command::Show { .. }
        | Command::Dismiss { .. }
        | Command::Finish => None,
    }
}
