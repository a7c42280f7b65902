//! Why somebody is not called back (R65).

/// A request that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Only lines of the house are called back, and nobody by themselves.
    NotInside,
    /// The callee's calls all go elsewhere: its line never tells that somebody is there.
    ForwardsAll,
    /// Another exchange has its phones, and does not tell how it is.
    NotTold,
    /// As many wait for this line as may.
    Full,
}

impl Refused {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NotInside => "only a line of the house can be called back",
            Self::ForwardsAll => "the line forwards all its calls: there is no call back",
            Self::NotTold => "nobody tells when the line is free: there is no call back",
            Self::Full => "as many wait for this line as may",
        }
    }
}
