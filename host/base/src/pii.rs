use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// Personal data (a phone number, a name): prints masked, so that a log line cannot leak it.
///
/// `Display` and `Debug` keep the last two characters of what has at least six, enough to tell two
/// calls apart. Whoever may see all of it asks with [`Pii::reveal`]. Serialising keeps the value:
/// stores and journals hold the truth and are protected by role.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pii<T>(pub T);

impl<T> Pii<T> {
    /// The value itself. Never hand it to a log.
    pub fn reveal(&self) -> &T {
        &self.0
    }

    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: AsRef<str>> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_ref();
        let length = text.chars().count();
        f.write_str("···")?;
        if length >= 6 {
            text.chars()
                .skip(length - 2)
                .try_for_each(|c| fmt::Write::write_char(f, c))?;
        }
        Ok(())
    }
}

impl<T: AsRef<str>> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T> From<T> for Pii<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Pii<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_masked_but_can_be_revealed() {
        let number = Pii("+33123456789");
        assert_eq!(format!("{number} {number:?}"), "···89 ···89");
        assert_eq!(*number.reveal(), "+33123456789");
        assert_eq!(Pii("201").to_string(), "···");
    }
}
