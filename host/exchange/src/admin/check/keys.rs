//! Programmable keys (R6, R47, R49).

use contract::LineKind;

use super::Check;
use super::words::at;
use crate::directory::{Device, DeviceKey, DeviceKind, KeyKind, Kind, MODELS, keys_of_model};

/// R47.
const LAMPS: usize = 45;
/// As many characters as a telephone has beside a key.
const LABEL: usize = 32;

impl Check<'_> {
    pub(super) fn keys(&mut self, device: &Device) {
        let room = self.model(device);
        for (position, key) in device.keys.iter().enumerate() {
            let path = at("/keys", position);
            if position >= usize::from(room) {
                let message = match (&device.model, room) {
                    (None, _) => "needs a `model`, which says how many keys there are (R6)".to_owned(),
                    (Some(model), room) => format!("is one too many: `{model}` has {room} keys (R6)"),
                };
                return self.wrong(path, message);
            }
            self.text(&key.label, &format!("{path}/label"));
            let long = key.label.chars().count() > LABEL;
            self.expect(
                !long,
                &format!("{path}/label"),
                format!("must have at most {LABEL} characters"),
            );
            self.key_target(device, key, &path);
            let earlier = device.keys.iter().take(position);
            let twice = earlier
                .into_iter()
                .any(|other| other.kind == key.kind && other.target == key.target);
            self.expect(!twice, &format!("{path}/target"), "is on another key already");
        }
        let lamps = device.keys.iter().filter(|key| key.kind == KeyKind::Lamp);
        let count = lamps.count();
        self.expect(
            count <= LAMPS,
            "/keys",
            format!("supervises {count} lines: at most {LAMPS} (R47)"),
        );
    }

    /// How many keys its model has.
    fn model(&mut self, device: &Device) -> u8 {
        let Some(model) = &device.model else { return 0 };
        let has_keys = matches!(
            device.kind,
            DeviceKind::Phone | DeviceKind::Conference | DeviceKind::Dect
        );
        self.expect(
            has_keys,
            "/model",
            "must be left out: only IP phones, DECT and conference units have programmable keys (R6)",
        );
        self.text(model, "/model");
        let keys = keys_of_model(model);
        if keys.is_none() {
            let known: Vec<&str> = MODELS.iter().map(|(name, _)| *name).collect();
            let message = format!(
                "must be one of {}, or a name with its number of keys, such as `snom-d785/24`",
                known.join(", ")
            );
            self.wrong("/model", message);
        }
        keys.unwrap_or(u8::MAX)
    }

    fn key_target(&mut self, device: &Device, key: &DeviceKey, path: &str) {
        let (path, target) = (format!("{path}/target"), &*key.target);
        if let Some(line) = key.line() {
            let Some(found) = self.after.line(line) else {
                return self.refers(false, &path, Kind::Line, line);
            };
            let (right, message) = match key.kind {
                KeyKind::Line => (
                    self.after.devices_of_line(found).contains(&device.id),
                    "must be a line that rings at this device",
                ),
                KeyKind::Lamp | KeyKind::Number | KeyKind::Code => (
                    found.kind != LineKind::Virtual,
                    "must be a fixed or mobile line: a virtual one never rings (R47)",
                ),
            };
            return self.expect(right, &path, message);
        }
        let (right, message) = if key.kind == KeyKind::Code {
            let right = target.starts_with(['*', '#'])
                && (2..=20).contains(&target.len())
                && target.bytes().all(|b| b.is_ascii_digit() || b"*#".contains(&b));
            (right, format!("`{target}` is no feature code such as `*98`"))
        } else {
            let right = self.after.number_plan().normalise(target).is_some();
            (
                right,
                format!("`{target}` is no number that can be dialled (R49)"),
            )
        };
        self.expect(right, &path, message);
    }
}
