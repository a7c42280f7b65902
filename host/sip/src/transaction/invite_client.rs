//! INVITE client transaction (RFC 3261 §17.1.1, with RFC 6026's Accepted state).
//!
//! Repeats the INVITE until somebody answers, and acknowledges failures. 2xx are the core's
//! affair: every one, from whichever branch of a fork, goes up until Timer M ends the wait.
//!
//! ```text
//! Calling --1xx--> Proceeding --2xx--> Accepted --M--> Terminated
//!    |  A: resend       |                (each 2xx goes up)
//!    |                  +--300..699--> Completed --D--> Terminated
//!    +--2xx, 300..699 likewise           (each repeat: ACK)
//!    +--B: Timeout--> GivenUp --M--> Terminated
//! ```
//!
//! GivenUp is ours. The peer may have heard the last INVITE just in time: its user picks up, and nobody would ever say
//! that the call is over. So what it answers goes up like any response, to be cancelled, or acknowledged and ended.

use std::time::Duration;

use base::Moment;

use super::{Class, Deadlines, Report, Step, Transmit};
use crate::endpoint::Timers;

/// How long failures are acknowledged over an unreliable transport: Timer D is at least 32 s.
const TIMER_D: Duration = Duration::from_secs(32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Calling,
    Proceeding,
    Accepted,
    Completed,
    /// Nobody waits any more, but an answer may be on its way.
    GivenUp,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Resend the INVITE; doubles each time.
    A,
    /// Give up, 64·T1 after the INVITE, or after it was abandoned.
    B,
    /// Stop acknowledging repeated failures.
    D,
    /// Stop waiting for 2xx of other branches, 64·T1 after the first; or for any answer, 64·T1 after Timer B.
    M,
}

#[derive(Clone, Copy, Debug)]
pub enum Input {
    Response(Class),
    TransportError,
    /// Nobody waits for the outcome any more, so that a peer that never answers must not keep the transaction.
    Abandon,
}

#[derive(Clone, Debug)]
pub struct InviteClient {
    state: State,
    deadlines: Deadlines<Timer>,
    gap: Duration,
    reliable: bool,
    abandoned: bool,
    answered: bool,
    timers: Timers,
}

impl InviteClient {
    /// Starts with the INVITE on its way: the owner sends it now.
    pub fn new(now: Moment, timers: Timers, reliable: bool) -> Self {
        let mut deadlines = Deadlines::default();
        if !reliable {
            deadlines.set(Timer::A, now + timers.t1);
        }
        deadlines.set(Timer::B, now + timers.patience());
        Self {
            state: State::Calling,
            deadlines,
            gap: timers.t1,
            reliable,
            abandoned: false,
            answered: false,
            timers,
        }
    }

    /// One that is over, woken by a response that comes much later.
    pub fn given_up(now: Moment, timers: Timers, reliable: bool) -> Self {
        let mut client = Self::new(now, timers, reliable);
        client.wait(Timer::M, now + timers.patience(), State::GivenUp);
        client
    }

    /// A final response has come.
    pub const fn is_answered(&self) -> bool {
        self.answered
    }

    pub const fn state(&self) -> State {
        self.state
    }

    pub fn next_timeout(&self) -> Option<Moment> {
        self.deadlines.next()
    }

