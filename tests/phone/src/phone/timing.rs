//! Session timers (RFC 4028), and the lines with which a phone says what it knows.

use std::time::Duration;

use base::Moment;

use super::{CallRef, CallState, Event, Phone};
use crate::dialog::{Dialog, Timer};
use crate::text::Incoming;

/// A refresh that cannot be made now is tried again after so long.
const AGAIN: Duration = Duration::from_secs(5);
const ALLOW_RELIABLE: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, PRACK";

/// What a phone says that it knows.
impl Phone {
    pub(super) fn allow(&self) -> &'static str {
        if self.config.extensions.reliable {
            ALLOW_RELIABLE
        } else {
            "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO"
        }
    }

    /// Lines of an INVITE that begins a call.
    pub(super) fn extension_lines(&self) -> String {
        let extensions = self.config.extensions;
        let mut lines = String::new();
        if extensions.reliable {
            lines.push_str("Supported: 100rel\r\n");
        }
        if extensions.requires_reliable {
            lines.push_str("Require: 100rel\r\n");
        }
        if let Some(interval) = extensions.timer {
            lines.push_str(&format!("Supported: timer\r\nSession-Expires: {interval}\r\n"));
        }
        lines
    }

    /// Lines of a response to the INVITE that began a call. A 2xx starts the session timer.
    pub(super) fn lines_of_response(&mut self, now: Moment, call: CallRef, status: u16) -> String {
        let extensions = self.config.extensions;
        let refreshes = self.extension_chance();
        let Some(dialog) = self.calls.get_mut(&call) else {
            return String::new();
        };
        let mut lines = String::new();
        if extensions.reliable || dialog.early.reliable.is_some() {
            lines.push_str(&format!("Allow: {ALLOW_RELIABLE}\r\n"));
        }
        let header = |name: &str| {
            let mut all = dialog.headers.iter();
            let found = all.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        if let (200..300, Some(most), Some(asked)) = (status, extensions.timer, header("Session-Expires")) {
            let (wish, refresher) = read(&asked);
            let floor = header("Min-SE").map_or(90, |text| read(&text).0);
            let we_refresh = refresher.map_or(refreshes, |who| who == "uas");
            dialog.timer = Timer::start(now, wish.min(most).max(floor), we_refresh);
            lines.push_str(&dialog.timer.granted());
        }
        lines
    }

    /// Who refreshes, where that is ours to say.
    fn extension_chance(&mut self) -> bool {
        self.config.extensions.timer.is_some() && self.random.chance(0.5)
    }

    /// Lines of our 2xx to a re-INVITE or UPDATE: the timer goes on from here.
    pub(super) fn timer_of_change(&mut self, now: Moment, call: CallRef, message: &Incoming) -> String {
        let knows = self.config.extensions.timer.is_some();
        let (Some(dialog), Some(asked)) = (self.calls.get_mut(&call), message.header("Session-Expires"))
        else {
            return String::new();
        };
        if !knows || dialog.timer.interval.is_none() {
            return String::new();
        }
        let (seconds, refresher) = read(asked);
        let we_refresh = refresher.map_or(dialog.timer.we_refresh, |who| who == "uas");
        dialog.timer = Timer::start(now, seconds, we_refresh);
        dialog.timer.granted()
    }
}

/// Keeping it.
impl Phone {
    /// Refreshes what is due, and gives up what nobody has refreshed (RFC 4028 §10).
    pub(super) fn keep_sessions(&mut self, now: Moment) {
        let due: Vec<CallRef> = self
            .calls
            .iter()
            .filter_map(|(call, dialog)| dialog.timer_due().filter(|at| *at <= now).map(|_| *call))
            .collect();
        for call in due {
            let we_refresh = self
                .calls
                .get(&call)
                .is_some_and(|dialog| dialog.timer.we_refresh);
            if we_refresh {
                self.keep_session(now, call);
            } else {
                self.event(Event::NotRefreshed(call));
                self.hang_up(now, call);
            }
        }
    }

