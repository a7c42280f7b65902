use proptest::prelude::*;

use super::*;

fn plan(country: &str) -> NumberPlan {
    NumberPlan::new(country, &Numbering::default())
}

fn plan_with(country: &str, outside_prefix: &str) -> NumberPlan {
    NumberPlan::new(
        country,
        &Numbering {
            outside_prefix: Some(outside_prefix.to_owned()),
            ..Numbering::default()
        },
    )
}

fn read(country: &str, typed: &str) -> Option<String> {
    plan(country).normalise(typed)
}

fn class(country: &str, typed: &str) -> NumberClass {
    let plan = plan(country);
    plan.normalise(typed)
        .map_or(NumberClass::Invalid, |number| plan.classify(&number))
}

#[test]
fn every_way_of_writing_a_number_reads_the_same_r68_r72() {
    for typed in [
        "0123456789",
        "01 23 45 67 89",
        "01.23.45.67.89",
        "01-23-45-67-89",
        "+33123456789",
        "+33 1 23 45 67 89",
        "+33 (0)1 23 45 67 89",
        "+33 (1) 23456789",
        "+33 01 23 45 67 89",
        "0033123456789",
        "00 33 (0)1 23 45 67 89",
        "tel:+33-1-23-45-67-89",
        "tel:0123456789;phone-context=example.com",
        "tel:0123456789;phone-context=+33",
    ] {
        assert_eq!(read("FR", typed).as_deref(), Some("+33123456789"), "{typed}");
    }
}

#[test]
fn an_outside_prefix_is_understood_and_not_needed_r72() {
    let plan = plan_with("FR", "0");
    for typed in [
        "00123456789",
        "0 01 23 45 67 89",
        "0123456789",
        "0 00 33 1 23 45 67 89",
        "0033123456789",
        "+33123456789",
    ] {
        assert_eq!(plan.normalise(typed).as_deref(), Some("+33123456789"), "{typed}");
    }
    assert_eq!(plan.normalise("0 3631").as_deref(), Some("3631"));
    assert_eq!(plan.normalise("201").as_deref(), Some("201"));
}

#[test]
fn short_numbers_and_feature_codes_stay_as_they_are_r8() {
    assert_eq!(read("FR", "201").as_deref(), Some("201"));
    assert_eq!(read("FR", "4 567").as_deref(), Some("4567"));
    assert_eq!(read("FR", "*98").as_deref(), Some("*98"));
    assert_eq!(read("FR", "*95 201").as_deref(), Some("*95201"));
    for typed in [
        "",
        "1",
        "12",
        "2*",
        "*",
        "alice",
        "0",
        "1234567890",
        "+",
        "+999123456",
        "01234567890",
    ] {
        assert_eq!(read("FR", typed), None, "{typed:?}");
    }
}

#[test]
fn classes_of_french_numbers_r24_r57() {
    use NumberClass::{Emergency, Fixed, Free, Invalid, Mobile, NearAbroad, Premium, World};
    for (typed, expected) in [
        ("0123456789", Fixed),
        ("0223456789", Fixed),
        ("0323456789", Fixed),
        ("0423456789", Fixed),
        ("0523456789", Fixed),
        ("0912345678", Fixed),
        ("0612345678", Mobile),
        ("0712345678", Mobile),
        ("0700 123456789 0", Mobile),
        // 080B, other 08AB.
        ("0800123456", Free),
        ("0805123456", Free),
        ("0810123456", Premium),
        ("0890123456", Premium),
        // Three and four digits, 116XYZ, 10XY, 118XYZ.
        ("123", Free),
        ("900", Free),
        ("907", Free),
        ("950", Free),
        ("1023", Free),
        ("1024", Free),
        ("1025", Free),
        ("1022", Premium),
        ("3000", Free),
        ("3114", Free),
        ("3200", Premium),
        ("3631", Premium),
        ("116117", Free),
        ("116000", Emergency),
        ("118218", Premium),
        // Euro countries at the border, Poland, the Netherlands; the overseas departments.
        ("+3221234567", NearAbroad),
        ("+35226123456", NearAbroad),
        ("+4930123456", NearAbroad),
        ("+390612345678", NearAbroad),
        ("+34912345678", NearAbroad),
        ("+37798123456", NearAbroad),
        ("+48221234567", NearAbroad),
        ("+31201234567", NearAbroad),
        ("0262123456", NearAbroad),
        ("0590123456", NearAbroad),
        ("0692123456", NearAbroad),
        ("0508411234", NearAbroad),
        // Other euro countries, Switzerland, the United Kingdom, the rest.
        ("+351212345678", World),
        ("+41221234567", World),
        ("+442071234567", World),
        ("+12025550123", World),
        ("+80012345678", Free),
        ("+979123456789", Premium),
        ("+331", Invalid),
        ("+33023456", Invalid),
        ("+9991234567", Invalid),
        ("2010", Invalid),
    ] {
        assert_eq!(class("FR", typed), expected, "{typed}");
    }
}