    pub fn handle(&mut self, now: Moment, input: Input) -> Step {
        use Class::{Failure, Provisional, Success};
        use Input::{Abandon, Response, TransportError};
        use State::{Accepted, Calling, Completed, GivenUp, Proceeding, Terminated};
        self.answered |= matches!(input, Response(Success | Failure));
        match (self.state, input) {
            // Whoever gave it up knows already that the peer is there.
            (Proceeding, Response(Provisional)) if self.abandoned => Step::NOTHING,
            (Calling | Proceeding | GivenUp, Response(Provisional)) => {
                self.deadlines.clear();
                self.abandoned |= self.state == GivenUp;
                if self.abandoned {
                    self.deadlines.set(Timer::B, now + self.timers.patience());
                }
                self.state = Proceeding;
                Step::report(Report::Response)
            }
            (GivenUp, Response(Failure)) => {
                self.complete(now);
                Step::transmit(Transmit::Ack)
            }
            (Calling | Proceeding | GivenUp, Response(Success)) => {
                self.wait(Timer::M, now + self.timers.patience(), Accepted);
                Step::report(Report::Response)
            }
            (Calling | Proceeding, Response(Failure)) => {
                self.complete(now);
                Step::both(Transmit::Ack, Report::Response)
            }
            // RFC 6026 §7.2: nothing but 2xx passes in Accepted, and all of those.
            (Accepted, Response(Success)) => Step::report(Report::Response),
            (Accepted, Response(Provisional | Failure)) => Step::NOTHING,
            (Completed, Response(Failure)) => Step::transmit(Transmit::Ack),
            // A 2xx after a failure: some other branch of a broken fork. Its caller never hears of it.
            (Completed, Response(Provisional | Success)) => Step::NOTHING,
            (Calling | Proceeding, TransportError) => self.end(Some(Report::Transport)),
            (GivenUp, TransportError) => self.end(None),
            // The user has its answer; only the ACK is lost, and the peer will ask again.
            (Accepted | Completed, TransportError) => Step::NOTHING,
            // Timer B runs already while nothing came back.
            (Calling, Abandon) => {
                self.abandoned = true;
                Step::NOTHING
            }
            (Proceeding, Abandon) => {
                self.abandoned = true;
                self.deadlines.set(Timer::B, now + self.timers.patience());
                Step::NOTHING
            }
            // These end by themselves.
            (Accepted | Completed | GivenUp, Abandon) => Step::NOTHING,
            (Terminated, Response(_) | TransportError | Abandon) => Step::NOTHING,
        }
    }

    /// Call until it returns none: each call handles one timer that is due.
    pub fn handle_timeout(&mut self, now: Moment) -> Option<Step> {
        let timer = self.deadlines.take_due(now)?;
        Some(match (timer, self.state) {
            (Timer::A, State::Calling) => {
                self.gap *= 2;
                self.deadlines.set(Timer::A, now + self.gap);
                Step::transmit(Transmit::Request)
            }
            (Timer::B, State::Calling) => {
                self.wait(Timer::M, now + self.timers.patience(), State::GivenUp);
                Step::report(Report::Timeout)
            }
            (Timer::B, State::Proceeding) => self.end(Some(Report::Timeout)),
            (Timer::D, State::Completed) | (Timer::M, State::Accepted | State::GivenUp) => self.end(None),
            (Timer::A | Timer::B | Timer::D | Timer::M, _) => Step::NOTHING,
        })
    }

    fn complete(&mut self, now: Moment) {
        if self.reliable {
            let _ = self.end(None);
        } else {
            self.wait(
                Timer::D,
                now + TIMER_D.max(self.timers.patience()),
                State::Completed,
            );
        }
    }

