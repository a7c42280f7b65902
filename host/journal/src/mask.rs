//! Numbers made unreadable for those who are to see what happened, and not whom it happened to.

/// Digits in a row from which on they may be somebody's number; short numbers are no secret.
const NUMBER: usize = 5;
/// Digits left at the end, so that two callers can be told apart.
const LEFT: usize = 2;

/// The text with the numbers in it made unreadable: `+33612345678` becomes `+•••••••••78`.
pub fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let end = from
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        masked.push_str(before);
        if digits.len() < NUMBER {
            masked.push_str(digits);
        } else {
            let hidden = digits.len() - LEFT;
            masked.extend(std::iter::repeat_n('•', hidden));
            masked.push_str(digits.get(hidden..).unwrap_or_default());
        }
        rest = after;
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_hidden_and_the_rest_is_not() {
        assert_eq!(
            mask("+33612345678 rings 201, twice"),
            "+•••••••••78 rings 201, twice"
        );
        assert_eq!(mask("nothing"), "nothing");
        assert_eq!(mask("0612345678"), "••••••••78");
    }
}
