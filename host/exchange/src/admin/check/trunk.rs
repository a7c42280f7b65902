//! Trunks.

use super::Check;
use super::words::at;
use crate::directory::{Access, Network, PrefixRule, Trunk};
use crate::numbers::is_outside;

/// Seconds of a registration that are asked for.
const EXPIRES: std::ops::RangeInclusive<u32> = 60..=86_400;
/// Leading bits that a network must fix at least: wider ones would trust half the world.
const WIDEST_V4: u8 = 8;
const WIDEST_V6: u8 = 16;

impl Check<'_> {
    pub(super) fn trunk(&mut self, trunk: &Trunk) {
        self.id(&trunk.id, "/id");
        self.text(&trunk.name, "/name");
        self.access(&trunk.access);
        if let Some(outbound) = &trunk.outbound {
            self.sip_uri(outbound, "/outbound");
        }
        for (position, class) in trunk.classes.iter().enumerate() {
            let message = "must be fixed, mobile, free, premium, near-abroad or world";
            self.expect(is_outside(*class), &at("/classes", position), message);
        }
        self.prefix_rules(&trunk.outbound_rules, "/outbound-rules");
        self.prefix_rules(&trunk.inbound_rules, "/inbound-rules");
        self.expect(
            trunk.carries_outbound() || !trunk.dialog_watches.outbound,
            "/dialog-watches/outbound",
            "needs an `outbound` address to ask at",
        );
        if let Some(fallback) = &trunk.caller_id.fallback {
            self.e164(fallback, "/caller-id/fallback");
        }
    }

    fn access(&mut self, access: &Access) {
        match access {
            Access::Address { networks, login } => {
                let path = "/access/address/networks";
                self.expect(
                    !networks.is_empty(),
                    path,
                    "must name the addresses that calls come from",
                );
                self.networks(networks, path);
                if let Some(login) = login {
                    let path = "/access/address/login";
                    self.username(&login.username, &format!("{path}/username"));
                    self.expect(
                        !login.password.is_empty(),
                        &format!("{path}/password"),
                        "must be set",
                    );
                }
            }
            Access::Register {
                registrar,
                username,
                password,
                auth_username,
                expires,
                networks,
            } => {
                let path = "/access/register";
                self.sip_uri(registrar, &format!("{path}/registrar"));
                self.username(username, &format!("{path}/username"));
                self.expect(!password.is_empty(), &format!("{path}/password"), "must be set");
                if let Some(name) = auth_username {
                    let right = !name.is_empty() && !name.contains(['"', '\\']) && name.len() <= 128;
                    self.expect(
                        right,
                        &format!("{path}/auth-username"),
                        "must be a text without quotes",
                    );
                }
                let message = "must be 60 to 86400 seconds";
                self.expect(EXPIRES.contains(expires), &format!("{path}/expires"), message);
                self.networks(networks, &format!("{path}/networks"));
            }
            Access::Registered { credentials } => {
                let path = "/access/registered/credentials";
                self.credentials(credentials, path);
                if self.after.device_by_username(&credentials.username).is_some() {
                    self.wrong(format!("{path}/username"), "is a device's user name");
                }
            }
        }
    }

    fn networks(&mut self, networks: &[Network], path: &str) {
        for (position, network) in networks.iter().enumerate() {
            let widest = if network.is_v4() { WIDEST_V4 } else { WIDEST_V6 };
            let message = format!("is too wide: at least /{widest}, better the provider's own addresses");
            self.expect(network.bits() >= widest, &at(path, position), message);
        }
    }

    fn prefix_rules(&mut self, rules: &[PrefixRule], path: &str) {
        let plain =
            |text: &str| text.len() <= 32 && text.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b));
        self.expect(rules.len() <= 100, path, "must be at most 100 rules");
        for (position, rule) in rules.iter().enumerate() {
            let path = at(path, position);
            self.expect(
                plain(&rule.prefix),
                &format!("{path}/prefix"),
                "must be digits, `+`, `*` or `#`",
            );
            self.expect(
                plain(&rule.add),
                &format!("{path}/add"),
                "must be digits, `+`, `*` or `#`",
            );
            self.expect(rule.strip <= 32, &format!("{path}/strip"), "must be at most 32");
        }
    }
}
