//! Small rules of spelling.

use super::Check;
use crate::directory::TenantId;

/// Longest id.
const ID: usize = 64;
/// Longest text that people read.
const TEXT: usize = 128;

impl Check<'_> {
    /// An id goes into paths and URIs, and is typed by people.
    pub(super) fn id(&mut self, id: &str, path: &str) {
        let fits = |symbol: char| symbol.is_ascii_alphanumeric() || "._-+*#@".contains(symbol);
        let right = !id.is_empty() && id.len() <= ID && id.chars().all(fits) && !id.starts_with('.');
        let message = format!("must be 1 to {ID} of the letters a–z and A–Z, digits and `._-+*#@`");
        self.expect(right, path, message);
    }

    /// A name for people.
    pub(super) fn name(&mut self, name: &str, path: &str) {
        self.expect(!name.trim().is_empty(), path, "must not be empty");
        self.text(name, path);
    }

    /// Text for people; may be empty.
    pub(super) fn text(&mut self, text: &str, path: &str) {
        let right = text.chars().count() <= TEXT && !text.chars().any(char::is_control);
        self.expect(
            right,
            path,
            format!("must have at most {TEXT} characters, none of them a control character"),
        );
    }

    pub(super) fn time_zone(&mut self, name: &str, path: &str) {
        let known = jiff::tz::TimeZone::get(name).is_ok();
        self.expect(
            known,
            path,
            format!("`{name}` is no IANA time zone such as `Europe/Paris`"),
        );
    }

    pub(super) fn language(&mut self, tag: &str, path: &str) {
        let part =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let first = tag.split('-').next().unwrap_or_default();
        let right = tag.split('-').all(part) && (2..=3).contains(&first.len());
        self.expect(
            right,
            path,
            format!("`{tag}` is no language tag such as `fr` or `en-GB`"),
        );
    }

    /// E.164 as this exchange writes it, and a number that the country's plan knows.
    pub(super) fn e164(&mut self, number: &str, path: &str) {
        let plan = self.after.number_plan();
        let read = plan.normalise_external(number);
        if read.as_deref() != Some(number) || !number.starts_with('+') {
            let hint = match read {
                Some(read) if read.starts_with('+') => format!("; write `{read}`"),
                _ => format!(", such as `+{}…`", plan.country().calling_code),
            };
            self.wrong(path, format!("`{number}` is no number in E.164 form{hint}"));
        }
    }

    /// A short number (R8): of the tenant's lengths, and nothing that is dialled for another reason.
    pub(super) fn short_number(&mut self, number: &str, path: &str) {
        let plan = self.after.number_plan();
        let digits = self.after.tenant().numbering.internal_digits;
        if !number.bytes().all(|b| b.is_ascii_digit()) || !plan.is_short_length(number) {
            let message = format!(
                "`{number}` is no short number: {} to {} digits",
                digits.min, digits.max
            );
            return self.wrong(path, message);
        }
        if plan.emergency(number).is_some() {
            return self.wrong(path, format!("`{number}` calls the emergency services (R74)"));
        }
        if plan.without_outside_prefix(number).is_some() {
            return self.wrong(
                path,
                format!("`{number}` starts with the prefix for outside lines"),
            );
        }
        let read = plan.normalise(number);
        if read.as_deref() != Some(number) {
            let read = read.unwrap_or_default();
            self.wrong(
                path,
                format!("`{number}` is dialled for the outside number `{read}`"),
            );
        }
    }

    /// An outside number is one tenant's in the whole exchange. Does not say whose.
    pub(super) fn not_elsewhere(&mut self, number: &str, path: &str) {
        let elsewhere = |owner: &TenantId| match self.drafts.get(owner) {
            _ if owner == self.after.id() => false,
            Some(draft) => draft.after.as_ref().is_some_and(|after| after.owns(number)),
            None => true,
        };
        let in_force = self
            .directory
            .tenant_by_number(number)
            .is_some_and(|view| elsewhere(view.id()));
        let drafted = self.drafts.values().filter_map(|draft| draft.after.as_ref());
        let drafted = drafted
            .filter(|other| other.id() != self.after.id())
            .any(|other| other.owns(number));
        self.expect(
            !in_force && !drafted,
            path,
            format!("`{number}` is in use elsewhere on this exchange"),
        );
    }

    /// A SIP URI that requests can be sent to.
    pub(super) fn sip_uri(&mut self, uri: &str, path: &str) {
        let rest = uri.strip_prefix("sip:");
        let host = rest.map(|rest| rest.rsplit_once('@').map_or(rest, |(_, host)| host));
        let host = host.map(|host| host.split([';', '?']).next().unwrap_or_default());
        let right = host.is_some_and(|host| !host.is_empty())
            && !uri.contains(|c: char| c.is_whitespace() || "<>\"".contains(c));
        self.expect(
            right,
            path,
            "must be a SIP URI such as `sip:sbc.example.net:5060;transport=tcp`",
        );
    }

    /// A digest user name, which also stands in `sip:user@domain`.
    pub(super) fn username(&mut self, username: &str, path: &str) {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,".contains(&b);
        let right = (1..=64).contains(&username.len()) && username.bytes().all(fits);
        self.expect(right, path, "must be 1 to 64 letters, digits or `-_.!~*'()&=+$,`");
    }
}

/// `base/position`.
pub(super) fn at(base: &str, position: usize) -> String {
    format!("{base}/{position}")
}
