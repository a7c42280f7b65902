//! Session timers (RFC 4028): both sides hear from each other now and then, or the call ends.

use std::time::Duration;

use base::Moment;
use serde::{Deserialize, Serialize};

use super::SessionTimer;
use crate::header::SessionExpires;
use crate::{Headers, Name};

/// The session timer of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// None while no timer runs.
    pub interval: Option<Duration>,
    pub we_refresh: bool,
    /// Lowest interval that the peer wants to hear of (its 422 or Min-SE); seconds.
    pub min_se: u32,
    #[serde(skip)]
    pub refresh_at: Option<Moment>,
    #[serde(skip)]
    pub expire_at: Option<Moment>,
}

/// A peer's interval is below our minimum: answer 422 (RFC 4028 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooSmall;

/// What goes into our 2xx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub seconds: u32,
    pub we_refresh: bool,
    /// The peer knows session timers, so it may be made to refresh.
    pub peer_knows: bool,
}

impl Session {
    pub fn next_timeout(&self) -> Option<Moment> {
        [self.refresh_at, self.expire_at].into_iter().flatten().min()
    }

    /// Starts or restarts: at a 2xx to INVITE or UPDATE, in either direction.
    ///
    /// The refresher refreshes at half the interval (§7.4). The other side gives up a little before the end: by
    /// the smaller of 32 s and a third (§10).
    pub fn start(&mut self, now: Moment, interval: Duration, we_refresh: bool) {
        self.interval = Some(interval);
        self.we_refresh = we_refresh;
        let early = Duration::from_secs(32).min(interval / 3);
        self.refresh_at = we_refresh.then_some(now + interval / 2);
        self.expire_at = Some(now + (interval - early));
    }

    pub fn stop(&mut self) {
        self.interval = None;
        self.refresh_at = None;
        self.expire_at = None;
    }

    /// Goes on where it was interrupted, from now.
    pub fn resume(&mut self, now: Moment) {
        if let Some(interval) = self.interval {
            self.start(now, interval, self.we_refresh);
        }
    }

    /// Refreshes then, if not sooner, whoever the refresher is.
    pub fn refresh_by(&mut self, at: Moment) {
        self.refresh_at = Some(self.refresh_at.map_or(at, |own| own.min(at)));
    }

    /// What our 2xx to an INVITE or UPDATE with these headers says (§9). None for no timer.
    ///
    /// # Errors
    ///
    /// [`TooSmall`] if the peer knows timers and asks for less than our minimum.
    pub fn grant(headers: &Headers, ours: SessionTimer) -> Result<Option<Granted>, TooSmall> {
        let peer_knows = headers.lists(Name::Supported, "timer") || headers.lists(Name::Require, "timer");
        let asked = headers.session_expires().ok().flatten();
        let floor = headers.min_se().ok().flatten().unwrap_or(0);
        let our_floor = seconds(ours.min_se.max(Duration::from_secs(90)));
        let our_wish = ours.interval.map(seconds);
        let Some(SessionExpires {
            seconds: wish,
            refresher,
        }) = asked
        else {
            let granted = our_wish.map(|wish| Granted {
                seconds: wish.max(floor).max(our_floor),
                we_refresh: true,
                peer_knows,
            });
            return Ok(granted);
        };
        if wish < our_floor && peer_knows {
            return Err(TooSmall);
        }
        let seconds = match our_wish {
            Some(ours) => wish.min(ours).max(floor).max(our_floor),
            None => wish.max(our_floor),
        };
        let we_refresh = match refresher {
            Some(who) => who.eq_ignore_ascii_case("uas"),
            // §9: ours to choose; a caller that knows timers had better do it, for it may be the one behind NAT.
            None => !peer_knows,
        };
        Ok(Some(Granted {
            seconds,
            we_refresh,
            peer_knows,
        }))
    }

