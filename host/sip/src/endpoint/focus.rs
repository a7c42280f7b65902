//! Being the focus of a conference (RFC 4579 §4.1): the Contact of a call says so.

use base::Moment;

use super::usage::Phase;
use super::{CommandError, Done, Endpoint, UsageId, compose};

impl Endpoint {
    /// From now on our Contact in this call is `<sip:user@…>;isfocus`, for as long as the call lasts. A peer whose call is up hears of it at
    /// once: with UPDATE where it allows that, else with the description that it has.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] for a call of ours that nobody has answered.
    pub fn be_focus(&mut self, now: Moment, usage: UsageId, user: &str) -> Done {
        self.command(usage, |endpoint, usage| {
            if matches!(usage.phase, Phase::Calling(_)) {
                return Err(CommandError::WrongState("nobody has answered"));
            }
            let Some((_, dialog)) = usage.dialogs.first() else {
                return Err(CommandError::UnknownUsage);
            };
            let contact = compose::focus(user, &dialog.path);
            if *usage.identity.contact == *contact {
                return Ok(());
            }
            usage.identity.contact = contact.into();
            let is_up = matches!(usage.phase, Phase::Confirmed);
            if is_up && (usage.peer_updates || usage.local_body.is_some()) {
                endpoint.refresh_session(now, usage);
            }
            Ok(())
        })
    }
}