    fn wait(&mut self, timer: Timer, until: Moment, state: State) {
        self.deadlines.only(timer, until);
        self.state = state;
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

    fn udp() -> InviteClient {
        InviteClient::new(T0, Timers::default(), false)
    }

    fn run(client: &mut InviteClient, until: Moment) -> Vec<(u64, Step)> {
        let mut steps = vec![];
        while let Some(now) = client.next_timeout().filter(|now| *now <= until) {
            while let Some(step) = client.handle_timeout(now) {
                steps.push((now.as_millis(), step));
            }
        }
        steps
    }

    /// §17.1.1.2: 500 ms, doubling without a ceiling, and Timer B after 64·T1.
    #[test]
    fn invite_is_repeated_with_doubling_gaps_until_timer_b() {
        let steps = run(&mut udp(), T0 + Duration::from_secs(32));
        let times: Vec<_> = steps.iter().map(|(at, _)| *at).collect();
        assert_eq!(times, [500, 1_500, 3_500, 7_500, 15_500, 31_500, 32_000]);
        let (last, resends) = steps.split_last().unwrap();
        assert!(
            resends
                .iter()
                .all(|(_, step)| *step == Step::transmit(Transmit::Request))
        );
        assert_eq!(last.1, Step::report(Report::Timeout));
    }

    #[test]
    fn nothing_is_repeated_over_tcp_but_timer_b_runs() {
        let mut client = InviteClient::new(T0, Timers::default(), true);
        assert_eq!(
            run(&mut client, Moment::MAX),
            [(32_000, Step::report(Report::Timeout)), (64_000, Step::NOTHING)]
        );
    }

    /// An answer that was on its way when Timer B fired goes up; a refusal only gets its ACK.
    #[test]
    fn an_answer_after_timer_b_is_not_ignored() {
        let given_up = || {
            let mut client = udp();
            run(&mut client, T0 + Duration::from_secs(32));
            assert_eq!(client.state(), State::GivenUp);
            client
        };
        let now = T0 + Duration::from_secs(33);
        let answer = |class| given_up().handle(now, Input::Response(class));
        assert_eq!(answer(Class::Success), Step::report(Report::Response));
        assert_eq!(answer(Class::Failure), Step::transmit(Transmit::Ack));
        let mut ringing = given_up();
        let provisional = Input::Response(Class::Provisional);
        assert_eq!(ringing.handle(now, provisional), Step::report(Report::Response));
        assert_eq!(
            ringing.handle(now, provisional),
            Step::NOTHING,
            "it is cancelled once"
        );
    }

    #[test]
    fn a_provisional_response_stops_both_timers() {
        let mut client = udp();
        let step = client.handle(T0, Input::Response(Class::Provisional));
        assert_eq!(step, Step::report(Report::Response));
        assert_eq!((client.state(), client.next_timeout()), (State::Proceeding, None));
    }

    #[test]
    fn a_failure_is_acknowledged_each_time_but_reported_once() {
        let mut client = udp();
        let failure = Input::Response(Class::Failure);
        assert_eq!(
            client.handle(T0, failure),
            Step::both(Transmit::Ack, Report::Response)
        );
        assert_eq!(client.handle(T0, failure), Step::transmit(Transmit::Ack));
        assert_eq!(run(&mut client, Moment::MAX), [(32_000, Step::NOTHING)]);
        assert_eq!(client.state(), State::Terminated);
    }

    #[test]
    fn a_failure_over_tcp_ends_it_at_once() {
        let mut client = InviteClient::new(T0, Timers::default(), true);
        let step = client.handle(T0, Input::Response(Class::Failure));
        assert_eq!(step, Step::both(Transmit::Ack, Report::Response));
        assert_eq!(client.state(), State::Terminated);
    }

    /// RFC 6026 §7.2.
    #[test]
    fn every_success_goes_up_until_timer_m() {
        let mut client = udp();
        for _ in 0..3 {
            let step = client.handle(T0, Input::Response(Class::Success));
            assert_eq!(step, Step::report(Report::Response));
        }
        assert_eq!(client.handle(T0, Input::Response(Class::Failure)), Step::NOTHING);
        assert_eq!(run(&mut client, Moment::MAX), [(32_000, Step::NOTHING)]);
        assert_eq!(client.state(), State::Terminated);
    }

    #[test]
    fn an_abandoned_invite_does_not_wait_for_ever() {
        let provisional = Input::Response(Class::Provisional);
        for inputs in [[provisional, Input::Abandon], [Input::Abandon, provisional]] {
            let mut client = udp();
            for input in inputs {
                let _ = client.handle(T0, input);
            }
            assert_eq!(
                run(&mut client, Moment::MAX),
                [(32_000, Step::report(Report::Timeout))]
            );
            assert_eq!(client.state(), State::Terminated);
        }
    }

    #[test]
    fn a_transport_error_is_reported_while_an_answer_is_waited_for() {
        let mut client = udp();
        assert_eq!(
            client.handle(T0, Input::TransportError),
            Step::report(Report::Transport)
        );
        assert_eq!(client.handle(T0, Input::Response(Class::Success)), Step::NOTHING);
    }
}
