use std::collections::BTreeMap;

use base::Moment;
use exchange::Cdr;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Party, Way};

/// Calls one way, summed. Lengths of time are milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Sums {
    pub calls: u64,
    /// Inbound: taken by the line, or by somebody behind the number. Outbound: answered, by announcements too.
    pub answered: u64,
    /// Inbound: sent on, or taken by somebody else in the line's place.
    pub forwarded: u64,
    /// Neither: nobody took it.
    pub missed: u64,
    /// Of the missed inbound ones, those that a behaviour had answered: with an announcement, a menu, a queue.
    pub served: u64,
    /// The missed ones by cause: `busy`, `no-answer`, `unreachable`, `declined`, `cancelled` (the caller gave up), ….
    #[schema(value_type = BTreeMap<String, u64>)]
    pub missed_by: BTreeMap<String, u64>,
    /// The answered ones, from when the parties heard each other to the end.
    pub talk_ms: u64,
    pub longest_talk_ms: u64,
    /// How long callers waited for the answer, of the answered ones.
    pub wait_ms: u64,
}

/// What fell to one line, number, day or hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Row {
    /// A line's or number's id; a day `2026-11-22`; an hour `2026-11-22T14+01:00`; an hour of the day `14`.
    pub key: String,
    /// Of a line or number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub inbound: Sums,
    pub outbound: Sums,
}

/// Rows in order, and their sum.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<(u64, String), Row>,
    pub inbound: Sums,
    pub outbound: Sums,
}

impl Table {
    /// Counts a call for a party into the row of this key; rows are in the order of `place`, then of their keys.
    pub fn count(&mut self, place: u64, key: &str, name: &str, way: Way, cdr: &Cdr) {
        let row = self.rows.entry((place, key.to_owned())).or_insert_with(|| Row {
            key: key.to_owned(),
            name: name.to_owned(),
            ..Row::default()
        });
        match way {
            Way::Outbound(_) => {
                row.outbound.add(way, cdr);
                self.outbound.add(way, cdr);
            }
            Way::Taken | Way::Forwarded | Way::Missed { .. } => {
                row.inbound.add(way, cdr);
                self.inbound.add(way, cdr);
            }
        }
    }

    /// A row for a party without calls.
    pub fn mention(&mut self, party: &Party) {
        let row = self.rows.entry((0, party.id.clone())).or_default();
        row.key.clone_from(&party.id);
        row.name.clone_from(&party.name);
    }

    pub fn into_rows(self) -> Vec<Row> {
        self.rows.into_values().collect()
    }
}

impl Sums {
    fn add(&mut self, way: Way, cdr: &Cdr) {
        self.calls += 1;
        match way {
            Way::Outbound(true) => self.talk(cdr.answered, cdr),
            Way::Taken => self.talk(cdr.connected.or(cdr.answered), cdr),
            Way::Forwarded => self.forwarded += 1,
            Way::Outbound(false) => self.miss(false, cdr),
            Way::Missed { served } => self.miss(served, cdr),
        }
    }

    fn talk(&mut self, since: Option<Moment>, cdr: &Cdr) {
        let since = since.unwrap_or(cdr.ended).as_millis();
        let talk = cdr.ended.as_millis().saturating_sub(since);
        self.answered += 1;
        self.talk_ms = self.talk_ms.saturating_add(talk);
        self.longest_talk_ms = self.longest_talk_ms.max(talk);
        let wait = since.saturating_sub(cdr.started.as_millis());
        self.wait_ms = self.wait_ms.saturating_add(wait);
    }

    fn miss(&mut self, served: bool, cdr: &Cdr) {
        self.missed += 1;
        self.served += u64::from(served);
        *self.missed_by.entry(cdr.cause.to_string()).or_default() += 1;
    }
}

#[cfg(test)]
#[path = "../../tests/common/records.rs"]
#[allow(dead_code, reason = "the rest is for tests over HTTP")]
mod records;

#[cfg(test)]
pub(super) mod tests {
    use contract::Cause;

    use super::super::{PartyKind, parts};
    use super::records::missed;
    use super::*;

    /// Lines `a` (201) and `b` (202), and the group 400.
    pub fn known() -> BTreeMap<String, Party> {
        let party = |kind, id: &str, name: &str| Party {
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
        };
        let of = |name: &str, party: Party| (name.to_owned(), party);
        BTreeMap::from([
            of("201", party(PartyKind::Line, "a", "Alice")),
            of("202", party(PartyKind::Line, "b", "Bob")),
            of("400", party(PartyKind::Number, "400", "Sales")),
        ])
    }

    /// Begins at 10 s, is answered at 14 s and over at 20 s.
    pub fn cdr(caller: &str, called: &str) -> Cdr {
        let answered = Some(Moment::from_secs(14));
        Cdr {
            ringing: Some(Moment::from_secs(11)),
            answered,
            connected: answered,
            ended: Moment::from_secs(20),
            ..missed(10, caller, called, Cause::Normal)
        }
    }

    fn sums(calls: &[Cdr]) -> Vec<Row> {
        let (known, mut table) = (known(), Table::default());
        for call in calls {
            for (party, way) in parts(call, &known) {
                table.count(0, &party.id, &party.name, way, call);
            }
        }
        table.into_rows()
    }

    #[test]
    fn r9_answered_calls_sum_their_talk_and_their_wait() {
        let mut long = cdr("201", "202");
        long.answered_by = Some("202".into());
        let mut short = long.clone();
        short.ended = Moment::from_secs(15);
        let rows = sums(&[long, short]);
        let talked = Sums {
            calls: 2,
            answered: 2,
            talk_ms: 7_000,
            longest_talk_ms: 6_000,
            wait_ms: 8_000,
            ..Sums::default()
        };
        assert_eq!((rows[0].key.as_str(), &rows[0].outbound), ("a", &talked));
        assert_eq!((rows[1].name.as_str(), &rows[1].inbound), ("Bob", &talked));
        assert_eq!(rows[1].outbound, Sums::default());
    }

    #[test]
    fn r9_missed_calls_are_told_by_cause() {
        let causes = [Cause::Busy, Cause::NoAnswer, Cause::Busy, Cause::Unreachable];
        let missed = causes.map(|cause| Cdr {
            answered: None,
            connected: None,
            cause,
            ..cdr("+33600000000", "202")
        });
        let rows = sums(&missed);
        let inbound = &rows[0].inbound;
        assert_eq!((inbound.calls, inbound.missed, inbound.talk_ms), (4, 4, 0));
        let by: Vec<_> = inbound.missed_by.iter().collect();
        let text = |text: &str| text.to_owned();
        assert_eq!(
            by,
            [
                (&text("busy"), &2),
                (&text("no-answer"), &1),
                (&text("unreachable"), &1)
            ]
        );
    }
}
