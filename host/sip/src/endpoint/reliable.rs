//! Reliable provisional responses (RFC 3262): one at a time waits for its PRACK, and what comes after it waits behind it.
//!
//! What they say, and how often they are repeated, lies in `uas`.

use base::Moment;

use super::screen::body_of;
use super::usage::{HundredRel, Offered, Phase, Queued, Reliable, Usage};
use super::{CommandError, Done, Endpoint};
use crate::{Name, Request};

/// Responses that wait for a PRACK; nobody has more to say in a round trip.
const MAX_QUEUED: usize = 8;

impl Endpoint {
    /// The status that answers a PRACK (RFC 3262 §3): 200 if it is for what we sent.
    pub(super) fn take_prack(usage: &mut Usage, prack: &Request) -> u16 {
        let Ok(Some(rack)) = prack.headers.rack() else {
            return 400;
        };
        let Phase::Offered(offered) = &mut usage.phase else {
            return 481;
        };
        let invite = offered.request.headers.cseq().map(|cseq| cseq.number);
        let is_for = |reliable: &mut Box<Reliable>| {
            reliable.rseq == rack.rseq && Ok(rack.cseq.number) == invite && rack.cseq.method == "INVITE"
        };
        let Some(reliable) = offered.reliable.take_if(is_for) else {
            return 481;
        };
        let (body, has_offer) = (
            body_of(&prack.headers, &prack.body),
            !offered.request.body.is_empty(),
        );
        match body {
            // RFC 3262 §5: our reliable response had the offer, so this is its answer.
            Some(answer) if !has_offer && reliable.has_body && !offered.answered_early => {
                offered.early_answer = Some(answer);
                offered.answered_early = true;
            }
            // Another offer, with the first one just settled: nobody here can answer it in time.
            Some(_) => return 488,
            None => offered.answered_early |= has_offer && reliable.has_body,
        }
        200
    }

    /// What waited for a PRACK.
    pub(super) fn send_queued(&mut self, now: Moment, usage: &mut Usage) {
        while let Phase::Offered(offered) = &mut usage.phase {
            let waits = offered.reliable.as_ref().map(|reliable| reliable.has_body);
            match (offered.queue.front(), waits) {
                (Some(Queued::Accept(_)), None | Some(false)) | (Some(Queued::Progress(_)), None) => {}
                (Some(_), _) | (None, _) => return,
            }
            match offered.queue.pop_front() {
                Some(Queued::Progress(reply)) => self.send_progress(now, usage, reply),
                Some(Queued::Accept(reply)) => self.send_accept(now, usage, reply),
                None => return,
            }
        }
    }
}

pub(super) fn queue(offered: &mut Offered, queued: Queued) -> Done {
    if offered.queue.len() >= MAX_QUEUED {
        return Err(CommandError::Full);
    }
    offered.queue.push_back(queued);
    Ok(())
}

pub(super) fn hundred_rel(request: &Request) -> HundredRel {
    let headers = &request.headers;
    if headers.lists(Name::Require, "100rel") {
        HundredRel::Required
    } else if headers.lists(Name::Supported, "100rel") {
        HundredRel::Supported
    } else {
        HundredRel::Unknown
    }
}
