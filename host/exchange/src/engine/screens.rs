//! Pages of behaviours on the displays of a line: `wit/screens.wit`.
//!
//! ```text
//!            ┌─ Text:  MESSAGE with numbered choices ── a MESSAGE with a number comes back
//!  show ──▶ ─┼─ Cisco, Yealink: Output::Push ────────── the API hears a choice: live::Request::Choose
//!            └─ Desk:  Fact::Screen ─────────────────── likewise
//!               first choice, dismissed, time over ──▶ gathered; the page goes away everywhere
//! ```
//!
//! A page is named by a token that nobody can guess: whoever has it may answer, once. A device shows one page; a later one
//! takes its place (R66). Pages end with the process, and their sessions are told. HTTP is the shell's.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use contract::{GatherOutcome, OutcomeKind, Page, SessionId, Tag};
use rustc_hash::FxHashMap;
use sip::Response;
use sip::endpoint::{Body, Failure, Large, OutOfDialog, Party, Path, RequestId};
use sip::uri::Uri;
use smallvec::SmallVec;

use super::timers::TimerKey;
use super::{ByTenant, Due, Exchange};
use crate::directory::{Screen, TenantView};
use crate::io::{Output, Push};
use crate::report::Fact;

/// Of the user that a text with choices comes from, and to which the answer goes.
pub(super) const PREFIX: &str = "page-";

/// As `wit/screens.wit` says.
const MAX_OF_SESSION: usize = 16;

/// Pages of a whole exchange: a bound for what a flood of them can take.
const MAX_PAGES: usize = 50_000;

/// What displays show.
#[derive(Debug, Default)]
pub(crate) struct Screens {
    pages: FxHashMap<Arc<str>, Shown>,
    /// The page of a device.
    devices: ByTenant<Arc<str>>,
    /// Texts that are on their way: page and device.
    texts: FxHashMap<RequestId, (Arc<str>, Arc<str>)>,
}

#[derive(Debug)]
struct Shown {
    tenant: Arc<str>,
    line: Arc<str>,
    session: SessionId,
    tag: Tag,
    page: Page,
    on: SmallVec<[Display; 1]>,
    over: TimerKey,
}

/// A device that shows it.
#[derive(Clone, Debug)]
struct Display {
    device: Arc<str>,
    screen: Screen,
    /// Of a phone that is pushed to.
    host: Option<IpAddr>,
    /// Texts that nobody has taken yet.
    pending: usize,
}

impl Exchange {
    /// Carries out `show`.
    pub(super) fn show(&mut self, id: SessionId, tag: Tag, line: &str, page: Page) {
        self.dismiss(id, tag);
        if self.begin_page(id, tag, line, page).is_none() {
            self.outcome(id, tag, OutcomeKind::Gathered(GatherOutcome::Gone));
        }
    }

