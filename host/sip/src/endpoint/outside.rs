//! Our requests outside of dialogs: REGISTER to a trunk, OPTIONS, MESSAGE, NOTIFY.

use std::sync::Arc;

use base::Moment;

use super::command::OutOfDialog;
use super::in_dialog::user_method;
use super::purpose::{ClientOwner, Purpose};
use super::{CommandError, Endpoint, RequestId, compose};
use crate::{Method, Name, Request, RequestBuilder};

impl Endpoint {
    /// Sends a request outside of any dialog. [`Event::Response`](super::Event::Response) follows with the same
    /// number.
    ///
    /// # Errors
    ///
    /// [`CommandError::Full`] at the limit, [`CommandError::BadHeader`], [`CommandError::Refused`] for INVITE and
    /// the methods that go with it.
    pub fn request(&mut self, now: Moment, request: OutOfDialog) -> Result<RequestId, CommandError> {
        let method = user_method(&request.method)?;
        if !request.headers.is_well_formed() {
            return Err(CommandError::BadHeader);
        }
        self.room_for_request()?;
        let (branch, via) = self.via(&request.path, request.target.as_str());
        let builder = self.begin_outside(&request, &method, &via);
        let bytes = compose::finish_request(builder, &request.headers, request.body.as_ref());
        if Request::parse(bytes.clone()).is_err() {
            return Err(CommandError::Refused("the request would not be valid"));
        }
        let request_id = self.next_request();
        let owner = ClientOwner::new(Purpose::Outside(request_id), request.credentials.map(Arc::new))
            .with_large(request.large);
        self.start(now, owner, method, request.path, &branch, bytes);
        Ok(request_id)
    }

    fn begin_outside(&mut self, request: &OutOfDialog, method: &Method, via: &str) -> RequestBuilder {
        let tag = self.random.token(16);
        let (call_id, cseq) = match &request.sequence {
            Some(sequence) => (sequence.call_id.clone(), sequence.cseq & (u32::MAX >> 1)),
            None => (self.random.token(26), 1),
        };
        let routes: Vec<String> = request.routes.iter().map(|uri| format!("<{uri}>")).collect();
        RequestBuilder::new(method, request.target.as_str())
            .header(Name::Via, via)
            .number(Name::MaxForwards, u32::from(request.max_forwards))
            .headers(Name::Route, routes.iter().map(String::as_str))
            .header(Name::From, &compose::party(&request.from, Some(&tag)))
            .header(Name::To, &compose::party(&request.to, None))
            .header(Name::CallId, &call_id)
            .cseq(cseq, method)
            .header_if(Name::UserAgent, self.words.product.as_deref())
    }
}
