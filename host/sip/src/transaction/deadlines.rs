use base::Moment;

/// The few timers of one state machine, by their RFC letters.
///
/// No machine runs more than two at once: one that repeats and one that gives up.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines<L>([Option<(L, Moment)>; 2]);

impl<L> Default for Deadlines<L> {
    fn default() -> Self {
        Self([None, None])
    }
}

impl<L: Copy + PartialEq> Deadlines<L> {
    /// Starts or restarts a timer.
    pub fn set(&mut self, letter: L, at: Moment) {
        self.stop(letter);
        let free = self.0.iter_mut().find(|slot| slot.is_none());
        debug_assert!(free.is_some(), "a machine runs two timers at most");
        if let Some(slot) = free {
            *slot = Some((letter, at));
        }
    }

    pub fn runs(&self, letter: L) -> bool {
        self.0.iter().flatten().any(|(running, _)| *running == letter)
    }

    pub fn stop(&mut self, letter: L) {
        for slot in &mut self.0 {
            if slot.is_some_and(|(running, _)| running == letter) {
                *slot = None;
            }
        }
    }

    /// The same, and nothing else is waited for any more.
    pub fn only(&mut self, letter: L, at: Moment) {
        self.0 = [Some((letter, at)), None];
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// When the first of them is due.
    pub fn next(&self) -> Option<Moment> {
        self.0.iter().flatten().map(|(_, at)| *at).min()
    }

    /// Takes one that is due, the earliest first; of two due at once, the one set first.
    pub fn take_due(&mut self, now: Moment) -> Option<L> {
        let (letter, _) = self
            .0
            .iter()
            .flatten()
            .filter(|(_, at)| *at <= now)
            .min_by_key(|(_, at)| *at)?;
        let letter = *letter;
        self.stop(letter);
        Some(letter)
    }
}
