//! Devices (R5).

use super::Check;
use crate::directory::{Credentials, Device, DeviceKind, Kind};

impl Check<'_> {
    pub(super) fn device(&mut self, device: &Device) {
        self.id(&device.id, "/id");
        self.text(&device.name, "/name");
        if let Some(owner) = &device.owner {
            let there = self.after.user(owner).is_some();
            self.refers(there, "/owner", Kind::User, owner);
        }
        let most = device.kind.calls_at_most();
        let right = (1..=most).contains(&device.capacity());
        self.expect(right, "/max-calls", format!("must be 1 to {most} (R5)"));
        self.hardware(device);
        self.keys(device);
        if let Some(credentials) = &device.credentials {
            self.credentials(credentials, "/credentials");
        }
    }

    /// Every device but a softphone is bound to its hardware.
    fn hardware(&mut self, device: &Device) {
        let hardware = device.hardware.as_deref();
        let (right, message) = match device.kind {
            DeviceKind::Softphone => (hardware.is_none(), "must be left out: a softphone has none"),
            DeviceKind::Sim => (
                hardware.is_some_and(is_iccid),
                "must be the SIM's ICCID, 18 to 20 digits (R5)",
            ),
            DeviceKind::Phone | DeviceKind::Dect | DeviceKind::Conference | DeviceKind::Ata => (
                hardware.is_some_and(|text| mac(text).is_some()),
                "must be the device's MAC address, such as `00:1b:63:84:45:e6` (R5)",
            ),
        };
        self.expect(right, "/hardware", message);
        let Some(own) = hardware.map(canonical) else {
            return;
        };
        let others = self
            .after
            .devices()
            .values()
            .filter(|other| other.id != device.id);
        let twin = others
            .into_iter()
            .find(|other| other.hardware.as_deref().map(canonical).as_ref() == Some(&own));
        if let Some(twin) = twin {
            let message = format!("is that of the device `{}`", twin.id);
            self.wrong("/hardware", message);
        }
    }

    /// Hashes must be there and belong to the tenant's realm.
    pub(super) fn credentials(&mut self, credentials: &Credentials, path: &str) {
        self.username(&credentials.username, &format!("{path}/username"));
        let hashed = credentials.ha1_md5.is_some() || credentials.ha1_sha256.is_some();
        let message = "needs a password set for this user name (it is hashed and forgotten)";
        self.expect(hashed, path, message);
        let realm = &self.after.tenant().realm;
        let right = credentials.realm == *realm;
        let message = format!("must be `{realm}`: set the password anew");
        self.expect(right || !hashed, &format!("{path}/realm"), message);
    }
}

/// Six bytes, in whichever way they are written.
fn mac(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !":-.".contains(*c)).collect();
    let right = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    right.then(|| digits.to_ascii_lowercase())
}

fn is_iccid(text: &str) -> bool {
    (18..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn canonical(hardware: &str) -> String {
    mac(hardware).unwrap_or_else(|| hardware.to_owned())
}
