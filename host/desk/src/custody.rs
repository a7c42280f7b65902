//! Which commands a session may give for which leg, judged while the guest runs.
//!
//! The exchange takes the real steps later and may still find a leg gone; this catches what
//! is wrong for certain, so that the behaviour can do something else in the same event.

use contract::{Command, CommandError, HeldLeg, LegId};

/// The legs that a session holds, as its event's commands change them.
#[derive(Clone, Debug)]
pub(crate) struct Custody {
    legs: Vec<HeldLeg>,
}

impl Custody {
    pub fn new(legs: Vec<HeldLeg>) -> Self {
        Self { legs }
    }

    /// Whether the command's legs are held, and held alone where that is needed.
    ///
    /// A branch of a parallel dial may ring, answer, reject and forward the caller it shares;
    /// what the caller hears, and whether it stays, is its sole holder's to say until answer.
    pub fn allows(&self, command: &Command) -> Result<(), CommandError> {
        use Command as C;
        match command {
            C::Ring { leg, .. }
            | C::Answer { leg, .. }
            | C::Reject { leg, .. }
            | C::Dial {
                caller: Some(leg), ..
            } => self.held(*leg).map(drop),
            C::HangUp { leg, .. }
            | C::Hold { leg, .. }
            | C::Resume { leg, .. }
            | C::Unbridge { leg, .. }
            | C::SendDigits { leg, .. }
            | C::Play { leg, .. }
            | C::Gather { leg, .. }
            | C::StopAudio { leg }
            | C::Join { leg, .. }
            | C::Leave { leg, .. } => self.alone(*leg),
            C::Bridge { a, b, .. } => {
                self.alone(*a)?;
                self.alone(*b)?;
                if a == b {
                    return Err(CommandError::Invalid(
                        "a leg cannot be bridged with itself".into(),
                    ));
                }
                Ok(())
            }
            C::Dial { caller: None, .. }
            | C::CancelDial { .. }
            | C::SetTimer { .. }
            | C::CancelTimer { .. }
            | C::Send { .. }
            | C::Watch { .. }
            | C::CancelWatch { .. }
            | C::Reserve { .. }
            | C::Release { .. }
            | C::Publish { .. }
            | C::Show { .. }
            | C::Dismiss { .. }
            | C::Finish => Ok(()),
        }
    }

    /// Takes note of what a queued command changes for those after it.
    pub fn follow(&mut self, command: &Command) {
        match command {
            Command::Answer { leg, .. } => {
                if let Some(held) = self.legs.iter_mut().find(|held| held.leg == *leg) {
                    held.answered = true;
                }
            }
            Command::Reject { leg, .. } | Command::HangUp { leg, .. } => {
                self.legs.retain(|held| held.leg != *leg);
            }
            _ => {}
        }
    }

    fn held(&self, leg: LegId) -> Result<HeldLeg, CommandError> {
        let held = self.legs.iter().find(|held| held.leg == leg);
        held.copied().ok_or(CommandError::UnknownLeg(leg))
    }

    fn alone(&self, leg: LegId) -> Result<(), CommandError> {
        let held = self.held(leg)?;
        if held.sole_holder || held.answered {
            Ok(())
        } else {
            Err(CommandError::NotSoleHolder(leg))
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::Cause;

    use super::*;

    const CALLER: LegId = LegId(1);

    fn shared() -> Custody {
        Custody::new(vec![HeldLeg {
            leg: CALLER,
            sole_holder: false,
            answered: false,
        }])
    }

    #[test]
    fn a_branch_may_answer_but_not_be_heard_before() {
        let mut custody = shared();
        let stop = Command::StopAudio { leg: CALLER };
        assert_eq!(custody.allows(&stop), Err(CommandError::NotSoleHolder(CALLER)));

        let answer = Command::Answer { tag: 1, leg: CALLER };
        assert_eq!(custody.allows(&answer), Ok(()));
        custody.follow(&answer);
        assert_eq!(custody.allows(&stop), Ok(()));
    }

    #[test]
    fn a_leg_given_back_is_unknown_from_then_on() {
        let mut custody = shared();
        let reject = Command::Reject {
            tag: 1,
            leg: CALLER,
            cause: Cause::Busy,
        };
        assert_eq!(custody.allows(&reject), Ok(()));
        custody.follow(&reject);
        assert_eq!(custody.allows(&reject), Err(CommandError::UnknownLeg(CALLER)));
    }

    #[test]
    fn a_leg_of_another_session_is_unknown() {
        let ring = Command::Ring {
            tag: 1,
            leg: LegId(2),
        };
        assert_eq!(shared().allows(&ring), Err(CommandError::UnknownLeg(LegId(2))));
    }
}
