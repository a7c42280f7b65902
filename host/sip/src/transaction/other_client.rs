//! Non-INVITE client transaction (RFC 3261 §17.1.2).
//!
//! ```text
//! Trying --1xx--> Proceeding --200..699--> Completed --K--> Terminated
//!    |  E: resend      |  E: resend, T2 apart   (repeats absorbed)
//!    +--F: Timeout     +--F: Timeout
//! ```

use std::time::Duration;

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
    /// Resend the request; doubles from T1 up to T2.
    E,
    /// Give up, 64·T1 after the request.
    F,
    /// Absorb repeated final responses for T4.
    K,
}

#[derive(Clone, Copy, Debug)]
pub enum Input {
    Response(Class),
    TransportError,
}

#[derive(Clone, Debug)]
pub struct OtherClient {
    state: State,
    deadlines: Deadlines<Timer>,
    gap: Duration,
    reliable: bool,
    timers: Timers,
}

impl OtherClient {
    /// Starts with the request on its way: the owner sends it now.
    pub fn new(now: Moment, timers: Timers, reliable: bool) -> Self {
        let mut deadlines = Deadlines::default();
        if !reliable {
            deadlines.set(Timer::E, now + timers.t1);
        }
        deadlines.set(Timer::F, now + timers.patience());
        Self {
            state: State::Trying,
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

    pub fn handle(&mut self, now: Moment, input: Input) -> Step {
        use Class::{Failure, Provisional, Success};
        use Input::{Response, TransportError};
        use State::{Completed, Proceeding, Terminated, Trying};
        match (self.state, input) {
            (Trying, Response(Provisional)) => {
                // §17.1.2.2: from now on it is repeated every T2, for the peer is there but slow.
                self.gap = self.timers.t2;
                self.state = Proceeding;
                Step::report(Report::Response)
            }
            (Proceeding, Response(Provisional)) => Step::report(Report::Response),
            (Trying | Proceeding, Response(Success | Failure)) => {
                self.complete(now);
                Step::report(Report::Response)
            }
            (Trying | Proceeding, TransportError) => self.end(Some(Report::Transport)),
            (Completed | Terminated, Response(_) | TransportError) => Step::NOTHING,
        }
    }

    /// Call until it returns none: each call handles one timer that is due.
    pub fn handle_timeout(&mut self, now: Moment) -> Option<Step> {
        let timer = self.deadlines.take_due(now)?;
        Some(match (timer, self.state) {
            (Timer::E, State::Trying) => {
                self.gap = (self.gap * 2).min(self.timers.t2);
                self.resend(now)
            }
            (Timer::E, State::Proceeding) => self.resend(now),
            (Timer::F, State::Trying | State::Proceeding) => self.end(Some(Report::Timeout)),
            (Timer::K, State::Completed) => self.end(None),
            (Timer::E | Timer::F | Timer::K, _) => Step::NOTHING,
        })
    }

    fn resend(&mut self, now: Moment) -> Step {
        self.deadlines.set(Timer::E, now + self.gap);
        Step::transmit(Transmit::Request)
    }

    fn complete(&mut self, now: Moment) {
        if self.reliable {
            let _ = self.end(None);
        } else {
            self.deadlines.only(Timer::K, now + self.timers.t4);
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

    fn udp() -> OtherClient {
        OtherClient::new(T0, Timers::default(), false)
    }

    fn run(client: &mut OtherClient) -> Vec<(u64, Step)> {
        let mut steps = vec![];
        while let Some(now) = client.next_timeout() {
            while let Some(step) = client.handle_timeout(now) {
                steps.push((now.as_millis(), step));
            }
        }
        steps
    }

    /// §17.1.2.2: doubling up to T2, and Timer F after 64·T1.
    #[test]
    fn a_request_is_repeated_with_gaps_up_to_t2_until_timer_f() {
        let mut steps = run(&mut udp());
        assert_eq!(steps.pop(), Some((32_000, Step::report(Report::Timeout))));
        let times: Vec<_> = steps.iter().map(|(at, _)| *at).collect();
        assert_eq!(
            times,
            [
                500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
            ]
        );
    }

    #[test]
    fn after_a_provisional_response_it_is_repeated_every_t2() {
        let mut client = udp();
        assert_eq!(
            client.handle(T0, Input::Response(Class::Provisional)),
            Step::report(Report::Response)
        );
        let times: Vec<_> = run(&mut client).iter().map(|(at, _)| *at).take(3).collect();
        assert_eq!(times, [500, 4_500, 8_500]);
    }

    #[test]
    fn repeats_of_the_final_response_are_absorbed_for_t4() {
        let mut client = udp();
        assert_eq!(
            client.handle(T0, Input::Response(Class::Success)),
            Step::report(Report::Response)
        );
        assert_eq!(client.handle(T0, Input::Response(Class::Success)), Step::NOTHING);
        assert_eq!(run(&mut client), [(5_000, Step::NOTHING)]);
        assert_eq!(client.state(), State::Terminated);
    }

    #[test]
    fn over_tcp_nothing_is_repeated_and_the_final_response_ends_it() {
        let mut client = OtherClient::new(T0, Timers::default(), true);
        assert_eq!(client.next_timeout(), Some(Moment::from_secs(32)));
        assert_eq!(
            client.handle(T0, Input::Response(Class::Failure)),
            Step::report(Report::Response)
        );
        assert_eq!(client.state(), State::Terminated);
    }

    #[test]
    fn a_transport_error_ends_it() {
        let mut client = udp();
        assert_eq!(
            client.handle(T0, Input::TransportError),
            Step::report(Report::Transport)
        );
        assert_eq!((client.state(), client.next_timeout()), (State::Terminated, None));
    }
}
