use contract::NumberClass::{Fixed, Free, Mobile, Premium};

use super::{Country, Overseas, Range, range, ranges};

/// R24 and R57 name the classes. The near zone is R24's: euro countries at France's borders (Belgium, Luxembourg,
/// Germany, Italy, Spain, Monaco, Andorra), Poland, the Netherlands; and the overseas departments.
pub(in crate::numbers) static FRANCE: Country = Country {
    code: "FR",
    name: "France",
    calling_code: "33",
    trunk_prefix: "0",
    trunk_prefix_optional: false,
    international_prefix: "00",
    ranges: RANGES,
    short: &[
        // Free, R57's column.
        range("123", 3, Free),
        range("900", 3, Free),
        range("907", 3, Free),
        range("950", 3, Free),
        range("1023", 4, Free),
        range("1024", 4, Free),
        range("1025", 4, Free),
        range("30", 4, Free),
        range("31", 4, Free),
        range("116", 6, Free),
        // Paid: customer services (10XY), directory enquiries (118XYZ), other short service numbers.
        range("10", 4, Premium),
        range("3", 4, Premium),
        range("118", 6, Premium),
    ],
    emergency: &[
        "15", "17", "18", "112", "114", "115", "116000", "119", "191", "196",
    ],
    overseas: &[
        overseas("262", "262"),
        overseas("263", "262"),
        overseas("269", "262"),
        overseas("639", "262"),
        overseas("692", "262"),
        overseas("693", "262"),
        overseas("590", "590"),
        overseas("690", "590"),
        overseas("691", "590"),
        overseas("594", "594"),
        overseas("694", "594"),
        overseas("596", "596"),
        overseas("696", "596"),
        overseas("697", "596"),
        Overseas {
            prefix: "508",
            calling_code: "508",
            strip: 3,
            digits: 9,
        },
    ],
    near: &[
        "32", "352", "49", "39", "34", "377", "376", "48", "31", "262", "508", "590", "594", "596",
    ],
};

const RANGES: &[Range] = &[
    range("1", 9, Fixed),
    range("2", 9, Fixed),
    range("3", 9, Fixed),
    range("4", 9, Fixed),
    range("5", 9, Fixed),
    range("9", 9, Fixed),
    range("6", 9, Mobile),
    range("7", 9, Mobile),
    // Machines have longer mobile numbers.
    range("700", 13, Mobile),
    range("80", 9, Free),
    range("8", 9, Premium),
];

/// Keeps all its digits behind the other calling code.
const fn overseas(prefix: &'static str, calling_code: &'static str) -> Overseas {
    Overseas {
        prefix,
        calling_code,
        strip: 0,
        digits: 9,
    }
}

pub(in crate::numbers) static MONACO: Country = Country {
    code: "MC",
    name: "Monaco",
    calling_code: "377",
    trunk_prefix: "",
    trunk_prefix_optional: false,
    international_prefix: "00",
    ranges: &[
        range("9", 8, Fixed),
        range("3", 8, Mobile),
        range("4", 8, Mobile),
        ranges("6", 8, 9, Mobile),
        range("8", 8, Premium),
        range("800", 8, Free),
        range("90", 8, Free),
    ],
    short: &[],
    emergency: &["112", "15", "17", "18", "141"],
    overseas: &[],
    near: &["33", "39"],
};
