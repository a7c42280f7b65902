//! INVITE server transaction (RFC 3261 §17.2.1, with RFC 6026's Accepted state).
//!
//! Absorbs repeated INVITEs and repeats our failure response until the ACK comes. 100 is sent only when the
//! user has said nothing for 200 ms, or the caller asks again before. The core repeats its own 2xx.
//!
//! ```text
//!     | 100 after 200 ms
//! Proceeding --2xx-----> Accepted ----------------L--> Terminated
//!     |                  (ACKs go up)
//!     +--300..699--> Completed --ACK--> Confirmed --I--> Terminated
//!                      | G: resend
//!                      +--H--> Terminated, Report::Timeout
//! ```

use std::time::Duration;

use base::Moment;

use super::{Class, Deadlines, Report, Step, Transmit};
use crate::endpoint::Timers;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Proceeding,
    Accepted,
    Completed,
    Confirmed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Send 100 unless something else was sent within 200 ms.
    Trying,
    /// Resend the failure response; doubles from T1 up to T2.
    G,
    /// Stop waiting for the ACK, 64·T1 after the failure response.
    H,
    /// Absorb late ACKs for T4.
    I,
    /// Absorb late INVITEs for 64·T1 after a 2xx.
    L,
}

#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// The INVITE again.
    Invite,
    /// An ACK on the INVITE's branch.
    Ack,
    /// The user answers.
    Respond(Class),
    TransportError,
}

#[derive(Clone, Debug)]
pub struct InviteServer {
    state: State,
    deadlines: Deadlines<Timer>,
    gap: Duration,
    reliable: bool,
    timers: Timers,
}

/// §17.2.1: a user that answers within this time saves the caller a 100.
const TRYING_AFTER: Duration = Duration::from_millis(200);

