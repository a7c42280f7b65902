//! The phone as another exchange: it tells whoever subscribes how many calls its line has (RFC 6665, RFC 4235).

use base::Moment;

use super::Phone;
use crate::text::Incoming;

/// Who watches the line.
#[derive(Debug)]
struct Watcher {
    call_id: String,
    local: String,
    remote: String,
    target: String,
    cseq: u32,
    version: u32,
}

#[derive(Debug, Default)]
pub(super) struct Telling {
    /// None: it tells nobody.
    calls: Option<usize>,
    watchers: Vec<Watcher>,
}

impl Phone {
    /// The line has so many calls. Whoever watches it is told, and from now on everybody who asks.
    pub fn tells(&mut self, now: Moment, calls: usize) {
        self.telling.calls = Some(calls);
        for watcher in 0..self.telling.watchers.len() {
            self.notify(now, watcher, "active;expires=600");
        }
    }

    /// Subscriptions to the line.
    pub fn watched(&self) -> usize {
        self.telling.watchers.len()
    }

    pub(super) fn subscribed(&mut self, now: Moment, message: &Incoming) {
        if self.telling.calls.is_none() {
            return self.reply(now, message, 489, None);
        }
        let known = self
            .telling
            .watchers
            .iter()
            .position(|watcher| watcher.call_id == message.call_id);
        if known.is_none() && message.to_tag().is_some() {
            return self.reply(now, message, 481, None);
        }
        let watcher = known.unwrap_or_else(|| {
            let watcher = Watcher {
                call_id: message.call_id.clone(),
                local: format!("{};tag={}", message.to, self.random.token(8)),
                remote: message.from.clone(),
                target: message.contact.clone().unwrap_or_default(),
                cseq: 0,
                version: 0,
            };
            self.telling.watchers.push(watcher);
            self.telling.watchers.len() - 1
        });
        let mut answered = message.clone();
        if let Some(watcher) = self.telling.watchers.get(watcher) {
            answered.to.clone_from(&watcher.local);
        }
        self.reply(now, &answered, 200, None);
        if message.header("Expires") == Some("0") {
            self.notify(now, watcher, "terminated;reason=timeout");
            self.telling.watchers.remove(watcher);
        } else {
            self.notify(now, watcher, "active;expires=600");
        }
    }

    fn notify(&mut self, now: Moment, watcher: usize, state: &str) {
        let (via, branch) = self.via();
        let (contact, calls) = (self.contact(), self.telling.calls.unwrap_or_default());
        let Some(watcher) = self.telling.watchers.get_mut(watcher) else {
            return;
        };
        watcher.cseq += 1;
        let dialogs: String = (0..calls)
            .map(|call| format!("<dialog id=\"{call}\"><state>confirmed</state></dialog>"))
            .collect();
        let body = format!(
            "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{}\" \
             state=\"full\" entity=\"{}\">{dialogs}</dialog-info>\r\n",
            watcher.version,
            crate::text::uri_of(&watcher.local),
        );
        watcher.version += 1;
        let text = format!(
            "NOTIFY {} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n\
             CSeq: {} NOTIFY\r\nContact: {contact}\r\nEvent: dialog\r\nSubscription-State: {state}\r\n\
             Content-Type: application/dialog-info+xml\r\nContent-Length: {}\r\n\r\n{body}",
            watcher.target,
            watcher.local,
            watcher.remote,
            watcher.call_id,
            watcher.cseq,
            body.len(),
        );
        let call_id = watcher.call_id.clone();
        self.request(now, "NOTIFY", &branch, &call_id, text);
    }

    /// Nobody knows the subscription any more.
    pub(super) fn watches_no_more(&mut self, call_id: &str) {
        self.telling.watchers.retain(|watcher| watcher.call_id != call_id);
    }
}
