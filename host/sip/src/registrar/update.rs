use std::time::Duration;

use base::Moment;

use super::bindings::{Binding, Bindings, Source};
use crate::header::{Contact, Contacts};
use crate::{Name, ParseError, Request, Status};

/// Longest text kept of a binding's parameters, path and user agent; what phones send is far below.
const MAX_TEXT: usize = 1_024;

/// What registrations a registrar takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Seconds; a shorter wish is refused with 423, except 0.
    pub min_expires: u32,
    /// Seconds when the REGISTER names none.
    pub default_expires: u32,
    /// Seconds; a longer wish is shortened.
    pub max_expires: u32,
    /// Of one address-of-record.
    pub max_contacts: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            min_expires: 60,
            default_expires: 3_600,
            max_expires: 7_200,
            max_contacts: 10,
        }
    }
}

/// What a REGISTER changed. The 200 lists [`Bindings::contacts`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    /// New or refreshed.
    pub bound: Vec<Binding>,
    /// Taken out, by expires=0, by `*`, or because a new flow of the same instance took its place.
    pub removed: Vec<Binding>,
}

/// Why a REGISTER changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    #[error(transparent)]
    Malformed(#[from] ParseError),
    /// `Contact: *` without Expires: 0 (RFC 3261 §10.3 step 6).
    #[error("contact `*` needs Expires: 0")]
    Wildcard,
    /// Put the seconds into Min-Expires.
    #[error("expires below {min} s")]
    TooBrief { min: u32 },
    /// An older REGISTER of the same Call-ID arrived late.
    #[error("CSeq not above that of an earlier REGISTER")]
    OutOfOrder,
    #[error("more than {max} contacts")]
    TooMany { max: usize },
    /// A contact, path or user agent that nobody needs to be so long.
    #[error("a contact, path or user agent is too long")]
    TooLong,
}

impl RegisterError {
    pub fn status(&self) -> Status {
        match self {
            Self::Malformed(error) => error.status(),
            Self::Wildcard => Status::BAD_REQUEST,
            Self::TooBrief { .. } => Status::INTERVAL_TOO_BRIEF,
            Self::OutOfOrder => Status::SERVER_INTERNAL_ERROR,
            Self::TooMany { .. } => Status::FORBIDDEN,
            Self::TooLong => Status::MESSAGE_TOO_LARGE,
        }
    }
}

/// What all contacts of one REGISTER share.
struct Common<'a> {
    request: &'a Request,
    source: &'a Source,
    policy: &'a Policy,
    now: Moment,
    call_id: &'a str,
    cseq: u32,
    expires: u32,
}

impl Bindings {
    /// Carries out a REGISTER, whole or not at all. One without Contact changes nothing and asks for the list.
    ///
    /// # Errors
    ///
    /// [`RegisterError::status`] answers each.
    pub fn register(
        &mut self,
        now: Moment,
        request: &Request,
        source: &Source,
        policy: &Policy,
    ) -> Result<Registered, RegisterError> {
        let cseq = request.headers.cseq()?.number;
        let common = Common {
            request,
            source,
            policy,
            now,
            call_id: request.headers.call_id()?,
            cseq,
            expires: request.headers.expires().unwrap_or(policy.default_expires),
        };
        let mut next = self.clone();
        next.expire(now);
        let registered = match request.headers.contacts()? {
            Contacts::Wildcard if request.headers.expires() == Some(0) => next.clear(&common)?,
            Contacts::Wildcard => return Err(RegisterError::Wildcard),
            Contacts::List(contacts) => {
                let before = next.list.clone();
                next.apply(&common, &contacts, &before)?
            }
        };
        *self = next;
        Ok(registered)
    }

    fn clear(&mut self, common: &Common<'_>) -> Result<Registered, RegisterError> {
        if self.list.iter().any(|binding| common.is_late_for(binding)) {
            return Err(RegisterError::OutOfOrder);
        }
        Ok(Registered {
            bound: vec![],
            removed: std::mem::take(&mut self.list),
        })
    }

    /// `before` is the table without this REGISTER, which may name a contact twice.
    fn apply(
        &mut self,
        common: &Common<'_>,
        contacts: &[Contact<'_>],
        before: &[Binding],
    ) -> Result<Registered, RegisterError> {
        let mut registered = Registered::default();
        for contact in contacts {
            let uri = contact.address.uri.to_uri();
            let instance = contact.instance();
            let flow = instance.as_deref().zip(contact.reg_id());
            if before
                .iter()
                .any(|old| old.is_for(&uri, flow) && common.is_late_for(old))
            {
                return Err(RegisterError::OutOfOrder);
            }
            let seconds = common.seconds(contact)?;
            let old = self.remove_where(|old| old.is_for(&uri, flow));
            if seconds == 0 {
                registered.removed.extend(old);
                continue;
            }
            // A new address of the same flow takes the old one's place; the same address is only refreshed.
            registered
                .removed
                .extend(old.into_iter().filter(|old| !old.contact.is_equivalent(&uri)));
            if self.list.len() >= common.policy.max_contacts {
                return Err(RegisterError::TooMany {
                    max: common.policy.max_contacts,
                });
            }
            let binding = common.binding(contact, seconds)?;
            self.list.push(binding.clone());
            registered.bound.push(binding);
        }
        Ok(registered)
    }
}

impl Common<'_> {
    /// §10.3 step 7: within one Call-ID, CSeq must grow.
    fn is_late_for(&self, binding: &Binding) -> bool {
        binding.call_id == self.call_id && binding.cseq >= self.cseq
    }

    /// The contact's own wish, else the header's, else ours; within the policy.
    fn seconds(&self, contact: &Contact<'_>) -> Result<u32, RegisterError> {
        let wish = contact.expires().unwrap_or(self.expires);
        if wish > 0 && wish < self.policy.min_expires {
            return Err(RegisterError::TooBrief {
                min: self.policy.min_expires,
            });
        }
        Ok(wish.min(self.policy.max_expires))
    }

    fn binding(&self, contact: &Contact<'_>, seconds: u32) -> Result<Binding, RegisterError> {
        let headers = &self.request.headers;
        let path: Vec<_> = headers
            .addresses(Name::Path)?
            .iter()
            .map(|hop| format!("<{}>", hop.uri.as_str()))
            .collect();
        let user_agent = headers.get(Name::UserAgent);
        let params = shown_params(contact);
        let lengths = [
            contact.address.uri.as_str().len(),
            params.len(),
            path.iter().map(String::len).sum(),
            user_agent.map_or(0, str::len),
            self.call_id.len(),
        ];
        if lengths.into_iter().any(|length| length > MAX_TEXT) {
            return Err(RegisterError::TooLong);
        }
        Ok(Binding {
            contact: contact.address.uri.to_uri(),
            params,
            instance: contact.instance().map(Into::into),
            reg_id: contact.reg_id(),
            q: contact.q(),
            expires_at: self.now + Duration::from_secs(u64::from(seconds)),
            call_id: self.call_id.to_owned(),
            cseq: self.cseq,
            path,
            source: self.source.clone(),
            user_agent: user_agent.map(str::to_owned),
        })
    }
}

/// Everything but expires, as it came.
fn shown_params(contact: &Contact<'_>) -> String {
    let mut shown = String::new();
    for (name, value) in contact.address.params.iter() {
        if name.eq_ignore_ascii_case("expires") {
            continue;
        }
        shown.push(';');
        shown.push_str(name);
        if let Some(value) = value {
            shown.push('=');
            shown.push_str(value);
        }
    }
    shown
}
