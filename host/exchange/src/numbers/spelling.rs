//! What people write between the digits (R68).

/// Longest input that is looked at.
const LONGEST: usize = 80;

/// A number freed of its ornaments: an optional plus, then digits, `*` and `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub plus: bool,
    pub symbols: String,
}

impl Spelling {
    /// Understands spaces, dots, dashes, slashes and parentheses, `tel:` URIs (RFC 3966) with their
    /// parameters, and the `(0)` of `+33 (0)1 23 …`. None when there is anything else, or nothing.
    pub fn read(typed: &str) -> Option<Self> {
        if typed.len() > LONGEST {
            return None;
        }
        match strip_scheme(typed.trim()) {
            Some(uri) => Self::read_tel(uri),
            None => Self::read_plain(typed),
        }
    }

    /// A plus makes the rest digits only.
    fn read_plain(text: &str) -> Option<Self> {
        let mut spelling = Self {
            plus: false,
            symbols: String::with_capacity(text.len()),
        };
        for symbol in without_optional_zero(text)
            .chars()
            .filter(|symbol| !is_ornament(*symbol))
        {
            match symbol {
                '+' if !spelling.plus && spelling.symbols.is_empty() => spelling.plus = true,
                '0'..='9' => spelling.symbols.push(symbol),
                '*' | '#' if !spelling.plus => spelling.symbols.push(symbol),
                _ => return None,
            }
        }
        (!spelling.symbols.is_empty()).then_some(spelling)
    }

    /// `+33-1-23-45-67-89;ext=12`, or a local number with `;phone-context=+33`.
    fn read_tel(uri: &str) -> Option<Self> {
        let (number, parameters) = uri.split_once(';').unwrap_or((uri, ""));
        let mut spelling = Self::read_plain(number)?;
        let context = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.eq_ignore_ascii_case("phone-context").then_some(value)
        });
        if let Some(global) = context
            .and_then(|context| context.strip_prefix('+'))
            .filter(|_| !spelling.plus)
        {
            let context = Self::read_plain(global)?;
            // A local number is written as dialled within its context, so its trunk prefix goes by the reader.
            spelling.symbols.insert_str(0, &context.symbols);
            spelling.plus = true;
        }
        Some(spelling)
    }
}

fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked(4)?;
    scheme.eq_ignore_ascii_case("tel:").then_some(rest)
}

/// "(0)" stands for a trunk prefix that is dialled from inside the country only; it means something only behind
/// a calling code.
fn without_optional_zero(text: &str) -> std::borrow::Cow<'_, str> {
    let international = text.trim_start_matches(is_ornament);
    match international.starts_with('+') || international.starts_with("00") {
        true if text.contains("(0)") => text.replacen("(0)", "", 1).into(),
        _ => text.into(),
    }
}

fn is_ornament(symbol: char) -> bool {
    matches!(
        symbol,
        ' ' | '.' | '-' | '/' | '(' | ')' | '\t'
            // Spaces that do not break, dashes, and the marks that copying from a web page brings along.
            | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2010}'..='\u{2013}' | '\u{2212}' | '·'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Option<String> {
        Spelling::read(typed).map(|s| format!("{}{}", if s.plus { "+" } else { "" }, s.symbols))
    }

    #[test]
    fn ornaments_fall_away() {
        assert_eq!(read(" 01.23-45/67 89 ").as_deref(), Some("0123456789"));
        assert_eq!(read("+33 (0)1 23 45 67 89").as_deref(), Some("+33123456789"));
        assert_eq!(read("0033 (0) 1").as_deref(), Some("00331"));
        assert_eq!(read("(0)1 23").as_deref(), Some("0123"));
        assert_eq!(read("\u{202a}+33\u{a0}1\u{202c}").as_deref(), Some("+331"));
        assert_eq!(read("(+33) 1 23").as_deref(), Some("+33123"));
        assert_eq!(read("*98#").as_deref(), Some("*98#"));
    }

    #[test]
    fn a_tel_uri_is_read_with_its_context() {
        assert_eq!(
            read("tel:+33-1-23-45-67-89;ext=12").as_deref(),
            Some("+33123456789")
        );
        assert_eq!(read("TEL:1234;phone-context=+3312").as_deref(), Some("+33121234"));
        assert_eq!(read("tel:201;phone-context=example.com").as_deref(), Some("201"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for typed in ["", " ", "+", "alice", "12a", "1+2", "++33", "+33*1", "tel:", "()"] {
            assert_eq!(read(typed), None, "{typed:?}");
        }
        assert_eq!(read(&"1".repeat(LONGEST + 1)), None);
    }
}
