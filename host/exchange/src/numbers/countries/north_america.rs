//! Members of the North American Numbering Plan share `+1`; the area code tells the country. Mobile numbers
//! cannot be told from fixed ones. Toll-fraud favourites in the Caribbean look like national numbers and are
//! classed as abroad.

use contract::NumberClass::{Fixed, Free, NearAbroad, Premium, World};

use super::{Country, Range, range};

/// The shared plan, seen from the United States or from Canada: the class of each other's area codes.
#[rustfmt::skip]
macro_rules! plan {
    ($states:ident, $canada:ident) => {
        &[
            range("2", 10, $states), range("3", 10, $states), range("4", 10, $states),
            range("5", 10, $states), range("6", 10, $states), range("7", 10, $states),
            range("8", 10, $states), range("9", 10, $states),
            // Canada.
            range("204", 10, $canada), range("226", 10, $canada), range("236", 10, $canada),
            range("249", 10, $canada), range("250", 10, $canada), range("257", 10, $canada),
            range("263", 10, $canada), range("289", 10, $canada), range("306", 10, $canada),
            range("343", 10, $canada), range("354", 10, $canada), range("365", 10, $canada),
            range("367", 10, $canada), range("368", 10, $canada), range("382", 10, $canada),
            range("387", 10, $canada), range("403", 10, $canada), range("416", 10, $canada),
            range("418", 10, $canada), range("428", 10, $canada), range("431", 10, $canada),
            range("437", 10, $canada), range("438", 10, $canada), range("450", 10, $canada),
            range("460", 10, $canada), range("468", 10, $canada), range("474", 10, $canada),
            range("506", 10, $canada), range("514", 10, $canada), range("519", 10, $canada),
            range("548", 10, $canada), range("579", 10, $canada), range("581", 10, $canada),
            range("584", 10, $canada), range("587", 10, $canada), range("604", 10, $canada),
            range("613", 10, $canada), range("639", 10, $canada), range("647", 10, $canada),
            range("672", 10, $canada), range("683", 10, $canada), range("705", 10, $canada),
            range("709", 10, $canada), range("742", 10, $canada), range("753", 10, $canada),
            range("778", 10, $canada), range("780", 10, $canada), range("782", 10, $canada),
            range("807", 10, $canada), range("819", 10, $canada), range("825", 10, $canada),
            range("867", 10, $canada), range("873", 10, $canada), range("879", 10, $canada),
            range("902", 10, $canada), range("905", 10, $canada), range("942", 10, $canada),
            // The Caribbean, Bermuda and islands of the Pacific.
            range("242", 10, World), range("246", 10, World), range("264", 10, World),
            range("268", 10, World), range("284", 10, World), range("340", 10, World),
            range("345", 10, World), range("441", 10, World), range("473", 10, World),
            range("649", 10, World), range("658", 10, World), range("664", 10, World),
            range("721", 10, World), range("758", 10, World), range("767", 10, World),
            range("784", 10, World), range("787", 10, World), range("809", 10, World),
            range("829", 10, World), range("849", 10, World), range("868", 10, World),
            range("869", 10, World), range("876", 10, World), range("939", 10, World),
            range("670", 10, World), range("671", 10, World), range("684", 10, World),
            // Toll-free, and charged above the ordinary price.
            range("800", 10, Free), range("833", 10, Free), range("844", 10, Free), range("855", 10, Free),
            range("866", 10, Free), range("877", 10, Free), range("888", 10, Free),
            range("900", 10, Premium), range("976", 10, Premium),
        ]
    };
}

pub(in crate::numbers) static UNITED_STATES: Country = Country {
    code: "US",
    name: "United States",
    calling_code: "1",
    trunk_prefix: "1",
    trunk_prefix_optional: true,
    international_prefix: "011",
    ranges: plan!(Fixed, NearAbroad),
    short: SHORT,
    emergency: &["911", "112", "933", "988"],
    overseas: &[],
    near: &[],
};

pub(in crate::numbers) static CANADA: Country = Country {
    code: "CA",
    name: "Canada",
    calling_code: "1",
    trunk_prefix: "1",
    trunk_prefix_optional: true,
    international_prefix: "011",
    ranges: plan!(NearAbroad, Fixed),
    short: SHORT,
    emergency: &["911", "112", "988"],
    overseas: &[],
    near: &[],
};

const SHORT: &[Range] = &[
    range("211", 3, Free),
    range("311", 3, Free),
    range("411", 3, Premium),
    range("511", 3, Free),
    range("611", 3, Free),
    range("711", 3, Free),
    range("811", 3, Free),
];
