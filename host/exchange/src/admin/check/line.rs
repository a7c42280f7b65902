//! Lines (R2, R3, R7, R8).

use contract::LineKind;
use serde_json::Value;

use super::Check;
use super::words::at;
use crate::directory::{BehaviourName, Kind, Line, OwnIdentity, Settings};
use crate::numbers::Restriction;

impl Check<'_> {
    pub(super) fn line(&mut self, line: &Line) {
        self.id(&line.id, "/id");
        self.name(&line.name, "/name");
        self.line_numbers(line);
        self.line_place(line);
        self.line_devices(line);
        self.line_trunk(line);
        self.line_pair(line);
        self.line_features(line);
        self.line_behaviours(line);
    }

    fn line_numbers(&mut self, line: &Line) {
        let has_one = line.short_number.is_some() || line.number.is_some();
        self.expect(has_one, "", "must have a short number or a number (R2)");
        if let Some(short) = &line.short_number {
            self.short_number(short, "/short-number");
            self.not_a_number_document(short, "/short-number");
        }
        if let Some(number) = &line.number {
            self.e164(number, "/number");
            self.not_a_number_document(number, "/number");
            self.not_elsewhere(number, "/number");
        }
    }

    fn not_a_number_document(&mut self, number: &str, path: &str) {
        let free = self.after.number(number).is_none();
        self.expect(
            free,
            path,
            format!("`{number}` has behaviours of its own: see number/{number}"),
        );
    }

    fn line_place(&mut self, line: &Line) {
        match (&line.site, line.kind) {
            (Some(site), _) => {
                let there = self.after.site(site).is_some();
                self.refers(there, "/site", Kind::Site, site);
            }
            (None, LineKind::Virtual | LineKind::Mobile) => {}
            (None, LineKind::Fixed | LineKind::Analogue | LineKind::Ownerless) => {
                self.wrong(
                    "/site",
                    "must name the site that emergency services are sent to (R1)",
                );
            }
        }
        if let Some(user) = &line.user {
            let there = self.after.user(user).is_some();
            self.refers(there, "/user", Kind::User, user);
            self.expect(
                line.kind != LineKind::Ownerless,
                "/user",
                "must be left out: the line has no owner (R2)",
            );
        }
    }

    fn line_devices(&mut self, line: &Line) {
        let never_rings = line.kind == LineKind::Virtual && !line.devices.is_empty();
        self.expect(
            !never_rings,
            "/devices",
            "must be empty: a virtual line never rings (R2)",
        );
        for (position, device) in line.devices.iter().enumerate() {
            let path = at("/devices", position);
            let there = self.after.device(device).is_some();
            self.refers(there, &path, Kind::Device, device);
            let twice = line
                .devices
                .iter()
                .take(position)
                .any(|earlier| earlier == device);
            self.expect(!twice, &path, "is in the list already");
        }
    }

    /// Its phones are here or there, not both.
    fn line_trunk(&mut self, line: &Line) {
        let Some(trunk) = &line.trunk else {
            return;
        };
        let known = self.after.trunk(trunk).cloned();
        self.refers(known.is_some(), "/trunk", Kind::Trunk, trunk);
        self.expect(
            line.kind != LineKind::Virtual,
            "/trunk",
            "must be left out: a virtual line never rings (R2)",
        );
        self.expect(
            self.after.devices_of_line(line).is_empty(),
            "/trunk",
            "must be left out: the line's devices are here",
        );
        if let Some(trunk) = known {
            let message = format!("`{}` has no `outbound` address to ring its phones at", trunk.id);
            self.expect(trunk.carries_outbound(), "/trunk", message);
        }
    }

    /// A virtual line stands for a mobile one (R2); a fixed one may go with one (R7).
    fn line_pair(&mut self, line: &Line) {
        let Some(paired) = &line.paired else {
            return self.expect(
                line.kind != LineKind::Virtual,
                "/paired",
                "must name the mobile line it stands for (R2)",
            );
        };
        match self.after.line(paired) {
            None => self.refers(false, "/paired", Kind::Line, paired),
            Some(other) => {
                let fits = matches!(line.kind, LineKind::Virtual | LineKind::Fixed)
                    && other.kind == LineKind::Mobile;
                self.expect(
                    fits,
                    "/paired",
                    "must lead from a fixed or virtual line to a mobile one (R2, R7)",
                );
            }
        }
    }

    /// The matrix of R3, as far as the exchange itself offers features.
    fn line_features(&mut self, line: &Line) {
        let features = &line.features;
        let (rings_apart, second_call, calls_out) = match line.kind {
            LineKind::Fixed | LineKind::Ownerless => (true, true, true),
            LineKind::Mobile => (false, true, true),
            LineKind::Analogue => (false, false, true),
            LineKind::Virtual => (false, false, false),
        };
        let kind = serde_json::to_value(line.kind).unwrap_or_default();
        let message = format!(
            "is not offered to {} lines (R3)",
            kind.as_str().unwrap_or_default()
        );
        self.expect(
            rings_apart || !features.distinctive_ring,
            "/features/distinctive-ring",
            &*message,
        );
        self.expect(
            second_call || !features.call_waiting,
            "/features/call-waiting",
            &*message,
        );
        let own = features.caller_id == OwnIdentity::Own;
        self.expect(calls_out || own, "/features/caller-id", &*message);
        let free = features.restriction == Restriction::None;
        self.expect(calls_out || free, "/features/restriction", &*message);
        if let OwnIdentity::Number(number) = &features.caller_id {
            self.e164(number, "/features/caller-id/number");
        }
    }

    /// The matrix of R3, as far as behaviours offer services: a property whose schema names kinds of lines in `x-lines`
    /// may be set away from its default for those only.
    fn offered_settings(&mut self, kind: LineKind, name: &BehaviourName, settings: &Settings) {
        let Some(behaviour) = self.after.behaviour(name) else {
            return;
        };
        let schema: Value = serde_json::from_str(&behaviour.manifest.settings_schema).unwrap_or_default();
        // Nobody owns the line; otherwise it is a fixed one.
        let kind = match kind {
            LineKind::Ownerless => LineKind::Fixed,
            other => other,
        };
        let kind = serde_json::to_value(kind).unwrap_or_default();
        let kind = kind.as_str().unwrap_or_default();
        for (property, value) in settings.to_object() {
            let rules = schema.pointer("/properties").and_then(|all| all.get(&property));
            let lines = rules
                .and_then(|rules| rules.get("x-lines"))
                .and_then(Value::as_str);
            let offered = lines.is_none_or(|lines| lines.split(' ').any(|line| line == kind));
            let changed = rules.and_then(|rules| rules.get("default")) != Some(&value);
            if !offered && changed {
                let message = format!("is not offered to {kind} lines (R3)");
                self.wrong(format!("/settings/{name}/{property}"), message);
            }
        }
    }

    fn line_behaviours(&mut self, line: &Line) {
        for (position, name) in line.behaviours.iter().flatten().enumerate() {
            let path = at("/behaviours", position);
            let there = self.after.behaviour(name).is_some();
            self.refers(there, &path, Kind::Behaviour, name);
            let twice = line
                .behaviours
                .iter()
                .flatten()
                .take(position)
                .any(|earlier| earlier == name);
            self.expect(!twice, &path, "is in the stack already");
        }
        for (name, settings) in &line.settings {
            self.place_settings(name, settings, &format!("/settings/{name}"));
            self.offered_settings(line.kind, name, settings);
        }
    }
}
