//! Tenants as wholes.

use std::collections::BTreeSet;

use super::Check;
use super::words::at;
use crate::directory::{Kind, Tenant, TenantId};
use crate::numbers::{Country, is_outside};
use contract::not_granted;

/// Users, devices and numbers for each line that the tenant may have.
const PEOPLE_PER_LINE: usize = 4;
/// Documents of every other kind: "unlimited" for people (R1, R46), and yet not.
const OTHERS: usize = 10_000;

impl Check<'_> {
    pub(super) fn tenant(&mut self, tenant: &Tenant) {
        self.id(&tenant.id, "/id");
        self.name(&tenant.name, "/name");
        self.domains(tenant);
        self.realm(tenant);
        let known = Country::find(&tenant.country).is_some_and(|country| country.code == tenant.country);
        if !known {
            let codes: Vec<&str> = crate::numbers::countries().map(|country| country.code).collect();
            self.wrong("/country", format!("must be one of {}", codes.join(", ")));
        }
        self.time_zone(&tenant.time_zone, "/time-zone");
        self.language(&tenant.language, "/language");
        self.numbering(tenant);
        self.grants(tenant);
        self.imports(tenant);
        let state = (1_024..=1 << 20).contains(&tenant.limits.state);
        self.expect(state, "/limits/state", "must be 1024 to 1048576 bytes");
        self.expect(
            tenant.limits.total_state >= u64::from(tenant.limits.state),
            "/limits/total-state",
            "must be at least what one session may keep (/limits/state)",
        );
        self.expect(tenant.limits.calls > 0, "/limits/calls", "must be at least 1");
        self.expect(
            (1..=100).contains(&tenant.limits.hops),
            "/limits/hops",
            "must be 1 to 100",
        );
        self.expect(tenant.journal.days <= 366, "/journal/days", "must be at most 366");
        let size = (1..=4_096).contains(&tenant.journal.mebibytes);
        self.expect(size, "/journal/mebibytes", "must be 1 to 4096");
        self.interception(tenant);
        for (position, name) in tenant.defaults.line.iter().enumerate() {
            let there = self.after.behaviour(name).is_some();
            self.refers(there, &at("/defaults/line", position), Kind::Behaviour, name);
        }
    }

    fn domains(&mut self, tenant: &Tenant) {
        self.expect(
            !tenant.domains.is_empty(),
            "/domains",
            "must name at least one SIP domain",
        );
        let mut seen = BTreeSet::new();
        for (position, domain) in tenant.domains.iter().enumerate() {
            let path = at("/domains", position);
            let message = "must be a domain name in lower case, such as `example.com`, or an IP address";
            self.expect(is_domain(domain), &path, message);
            self.expect(seen.insert(domain), &path, "is in the list already");
            if self.domain_is_elsewhere(domain) {
                self.wrong(path, format!("`{domain}` is in use elsewhere on this exchange"));
            }
        }
    }

    fn domain_is_elsewhere(&self, domain: &str) -> bool {
        let drafted = |owner: &TenantId| self.drafts.contains_key(owner);
        let in_force = self.directory.tenant_by_domain(domain);
        let in_force = in_force.is_some_and(|view| view.id() != self.after.id() && !drafted(view.id()));
        let others = self.drafts.values().filter_map(|draft| draft.after.as_ref());
        let mut others = others.filter(|other| other.id() != self.after.id());
        in_force || others.any(|other| other.tenant().domains.iter().any(|own| own == domain))
    }

    fn realm(&mut self, tenant: &Tenant) {
        let right =
            !tenant.realm.is_empty() && !tenant.realm.contains(['"', '\\']) && tenant.realm.len() <= 255;
        self.expect(
            right,
            "/realm",
            "must be a text without quotes, such as the domain",
        );
        if let Some(before) = self.before.map(|before| before.tenant())
            && before.realm != tenant.realm
        {
            let message = format!("must stay `{}`: passwords are hashed with it", before.realm);
            self.wrong("/realm", message);
        }
    }

    fn numbering(&mut self, tenant: &Tenant) {
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
        };
        if let Some(prefix) = &tenant.numbering.outside_prefix {
            self.expect(
                digits(prefix, 3),
                "/numbering/outside-prefix",
                "must be 1 to 3 digits",
            );
            let emergency = self
                .after
                .number_plan()
                .country()
                .emergency
                .contains(&prefix.as_str());
            self.expect(
                !emergency,
                "/numbering/outside-prefix",
                "calls the emergency services (R74)",
            );
        }
        if let Some(area) = &tenant.numbering.area_code {
            self.expect(
                digits(area, 5),
                "/numbering/area-code",
                "must be 1 to 5 digits, without trunk prefix",
            );
        }
        let internal = tenant.numbering.internal_digits;
        let right = 2 <= internal.min && internal.min <= internal.max && internal.max <= 9;
        self.expect(
            right,
            "/numbering/internal-digits",
            "must go from at least 2 to at most 9 (R8)",
        );
    }

    fn grants(&mut self, tenant: &Tenant) {
        for (path, classes) in [
            ("/grants/lines", &tenant.grants.lines),
            ("/grants/behaviours", &tenant.grants.behaviours),
        ] {
            for (position, class) in classes.iter().enumerate() {
                let message = "must be fixed, mobile, free, premium, near-abroad or world";
                self.expect(is_outside(*class), &at(path, position), message);
            }
        }
    }

    /// A pilot number without the trunk that its calls come over would be nobody's.
    fn interception(&mut self, tenant: &Tenant) {
        let Some(rule) = &tenant.interception else {
            return;
        };
        let right = (100..=5_000).contains(&rule.patience);
        self.expect(
            right,
            "/interception/patience",
            "must be 100 to 5000 milliseconds",
        );
        if let Some(trunk) = &rule.trunk {
            let there = self.after.trunk(trunk).is_some();
            self.refers(there, "/interception/trunk", Kind::Trunk, trunk);
        }
        if let Some(pilot) = &rule.pilot {
            let right = self.after.number_plan().normalise(pilot).is_some();
            self.expect(
                right,
                "/interception/pilot",
                "must be a number that can be dialled",
            );
            self.expect(
                rule.trunk.is_some(),
                "/interception/trunk",
                "must name the trunk that calls to the pilot come over",
            );
        }
        if let Some(announcement) = &rule.announcement {
            self.name(announcement, "/interception/announcement");
        }
    }

    /// Modules that are in use must stay within what is granted.
    fn imports(&mut self, tenant: &Tenant) {
        let Some(granted) = &tenant.grants.imports else {
            return;
        };
        for (position, name) in granted.iter().enumerate() {
            let known = contract::INTERFACES.contains(&name.as_str());
            let message = format!("must be one of {}", contract::INTERFACES.join(", "));
            self.expect(known, &at("/grants/imports", position), message);
        }
        let mut used = Vec::new();
        for behaviour in self.after.behaviours().values() {
            let candidate = behaviour.candidate.iter().map(|candidate| &candidate.manifest);
            for manifest in candidate.chain([&behaviour.manifest]) {
                for beyond in not_granted(&manifest.imports, Some(granted)) {
                    used.push(format!(
                        "behaviour `{}` uses `{}` ({}): give it another module first",
                        behaviour.name, beyond.interface, beyond.allows
                    ));
                }
            }
        }
        for message in used {
            self.wrong("/grants/imports", message);
        }
    }

    /// What all documents together may come to.
    pub(super) fn totals(&mut self) {
        let lines = self.after.lines().len();
        let most = usize::try_from(self.after.tenant().limits.lines).unwrap_or(usize::MAX);
        self.expect(
            lines <= most,
            "/limits/lines",
            format!("allows {most} lines, there would be {lines}"),
        );
        for (kind, count, most) in [
            (
                Kind::User,
                self.after.users().len(),
                PEOPLE_PER_LINE.saturating_mul(most),
            ),
            (
                Kind::Device,
                self.after.devices().len(),
                PEOPLE_PER_LINE.saturating_mul(most),
            ),
            (
                Kind::Number,
                self.after.numbers().len(),
                PEOPLE_PER_LINE.saturating_mul(most),
            ),
            (Kind::Site, self.after.sites().len(), OTHERS),
            (Kind::Trunk, self.after.trunks().len(), OTHERS),
            (Kind::Calendar, self.after.calendars().len(), OTHERS),
            (Kind::Behaviour, self.after.behaviours().len(), OTHERS),
            (Kind::Announcement, self.after.announcements().len(), OTHERS),
            (Kind::PickupGroup, self.after.pickup_groups().len(), OTHERS),
        ] {
            self.expect(
                count <= most,
                "",
                format!("{most} documents of the kind {kind} are the most"),
            );
        }
        let contacts = self.after.contacts().len();
        let message = format!("500 contacts are the most (R8), there would be {contacts}");
        self.expect(contacts <= 500, "", message);
    }
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        (1..=63).contains(&label.len())
            && label.bytes().all(inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let address = domain.trim_start_matches('[').trim_end_matches(']');
    address.parse::<std::net::IpAddr>().is_ok() || domain.len() <= 253 && domain.split('.').all(label)
}
