//! Who may dial what when (R57): the profiles are data.

use cordboard::prelude::*;

use crate::settings::{Outgoing, Profile};

/// Why a call may not be made.
pub struct No {
    pub rule: &'static str,
    pub sentence: String,
    closed: bool,
}

impl No {
    /// What the caller hears.
    pub fn announcement<'a>(&self, settings: &'a Outgoing) -> &'a str {
        match self.closed {
            true => &settings.closed,
            false => &settings.forbidden,
        }
    }
}

/// Whether the line's profile lets it dial this number now.
pub fn allows(call: &Call, settings: &Outgoing, number: &str, class: NumberClass) -> Result<(), No> {
    let Some(profile) = settings.profile_in_use() else {
        return Ok(());
    };
    let about = |what: &str| [what, " (profile ", &profile.name, ")"].concat();
    let no = |sentence: &str, closed| No {
        rule: "R57",
        sentence: about(sentence),
        closed,
    };
    if is_closed(call, profile) {
        return Err(no("no calls outside are made now", true));
    }
    if !has_column(call, settings, profile, number, class) {
        return Err(no("this line makes no calls to numbers of this kind", false));
    }
    call.explain("R57", &about("the line may call this number"));
    Ok(())
}

fn is_closed(call: &Call, profile: &Profile) -> bool {
    if !profile.closed.is_empty() {
        let today = call.local_time().weekday;
        if profile.closed.iter().any(|day| day.iso() == today) {
            return true;
        }
    }
    let calendar = profile.calendar.as_deref();
    calendar.is_some_and(|calendar| !call.calendar(calendar).is_open())
}

fn has_column(call: &Call, settings: &Outgoing, profile: &Profile, number: &str, class: NumberClass) -> bool {
    match class {
        NumberClass::Fixed => profile.fixed,
        NumberClass::Mobile => profile.mobile,
        NumberClass::Free => profile.free,
        NumberClass::Premium => profile.paid,
        NumberClass::NearAbroad => profile.europe,
        // The near zone of a country need not be all of Europe.
        NumberClass::World => profile.world || profile.europe && is_european(call, settings, number),
        NumberClass::Internal | NumberClass::Feature | NumberClass::Emergency => true,
        NumberClass::Invalid => false,
    }
}

fn is_european(call: &Call, settings: &Outgoing, number: &str) -> bool {
    let mut prefixes = settings.europe.iter();
    prefixes.any(|prefix| call.matches(number, prefix))
}
