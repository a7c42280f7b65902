//! Telephone numbers: reading, classing and comparing them as a tenant's country and dialling habits do
//! (R24, R57, R68, R72, R74).
//!
//! Inside the exchange a number has one spelling: E.164 with its plus (`+33123456789`), or, where it has no
//! international form, the digits as dialled: a short number, a special number (`3631`), a feature code (`*98`), an
//! emergency number. [`NumberPlan`] gets from what people type to that spelling and tells the class.
//!
//! Countries are data, in [`countries`]: ranges by prefix. Not here: number portability, tariffs, validation of
//! foreign numbers beyond their calling code and length (a plan abroad changes without telling us).

mod calling_codes;
mod countries;
mod country;
mod plan;
mod restriction;
mod spelling;

pub use calling_codes::{CALLING_CODES, CallingCode, calling_code};
pub use country::{Country, Overseas, Range};
pub use plan::NumberPlan;
pub use restriction::{Profile, Restriction};

use contract::NumberClass;

/// Every country whose numbering plan is known.
pub fn countries() -> impl Iterator<Item = &'static Country> {
    countries::ALL.iter().copied()
}

/// Whether a number of this class is reached over a trunk, by the rules for trunks. Emergency numbers are too,
/// by rules of their own.
pub fn is_outside(class: NumberClass) -> bool {
    match class {
        NumberClass::Fixed
        | NumberClass::Mobile
        | NumberClass::Free
        | NumberClass::Premium
        | NumberClass::NearAbroad
        | NumberClass::World => true,
        NumberClass::Internal | NumberClass::Feature | NumberClass::Emergency | NumberClass::Invalid => false,
    }
}