    /// Takes the 2xx to our INVITE or UPDATE (§7.2). A peer that knows no timers does not stop us from refreshing.
    pub fn take_answer(&mut self, now: Moment, headers: &Headers, ours: SessionTimer) {
        match headers.session_expires().ok().flatten() {
            Some(granted) => {
                let we_refresh = granted
                    .refresher
                    .is_none_or(|who| who.eq_ignore_ascii_case("uac"));
                // A hostile interval of a few seconds would have us send without end.
                let interval = Duration::from_secs(u64::from(granted.seconds.max(90)));
                self.start(now, interval, we_refresh);
            }
            None => match ours.interval {
                Some(interval) => self.start(now, interval, true),
                None => self.stop(),
            },
        }
    }

    /// Session-Expires of our own INVITE or UPDATE: our wish, or what runs already. `refresher` is said only in
    /// refreshes (§7.4), seen from the request that carries it.
    pub fn wish(&self, ours: SessionTimer) -> Option<String> {
        let seconds = seconds(self.interval.or(ours.interval)?).max(self.min_se);
        Some(match (self.interval, self.we_refresh) {
            (Some(_), true) => format!("{seconds};refresher=uac"),
            (Some(_), false) => format!("{seconds};refresher=uas"),
            (None, _) => seconds.to_string(),
        })
    }
}

impl Granted {
    pub fn header(&self) -> String {
        let refresher = if self.we_refresh { "uas" } else { "uac" };
        format!("{};refresher={refresher}", self.seconds)
    }

    pub fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.seconds))
    }
}

pub(super) fn seconds(length: Duration) -> u32 {
    u32::try_from(length.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::Request;

    fn headers(lines: &str) -> Headers {
        let text = format!(
            "INVITE sip:b@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\n\
             To: <sip:b@b>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n{lines}\r\n"
        );
        Request::parse(Bytes::from(text)).unwrap().headers
    }

    fn grant(lines: &str) -> Result<Option<String>, TooSmall> {
        Session::grant(&headers(lines), SessionTimer::default())
            .map(|granted| granted.map(|granted| granted.header()))
    }

    /// RFC 4028 §9 and its table 2.
    #[test]
    fn the_callee_grants_what_both_can_live_with() {
        let says = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(
            grant("Supported: timer\r\nSession-Expires: 600\r\n"),
            says("600;refresher=uac")
        );
        assert_eq!(
            grant("Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n"),
            says("600;refresher=uas")
        );
        assert_eq!(
            grant("Supported: timer\r\nSession-Expires: 9000\r\n"),
            says("1800;refresher=uac")
        );
        assert_eq!(
            grant("Supported: timer\r\nSession-Expires: 9000\r\nMin-SE: 3000\r\n"),
            says("3000;refresher=uac")
        );
        assert_eq!(
            grant("Session-Expires: 600\r\n"),
            says("600;refresher=uas"),
            "a proxy asked"
        );
        assert_eq!(grant(""), says("1800;refresher=uas"));
    }

    #[test]
    fn an_interval_below_90_s_is_too_small_for_a_peer_that_can_do_better() {
        assert_eq!(
            grant("Supported: timer\r\nSession-Expires: 60\r\n"),
            Err(TooSmall)
        );
        assert_eq!(
            grant("Session-Expires: 60\r\n"),
            Ok(Some("90;refresher=uas".to_owned()))
        );
    }

    /// RFC 4028 §10.
    #[test]
    fn the_refresher_acts_at_half_time_and_the_other_gives_up_before_the_end() {
        let mut session = Session::default();
        session.start(Moment::ZERO, Duration::from_secs(1_800), true);
        assert_eq!(session.next_timeout(), Some(Moment::from_secs(900)));
        session.start(Moment::ZERO, Duration::from_secs(1_800), false);
        assert_eq!(session.next_timeout(), Some(Moment::from_secs(1_768)));
        session.start(Moment::ZERO, Duration::from_secs(90), false);
        assert_eq!(session.next_timeout(), Some(Moment::from_secs(60)));
    }

    #[test]
    fn a_hostile_interval_does_not_make_us_hurry() {
        let mut session = Session::default();
        session.take_answer(
            Moment::ZERO,
            &headers("Session-Expires: 1\r\n"),
            SessionTimer::default(),
        );
        assert_eq!(session.interval, Some(Duration::from_secs(90)));
    }
}