#[test]
fn overseas_departments_have_calling_codes_of_their_own() {
    for (typed, expected) in [
        ("0262 12 34 56", "+262262123456"),
        ("0692 12 34 56", "+262692123456"),
        ("0639 12 34 56", "+262639123456"),
        ("0590 12 34 56", "+590590123456"),
        ("0690 12 34 56", "+590690123456"),
        ("0594 12 34 56", "+594594123456"),
        ("0696 12 34 56", "+596696123456"),
        ("0508 41 12 34", "+508411234"),
    ] {
        let plan = plan("FR");
        let number = plan.normalise(typed).unwrap();
        assert_eq!(number, expected);
        assert_eq!(plan.national(&number), typed.replace(' ', ""));
    }
}

#[test]
fn classes_in_other_countries() {
    use NumberClass::{Fixed, Free, Mobile, NearAbroad, Premium, World};
    for (country, typed, expected, written) in [
        ("GB", "020 7123 4567", Fixed, "+442071234567"),
        ("GB", "07712 345678", Mobile, "+447712345678"),
        ("GB", "070 1234 5678", Premium, "+447012345678"),
        ("GB", "0800 123456", Free, "+44800123456"),
        ("GB", "0909 123 4567", Premium, "+449091234567"),
        ("GB", "+353 1 234 5678", NearAbroad, "+35312345678"),
        ("US", "(202) 555-0123", Fixed, "+12025550123"),
        ("US", "1-202-555-0123", Fixed, "+12025550123"),
        ("US", "800 555 0123", Free, "+18005550123"),
        ("US", "900 555 0123", Premium, "+19005550123"),
        ("US", "416 555 0123", NearAbroad, "+14165550123"),
        ("US", "876 555 0123", World, "+18765550123"),
        ("US", "011 33 1 23 45 67 89", World, "+33123456789"),
        ("CA", "416 555 0123", Fixed, "+14165550123"),
        ("CA", "202 555 0123", NearAbroad, "+12025550123"),
        ("DE", "030 123456", Fixed, "+4930123456"),
        ("DE", "0171 1234567", Mobile, "+491711234567"),
        ("DE", "0800 1234567", Free, "+498001234567"),
        ("DE", "0900 1234567", Premium, "+499001234567"),
        ("DE", "+33123456789", NearAbroad, "+33123456789"),
        ("BE", "02 123 45 67", Fixed, "+3221234567"),
        ("BE", "0471 23 45 67", Mobile, "+32471234567"),
        ("BE", "0902 12 345", Premium, "+3290212345"),
        ("ES", "912 34 56 78", Fixed, "+34912345678"),
        ("ES", "612 34 56 78", Mobile, "+34612345678"),
        ("ES", "900 12 34 56", Free, "+34900123456"),
        ("IT", "06 1234 5678", Fixed, "+390612345678"),
        ("IT", "333 123 4567", Mobile, "+393331234567"),
        ("IT", "899 123456", Premium, "+39899123456"),
        ("LU", "26 12 34 56", Fixed, "+35226123456"),
        ("LU", "621 123 456", Mobile, "+352621123456"),
        ("CH", "044 123 45 67", Fixed, "+41441234567"),
        ("CH", "079 123 45 67", Mobile, "+41791234567"),
        ("MC", "98 12 34 56", Fixed, "+37798123456"),
        ("NL", "020 123 4567", Fixed, "+31201234567"),
        ("NL", "06 12345678", Mobile, "+31612345678"),
        ("NL", "0900 1234", Premium, "+319001234"),
        ("PL", "22 123 45 67", Fixed, "+48221234567"),
        ("PL", "601 234 567", Mobile, "+48601234567"),
        ("IE", "01 234 5678", Fixed, "+35312345678"),
        ("AT", "01 234567", Fixed, "+431234567"),
        ("PT", "912 345 678", Mobile, "+351912345678"),
    ] {
        assert_eq!(
            read(country, typed).as_deref(),
            Some(written),
            "{country} {typed}"
        );
        assert_eq!(class(country, typed), expected, "{country} {typed}");
    }
}

#[test]
fn emergency_numbers_are_recognised_in_every_country_also_behind_the_outside_prefix_r74() {
    for country in crate::numbers::countries() {
        for number in country.emergency {
            for prefix in ["0", "9", "88"] {
                let plan = plan_with(country.code, prefix);
                for typed in [
                    (*number).to_owned(),
                    format!("{prefix}{number}"),
                    format!("{prefix} {number}"),
                ] {
                    assert_eq!(plan.emergency(&typed), Some(*number), "{} {typed}", country.code);
                    assert_eq!(
                        plan.normalise(&typed).as_deref(),
                        Some(*number),
                        "{} {typed}",
                        country.code
                    );
                }
                assert_eq!(
                    plan.classify(number),
                    NumberClass::Emergency,
                    "{} {number}",
                    country.code
                );
                assert_eq!(
                    plan.emergency(&format!("+{}{number}", country.calling_code)),
                    Some(*number)
                );
            }
        }
        assert!(
            country.emergency.contains(&"112") || country.code == "US",
            "{}",
            country.code
        );
    }
    for number in [
        "15", "17", "18", "112", "114", "115", "116000", "119", "191", "196",
    ] {
        assert_eq!(plan("FR").emergency(number), Some(number));
    }
    assert_eq!(plan("GB").emergency("999"), Some("999"));
    assert_eq!(plan("US").emergency("9 11"), Some("911"));
    for other in ["1", "1125", "0112", "0033112", "*112", "3112", "116117"] {
        assert_eq!(plan("FR").emergency(other), None, "{other}");
    }
}

