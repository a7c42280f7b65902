//! What a trunk carries, and how numbers are written on it.

use contract::NumberClass;
use sip::uri::Uri;

use super::{Access, Configuration, Entry, Network, PrefixRule, Scheme, SiteId, Trunk, TrunkId};
use crate::numbers::NumberPlan;

impl Trunk {
    /// User name under which it registers with us.
    pub fn registering_username(&self) -> Option<&str> {
        match &self.access {
            Access::Registered { credentials } => Some(&credentials.username),
            Access::Address { .. } | Access::Register { .. } => None,
        }
    }

    /// The registrar that it registers with, where that is given by address.
    pub(super) fn registrar(&self) -> Option<Network> {
        let Access::Register { registrar, .. } = &self.access else {
            return None;
        };
        let uri = Uri::parse(registrar).ok()?;
        uri.parts().host().ip().map(Network::host)
    }

    /// Whether calls can be sent on it at all.
    pub fn carries_outbound(&self) -> bool {
        match &self.access {
            Access::Address { .. } => self.outbound.is_some(),
            Access::Register { .. } | Access::Registered { .. } => true,
        }
    }

    /// A normalised number as this trunk wants it.
    pub fn write_number(&self, number: &str, plan: &NumberPlan) -> String {
        let written = match self.scheme {
            Scheme::E164 => number.to_owned(),
            Scheme::E164NoPlus => number.trim_start_matches('+').to_owned(),
            Scheme::National => plan.national(number),
        };
        apply(&self.outbound_rules, written)
    }

    /// A number as this trunk sent it, in E.164 where it is one; else as it came.
    pub fn read_number(&self, number: &str, plan: &NumberPlan) -> String {
        let number = apply(&self.inbound_rules, number.to_owned());
        let bare = number.len() >= 8 && number.bytes().all(|b| b.is_ascii_digit());
        let lacks_plus = match self.scheme {
            // Many leave the plus out although they say otherwise; the own calling code gives it away.
            Scheme::E164 => bare && plan.is_own_country(&number),
            Scheme::E164NoPlus => bare && !number.starts_with('0'),
            Scheme::National => false,
        };
        let with_plus = if lacks_plus { format!("+{number}") } else { number };
        plan.normalise_external(&with_plus).unwrap_or(with_plus)
    }
}

fn apply(rules: &[PrefixRule], number: String) -> String {
    match rules.iter().find(|rule| number.starts_with(&rule.prefix)) {
        Some(rule) => {
            let rest: String = number.chars().skip(usize::from(rule.strip)).collect();
            format!("{}{rest}", rule.add)
        }
        None => number,
    }
}

impl Configuration {
    /// Trunks that take calls of this class outside, best first.
    pub fn trunks_for(&self, class: NumberClass) -> Vec<TrunkId> {
        self.sorted_trunks(|trunk| trunk.carries_outbound() && trunk.classes.contains(&class))
    }

    /// Trunks for an emergency call: the site's own first, then those meant for it, then every other. An
    /// emergency call is refused by no policy (R74).
    pub fn emergency_trunks(&self, site: Option<&SiteId>) -> Vec<TrunkId> {
        let of_site = site
            .and_then(|site| self.site(site))
            .and_then(|site| site.emergency_trunk.clone());
        let meant = self.sorted_trunks(|trunk| trunk.carries_outbound() && trunk.emergency);
        let others = self.sorted_trunks(|trunk| trunk.carries_outbound() && !trunk.emergency);
        let mut trunks: Vec<TrunkId> = Vec::new();
        for trunk in of_site.into_iter().chain(meant).chain(others) {
            if !trunks.contains(&trunk) {
                trunks.push(trunk);
            }
        }
        trunks
    }

    fn sorted_trunks(&self, wanted: impl Fn(&Trunk) -> bool) -> Vec<TrunkId> {
        let mut trunks: Vec<&Entry<Trunk>> = self.trunks().values().filter(|trunk| wanted(trunk)).collect();
        trunks.sort_by(|a, b| (a.priority, &a.id).cmp(&(b.priority, &b.id)));
        trunks.into_iter().map(|trunk| trunk.id.clone()).collect()
    }
}
