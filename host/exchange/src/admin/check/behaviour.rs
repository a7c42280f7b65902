//! Behaviours with their settings, and calendars (R44).

use std::collections::BTreeSet;
use std::str::FromStr;

use contract::not_granted;

use super::Check;
use super::words::at;
use crate::admin::settings::{Reference, check_settings, references_in};
use crate::calendars::{Calendar, Hours, Recurrence, Weekday, countries};
use crate::directory::{Behaviour, BehaviourName, CanaryRule, Candidate, Key, Kind, LineId, Place, Settings};

/// Callers or numbers that a candidate is tried with.
const TRIED: usize = 1_000;
/// Entries of a calendar.
const CLOSED: usize = 500;
/// Days of one closed period.
const CLOSED_DAYS: i32 = 400;
/// Bytes of JSON that are kept for one place.
const SETTINGS: usize = 64 * 1_024;

impl Check<'_> {
    pub(super) fn behaviour(&mut self, behaviour: &Behaviour) {
        self.id(&behaviour.name, "/name");
        if let Some(candidate) = &behaviour.candidate {
            self.candidate(behaviour, candidate);
        }
        self.granted(&behaviour.manifest.imports, "/manifest/imports");
        for (position, schedule) in behaviour.manifest.schedules.iter().enumerate() {
            if let Err(error) = Recurrence::from_str(&schedule.cron) {
                self.wrong(format!("/manifest/schedules/{position}/cron"), error.to_string());
            }
        }
        self.settings_fit(behaviour, &behaviour.settings, None, "/settings");
    }

    /// The settings that calls on trial get are those of the active version: both must take them.
    fn candidate(&mut self, behaviour: &Behaviour, candidate: &Candidate) {
        if let CanaryRule::Percent(share) = candidate.rule {
            self.expect(share <= 100, "/candidate/rule/percent", "must be at most 100");
        }
        self.granted(&candidate.manifest.imports, "/candidate/manifest/imports");
        let names = match &candidate.rule {
            CanaryRule::Called(names) | CanaryRule::Callers(names) => names.len(),
            CanaryRule::Percent(_) | CanaryRule::Shadow => 0,
        };
        let message = format!("must be at most {TRIED} names");
        self.expect(names <= TRIED, "/candidate/rule", message);
        let shares = (1..=100).contains(&candidate.guard.failures);
        self.expect(shares, "/candidate/guard/failures", "must be 1 to 100");
        for problem in check_settings(&candidate.manifest, &behaviour.settings, None) {
            self.wrong(format!("/candidate/settings{}", problem.path), problem.message);
        }
    }

    /// A module that asks for more than its tenant is granted never becomes active, whichever way.
    fn granted(&mut self, imports: &[String], path: &str) {
        let granted = self.after.tenant().grants.imports.clone();
        for beyond in not_granted(imports, granted.as_deref()) {
            let position = imports
                .iter()
                .position(|one| *one == beyond.interface)
                .unwrap_or_default();
            self.wrong(at(path, position), beyond.refusal());
        }
    }

    /// Settings of a place, over the behaviour's own.
    pub(super) fn place_settings(&mut self, name: &BehaviourName, settings: &Settings, path: &str) {
        match self.after.behaviour(name) {
            None => self.refers(false, path, Kind::Behaviour, name),
            Some(behaviour) if !settings.is_empty() => {
                let behaviour = behaviour.clone();
                self.settings_fit(&behaviour, &behaviour.settings, Some(settings), path);
            }
            Some(_) => {}
        }
    }

    fn settings_fit(&mut self, behaviour: &Behaviour, own: &Settings, place: Option<&Settings>, path: &str) {
        let size = place.unwrap_or(own).text().len();
        self.expect(
            size <= SETTINGS,
            path,
            format!("must be at most {SETTINGS} bytes"),
        );
        let problems = check_settings(&behaviour.manifest, own, place);
        let fits = problems.is_empty();
        for problem in problems {
            self.wrong(format!("{path}{}", problem.path), problem.message);
        }
        if fits {
            for reference in references_in(&behaviour.manifest, place.unwrap_or(own)) {
                self.reference(&reference, path);
            }
        }
    }

    /// What settings name must be there. Announcements may be shipped ones, which are not known here.
    fn reference(&mut self, reference: &Reference, path: &str) {
        let name = reference.name.as_str();
        let path = format!("{path}{}", reference.path);
        match reference.kind.as_str() {
            _ if name.is_empty() => {}
            "announcement" => self.recording(name, &path),
            "calendar" => {
                let there = self.after.calendar_document(name).is_some();
                self.refers(there, &path, Kind::Calendar, name);
            }
            "line" => {
                let there = self.after.find_line(name).is_some();
                self.refers(there, &path, Kind::Line, name);
            }
            // Some settings take the beginnings of numbers; where calls go, the module looks at it itself.
            "number" => {
                let right = self.after.number_plan().is_pattern(name);
                self.expect(right, &path, format!("`{name}` is no number that can be dialled"));
            }
            _ => {}
        }
    }

    /// R25: a site's recording is used at that site, a line's by that line.
    fn recording(&mut self, name: &str, path: &str) {
        let after = self.after;
        let Some(recording) = after.announcement(name) else {
            return;
        };
        let site = match self.key.kind {
            Kind::Line => after.line(&self.key.id).and_then(|line| line.site.as_ref()),
            Kind::Number => after.number(&self.key.id).and_then(|number| number.site.as_ref()),
            _ => None,
        };
        let elsewhere = recording
            .site
            .as_ref()
            .filter(|own| site.is_some_and(|site| site != *own));
        let is_here = |line: &LineId| self.key.kind == Kind::Line && *line.text() == self.key.id;
        let others = recording.line.as_ref().filter(|line| !is_here(line));
        let wrong = match (elsewhere, others) {
            (Some(site), _) => format!("`{name}` is kept at the site `{site}` (R25)"),
            (None, Some(line)) => format!("`{name}` is a recording of the line `{line}` (R25)"),
            (None, None) => return,
        };
        self.wrong(path, wrong);
    }

    /// A behaviour with another module or other settings must still fit wherever it is bound.
    pub(super) fn places_of_changed_behaviours(&mut self, changed: &BTreeSet<Key>) {
        let names: Vec<&Key> = changed.iter().filter(|key| key.kind == Kind::Behaviour).collect();
        if names.is_empty() {
            return;
        }
        let mut places: Vec<Key> = Vec::new();
        let tenant = self.after.id().clone();
        self.after.each_settings(|place, behaviour, _| {
            let concerned = names.iter().any(|key| *key.id == *behaviour.name);
            if concerned && !matches!(place, Place::Own(_)) {
                places.push(place.key(&tenant));
            }
        });
        places.sort();
        places.dedup();
        for key in places.into_iter().filter(|key| !changed.contains(key)) {
            if let Some(stored) = self.after.get(key.kind, &key.id) {
                self.key = key;
                self.document(&stored.document);
            }
        }
    }

    pub(super) fn calendar(&mut self, calendar: &Calendar) {
        self.id(&calendar.id, "/id");
        self.text(&calendar.name, "/name");
        if let Some(zone) = &calendar.time_zone {
            self.time_zone(zone, "/time-zone");
        }
        if let Some(country) = &calendar.holidays {
            let known = countries().any(|known| known == country);
            let message = || format!("must be one of {}", countries().collect::<Vec<_>>().join(", "));
            self.expect(known, "/holidays", if known { String::new() } else { message() });
        }
        let mut seen: Vec<Weekday> = Vec::new();
        for (position, hours) in calendar.hours.iter().enumerate() {
            let path = at("/hours", position);
            for (day_position, day) in hours.days.iter().enumerate() {
                let message = "each day of the week is in one set only (R44)";
                self.expect(
                    !seen.contains(day),
                    &format!("{path}/days/{day_position}"),
                    message,
                );
                seen.push(*day);
            }
            self.hours(hours, &path);
        }
        let closed = &calendar.closed;
        self.expect(
            closed.len() <= CLOSED,
            "/closed",
            format!("must be at most {CLOSED} entries"),
        );
        for (position, days) in closed.iter().enumerate() {
            let path = at("/closed", position);
            self.text(&days.name, &format!("{path}/name"));
            let length = days.to.map_or(0, |to| (to.0 - days.from.0).get_days());
            self.expect(length >= 0, &format!("{path}/to"), "must not be before `from`");
            let message = format!("must be at most {CLOSED_DAYS} days after `from`");
            self.expect(length <= CLOSED_DAYS, &format!("{path}/to"), message);
        }
    }

    fn hours(&mut self, hours: &Hours, path: &str) {
        self.expect(!hours.days.is_empty(), &format!("{path}/days"), "must name a day");
        let message = "must differ from `from`; the whole day is 00:00 to 24:00";
        self.expect(hours.from != hours.to, &format!("{path}/to"), message);
        self.expect(
            hours.from.minutes() < 24 * 60,
            &format!("{path}/from"),
            "must be before 24:00",
        );
        if let Some(pause) = &hours.pause {
            let overnight = hours.to < hours.from;
            let inside =
                hours.from < pause.from && pause.from < pause.to && (overnight || pause.to < hours.to);
            let message = "must begin and end within the hours of its day (R44)";
            self.expect(inside, &format!("{path}/break"), message);
        }
    }
}
