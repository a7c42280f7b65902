//! Public holidays by country (R44), as data: a row a holiday, a rule for its date.
//!
//! National ones only. What a region adds is a closed day of the calendar's own.

use jiff::ToSpan;
use jiff::civil::Date;

/// Holidays of one country.
type Holidays = &'static [(&'static str, Rule)];

/// When a holiday is.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// Month and day.
    On(i8, i8),
    /// The same, or the day before where that is a Sunday.
    OnNotSunday(i8, i8),
    /// Days after Easter Sunday, or before.
    Easter(i32),
}

use Rule::{Easter, On, OnNotSunday};

const NEW_YEAR: (&str, Rule) = ("New Year", On(1, 1));
const EPIPHANY: (&str, Rule) = ("Epiphany", On(1, 6));
const GOOD_FRIDAY: (&str, Rule) = ("Good Friday", Easter(-2));
const EASTER_MONDAY: (&str, Rule) = ("Easter Monday", Easter(1));
const LABOUR_DAY: (&str, Rule) = ("Labour Day", On(5, 1));
const ASCENSION: (&str, Rule) = ("Ascension", Easter(39));
const WHIT_MONDAY: (&str, Rule) = ("Whit Monday", Easter(50));
const CORPUS_CHRISTI: (&str, Rule) = ("Corpus Christi", Easter(60));
const ASSUMPTION: (&str, Rule) = ("Assumption", On(8, 15));
const ALL_SAINTS: (&str, Rule) = ("All Saints", On(11, 1));
const IMMACULATE_CONCEPTION: (&str, Rule) = ("Immaculate Conception", On(12, 8));
const CHRISTMAS: (&str, Rule) = ("Christmas", On(12, 25));
const SAINT_STEPHEN: (&str, Rule) = ("Second day of Christmas", On(12, 26));

/// By ISO 3166 alpha-2 code, in order.
const COUNTRIES: [(&str, Holidays); 11] = [
    (
        "AT",
        &[
            NEW_YEAR,
            EPIPHANY,
            EASTER_MONDAY,
            LABOUR_DAY,
            ASCENSION,
            WHIT_MONDAY,
            CORPUS_CHRISTI,
            ASSUMPTION,
            ("National Day", On(10, 26)),
            ALL_SAINTS,
            IMMACULATE_CONCEPTION,
            CHRISTMAS,
            SAINT_STEPHEN,
        ],
    ),
    (
        "BE",
        &[
            NEW_YEAR,
            EASTER_MONDAY,
            LABOUR_DAY,
            ASCENSION,
            WHIT_MONDAY,
            ("National Day", On(7, 21)),
            ASSUMPTION,
            ALL_SAINTS,
            ("Armistice", On(11, 11)),
            CHRISTMAS,
        ],
    ),
    (
        "CH",
        &[NEW_YEAR, ASCENSION, ("National Day", On(8, 1)), CHRISTMAS],
    ),
    (
        "DE",
        &[
            NEW_YEAR,
            GOOD_FRIDAY,
            EASTER_MONDAY,
            LABOUR_DAY,
            ASCENSION,
            WHIT_MONDAY,
            ("German Unity Day", On(10, 3)),
            CHRISTMAS,
            SAINT_STEPHEN,
        ],
    ),
    (
        "ES",
        &[
            NEW_YEAR,
            EPIPHANY,
            GOOD_FRIDAY,
            LABOUR_DAY,
            ASSUMPTION,
            ("National Day", On(10, 12)),
            ALL_SAINTS,
            ("Constitution Day", On(12, 6)),
            IMMACULATE_CONCEPTION,
            CHRISTMAS,
        ],
    ),
    (
        "FR",
        &[
            NEW_YEAR,
            EASTER_MONDAY,
            LABOUR_DAY,
            ("Victory 1945", On(5, 8)),
            ASCENSION,
            WHIT_MONDAY,
            ("National Day", On(7, 14)),
            ASSUMPTION,
            ALL_SAINTS,
            ("Armistice 1918", On(11, 11)),
            CHRISTMAS,
        ],
    ),
    (
        "IT",
        &[
            NEW_YEAR,
            EPIPHANY,
            EASTER_MONDAY,
            ("Liberation", On(4, 25)),
            LABOUR_DAY,
            ("Republic Day", On(6, 2)),
            ASSUMPTION,
            ALL_SAINTS,
            IMMACULATE_CONCEPTION,
            CHRISTMAS,
            SAINT_STEPHEN,
        ],
    ),
    (
        "LU",
        &[
            NEW_YEAR,
            EASTER_MONDAY,
            LABOUR_DAY,
            ("Europe Day", On(5, 9)),
            ASCENSION,
            WHIT_MONDAY,
            ("National Day", On(6, 23)),
            ASSUMPTION,
            ALL_SAINTS,
            CHRISTMAS,
            SAINT_STEPHEN,
        ],
    ),
    (
        "NL",
        &[
            NEW_YEAR,
            EASTER_MONDAY,
            ("King's Day", OnNotSunday(4, 27)),
            ASCENSION,
            WHIT_MONDAY,
            CHRISTMAS,
            SAINT_STEPHEN,
        ],
    ),
    (
        "PL",
        &[
            NEW_YEAR,
            EPIPHANY,
            EASTER_MONDAY,
            LABOUR_DAY,
            ("Constitution Day", On(5, 3)),
            CORPUS_CHRISTI,
            ASSUMPTION,
            ALL_SAINTS,
            ("Independence Day", On(11, 11)),
            ("Christmas Eve", On(12, 24)),
            CHRISTMAS,
            SAINT_STEPHEN,
        ],
    ),
    (
        "PT",
        &[
            NEW_YEAR,
            GOOD_FRIDAY,
            ("Freedom Day", On(4, 25)),
            LABOUR_DAY,
            CORPUS_CHRISTI,
            ("Portugal Day", On(6, 10)),
            ASSUMPTION,
            ("Republic Day", On(10, 5)),
            ALL_SAINTS,
            ("Restoration of Independence", On(12, 1)),
            IMMACULATE_CONCEPTION,
            CHRISTMAS,
        ],
    ),
];