    /// Refreshes the session, by UPDATE or re-INVITE as the phone is used to, or a little later.
    pub fn keep_session(&mut self, now: Moment, call: CallRef) {
        let may = self.may_update(call);
        let by_update = self.config.extensions.refreshes_by_update;
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        if dialog.timer.we_refresh {
            // Whatever comes back sets it again.
            dialog.timer.due = (!may).then_some(now + AGAIN);
        }
        match (may, by_update) {
            (true, true) => self.in_dialog(now, call, "UPDATE", None),
            (true, false) => self.refresh(now, call),
            (false, _) => {}
        }
    }

    /// A final response to an INVITE or UPDATE of ours in a call that is up.
    pub(super) fn refresh_answered(&mut self, now: Moment, call: CallRef, status: u16, message: &Incoming) {
        let knows = self.config.extensions.timer.is_some();
        let Some(dialog) = self.calls.get_mut(&call).filter(|_| knows) else {
            return;
        };
        if status < 300 {
            dialog.timer = match message.header("Session-Expires").map(read) {
                Some((seconds, refresher)) => Timer::start(now, seconds, refresher.as_deref() != Some("uas")),
                None => Timer::default(),
            };
        } else if dialog.timer.interval.is_some() && dialog.state == CallState::Up {
            if dialog.timer.we_refresh {
                dialog.timer.due = Some(now + AGAIN);
            }
            // RFC 3261 §12.2.1.2.
            if matches!(status, 408 | 481) {
                self.hang_up(now, call);
            }
        }
    }

    /// Nobody answered an INVITE or UPDATE of ours in a call that is up (RFC 3261 §14.1, RFC 4028 §10).
    pub(super) fn refresh_unheard(&mut self, now: Moment, method: &str, call_id: &str) {
        let keeps = |dialog: &Dialog| dialog.timer.interval.is_some() && dialog.state == CallState::Up;
        if matches!(method, "INVITE" | "UPDATE")
            && let Some(call) = self.find(call_id)
            && self.calls.get(&call).is_some_and(keeps)
        {
            self.hang_up(now, call);
        }
    }
}

impl Timer {
    /// The refresher refreshes at half the interval, the other end gives up a little before its end (RFC 4028 §10).
    fn start(now: Moment, seconds: u32, we_refresh: bool) -> Self {
        let interval = Duration::from_secs(u64::from(seconds));
        let wait = if we_refresh {
            interval / 2
        } else {
            interval - Duration::from_secs(32).min(interval / 3)
        };
        Self {
            interval: Some(seconds),
            we_refresh,
            due: Some(now + wait),
        }
    }

    /// Lines of a request of ours that refreshes.
    pub(super) fn lines(&self) -> String {
        self.said_by(true)
    }

    /// Lines of a 2xx of ours.
    fn granted(&self) -> String {
        let require = if self.we_refresh { "" } else { "Require: timer\r\n" };
        format!("{require}{}", self.said_by(false))
    }

    fn said_by(&self, client: bool) -> String {
        let who = if self.we_refresh == client { "uac" } else { "uas" };
        self.interval.map_or_else(String::new, |seconds| {
            format!("Supported: timer\r\nSession-Expires: {seconds};refresher={who}\r\n")
        })
    }
}

impl Dialog {
    /// When the session is to be refreshed or given up.
    pub(crate) fn timer_due(&self) -> Option<Moment> {
        self.timer.due.filter(|_| self.state == CallState::Up)
    }
}

/// The seconds of a Session-Expires or Min-SE header, and its refresher.
fn read(value: &str) -> (u32, Option<String>) {
    let mut parts = value.split(';').map(str::trim);
    let seconds = parts.next().and_then(|text| text.parse().ok()).unwrap_or(1_800);
    let refresher = parts.find_map(|part| part.strip_prefix("refresher=").map(str::to_owned));
    (seconds, refresher)
}
