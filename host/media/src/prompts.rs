//! Recordings by name: those shipped, and a tenant's own.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Prompt, Sound, builtin};

/// There is no prompt of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no announcement `{0}`")]
pub struct Missing(pub String);

/// Prompts by name: a tenant's own in front of those shipped. Cloning shares the sound; `default()` has none
/// at all.
#[derive(Clone, Debug, Default)]
pub struct Prompts {
    own: BTreeMap<String, Prompt>,
    shipped: Arc<BTreeMap<String, Prompt>>,
}

impl Prompts {
    /// The prompts shipped with the exchange, and none of a tenant's own yet.
    pub fn shipped() -> Self {
        Self {
            own: BTreeMap::new(),
            shipped: builtin::prompts(),
        }
    }

    /// Adds or replaces one of the tenant's own. What plays already plays on as it was.
    pub fn insert(&mut self, name: impl Into<String>, prompt: Prompt) {
        self.own.insert(name.into(), prompt);
    }

    pub fn remove(&mut self, name: &str) -> Option<Prompt> {
        self.own.remove(name)
    }

    pub fn get(&self, name: &str) -> Option<Prompt> {
        self.own.get(name).or_else(|| self.shipped.get(name)).cloned()
    }

    /// Names of all, a tenant's own and shipped, without repetition.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let shipped = self.shipped.keys().filter(|name| !self.own.contains_key(*name));
        self.own.keys().chain(shipped).map(String::as_str)
    }

    /// Digits spoken one by one, from the prompts `digit-0` … `digit-9`, `digit-star`, `digit-hash`.
    /// Spaces, dots and `+` are skipped.
    ///
    /// # Errors
    ///
    /// [`Missing`] with the name of the first prompt that there is not.
    pub fn digits(&self, digits: &str) -> Result<Vec<Sound>, Missing> {
        digits
            .chars()
            .filter_map(digit_name)
            .map(|name| self.get(&name).map(Sound::Prompt).ok_or(Missing(name)))
            .collect()
    }
}

fn digit_name(digit: char) -> Option<String> {
    match digit {
        '0'..='9' => Some(format!("digit-{digit}")),
        '*' => Some("digit-star".into()),
        '#' => Some("digit-hash".into()),
        _ => None,
    }
}
