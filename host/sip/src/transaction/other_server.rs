//! Non-INVITE server transaction (RFC 3261 §17.2.2).
//!
//! ```text
//! Trying --1xx--> Proceeding --200..699--> Completed --J--> Terminated
//!   (repeats         (repeats get             (repeats get
//!    absorbed)        the newest)              the final one)
//! ```

use base::Moment;

use super::{Class, Deadlines, Report, Step, Transmit};
use crate::endpoint::Timers;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Give up on a user that does not answer: by then the peer has, too (its Timer F).
    /// Not an RFC timer.
    Unanswered,
    /// Answer repeats for 64·T1.
    J,
}

#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// The request again.
    Request,
    /// The user answers.
    Respond(Class),
    TransportError,
}

#[derive(Clone, Debug)]
pub struct OtherServer {
    state: State,
    deadlines: Deadlines<Timer>,
    reliable: bool,
    timers: Timers,
}

impl OtherServer {
    pub fn new(now: Moment, timers: Timers, reliable: bool) -> Self {
        let mut deadlines = Deadlines::default();
        deadlines.set(Timer::Unanswered, now + timers.patience());
        Self {
            state: State::Trying,
            deadlines,
            reliable,
            timers,
        }
    }

    pub const fn state(&self) -> State {
        self.state
    }

    pub fn next_timeout(&self) -> Option<Moment> {
        self.deadlines.next()
    }

    pub fn handle(&mut self, now: Moment, input: Input) -> Step {
        use Class::{Failure, Provisional, Success};
        use Input::{Request, Respond, TransportError};
        use State::{Completed, Proceeding, Terminated, Trying};
        match (self.state, input) {
            (Trying | Terminated, Request) => Step::NOTHING,
            (Proceeding | Completed, Request) => Step::transmit(Transmit::Response),
            (Trying | Proceeding, Respond(Provisional)) => {
                self.state = Proceeding;
                Step::transmit(Transmit::Response)
            }
            (Trying | Proceeding, Respond(Success | Failure)) => {
                self.complete(now);
                Step::transmit(Transmit::Response)
            }
            (Completed | Terminated, Respond(_)) => Step::NOTHING,
            (Trying | Proceeding | Completed, TransportError) => self.end(Some(Report::Transport)),
            (Terminated, TransportError) => Step::NOTHING,
        }
    }

    /// Call until it returns none: each call handles one timer that is due.
    pub fn handle_timeout(&mut self, now: Moment) -> Option<Step> {
        let timer = self.deadlines.take_due(now)?;
        Some(match (timer, self.state) {
            (Timer::Unanswered, State::Trying | State::Proceeding) => self.end(Some(Report::Timeout)),
            (Timer::J, State::Completed) => self.end(None),
            (Timer::Unanswered | Timer::J, _) => Step::NOTHING,
        })
    }

    fn complete(&mut self, now: Moment) {
        if self.reliable {
            let _ = self.end(None);
        } else {
            self.deadlines.only(Timer::J, now + self.timers.patience());
            self.state = State::Completed;
        }
    }

    fn end(&mut self, report: Option<Report>) -> Step {
        self.deadlines.clear();
        self.state = State::Terminated;
        Step::over(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Moment = Moment::ZERO;
    const RESEND: Step = Step::transmit(Transmit::Response);

    fn udp() -> OtherServer {
        OtherServer::new(T0, Timers::default(), false)
    }

    #[test]
    fn repeats_get_silence_then_the_newest_response() {
        let mut server = udp();
        assert_eq!(server.handle(T0, Input::Request), Step::NOTHING);
        assert_eq!(server.handle(T0, Input::Respond(Class::Provisional)), RESEND);
        assert_eq!(server.handle(T0, Input::Request), RESEND);
        assert_eq!(server.handle(T0, Input::Respond(Class::Success)), RESEND);
        assert_eq!(server.handle(T0, Input::Request), RESEND);
        assert_eq!(
            server.handle(T0, Input::Respond(Class::Failure)),
            Step::NOTHING,
            "one final only"
        );
    }

    #[test]
    fn timer_j_ends_it_after_64_t1() {
        let mut server = udp();
        let _ = server.handle(T0, Input::Respond(Class::Success));
        let at = server.next_timeout().unwrap();
        assert_eq!(at, Moment::from_secs(32));
        assert_eq!(server.handle_timeout(at), Some(Step::NOTHING));
        assert_eq!((server.state(), server.next_timeout()), (State::Terminated, None));
    }

    #[test]
    fn over_tcp_the_final_response_ends_it() {
        let mut server = OtherServer::new(T0, Timers::default(), true);
        assert_eq!(server.handle(T0, Input::Respond(Class::Failure)), RESEND);
        assert_eq!(server.state(), State::Terminated);
    }

    #[test]
    fn a_user_that_never_answers_leaves_nothing_behind() {
        let mut server = udp();
        let step = server.handle_timeout(server.next_timeout().unwrap());
        assert_eq!(step, Some(Step::report(Report::Timeout)));
        assert_eq!(server.state(), State::Terminated);
    }
}