impl InviteServer {
    pub fn new(now: Moment, timers: Timers, reliable: bool) -> Self {
        let mut deadlines = Deadlines::default();
        deadlines.set(Timer::Trying, now + TRYING_AFTER);
        Self {
            state: State::Proceeding,
            deadlines,
            gap: timers.t1,
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

    /// Says 100 now, unless something was said before.
    pub fn trying(&mut self) -> Step {
        if self.state != State::Proceeding || !self.deadlines.runs(Timer::Trying) {
            return Step::NOTHING;
        }
        self.deadlines.stop(Timer::Trying);
        Step::transmit(Transmit::Trying)
    }

    pub fn handle(&mut self, now: Moment, input: Input) -> Step {
        use Class::{Failure, Provisional, Success};
        use Input::{Ack, Invite, Respond, TransportError};
        use State::{Accepted, Completed, Confirmed, Proceeding, Terminated};
        match (self.state, input) {
            (Proceeding, Invite) if self.deadlines.runs(Timer::Trying) => self.trying(),
            (Proceeding | Completed, Invite) => Step::transmit(Transmit::Response),
            (Accepted | Confirmed | Terminated, Invite) => Step::NOTHING,
            (Proceeding, Respond(Provisional)) => {
                self.deadlines.stop(Timer::Trying);
                Step::transmit(Transmit::Response)
            }
            (Proceeding, Respond(Success)) => {
                self.deadlines.only(Timer::L, now + self.timers.patience());
                self.state = Accepted;
                Step::transmit(Transmit::Response)
            }
            (Proceeding, Respond(Failure)) => {
                self.complete(now);
                Step::transmit(Transmit::Response)
            }
            // RFC 6026 §7.1: the core repeats its 2xx and hears each ACK.
            (Accepted, Respond(Success)) => Step::transmit(Transmit::Response),
            (Accepted, Ack) => Step::report(Report::Ack),
            (Completed, Ack) => {
                self.confirm(now);
                Step::NOTHING
            }
            (Proceeding | Confirmed | Terminated, Ack) => Step::NOTHING,
            // The user cannot answer twice; a second final response is its mistake, not the caller's.
            (Accepted, Respond(Provisional | Failure)) => Step::NOTHING,
            (Completed | Confirmed | Terminated, Respond(_)) => Step::NOTHING,
            (Proceeding | Accepted | Completed, TransportError) => {
                let waiting = self.state != Completed;
                self.end(if waiting { Some(Report::Transport) } else { None })
            }
            (Confirmed | Terminated, TransportError) => Step::NOTHING,
        }
    }

    /// Call until it returns none: each call handles one timer that is due.
    pub fn handle_timeout(&mut self, now: Moment) -> Option<Step> {
        let timer = self.deadlines.take_due(now)?;
        Some(match (timer, self.state) {
            (Timer::Trying, State::Proceeding) => Step::transmit(Transmit::Trying),
            (Timer::G, State::Completed) => {
                self.gap = (self.gap * 2).min(self.timers.t2);
                self.deadlines.set(Timer::G, now + self.gap);
                Step::transmit(Transmit::Response)
            }
            (Timer::H, State::Completed) => self.end(Some(Report::Timeout)),
            (Timer::I, State::Confirmed) | (Timer::L, State::Accepted) => self.end(None),
            (Timer::Trying | Timer::G | Timer::H | Timer::I | Timer::L, _) => Step::NOTHING,
        })
    }

    fn complete(&mut self, now: Moment) {
        self.deadlines.only(Timer::H, now + self.timers.patience());
        if !self.reliable {
            self.deadlines.set(Timer::G, now + self.gap);
        }
        self.state = State::Completed;
    }

    fn confirm(&mut self, now: Moment) {
        if self.reliable {
            let _ = self.end(None);
        } else {
            self.deadlines.only(Timer::I, now + self.timers.t4);
            self.state = State::Confirmed;
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

    fn udp() -> InviteServer {
        InviteServer::new(T0, Timers::default(), false)
    }

    fn run(server: &mut InviteServer, until: Moment) -> Vec<(u64, Step)> {
        let mut steps = vec![];
        while let Some(now) = server.next_timeout().filter(|now| *now <= until) {
            while let Some(step) = server.handle_timeout(now) {
                steps.push((now.as_millis(), step));
            }
        }
        steps
    }

    #[test]
    fn busy_is_repeated_until_the_ack() {
        let mut server = udp();
        assert_eq!(server.handle(T0, Input::Respond(Class::Failure)), RESEND);
        let repeats: Vec<_> = run(&mut server, Moment::from_secs(12))
            .into_iter()
            .map(|(at, _)| at)
            .collect();
        assert_eq!(repeats, [500, 1_500, 3_500, 7_500, 11_500]);

        let now = Moment::from_secs(12);
        assert_eq!(server.handle(now, Input::Ack), Step::NOTHING);
        assert_eq!(server.state(), State::Confirmed);
        assert_eq!(
            server.handle(now, Input::Ack),
            Step::NOTHING,
            "Timer I absorbs late ACKs"
        );
        assert_eq!(run(&mut server, Moment::MAX), [(17_000, Step::NOTHING)]);
        assert_eq!(server.state(), State::Terminated);
    }

    #[test]
    fn without_an_ack_timer_h_reports() {
        let mut server = udp();
        let _ = server.handle(T0, Input::Respond(Class::Failure));
        assert_eq!(
            run(&mut server, Moment::MAX).pop(),
            Some((32_000, Step::report(Report::Timeout)))
        );
    }

    #[test]
    fn over_tcp_a_failure_is_sent_once_and_an_ack_ends_it() {
        let mut server = InviteServer::new(T0, Timers::default(), true);
        assert_eq!(server.handle(T0, Input::Respond(Class::Failure)), RESEND);
        assert_eq!(
            server.next_timeout(),
            Some(Moment::from_secs(32)),
            "only Timer H runs"
        );
        let _ = server.handle(T0, Input::Ack);
        assert_eq!(server.state(), State::Terminated);
    }

    const TRYING: Step = Step::transmit(Transmit::Trying);

    #[test]
    fn a_user_that_says_nothing_for_200_ms_costs_a_100() {
        let mut server = udp();
        assert_eq!(run(&mut server, Moment::MAX), [(200, TRYING)]);
        assert_eq!(server.handle(T0, Input::Invite), RESEND);
    }

    #[test]
    fn an_answer_at_once_spares_the_100() {
        for class in [Class::Provisional, Class::Success, Class::Failure] {
            let mut server = udp();
            assert_eq!(server.handle(T0, Input::Respond(class)), RESEND);
            assert!(!run(&mut server, Moment::MAX).contains(&(200, TRYING)));
        }
    }

    #[test]
    fn a_user_that_will_take_long_says_100_itself_once() {
        let mut server = udp();
        assert_eq!(server.trying(), TRYING);
        assert_eq!(server.trying(), Step::NOTHING);
        assert_eq!(run(&mut server, Moment::MAX), []);
    }

    #[test]
    fn a_caller_that_asks_again_gets_its_100_before() {
        let mut server = udp();
        assert_eq!(server.handle(T0, Input::Invite), TRYING);
        assert_eq!(run(&mut server, Moment::MAX), []);
    }

    #[test]
    fn a_repeated_invite_gets_the_newest_provisional_response() {
        let mut server = udp();
        assert_eq!(server.handle(T0, Input::Respond(Class::Provisional)), RESEND);
        assert_eq!(server.handle(T0, Input::Invite), RESEND);
    }

    /// RFC 6026 §7.1: a late INVITE must not look like a new call.
    #[test]
    fn after_a_2xx_late_invites_are_absorbed_and_acks_go_up() {
        let mut server = udp();
        assert_eq!(server.handle(T0, Input::Respond(Class::Success)), RESEND);
        assert_eq!(server.handle(T0, Input::Invite), Step::NOTHING);
        assert_eq!(server.handle(T0, Input::Ack), Step::report(Report::Ack));
        assert_eq!(
            server.handle(T0, Input::Respond(Class::Success)),
            RESEND,
            "the core repeats"
        );
        assert_eq!(run(&mut server, Moment::MAX), [(32_000, Step::NOTHING)]);
        assert_eq!(server.state(), State::Terminated);
    }

    #[test]
    fn a_second_final_response_goes_nowhere() {
        let mut server = udp();
        let _ = server.handle(T0, Input::Respond(Class::Success));
        assert_eq!(server.handle(T0, Input::Respond(Class::Failure)), Step::NOTHING);
        assert_eq!(server.state(), State::Accepted);
    }
}
