//! The group's figures since the last midnight: published for the API while they change, sent to whoever asks with a
//! `statistics` message, and used for the estimate of a wait.

use cordboard::prelude::*;

use crate::call::Phase;
use crate::overflow::Why;
use crate::seats::Seats;
use crate::turn::Turn;

/// Upper bounds of the classes of lengths, in seconds; what is longer is in one more.
const BOUNDS: [u32; 16] = [
    2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_200, 2_400, 3_600,
];

/// What became of the group's calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub offered: u32,
    pub answered: u32,
    /// Answered within the service level.
    pub in_time: u32,
    /// The caller hung up before.
    pub abandoned: u32,
    /// By reason: nobody, full, expired, closed.
    overflowed: [u32; 4],
    pub called_back: u32,
    pub places_lost: u32,
    waits: Lengths,
    talks: Lengths,
    /// Time between two answers while callers wait, on average, in milliseconds; 0: not known.
    pace: u64,
    /// The last answer, if callers were left waiting then.
    answered_at: Option<u64>,
    /// Something has changed since they were published.
    changed: bool,
    published_at: u64,
}

/// Not oftener than this are figures published, in milliseconds.
const PUBLISH_EVERY: u64 = 5_000;

/// How long something took, in classes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lengths([u32; 17]);

impl Lengths {
    fn count(&mut self, millis: u64) {
        let class = BOUNDS
            .iter()
            .position(|bound| millis <= u64::from(*bound) * 1_000);
        if let Some(count) = self.0.get_mut(class.unwrap_or(BOUNDS.len())) {
            *count = count.saturating_add(1);
        }
    }

    /// The upper bound of the class that this share of all lengths is within, in seconds.
    fn percentile(&self, percent: u64) -> u32 {
        let all: u64 = self.0.iter().map(|count| u64::from(*count)).sum();
        let wanted = (all * percent).div_ceil(100);
        let mut seen = 0;
        for (class, count) in self.0.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted && all > 0 {
                return BOUNDS.get(class).copied().unwrap_or(u32::MAX);
            }
        }
        0
    }
}

impl Figures {
    /// Something happened that may have changed them.
    pub fn touch(&mut self) {
        self.changed = true;
    }

    /// Somebody waits for it: it is published at once.
    pub fn hurry(&mut self) {
        self.changed = true;
        self.published_at = 0;
    }

    /// When they are to be published; none when they were.
    pub fn due(&self) -> Option<u64> {
        self.changed
            .then_some(self.published_at.saturating_add(PUBLISH_EVERY))
    }

    pub fn overflowed(&mut self, why: Why) {
        self.touch();
        let place = match why {
            Why::Nobody => 0,
            Why::Full => 1,
            Why::Expired => 2,
            Why::Closed => 3,
        };
        if let Some(count) = self.overflowed.get_mut(place) {
            *count = count.saturating_add(1);
        }
    }

    /// A member has talked for so long.
    pub fn talked(&mut self, millis: u64) {
        self.talks.count(millis);
    }

    /// A member has taken a call; `others` still wait.
    pub fn answered(&mut self, waited: u64, service_level: u64, now: u64, others: bool) {
        self.answered = self.answered.saturating_add(1);
        self.in_time = self.in_time.saturating_add(u32::from(waited <= service_level));
        self.waits.count(waited);
        if let Some(before) = self.answered_at {
            let gap = now.saturating_sub(before);
            self.pace = if self.pace == 0 {
                gap
            } else {
                self.pace / 4 * 3 + gap / 4
            };
        }
        self.answered_at = others.then_some(now);
    }

    /// How long the caller at this place may wait, in milliseconds.
    pub fn estimate(&self, place: u64) -> Option<u64> {
        (self.pace > 0).then_some(self.pace.saturating_mul(place))
    }
}

