//! A list that hardly ever has anything in it.

use std::ops::Deref;

/// Takes a word while it is empty, which is what a hundred thousand sessions that wait have of it.
#[derive(Clone, Debug)]
#[expect(clippy::box_collection, reason = "a `Vec` takes three words when it is empty")]
pub(crate) struct Few<T>(Option<Box<Vec<T>>>);

impl<T> Few<T> {
    pub(crate) fn push(&mut self, one: T) {
        self.0.get_or_insert_default().push(one);
    }

    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        if let Some(list) = &mut self.0 {
            list.retain(keep);
            if list.is_empty() {
                self.0 = None;
            }
        }
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(|list| *list).unwrap_or_default().into_iter()
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_word_until_there_is_something_and_again_when_that_is_gone() {
        let mut few = Few::default();
        assert_eq!(size_of_val(&few), size_of::<usize>());
        few.push(1);
        few.push(2);
        few.retain(|one| *one > 1);
        assert_eq!(*few, [2]);
        few.retain(|_| false);
        assert!(few.is_empty() && few.0.is_none());
    }
}