#[test]
fn patterns_match_in_any_spelling_r15_r69() {
    let plan = plan("FR");
    for (number, pattern) in [
        ("+33123456789", "01 23 45 67 89"),
        ("0123456789", "+33123456789"),
        ("0123456789", "01*"),
        ("0123456789", "+331*"),
        ("0123456789", "00331*"),
        ("+4930123456", "0049*"),
        ("+4930123456", "+49*"),
        ("0590123456", "0590*"),
        ("201", "2*"),
        ("201", "201"),
        ("201", "*"),
        ("*95201", "*95*"),
        ("3631", "36*"),
    ] {
        assert!(plan.matches(number, pattern), "{number} {pattern}");
    }
    for (number, pattern) in [
        ("+33123456789", "02*"),
        ("+33123456789", "+3312345678"),
        ("+33123456789", "1*"),
        ("201", "+2*"),
        ("201", "202"),
        ("nobody", "*"),
        ("201", "abc*"),
        ("", ""),
    ] {
        assert!(!plan.matches(number, pattern), "{number} {pattern}");
    }
}

#[test]
fn a_local_number_takes_the_area_code_where_it_is_too_long_for_a_short_one() {
    let plan = NumberPlan::new(
        "DE",
        &Numbering {
            area_code: Some("30".to_owned()),
            internal_digits: InternalDigits { min: 3, max: 4 },
            outside_prefix: None,
        },
    );
    assert_eq!(plan.normalise("123456").as_deref(), Some("+4930123456"));
    assert_eq!(plan.normalise("1234").as_deref(), Some("1234"));
}

#[test]
fn numbers_from_outside_are_never_short_ones_or_feature_codes() {
    let plan = plan_with("FR", "0");
    assert_eq!(
        plan.normalise_external("0123456789").as_deref(),
        Some("+33123456789")
    );
    assert_eq!(plan.normalise_external("00123456789"), None);
    assert_eq!(plan.normalise_external("201"), None);
    assert_eq!(plan.normalise_external("*98"), None);
}

fn any_plan() -> impl Strategy<Value = NumberPlan> {
    let codes: Vec<&'static str> = crate::numbers::countries().map(|country| country.code).collect();
    (prop::sample::select(codes), prop::option::of("[0-9]{1,2}")).prop_map(|(country, outside_prefix)| {
        NumberPlan::new(
            country,
            &Numbering {
                outside_prefix,
                ..Numbering::default()
            },
        )
    })
}

proptest! {
    #[test]
    fn reading_what_was_read_changes_nothing(plan in any_plan(), typed in "[+]?[0-9*#]{1,16}") {
        // Without the outside prefix: what was read has none.
        let inside = NumberPlan { outside_prefix: None, ..plan.clone() };
        if let Some(number) = plan.normalise(&typed) {
            prop_assert_eq!(inside.normalise(&number), Some(number.clone()));
        }
    }

    #[test]
    fn ornaments_make_no_difference(plan in any_plan(), digits in "[0-9]{1,15}", ornament in "[ .\\-/\u{a0}\u{202f}]", every in 1usize..4) {
        let mut ornamented = String::new();
        for (position, digit) in digits.chars().enumerate() {
            if position > 0 && position % every == 0 {
                ornamented.push_str(&ornament);
            }
            ornamented.push(digit);
        }
        prop_assert_eq!(plan.normalise(&ornamented), plan.normalise(&digits));
    }

    #[test]
    fn what_is_dialled_nationally_reads_back(plan in any_plan(), typed in "[+]?[0-9]{6,15}") {
        let plan = NumberPlan { outside_prefix: None, ..plan };
        if let Some(number) = plan.normalise(&typed).filter(|number| number.starts_with('+')) {
            prop_assert_eq!(plan.normalise(&plan.national(&number)), Some(number.clone()));
            prop_assert_ne!(plan.classify(&number), NumberClass::Invalid);
        }
    }

    #[test]
    fn a_number_falls_under_each_of_its_prefixes(plan in any_plan(), typed in "[+]?[0-9]{3,15}") {
        if let Some(number) = plan.normalise(&typed).filter(|number| plan.normalise(number).as_ref() == Some(number)) {
            prop_assert!(plan.matches(&number, &number));
            for length in 2..number.len() {
                let pattern = format!("{}*", &number[..length]);
                prop_assert!(plan.matches(&number, &pattern), "{} {}", number, pattern);
            }
        }
    }

    #[test]
    fn no_input_upsets_it(plan in any_plan(), typed in ".{0,100}", pattern in ".{0,100}") {
        let _ = plan.normalise(&typed);
        let _ = plan.normalise_external(&typed);
        let _ = plan.emergency(&typed);
        let _ = plan.classify(&typed);
        let _ = plan.matches(&typed, &pattern);
        let _ = plan.national(&typed);
    }
}
