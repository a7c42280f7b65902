//! How a tenant reads numbers: its country's plan with its own dialling habits.

use contract::NumberClass;

use super::calling_codes::calling_code;
use super::countries;
use super::country::Country;
use super::spelling::Spelling;
use crate::directory::{InternalDigits, Numbering};

/// Digits of an E.164 number, calling code included (ITU-T E.164 §6.2.1; the least by experience).
const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Symbols of a feature code with what is dialled behind it.
const FEATURE_SYMBOLS: std::ops::RangeInclusive<usize> = 2..=32;

/// A country's numbering plan and a tenant's dialling habits.
#[derive(Clone, Debug)]
pub struct NumberPlan {
    country: &'static Country,
    outside_prefix: Option<Box<str>>,
    area_code: Option<Box<str>>,
    internal: InternalDigits,
}

impl Default for NumberPlan {
    fn default() -> Self {
        Self::new("", &Numbering::default())
    }
}

impl NumberPlan {
    /// An unknown country is taken for France; validation refuses it before it gets here.
    pub fn new(country: &str, numbering: &Numbering) -> Self {
        let filled = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(Box::from);
        Self {
            country: Country::find(country).unwrap_or(countries::FALLBACK),
            outside_prefix: filled(&numbering.outside_prefix),
            area_code: filled(&numbering.area_code),
            internal: numbering.internal_digits,
        }
    }

