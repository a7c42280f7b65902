//! Requests outside of calls: MESSAGE, OPTIONS, SUBSCRIBE and its refreshes.

use base::Moment;

use super::{Event, Phone};
use crate::text::{Incoming, tag};

/// One request of this phone's that belongs to no call, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskRef(pub usize);

/// What was asked, to ask it again: with credentials, or in the dialog that it made.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    method: String,
    uri: String,
    call_id: String,
    tag: String,
    cseq: u32,
    /// Lines, each with its end.
    headers: String,
    body: String,
    /// The answer's, once there is one.
    to_tag: Option<String>,
    challenged: bool,
}

impl Phone {
    /// Asks something of a user of the domain: further header lines (each with its end), and a body that they
    /// give the type of. [`Event::Answer`] tells the outcome.
    pub fn ask(&mut self, now: Moment, method: &str, user: &str, headers: &str, body: &str) -> AskRef {
        let asked = Asked {
            method: method.to_owned(),
            uri: format!("sip:{user}@{}", self.config.domain),
            call_id: format!("{}@{}", self.random.token(16), self.config.user),
            tag: self.random.token(8),
            cseq: 0,
            headers: headers.to_owned(),
            body: body.to_owned(),
            to_tag: None,
            challenged: false,
        };
        self.asked.push(asked);
        let ask = AskRef(self.asked.len() - 1);
        self.send_asked(now, ask.0, None);
        ask
    }

    /// Asks again in the dialog that the first answer made, with other headers.
    pub fn ask_again(&mut self, now: Moment, ask: AskRef, headers: &str) {
        if let Some(asked) = self.asked.get_mut(ask.0) {
            headers.clone_into(&mut asked.headers);
            asked.challenged = false;
        }
        self.send_asked(now, ask.0, None);
    }

    /// The same with another body.
    pub fn ask_again_with(&mut self, now: Moment, ask: AskRef, headers: &str, body: &str) {
        if let Some(asked) = self.asked.get_mut(ask.0) {
            body.clone_into(&mut asked.body);
        }
        self.ask_again(now, ask, headers);
    }

    fn send_asked(&mut self, now: Moment, index: usize, authorization: Option<String>) {
        let (via, branch) = self.via();
        let (user, domain) = (self.config.user.clone(), self.config.domain.clone());
        let contact = self.contact();
        let Some(asked) = self.asked.get_mut(index) else {
            return;
        };
        asked.cseq += 1;
        let Asked {
            method,
            uri,
            call_id,
            tag,
            cseq,
            headers,
            body,
            to_tag,
            ..
        } = asked.clone();
        let to_tag = to_tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let authorization = authorization.unwrap_or_default();
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@{domain}>;tag={tag}\r\n\
             To: <{uri}>{to_tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: {contact}\r\n\
             {authorization}{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.request(now, &method, &branch, &call_id, text);
    }

    pub(super) fn asked_answered(&mut self, now: Moment, status: u16, message: &Incoming) {
        let found = self
            .asked
            .iter()
            .position(|asked| asked.call_id == message.call_id);
        let Some((index, asked)) = found.and_then(|index| Some((index, self.asked.get_mut(index)?))) else {
            if status == 481 {
                self.watches_no_more(&message.call_id);
            }
            return self.event(Event::Answer(status));
        };
        if matches!(status, 401 | 407) && !asked.challenged {
            asked.challenged = true;
            let (method, uri) = (asked.method.clone(), asked.uri.clone());
            if let Some(line) = self.authorization(message, &method, &uri) {
                return self.send_asked(now, index, Some(line));
            }
        }
        if status < 300
            && let Some(asked) = self.asked.get_mut(index)
        {
            asked.to_tag = tag(&message.to).map(str::to_owned);
        }
        self.event(Event::Answer(status));
    }

    /// A NOTIFY or MESSAGE, in whichever dialog.
    pub(super) fn told(&mut self, now: Moment, message: &Incoming) {
        self.reply(now, message, self.answers_with, None);
        self.event(Event::Told {
            method: message.method.clone(),
            from: message.from.clone(),
            state: message.header("Subscription-State").map(str::to_owned),
            body: message.body_text(),
        });
    }
}
