//! Who may dial what when (R57).

use base::Moment;
use contract::NumberClass;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::calling_codes::calling_code;
use super::{NumberPlan, is_outside};
use crate::calendars::{Weekday, weekday};

/// A restriction profile of a line. Internal and emergency calls pass under each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restriction {
    /// "Sans restriction".
    #[default]
    None,
    /// "Fix+Mob+Free+Eur 7/7".
    Europe,
    /// The same, Monday to Saturday.
    EuropeMondayToSaturday,
    /// The same, Monday to Friday.
    EuropeMondayToFriday,
    /// "Fix+Mob+Special+Eur 7/7".
    EuropeWithSpecial,
    /// "Fixe National 7/7": fixed and mobile, as printed.
    National,
    /// The same, Monday to Friday.
    NationalMondayToFriday,
    /// "Interne 7/7".
    Internal,
}

/// A row of R57's table.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    pub restriction: Restriction,
    pub fixed: bool,
    pub mobile: bool,
    pub free: bool,
    pub paid: bool,
    /// Europe and the overseas departments.
    pub europe: bool,
    pub world: bool,
    /// Days on which nothing outside may be dialled.
    pub closed: &'static [Weekday],
}

const WEEKEND: &[Weekday] = &[Weekday::Saturday, Weekday::Sunday];
const SUNDAY: &[Weekday] = &[Weekday::Sunday];

/// R57's table.
pub static PROFILES: [Profile; 8] = [
    profile(Restriction::Europe, [true, true, true, false, true, false], &[]),
    profile(
        Restriction::EuropeMondayToSaturday,
        [true, true, true, false, true, false],
        SUNDAY,
    ),
    profile(
        Restriction::EuropeMondayToFriday,
        [true, true, true, false, true, false],
        WEEKEND,
    ),
    profile(
        Restriction::EuropeWithSpecial,
        [true, true, true, true, true, false],
        &[],
    ),
    profile(
        Restriction::National,
        [true, true, false, false, false, false],
        &[],
    ),
    profile(
        Restriction::NationalMondayToFriday,
        [true, true, false, false, false, false],
        WEEKEND,
    ),
    profile(Restriction::Internal, [false; 6], &[]),
    profile(Restriction::None, [true; 6], &[]),
];

/// Columns in the order of the table: fixed, mobile, free, paid, Europe, world.
const fn profile(restriction: Restriction, columns: [bool; 6], closed: &'static [Weekday]) -> Profile {
    let [fixed, mobile, free, paid, europe, world] = columns;
    Profile {
        restriction,
        fixed,
        mobile,
        free,
        paid,
        europe,
        world,
        closed,
    }
}

impl Restriction {
    /// Its row of the table.
    pub fn profile(self) -> &'static Profile {
        // Every restriction has a row; a test says so.
        PROFILES
            .iter()
            .find(|profile| profile.restriction == self)
            .unwrap_or(&PROFILES[7])
    }

    /// Whether a normalised number of this class may be dialled now.
    pub fn allows(
        self,
        plan: &NumberPlan,
        number: &str,
        class: NumberClass,
        now: Moment,
        zone: &TimeZone,
    ) -> bool {
        if !is_outside(class) {
            return true;
        }
        let profile = self.profile();
        !profile.closed.contains(&weekday(now, zone)) && profile.has_column(plan, number, class)
    }
}

impl Profile {
    fn has_column(&self, plan: &NumberPlan, number: &str, class: NumberClass) -> bool {
        match class {
            NumberClass::Fixed => self.fixed,
            NumberClass::Mobile => self.mobile,
            NumberClass::Free => self.free,
            NumberClass::Premium => self.paid,
            NumberClass::NearAbroad => self.europe,
            // The near zone of a country need not be all of Europe.
            NumberClass::World => self.world || self.europe && is_european(plan, number),
            NumberClass::Internal | NumberClass::Feature | NumberClass::Emergency => true,
            NumberClass::Invalid => false,
        }
    }
}

fn is_european(plan: &NumberPlan, number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    !plan.is_own_country(digits) && calling_code(digits).is_some_and(|code| code.european)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendars::instant_of;
    use crate::directory::Numbering;
    use jiff::civil::date;

    fn may(restriction: Restriction, number: &str, day: i8) -> bool {
        let plan = NumberPlan::new("FR", &Numbering::default());
        let zone = TimeZone::get("Europe/Paris").unwrap();
        // 16 November 2026 is a Monday.
        let now = instant_of(date(2026, 11, day).at(12, 0, 0, 0), &zone).unwrap();
        let number = plan.normalise(number).unwrap();
        restriction.allows(&plan, &number, plan.classify(&number), now, &zone)
    }

    #[test]
    fn each_profile_has_its_row_r57() {
        for profile in &PROFILES {
            assert_eq!(profile.restriction.profile(), profile);
        }
    }

    /// The table of R57, cell by cell: a number for each column, on a Monday, a Saturday and a Sunday.
    #[test]
    fn profiles_allow_what_their_row_says_r57() {
        let numbers = [
            "0123456789",
            "0612345678",
            "0800123456",
            "0890123456",
            "+351212345678",
            "+12025550123",
        ];
        let rows = [
            (Restriction::Europe, "xxx.x.", true, true),
            (Restriction::EuropeMondayToSaturday, "xxx.x.", true, false),
            (Restriction::EuropeMondayToFriday, "xxx.x.", false, false),
            (Restriction::EuropeWithSpecial, "xxxxx.", true, true),
            (Restriction::National, "xx....", true, true),
            (Restriction::NationalMondayToFriday, "xx....", false, false),
            (Restriction::Internal, "......", true, true),
            (Restriction::None, "xxxxxx", true, true),
        ];
        for (restriction, columns, saturday, sunday) in rows {
            for (number, column) in numbers.iter().zip(columns.chars()) {
                let monday = column == 'x';
                assert_eq!(
                    may(restriction, number, 16),
                    monday,
                    "{restriction:?} {number} Monday"
                );
                assert_eq!(
                    may(restriction, number, 21),
                    monday && saturday,
                    "{restriction:?} {number} Saturday"
                );
                assert_eq!(
                    may(restriction, number, 22),
                    monday && sunday,
                    "{restriction:?} {number} Sunday"
                );
            }
        }
    }

    #[test]
    fn internal_and_emergency_calls_pass_under_every_profile_r57_r74() {
        let plan = NumberPlan::default();
        for profile in &PROFILES {
            for class in [
                NumberClass::Internal,
                NumberClass::Emergency,
                NumberClass::Feature,
            ] {
                assert!(
                    profile
                        .restriction
                        .allows(&plan, "112", class, Moment::ZERO, &TimeZone::UTC)
                );
            }
        }
    }

    #[test]
    fn overseas_departments_count_as_europe_r57() {
        assert!(may(Restriction::Europe, "02 62 12 34 56", 16));
        assert!(!may(Restriction::National, "06 92 12 34 56", 16));
    }
}
