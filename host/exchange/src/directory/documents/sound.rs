use serde::{Deserialize, Serialize};

/// Which way a party's sound may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MediaWay {
    /// Through this exchange: right behind NAT, and the only way to announce, record, or hear keys.
    #[default]
    Anchored,
    /// Straight to the other party, as long as nobody needs it here and both allow it.
    Direct,
}

impl MediaWay {
    pub(super) fn is_anchored(&self) -> bool {
        *self == Self::Anchored
    }
}
