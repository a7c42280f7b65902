//! What displays show: that a line is free, with what may be done (R61, R66), and why there is no call back (R65).

use cordboard::prelude::*;
use cordboard::{CommandOutcome, OutcomeKind, Page};

use crate::CallBack;
use crate::recall::{Phase, Recall};
use crate::refusal::Refused;
use crate::settings::{CallBackSettings, First, Notice};
use crate::tags::{NOTICE, REFUSED};
use crate::texts::texts;

/// Callers listed at once: a page has nine choices, and the last cancels.
const LISTED: usize = 8;

/// A refusal is read at a glance.
const GLANCE: u64 = 10_000;

impl CallBack {
    /// Asks on a display first, if so configured: on the callee's, all who wait are listed. False when nobody is asked.
    pub fn ask_first(&mut self, settings: &CallBackSettings, host: &Host) -> Result<bool, Refusal> {
        if settings.notice != Notice::Display {
            return Ok(false);
        }
        let most = match settings.first {
            First::Caller => 1,
            First::Callee => LISTED,
        };
        let listed: Vec<String> = self.requests.all_ready(host).take(most).collect();
        let Some(caller) = listed.first().cloned() else {
            return Ok(false);
        };
        let texts = texts(settings.language);
        let (on, title) = match settings.first {
            First::Caller => (caller.as_str(), [host.number(), " ", texts.is_free].concat()),
            First::Callee => (host.number(), texts.want_you.to_owned()),
        };
        let mut choices: Vec<String> = match settings.first {
            First::Caller => vec![[texts.call, " ", host.number()].concat()],
            First::Callee => listed.iter().map(|who| [texts.call, " ", who].concat()).collect(),
        };
        choices.push(texts.cancel.to_owned());
        host.explain(
            "R66",
            &["the line is free: ", on, " is asked on its display"].concat(),
        );
        let page = Page {
            title,
            text: String::new(),
            choices,
            tone: true,
            expiry: u64::from(settings.rings) * 5_000,
        };
        host.screen(NOTICE).show(on, page)?;
        self.recall = Some(Recall::noticed(caller, listed, host));
        Ok(true)
    }

    /// An outcome of a page; false when it is something else's.
    pub fn read(
        &mut self,
        outcome: &CommandOutcome,
        settings: &CallBackSettings,
        host: &Host,
    ) -> Result<bool, Refusal> {
        match outcome.tag {
            REFUSED => self.tells = false,
            NOTICE => self.noticed(&outcome.kind, settings, host)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn noticed(
        &mut self,
        kind: &OutcomeKind,
        settings: &CallBackSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        let Some(recall) = self.recall.take_if(|recall| recall.phase == Phase::Noticed) else {
            return Ok(()); // cancelled meanwhile
        };
        let chosen = match kind {
            OutcomeKind::Gathered(Gathered::Digits(number)) => number.parse::<usize>().ok(),
            // No display: the phone rings.
            OutcomeKind::Gathered(Gathered::Gone) => return self.ring(recall.caller, settings, host),
            _ => None,
        };
        match chosen.and_then(|choice| choice.checked_sub(1)) {
            Some(index) => match recall.listed.get(index) {
                Some(caller) => self.ring(caller.clone(), settings, host),
                None => {
                    host.explain("R61", "the call back was cancelled on the display");
                    for caller in &recall.listed {
                        self.requests.remove(caller);
                    }
                    Ok(())
                }
            },
            None => {
                host.explain("R66", "nobody chose: the request keeps its place");
                self.requests.failed(&recall.caller, settings, host);
                Ok(())
            }
        }
    }

    pub fn dismiss_notice(host: &Host) -> Result<(), Refusal> {
        Ok(host.screen(NOTICE).dismiss()?)
    }

    /// R65: whoever asked reads why there is no call back.
    pub fn tell_refused(
        &mut self,
        caller: &str,
        why: Refused,
        settings: &CallBackSettings,
        host: &Host,
    ) -> Result<(), Refusal> {
        host.explain("R65", why.sentence());
        if why == Refused::NotInside || settings.notice != Notice::Display {
            return Ok(());
        }
        let (title, text) = texts(settings.language).refused(why);
        let page = Page {
            title: title.to_owned(),
            text: [host.number(), ": ", text].concat(),
            choices: Vec::new(),
            tone: false,
            expiry: GLANCE,
        };
        host.screen(REFUSED).show(caller, page)?;
        self.tells = true;
        Ok(())
    }
}