impl Turn<'_> {
    /// A new day; what is known of the pace stays.
    pub fn midnight(&mut self) {
        let figures = &mut self.group.figures;
        *figures = Figures {
            pace: figures.pace,
            answered_at: figures.answered_at,
            published_at: figures.published_at,
            changed: true,
            ..Figures::default()
        };
        self.group.members.forget_tallies();
    }

    /// Publishes what has changed, now and then.
    pub fn publish(&mut self) -> Result<(), Refusal> {
        if self.group.figures.due().is_some_and(|due| due <= self.now) {
            self.group.figures.changed = false;
            self.group.figures.published_at = self.now;
            self.host.publish(self.report())?;
        }
        Ok(())
    }

    /// To the session that asked; an operator finds them in the trace.
    pub fn tell_figures(&self, to: Option<&(String, String)>) -> Result<(), Refusal> {
        let report = self.report();
        match to {
            Some((behaviour, number)) => Ok(self.host.send(0, behaviour, number, report.into_bytes())?),
            None => {
                self.host.log(&report);
                Ok(())
            }
        }
    }

    /// As JSON. Formatting by hand keeps the component small.
    fn report(&self) -> String {
        let figures = &self.group.figures;
        let waiting = self.group.calls.iter().filter(|call| call.has_place()).count();
        let [nobody, full, expired, closed] = figures.overflowed;
        let mut json = Json(String::from("{"));
        json.number("waiting", waiting as u64);
        for (name, count) in [
            ("offered", figures.offered),
            ("answered", figures.answered),
            ("answered-in-time", figures.in_time),
            ("service-level", self.settings.service_level),
            ("abandoned", figures.abandoned),
            ("overflowed-nobody", nobody),
            ("overflowed-full", full),
            ("overflowed-expired", expired),
            ("overflowed-closed", closed),
            ("called-back", figures.called_back),
            ("places-lost", figures.places_lost),
            ("wait-p50", figures.waits.percentile(50)),
            ("wait-p95", figures.waits.percentile(95)),
            ("talk-p50", figures.talks.percentile(50)),
            ("talk-p95", figures.talks.percentile(95)),
        ] {
            json.number(name, count.into());
        }
        json.number("supervisors", self.group.supervisors.len() as u64);
        // Whose key for this group is lit (R31).
        json.0.push_str(",\"lamps\":[");
        for member in self.group.members.iter().filter(|member| member.is_in()) {
            json.0.push_str(if json.0.ends_with('[') { "\"" } else { ",\"" });
            json.0.push_str(&member.name);
            json.0.push('"');
        }
        json.0.push(']');
        let (talking, ringing) = self.occupied();
        json.0.push_str(",\"members\":[");
        for (seat, member) in self.group.members.iter().enumerate() {
            json.0.push_str(if seat == 0 {
                "{\"line\":\""
            } else {
                ",{\"line\":\""
            });
            json.0.push_str(&member.name);
            json.0.push_str("\",\"state\":\"");
            json.0.push_str(if talking.contains(seat) {
                "talking"
            } else if ringing.contains(seat) {
                "ringing"
            } else if !member.is_in() {
                "away"
            } else if member.rests(self.now) {
                "pause"
            } else {
                "ready"
            });
            json.0.push('"');
            json.number("offered", member.tally.offered.into());
            json.number("answered", member.tally.answered.into());
            json.number("talked", member.tally.talked);
            json.0.push('}');
        }
        json.0.push_str("]}");
        json.0
    }

    /// Who talks, and who rings or is kept for a call.
    fn occupied(&self) -> (Seats, Seats) {
        let (mut talking, mut ringing) = (Seats::default(), Seats::default());
        for call in &self.group.calls {
            match &call.phase {
                Phase::Talking { member, .. } => member.iter().for_each(|seat| talking.insert(*seat)),
                phase => phase.rung().into_iter().for_each(|seat| ringing.insert(seat)),
            }
        }
        (talking, ringing)
    }
}

struct Json(String);

impl Json {
    fn number(&mut self, name: &str, number: u64) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
        self.0.push_str(&number.to_string());
    }
}