/// Countries whose holidays are known.
pub fn countries() -> impl Iterator<Item = &'static str> {
    COUNTRIES.iter().map(|(country, _)| *country)
}

fn holidays_of(country: &str) -> Holidays {
    let found = COUNTRIES.iter().find(|(code, _)| *code == country);
    found.map_or(&[], |(_, holidays)| holidays)
}

/// The name of the holiday that this day is in a country.
pub fn holiday(country: &str, day: Date) -> Option<&'static str> {
    let of = holidays_of(country).iter();
    let mut today = of.filter(|(_, rule)| rule.in_year(day.year()) == Some(day));
    today.next().map(|(name, _)| *name)
}

/// The first holiday of a country after a day.
pub(super) fn next_holiday(country: &str, day: Date) -> Option<Date> {
    let years = [day.year(), day.year().saturating_add(1)];
    let all = holidays_of(country)
        .iter()
        .flat_map(|(_, rule)| years.map(|year| rule.in_year(year)));
    all.flatten().filter(|date| *date > day).min()
}

impl Rule {
    fn in_year(self, year: i16) -> Option<Date> {
        match self {
            On(month, day) => Date::new(year, month, day).ok(),
            OnNotSunday(month, day) => {
                let date = Date::new(year, month, day).ok()?;
                match date.weekday() {
                    jiff::civil::Weekday::Sunday => date.yesterday().ok(),
                    _ => Some(date),
                }
            }
            Easter(days) => easter(year)?.checked_add(days.days()).ok(),
        }
    }
}

/// Easter Sunday of the Gregorian calendar, by the rule of Meeus, Jones and Butcher.
fn easter(year: i16) -> Option<Date> {
    let year_number = i32::from(year);
    let golden = year_number % 19;
    let (century, of_century) = (year_number / 100, year_number % 100);
    let (leap_centuries, century_rest) = (century / 4, century % 4);
    let moon_shift = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - leap_centuries - moon_shift + 15) % 30;
    let weekday = (32 + 2 * century_rest + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let correction = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * correction + 114;
    let (month, day) = (i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?);
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn r44_easter_falls_where_the_almanacs_have_it() {
        for (year, month, day) in [
            (1961, 4, 2),
            (2000, 4, 23),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2038, 4, 25),
        ] {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn r44_holidays_of_a_country_are_those_of_its_law() {
        assert_eq!(holiday("FR", date(2026, 7, 14)), Some("National Day"));
        assert_eq!(holiday("FR", date(2026, 5, 14)), Some("Ascension"));
        assert_eq!(holiday("DE", date(2026, 7, 14)), None);
        assert_eq!(
            holiday("NL", date(2025, 4, 26)),
            Some("King's Day"),
            "the 27th is a Sunday"
        );
        assert_eq!(holiday("XX", date(2026, 1, 1)), None);
        let in_france = (1..=365)
            .filter_map(|day| date(2026, 1, 1).checked_add((day - 1).days()).ok())
            .filter(|day| holiday("FR", *day).is_some());
        assert_eq!(in_france.count(), 11);
        assert_eq!(next_holiday("FR", date(2026, 12, 25)), Some(date(2027, 1, 1)));
    }
}
