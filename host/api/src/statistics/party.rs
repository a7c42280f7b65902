use std::collections::BTreeMap;

use exchange::{Cdr, Direction};

/// What calls are counted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Party {
    pub kind: PartyKind,
    pub id: String,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartyKind {
    Line,
    /// What behaviours answer: a group, a menu.
    Number,
}

/// How a call came to an end for one party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Made by the line; whether it was answered.
    Outbound(bool),
    /// The line took it; somebody who was called through the number did.
    Taken,
    /// Sent on to the next.
    Forwarded,
    /// Nobody took it. Whether a behaviour had answered it, with an announcement or a queue.
    Missed { served: bool },
}

/// The parties among `known` (by every name that records have for them) that take part in a call, each once, and how it was for
/// them.
pub(crate) fn parts<'a>(cdr: &Cdr, known: &'a BTreeMap<String, Party>) -> Vec<(&'a Party, Way)> {
    let find = |name: &str| known.get(name);
    let mut parts: Vec<(&Party, Way)> = Vec::new();
    let caller = cdr.caller_line.as_deref().and_then(find);
    if let Some(caller) = caller {
        parts.push((caller, Way::Outbound(cdr.answered.is_some())));
    }
    let taker = cdr.answered_by.as_deref().and_then(find);
    let taken = |party: &Party| match party.kind {
        PartyKind::Line => taker == Some(party),
        PartyKind::Number => cdr.connected.is_some(),
    };
    let called = std::iter::once(cdr.called.reveal()).chain(cdr.diverted.iter().map(base::Pii::reveal));
    let mut way_in: Vec<(&Party, Way)> = Vec::new();
    for (position, name) in called.enumerate() {
        let Some(party) = find(name) else { continue };
        let way = if taken(party) {
            Way::Taken
        } else if position < cdr.diverted.len() || taker.is_some() {
            // Taken by somebody else: by whom the line's own behaviour had dialled.
            Way::Forwarded
        } else {
            let served = cdr.answered.is_some();
            Way::Missed { served }
        };
        // Sent on in a circle: what it came to in the end.
        match way_in.iter_mut().find(|(other, _)| *other == party) {
            Some(earlier) => earlier.1 = way,
            None => way_in.push((party, way)),
        }
    }
    if let Some(taker) = taker
        && !way_in.iter().any(|(party, _)| *party == taker)
    {
        way_in.push((taker, Way::Taken));
    }
    // A click to dial rings at the caller's own phone first: that is no call that came in.
    let own = |party: &Party| cdr.direction == Direction::Originated && caller == Some(party);
    parts.extend(way_in.into_iter().filter(|(party, _)| !own(party)));
    parts
}

#[cfg(test)]
mod tests {
    use super::super::sums::tests::{cdr, known};
    use super::*;

    fn ways(cdr: &Cdr) -> Vec<(String, Way)> {
        let known = known();
        let parts = parts(cdr, &known).into_iter();
        parts.map(|(party, way)| (party.id.clone(), way)).collect()
    }

    fn part(id: &str, way: Way) -> (String, Way) {
        (id.to_owned(), way)
    }

    #[test]
    fn a_call_inside_counts_for_both_lines() {
        let mut call = cdr("201", "202");
        call.answered_by = Some("202".into());
        assert_eq!(
            ways(&call),
            [part("a", Way::Outbound(true)), part("b", Way::Taken)]
        );
    }

    #[test]
    fn a_forwarded_call_is_forwarded_for_the_one_and_taken_by_the_other() {
        let mut call = cdr("+33600000000", "201");
        call.diverted = vec![base::Pii("202".to_owned())];
        call.answered_by = Some("202".into());
        assert_eq!(ways(&call), [part("a", Way::Forwarded), part("b", Way::Taken)]);
        (call.answered, call.connected, call.answered_by) = (None, None, None);
        assert_eq!(
            ways(&call),
            [
                part("a", Way::Forwarded),
                part("b", Way::Missed { served: false })
            ]
        );
    }

    #[test]
    fn a_group_is_answered_by_whom_it_reached_and_missed_when_the_caller_gave_up_in_its_queue() {
        let mut call = cdr("+33600000000", "400");
        call.answered_by = Some("202".into());
        assert_eq!(ways(&call), [part("400", Way::Taken), part("b", Way::Taken)]);
        (call.connected, call.answered_by) = (None, None);
        assert_eq!(ways(&call), [part("400", Way::Missed { served: true })]);
    }

    #[test]
    fn a_click_to_dial_is_an_outbound_call_alone() {
        let mut call = cdr("201", "+33600000000");
        call.direction = Direction::Originated;
        call.answered_by = Some("201".into());
        assert_eq!(ways(&call), [part("a", Way::Outbound(true))]);
    }

    #[test]
    fn a_circle_counts_each_line_once() {
        let mut call = cdr("+33600000000", "201");
        call.diverted = vec![base::Pii("202".to_owned()), base::Pii("201".to_owned())];
        (call.answered, call.connected) = (None, None);
        assert_eq!(
            ways(&call),
            [
                part("a", Way::Missed { served: false }),
                part("b", Way::Forwarded)
            ]
        );
    }
}
