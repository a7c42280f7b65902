//! Sites, users, contacts, pickup groups (R1, R4, R8, R46), and recordings (R25).

use contract::LineKind;

use super::Check;
use super::words::at;
use crate::directory::{Announcement, Contact, Kind, PickupGroup, Site, User};

/// Numbers of one contact.
const CONTACT_NUMBERS: usize = 10;
/// R25: two minutes, three megabytes.
const RECORDING_MILLIS: u64 = 120_000;
const RECORDING_BYTES: u64 = 3 * 1_024 * 1_024;

impl Check<'_> {
    pub(super) fn site(&mut self, site: &Site) {
        self.id(&site.id, "/id");
        self.name(&site.name, "/name");
        let address = &site.address;
        for (part, path) in [
            (&address.street, "/address/street"),
            (&address.postal_code, "/address/postal-code"),
            (&address.city, "/address/city"),
        ] {
            self.text(part, path);
        }
        let code = &address.country;
        let right = code.is_empty() || code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
        self.expect(right, "/address/country", "must be a country code such as `FR`");
        let before = self.before.and_then(|before| before.site(&site.id));
        // The site that a new tenant gets has no address yet.
        if before.is_some_and(|before| before.address != Default::default() && before.address != site.address)
        {
            let message = "cannot be changed: make another site and move its lines there (R1)";
            self.wrong("/address", message);
        }
        if let Some(trunk) = &site.emergency_trunk {
            let there = self.after.trunk(trunk).is_some();
            self.refers(there, "/emergency-trunk", Kind::Trunk, trunk);
        }
    }

    pub(super) fn user(&mut self, user: &User) {
        self.id(&user.id, "/id");
        self.name(&user.first_name, "/first-name");
        self.name(&user.last_name, "/last-name");
        self.expect(
            is_email(&user.email),
            "/email",
            "must be an e-mail address such as `a.user@example.com`",
        );
        if let Some(language) = &user.language {
            self.language(language, "/language");
        }
    }

    pub(super) fn contact(&mut self, contact: &Contact) {
        self.id(&contact.id, "/id");
        self.name(&contact.name, "/name");
        self.text(&contact.company, "/company");
        let right = (1..=CONTACT_NUMBERS).contains(&contact.numbers.len());
        self.expect(
            right,
            "/numbers",
            format!("must be 1 to {CONTACT_NUMBERS} numbers"),
        );
        for (position, number) in contact.numbers.iter().enumerate() {
            let right = self.after.number_plan().normalise(number).is_some();
            self.expect(
                right,
                &at("/numbers", position),
                format!("`{number}` is no number that can be dialled"),
            );
        }
    }

    pub(super) fn pickup_group(&mut self, group: &PickupGroup) {
        self.id(&group.id, "/id");
        self.name(&group.name, "/name");
        let plain = group.name.chars().all(|c| c.is_alphanumeric() || c == ' ');
        self.expect(plain, "/name", "must have letters, digits and spaces only (R46)");
        let there = self.after.site(&group.site).is_some();
        self.refers(there, "/site", Kind::Site, &group.site);
        for (position, id) in group.lines.iter().enumerate() {
            let path = at("/lines", position);
            let twice = group.lines.iter().take(position).any(|earlier| earlier == id);
            self.expect(!twice, &path, "is in the list already");
            match self.after.line(id) {
                None => self.refers(false, &path, Kind::Line, id),
                Some(line) if line.kind != LineKind::Fixed || line.site.as_ref() != Some(&group.site) => {
                    self.wrong(
                        path,
                        format!("`{id}` must be a fixed line of the site `{}` (R46)", group.site),
                    );
                }
                Some(_) => {}
            }
        }
    }

    pub(super) fn announcement(&mut self, announcement: &Announcement) {
        self.id(&announcement.name, "/name");
        let kinds = ["audio/wav", "audio/mpeg"];
        let right = kinds.contains(&announcement.media_type.as_str());
        self.expect(right, "/media-type", "must be audio/wav or audio/mpeg (R25)");
        self.expect(
            announcement.length <= RECORDING_MILLIS,
            "/length",
            "must be at most two minutes (R25)",
        );
        self.expect(
            announcement.size <= RECORDING_BYTES,
            "/size",
            "must be at most 3 MB (R25)",
        );
        if let Some(site) = &announcement.site {
            let there = self.after.site(site).is_some();
            self.refers(there, "/site", Kind::Site, site);
        }
        if let Some(line) = &announcement.line {
            let there = self.after.line(line).is_some();
            self.refers(there, "/line", Kind::Line, line);
            let message = "must be left out: a recording is a site's or a line's (R25)";
            self.expect(announcement.site.is_none(), "/site", message);
        }
    }
}

fn is_email(email: &str) -> bool {
    let plain = !email.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;:\"".contains(c));
    let parts = email.rsplit_once('@');
    plain
        && email.len() <= 254
        && parts.is_some_and(|(user, domain)| {
            !user.is_empty() && !user.contains('@') && domain.split('.').all(|label| !label.is_empty())
        })
}
