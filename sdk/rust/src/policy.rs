//! Where a behaviour may send calls: R24 for forwards and overflow, R42 for menus.

use contract::{NumberClass, RouteError, Target};

use crate::view::View;

/// Why a number may not be a target, in words for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAllowed {
    /// It cannot be read as a number.
    NoNumber,
    /// Its class is not one that calls may be sent on to (R24, R42).
    Class(NumberClass),
    /// The tenant's envelope forbids it.
    Envelope,
    /// The tenant has no trunk that takes it.
    NoTrunk,
}

impl NotAllowed {
    /// One sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoNumber => "this is not a number that can be dialled",
            Self::Class(NumberClass::Emergency) => "calls are not sent on to emergency numbers",
            Self::Class(NumberClass::Feature) => "calls are not sent on to feature codes",
            Self::Class(NumberClass::Free | NumberClass::Premium) => {
                "calls are not sent on to special numbers"
            }
            Self::Class(NumberClass::World) => "calls are not sent on to countries that are not near",
            Self::Class(_) => "calls are not sent on to numbers of this kind",
            Self::Envelope => "this tenant's behaviours may not call numbers of this kind",
            Self::NoTrunk => "there is no trunk that takes this number",
        }
    }
}

impl View {
    /// Reads a number that a call is to be sent on to, and says how to dial it.
    ///
    /// Allowed are internal numbers, fixed and mobile ones of the country, and those of near
    /// countries; not special numbers, emergency numbers or the rest of the world (R24, R42). Needs (and
    /// is) the permission `trunk`.
    ///
    /// # Errors
    ///
    /// Why calls are not sent there.
    pub fn destination(&self, typed: &str) -> Result<Target, NotAllowed> {
        let number = self.normalise(typed).ok_or(NotAllowed::NoNumber)?;
        match self.classify(&number) {
            NumberClass::Internal => Ok(Target::Number(number)),
            NumberClass::Fixed | NumberClass::Mobile | NumberClass::NearAbroad => self.outside(number),
            NumberClass::Invalid => Err(NotAllowed::NoNumber),
            class @ (NumberClass::Feature
            | NumberClass::Emergency
            | NumberClass::Free
            | NumberClass::Premium
            | NumberClass::World) => Err(NotAllowed::Class(class)),
        }
    }

    fn outside(&self, number: String) -> Result<Target, NotAllowed> {
        match self.route(&number) {
            Ok(_) => Ok(Target::Outside { number, trunk: None }),
            Err(RouteError::Invalid) => Err(NotAllowed::NoNumber),
            Err(RouteError::Forbidden(_)) => Err(NotAllowed::Envelope),
            Err(RouteError::NoTrunk) => Err(NotAllowed::NoTrunk),
        }
    }
}