    pub fn country(&self) -> &'static Country {
        self.country
    }

    /// What was typed as E.164, or as a special number, short number or feature code; none when it is no number.
    ///
    /// A short number need not exist. Writing the result again gives the same result.
    pub fn normalise(&self, typed: &str) -> Option<String> {
        let spelling = Spelling::read(typed)?;
        if let Some(number) = self.emergency_in(&spelling) {
            return Some(number.to_owned());
        }
        if spelling.plus {
            return self.international(&spelling.symbols);
        }
        let symbols = spelling.symbols.as_str();
        if symbols.starts_with(['*', '#']) {
            return FEATURE_SYMBOLS
                .contains(&symbols.len())
                .then(|| symbols.to_owned());
        }
        if symbols.contains(['*', '#']) {
            return None;
        }
        // 0 0123… before 00 123…: whoever has an outside prefix dials it.
        self.without_outside_prefix(symbols)
            .and_then(|rest| self.public(rest))
            .or_else(|| self.public(symbols))
            .or_else(|| self.local(symbols))
            .or_else(|| self.is_short_length(symbols).then(|| symbols.to_owned()))
    }

    /// The same for a number that comes from outside, where nobody dials prefixes or short numbers.
    pub fn normalise_external(&self, number: &str) -> Option<String> {
        let spelling = Spelling::read(number)?;
        if spelling.plus {
            return self.international(&spelling.symbols);
        }
        if spelling.symbols.contains(['*', '#']) {
            return None;
        }
        self.public(&spelling.symbols)
    }

    /// The emergency number that was dialled, if it is one: as it is, behind the outside prefix, or behind the
    /// country's calling code, as some mobile networks write it (R74).
    pub fn emergency(&self, typed: &str) -> Option<&'static str> {
        self.emergency_in(&Spelling::read(typed)?)
    }

    fn emergency_in(&self, spelling: &Spelling) -> Option<&'static str> {
        let known = |digits: &str| {
            self.country
                .emergency
                .iter()
                .copied()
                .find(|number| *number == digits)
        };
        let symbols = spelling.symbols.as_str();
        if spelling.plus {
            return symbols.strip_prefix(self.country.calling_code).and_then(known);
        }
        known(symbols).or_else(|| self.without_outside_prefix(symbols).and_then(known))
    }

    /// The country's class of a normalised number. Whether the tenant owns it is not known here:
    /// see [`Configuration::class_of`](crate::directory::Configuration::class_of).
    pub fn classify(&self, number: &str) -> NumberClass {
        if let Some(digits) = number.strip_prefix('+') {
            return self.classify_international(digits);
        }
        if number.starts_with(['*', '#']) {
            return NumberClass::Feature;
        }
        if self.country.emergency.contains(&number) {
            return NumberClass::Emergency;
        }
        self.country
            .classify_short(number)
            .unwrap_or(NumberClass::Invalid)
    }

    fn classify_international(&self, digits: &str) -> NumberClass {
        let Some(code) = calling_code(digits).filter(|_| is_e164_length(digits)) else {
            return NumberClass::Invalid;
        };
        match digits.strip_prefix(self.country.calling_code) {
            Some(national) => self
                .country
                .classify_national(national)
                .unwrap_or(NumberClass::Invalid),
            None if self.country.is_near(code.code) => NumberClass::NearAbroad,
            None => match code.code {
                "800" => NumberClass::Free,
                // Charged by whoever runs them, not by place.
                "979" | "808" => NumberClass::Premium,
                _ => NumberClass::World,
            },
        }
    }

    /// Whether a number falls under a pattern: a number in any spelling, or a prefix ending in `*`.
    pub fn matches(&self, number: &str, pattern: &str) -> bool {
        match pattern.trim().strip_suffix('*') {
            Some(prefix) => self.has_prefix(number, prefix),
            None => match (self.normalise(number), self.normalise(pattern)) {
                (Some(number), Some(pattern)) => number == pattern,
                _ => false,
            },
        }
    }

    /// Whether something can be a pattern: a number, or the beginning of one and `*`.
    pub fn is_pattern(&self, pattern: &str) -> bool {
        match pattern.trim().strip_suffix('*') {
            Some(prefix) => Spelling::read(prefix).is_some(),
            None => self.normalise(pattern).is_some(),
        }
    }

    /// Whether some spelling of a number (E.164, national, with the international prefix) starts with `prefix`. An
    /// empty prefix takes every number.
    pub fn has_prefix(&self, number: &str, prefix: &str) -> bool {
        let Some(number) = self.normalise(number) else {
            return false;
        };
        if prefix.trim().is_empty() {
            return true;
        }
        let Some(prefix) = Spelling::read(prefix) else {
            return false;
        };
        let symbols = prefix.symbols.as_str();
        match number.strip_prefix('+') {
            Some(digits) if prefix.plus => digits.starts_with(symbols),
            Some(digits) => {
                self.national(&number).starts_with(symbols)
                    || symbols
                        .strip_prefix(self.country.international_prefix)
                        .is_some_and(|rest| !rest.is_empty() && digits.starts_with(rest))
            }
            None => !prefix.plus && number.starts_with(symbols),
        }
    }

    /// A normalised number as dialled in the country: `0123456789`, `0049…`.
    pub fn national(&self, number: &str) -> String {
        let Some(digits) = number.strip_prefix('+') else {
            return number.to_owned();
        };
        let Country {
            trunk_prefix,
            international_prefix,
            ..
        } = self.country;
        if let Some(national) = digits.strip_prefix(self.country.calling_code) {
            return format!("{trunk_prefix}{national}");
        }
        match self.overseas_national(digits) {
            Some(national) => format!("{trunk_prefix}{national}"),
            None => format!("{international_prefix}{digits}"),
        }
    }

    /// Whether digits begin with the country's calling code.
    pub fn is_own_country(&self, digits: &str) -> bool {
        digits.starts_with(self.country.calling_code)
    }

    /// Whether short numbers may have this many digits.
    pub fn is_short_length(&self, digits: &str) -> bool {
        (usize::from(self.internal.min)..=usize::from(self.internal.max)).contains(&digits.len())
    }

    /// What is left behind the outside prefix; none without it, or when nothing is left.
    pub fn without_outside_prefix<'a>(&self, digits: &'a str) -> Option<&'a str> {
        digits
            .strip_prefix(self.outside_prefix.as_deref()?)
            .filter(|rest| !rest.is_empty())
    }

    /// Digits as dialled on the public network: international, national, or special.
    fn public(&self, digits: &str) -> Option<String> {
        if let Some(number) = self.country.emergency.iter().find(|number| **number == digits) {
            return Some((*number).to_owned());
        }
        if self.country.classify_short(digits).is_some() {
            return Some(digits.to_owned());
        }
        let abroad = digits.strip_prefix(self.country.international_prefix);
        if let Some(number) = abroad.and_then(|rest| self.international(rest)) {
            return Some(number);
        }
        match digits.strip_prefix(self.country.trunk_prefix) {
            Some(national) if !self.country.trunk_prefix.is_empty() => {
                self.in_country(national).or_else(|| {
                    self.country
                        .trunk_prefix_optional
                        .then(|| self.in_country(digits))
                        .flatten()
                })
            }
            _ if self.country.trunk_prefix.is_empty() || self.country.trunk_prefix_optional => {
                self.in_country(digits)
            }
            _ => None,
        }
    }

    /// Dialled without its area code. Only numbers too long for a short one are taken so.
    fn local(&self, digits: &str) -> Option<String> {
        let area = self.area_code.as_deref()?;
        match digits.len() > usize::from(self.internal.max) && !digits.starts_with(self.country.trunk_prefix)
        {
            true => self.in_country(&format!("{area}{digits}")),
            false => None,
        }
    }

    /// A national number without trunk prefix.
    fn in_country(&self, national: &str) -> Option<String> {
        let overseas = self
            .country
            .overseas
            .iter()
            .find(|entry| national.len() == entry.digits && national.starts_with(entry.prefix));
        if let Some(entry) = overseas {
            return Some(format!("+{}{}", entry.calling_code, national.get(entry.strip..)?));
        }
        self.country.classify_national(national)?;
        Some(format!("+{}{national}", self.country.calling_code))
    }

    /// Digits behind a plus or an international prefix.
    fn international(&self, digits: &str) -> Option<String> {
        let code = calling_code(digits)?;
        if let Some(national) = digits.strip_prefix(self.country.calling_code) {
            return self.in_own_country(national);
        }
        let known = countries::ALL
            .iter()
            .find(|country| country.calling_code == code.code);
        let trimmed = known.and_then(|country| without_stray_trunk_prefix(country, digits));
        let digits = trimmed.as_deref().unwrap_or(digits);
        is_e164_length(digits).then(|| format!("+{digits}"))
    }

    /// Behind the own calling code, where people leave the trunk prefix in by mistake.
    fn in_own_country(&self, national: &str) -> Option<String> {
        self.in_country(national).or_else(|| {
            let rest = national.strip_prefix(self.country.trunk_prefix)?;
            (rest.len() < national.len())
                .then(|| self.in_country(rest))
                .flatten()
        })
    }

    /// The national number of one overseas.
    fn overseas_national(&self, digits: &str) -> Option<String> {
        self.country.overseas.iter().find_map(|entry| {
            let rest = digits.strip_prefix(entry.calling_code)?;
            let national = format!("{}{rest}", entry.prefix.get(..entry.strip)?);
            (national.len() == entry.digits && national.starts_with(entry.prefix)).then_some(national)
        })
    }
}

/// Whether an E.164 number may have so many digits; North America's have eleven.
fn is_e164_length(digits: &str) -> bool {
    E164_DIGITS.contains(&digits.len()) && (!digits.starts_with('1') || digits.len() == 11)
}

/// `+44 020 …` is `+44 20 …`, when only the latter is a number over there.
fn without_stray_trunk_prefix(country: &Country, digits: &str) -> Option<String> {
    let national = digits.strip_prefix(country.calling_code)?;
    if country.trunk_prefix.is_empty() || country.classify_national(national).is_some() {
        return None;
    }
    let rest = national.strip_prefix(country.trunk_prefix)?;
    country.classify_national(rest)?;
    Some(format!("{}{rest}", country.calling_code))
}

#[cfg(test)]
mod tests;
