//! Plays an announcement, before the answer if wished, then hangs up or sends the call on.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

use cordboard::prelude::*;

/// What is played, and what comes after.
#[derive(Settings, Serialize, Deserialize)]
#[settings(check)]
#[serde(default, rename_all = "kebab-case")]
pub struct Announcement {
    #[settings(required, min_length = 1, max_length = 128, kind = "announcement")]
    pub announcement: String,
    /// How often it plays.
    #[settings(default = 1, min = 1, max = 100)]
    pub times: u32,
    /// Plays before the call is answered, so that the caller pays nothing (early media).
    pub before_answer: bool,
    /// A key ends it early.
    #[settings(default = true)]
    pub skip_by_key: bool,
    /// What comes after.
    pub then: Then,
    /// The number to go on to.
    pub number: Option<Number>,
}

/// What comes after an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// The call ends.
    HangUp,
    /// The call goes to what stands next on the number.
    Next,
    /// The call goes to another number.
    Number,
}

impl Announcement {
    fn check(&self, view: &View, problems: &mut Problems) {
        match &self.number {
            Some(number) => {
                if let Err(why) = view.destination(number) {
                    problems.at("/number", why.sentence());
                }
            }
            None if self.then == Then::Number => {
                problems.at("/number", "the call goes on to a number, and there is none")
            }
            None => {}
        }
    }
}

/// Plays an announcement, then hangs up or sends the call on.
#[cordboard::script]
pub async fn announcement(call: Call, settings: Announcement) -> Outcome {
    let early = settings.before_answer && call.is_sole_holder();
    if !early {
        call.answer().await;
    }
    let play = call.play(&settings.announcement).times(settings.times);
    let played = if settings.skip_by_key {
        play.barge_in().await
    } else {
        play.await
    };
    if let Played::Missing(name) = played {
        call.explain("announcement", &["there is no announcement ", &name].concat());
    }
    go_on(&call, &settings).await
}

async fn go_on(call: &Call, settings: &Announcement) -> Outcome {
    match (settings.then, &settings.number) {
        (Then::Next, _) if call.has_next() => {
            call.explain("then", "the call goes to what is next on the number");
            call.continue_next().await
        }
        (Then::Number, Some(number)) => match call.destination(number) {
            Ok(target) => {
                call.explain("then", &["the call goes on to ", number].concat());
                call.for_good(call.dial(target)).await
            }
            Err(why) => {
                call.explain("R24", &[number, ": ", why.sentence()].concat());
                end(call, settings)
            }
        },
        (Then::HangUp | Then::Next | Then::Number, _) => end(call, settings),
    }
}

/// A call that was never answered is refused, so that nobody pays for it.
fn end(call: &Call, settings: &Announcement) -> Outcome {
    call.explain("then", "the call ends");
    if settings.before_answer && !call.came_answered() && call.is_sole_holder() {
        call.reject(Cause::Unreachable)
    } else {
        call.hang_up()
    }
}

#[cfg(test)]
mod tests {
    use cordboard::test::Flow;

    use super::*;

    fn closed() -> Announcement {
        Announcement {
            announcement: "closed".into(),
            ..Announcement::default()
        }
    }

    #[test]
    fn it_answers_plays_as_often_as_wished_and_hangs_up() {
        let mut flow = Flow::of::<announcement>(&Announcement { times: 2, ..closed() });
        let caller = flow.call("0147200001");
        assert_eq!(flow.did(), ["answer", "play closed 2 times"]);
        flow.played(caller);
        assert_eq!(flow.did(), ["hang up"]);
    }

    #[test]
    fn before_the_answer_it_is_early_media_and_the_call_is_refused_after_it() {
        let mut flow = Flow::of::<announcement>(&Announcement {
            before_answer: true,
            ..closed()
        });
        let caller = flow.call("0147200001");
        assert_eq!(flow.did(), ["play closed"]);
        flow.played(caller);
        assert_eq!(flow.did(), ["reject unreachable"]);
    }

    #[test]
    fn where_another_branch_rings_too_it_cannot_play_before_the_answer() {
        let mut flow = Flow::of::<announcement>(&Announcement {
            before_answer: true,
            ..closed()
        });
        flow.call_with("0147200001", |offer| offer.sole_holder = false);
        assert_eq!(flow.did(), ["answer", "play closed"]);
    }

    #[test]
    fn then_the_call_may_go_to_a_number_or_to_what_is_next() {
        let number = Announcement {
            then: Then::Number,
            number: Some("0612345678".into()),
            ..closed()
        };
        let mut to_number = Flow::of::<announcement>(&number);
        let caller = to_number.call("0147200001");
        to_number.played(caller);
        assert_eq!(
            to_number.did(),
            ["answer", "play closed", "dial outside +33612345678"]
        );

        let mut to_next = Flow::of::<announcement>(&Announcement {
            then: Then::Next,
            ..closed()
        });
        let caller = to_next.call_with("0147200001", |offer| offer.has_next = true);
        to_next.played(caller);
        assert_eq!(to_next.did(), ["answer", "play closed", "dial next"]);
    }

    #[test]
    fn r24_holds_for_the_number_too() {
        let number = Announcement {
            then: Then::Number,
            number: Some("0899123456".into()),
            ..closed()
        };
        let mut flow = Flow::of::<announcement>(&number);
        let caller = flow.call("0147200001");
        flow.played(caller);
        assert_eq!(flow.did(), ["answer", "play closed", "hang up"]);
        assert!(flow.cited("R24"));
    }

    #[test]
    fn a_missing_announcement_does_not_keep_the_caller() {
        let mut flow = Flow::of::<announcement>(&closed());
        let caller = flow.call("0147200001");
        flow.audio(
            caller,
            cordboard::OutcomeKind::Played(Played::Missing("closed".into())),
        );
        assert_eq!(flow.did(), ["answer", "play closed", "hang up"]);
        assert!(flow.cited("announcement"));
    }
}
