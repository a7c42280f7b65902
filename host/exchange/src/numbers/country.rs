use contract::NumberClass;

/// One country's numbering plan, as data.
#[derive(Debug)]
pub struct Country {
    /// ISO 3166 alpha-2.
    pub code: &'static str,
    pub name: &'static str,
    /// Without its plus.
    pub calling_code: &'static str,
    /// Dialled before a national number; empty where there is none.
    pub trunk_prefix: &'static str,
    /// Whether the trunk prefix may be left out (North America).
    pub trunk_prefix_optional: bool,
    /// Dialled before a calling code.
    pub international_prefix: &'static str,
    /// National numbers without trunk prefix; the longest matching prefix decides.
    pub ranges: &'static [Range],
    /// Numbers dialled as they are, without prefix or international form; the longest matching prefix decides.
    pub short: &'static [Range],
    /// Always pass (R74).
    pub emergency: &'static [&'static str],
    /// National prefixes that belong to another calling code.
    pub overseas: &'static [Overseas],
    /// Calling codes abroad that are near (R24).
    pub near: &'static [&'static str],
}

/// Numbers that start with `prefix` and have so many digits altogether.
#[derive(Debug)]
pub struct Range {
    pub prefix: &'static str,
    pub min: u8,
    pub max: u8,
    pub class: NumberClass,
}

/// Numbers dialled like national ones that have a calling code of their own.
#[derive(Debug)]
pub struct Overseas {
    /// As in the national number, without trunk prefix.
    pub prefix: &'static str,
    pub calling_code: &'static str,
    /// Digits of the prefix that are not part of the number over there.
    pub strip: usize,
    /// Digits of the national number.
    pub digits: usize,
}

/// `digits` long exactly.
pub(super) const fn range(prefix: &'static str, digits: u8, class: NumberClass) -> Range {
    ranges(prefix, digits, digits, class)
}

pub(super) const fn ranges(prefix: &'static str, min: u8, max: u8, class: NumberClass) -> Range {
    Range {
        prefix,
        min,
        max,
        class,
    }
}

impl Country {
    /// Class of a national number (without trunk prefix); none when there is no such number.
    pub fn classify_national(&self, national: &str) -> Option<NumberClass> {
        classify(self.ranges, national)
    }

    /// Class of a number dialled as it is; none when there is no such number.
    pub fn classify_short(&self, number: &str) -> Option<NumberClass> {
        classify(self.short, number)
    }

    pub fn is_near(&self, calling_code: &str) -> bool {
        self.near.contains(&calling_code)
    }
}

/// Of the ranges with this length, the one with the longest prefix decides.
fn classify(ranges: &[Range], number: &str) -> Option<NumberClass> {
    let fits = |range: &&Range| {
        let lengths = usize::from(range.min)..=usize::from(range.max);
        number.starts_with(range.prefix) && lengths.contains(&number.len())
    };
    let best = ranges
        .iter()
        .filter(fits)
        .max_by_key(|range| range.prefix.len())?;
    Some(best.class)
}