    /// None when there is no display.
    fn begin_page(&mut self, id: SessionId, tag: Tag, line: &str, page: Page) -> Option<()> {
        let session = self.sessions.get(&id)?;
        if session.pages.len() >= MAX_OF_SESSION || self.screens.pages.len() >= MAX_PAGES {
            return None;
        }
        let tenant = session.tenant.clone();
        let view = self.tenant(&tenant)?.clone();
        let line = view.find_line(line)?;
        let mut secret = [0; 16];
        self.random.fill(&mut secret);
        let token: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let token: Arc<str> = token.into();
        let mut on: SmallVec<[Display; 1]> = SmallVec::new();
        for device in view.devices_of_line(line) {
            let screen = view.device(device).and_then(|device| device.screen);
            let display =
                screen.and_then(|screen| self.display(&view, line.id.text(), device, screen, &token, &page));
            on.extend(display);
        }
        if on.is_empty() {
            return None;
        }
        let line = line.id.text().clone();
        for display in &on {
            self.take_place(&tenant, &display.device, &token);
        }
        let devices = on.iter().map(|display| display.device.clone()).collect();
        self.report_page(&tenant, id, line.clone(), devices, &token, Some(page.clone()));
        let expiry = Duration::from_millis(page.expiry);
        let shown = Shown {
            tenant,
            line,
            session: id,
            tag,
            page,
            on,
            over: self.timers.set(self.now + expiry, Due::PageOver(token.clone())),
        };
        self.screens.pages.insert(token.clone(), shown);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.pages.push((tag, token));
        }
        Some(())
    }

    /// Puts the page onto one device, if that can be reached.
    fn display(
        &mut self,
        view: &TenantView,
        line: &str,
        device: &str,
        screen: Screen,
        token: &Arc<str>,
        page: &Page,
    ) -> Option<Display> {
        let device: Arc<str> = device.into();
        let mut display = Display {
            device: device.clone(),
            screen,
            host: None,
            pending: 0,
        };
        match screen {
            Screen::Text => display.pending = self.text_page(view, line, &device, token, page),
            Screen::Cisco | Screen::Yealink => {
                let contact = self.contacts_of(view.id(), &device).into_iter().next()?;
                let host = contact.path.remote.ip();
                display.host = Some(host);
                self.outbox.push_back(Output::Push(Push {
                    token: token.clone(),
                    device,
                    host,
                    screen,
                    page: Some(page.clone()),
                }));
            }
            Screen::Desk => {}
        }
        (screen != Screen::Text || display.pending > 0).then_some(display)
    }

    /// Sends it to each contact of a device; how many there are.
    fn text_page(
        &mut self,
        view: &TenantView,
        line: &str,
        device: &Arc<str>,
        token: &Arc<str>,
        page: &Page,
    ) -> usize {
        let Some(text) = page_text(view, line, token, page) else {
            return 0;
        };
        let mut sent = 0;
        for contact in self.contacts_of(view.id(), device) {
            let text = OutOfDialog {
                target: contact.uri,
                path: contact.path,
                routes: contact.routes,
                ..text.clone()
            };
            if let Ok(request) = self.sip.request(self.now, text) {
                let of = (token.clone(), device.clone());
                self.screens.texts.insert(request, of);
                sent += 1;
            }
        }
        sent
    }

    /// A device shows another page from now on.
    fn take_place(&mut self, tenant: &Arc<str>, device: &Arc<str>, token: &Arc<str>) {
        let devices = self.screens.devices.entry(tenant.clone()).or_default();
        if let Some(before) = devices.insert(device.clone(), token.clone()) {
            self.leaves_display(&before, device, GatherOutcome::Stopped(String::new()));
        }
    }

    /// A page is no longer on this device; without any it is over.
    fn leaves_display(&mut self, token: &str, device: &str, outcome: GatherOutcome) {
        let Some(shown) = self.screens.pages.get_mut(token) else {
            return;
        };
        shown.on.retain(|display| *display.device != *device);
        if shown.on.is_empty() {
            self.end_page(token, outcome);
        }
    }

    /// Carries out `dismiss`.
    pub(super) fn dismiss(&mut self, id: SessionId, tag: Tag) {
        let pages = self.sessions.get(&id).map(|session| &session.pages);
        let token = pages.and_then(|pages| pages.iter().find(|(other, _)| *other == tag));
        if let Some(token) = token.map(|(_, token)| token.clone()) {
            self.take_page(&token, None);
        }
    }

    fn end_page(&mut self, token: &str, outcome: GatherOutcome) {
        if let Some((session, tag)) = self.take_page(token, None) {
            self.outcome(session, tag, OutcomeKind::Gathered(outcome));
            self.keep_session(session);
        }
    }

    /// Takes a page off all displays, but for the one on which it was answered: that has gone on by itself.
    pub(super) fn take_page(&mut self, token: &str, answered_on: Option<&str>) -> Option<(SessionId, Tag)> {
        let (token, shown) = self.screens.pages.remove_entry(token)?;
        self.timers.cancel(shown.over);
        if let Some(session) = self.sessions.get_mut(&shown.session) {
            session.pages.retain(|(_, other)| *other != token);
        }
        let mut devices = Vec::with_capacity(shown.on.len());
        for display in shown.on {
            if let Some(of) = self.screens.devices.get_mut(&shown.tenant)
                && of.get(&display.device) == Some(&token)
            {
                of.remove(&display.device);
            }
            if let Some(host) = display.host.filter(|_| answered_on != Some(&*display.device)) {
                self.outbox.push_back(Output::Push(Push {
                    token: token.clone(),
                    device: display.device.clone(),
                    host,
                    screen: display.screen,
                    page: None,
                }));
            }
            devices.push(display.device);
        }
        self.report_page(&shown.tenant, shown.session, shown.line, devices, &token, None);
        Some((shown.session, shown.tag))
    }

    fn report_page(
        &mut self,
        tenant: &Arc<str>,
        session: SessionId,
        line: Arc<str>,
        devices: Vec<Arc<str>>,
        token: &Arc<str>,
        page: Option<Page>,
    ) {
        let fact = Fact::Screen {
            line,
            devices,
            token: base::Pii(token.to_string()),
            page,
        };
        let call = self.sessions.get(&session).and_then(|session| session.call);
        self.report_for(tenant, call, None, Some(session), fact);
    }

    /// Its time is over.
    pub(super) fn page_over(&mut self, token: &str) {
        self.end_page(token, GatherOutcome::Timeout(String::new()));
    }

    /// The page of this token, as long as it is shown.
    pub(super) fn page(&self, token: &str) -> Option<Page> {
        self.screens.pages.get(token).map(|shown| shown.page.clone())
    }

    /// Somebody chose; 0 dismisses the page. None when there is no such page, or choice.
    pub(super) fn chosen(&mut self, token: &str, on: Option<&str>, choice: u32) -> Option<Page> {
        let page = self.page(token)?;
        if choice as usize > page.choices.len() {
            return None;
        }
        let outcome = match choice {
            0 => GatherOutcome::Stopped(String::new()),
            choice => GatherOutcome::Digits(choice.to_string()),
        };
        let (session, tag) = self.take_page(token, on)?;
        self.outcome(session, tag, OutcomeKind::Gathered(outcome));
        self.keep_session(session);
        Some(page)
    }

    /// A text that answers a page; the status for its sender.
    pub(super) fn page_replied(
        &mut self,
        token: &str,
        tenant: &TenantView,
        device: &str,
        body: &[u8],
    ) -> u16 {
        let Some(shown) = self.screens.pages.get(token) else {
            return 404;
        };
        let is_there = shown.on.iter().any(|display| *display.device == *device);
        if *shown.tenant != **tenant.id().text() || !is_there {
            return 403;
        }
        let number = std::str::from_utf8(body)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        match number.and_then(|choice| self.chosen(token, Some(device), choice)) {
            Some(_) => 200,
            None => 400,
        }
    }

    /// The answer to a text that shows a page. False when the request was none.
    pub(super) fn page_answered(&mut self, text: RequestId, result: &Result<Arc<Response>, Failure>) -> bool {
        let Some((token, device)) = self.screens.texts.remove(&text) else {
            return false;
        };
        let taken = result.as_ref().is_ok_and(|response| response.status.code() < 300);
        let Some(shown) = self.screens.pages.get_mut(&token).filter(|_| !taken) else {
            return true;
        };
        let mut refused = false;
        for display in shown.on.iter_mut().filter(|display| display.device == device) {
            display.pending = display.pending.saturating_sub(1);
            refused = display.pending == 0;
        }
        if refused {
            self.leaves_display(&token, &device, GatherOutcome::Gone);
        }
        true
    }

    /// A phone took its page, or could not be told.
    pub(super) fn pushed(&mut self, token: &str, device: &str, shown: bool) {
        if !shown {
            self.leaves_display(token, device, GatherOutcome::Gone);
        }
    }
}

/// The page as a text, from an address that its answer goes to.
fn page_text(view: &TenantView, line: &str, token: &str, page: &Page) -> Option<OutOfDialog> {
    let domain = view.tenant().domains.first()?;
    let to = Uri::sip(Some(view.line(line)?.label()), domain, None).ok()?;
    let from = Uri::sip(Some(&[PREFIX, token].concat()), domain, None).ok()?;
    let nowhere = Path::udp(([0, 0, 0, 0], 0).into(), ([0, 0, 0, 0], 0).into());
    let from = Party::named(page.title.clone(), from);
    let mut text = OutOfDialog::new("MESSAGE", to.clone(), nowhere, from, to);
    text.large = Large::Udp;
    let mut body = page.title.clone();
    if !page.text.is_empty() {
        body.extend(["\n", &page.text]);
    }
    for (number, choice) in (1..).zip(&page.choices) {
        body.push_str(&format!("\n{number} {choice}"));
    }
    text.body = Some(Body::new("text/plain;charset=utf-8", body.into_bytes()));
    Some(text)
}
