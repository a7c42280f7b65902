//! What happened, as text: SIP on the left, behaviours and the exchange on the right. Messages carry the first letters
//! of their Call-ID.

use std::collections::VecDeque;

use base::Moment;
use contract::Task;
use exchange::Fact;

use crate::wire::Glance;
use crate::world::{Seen, What, World};

/// The last things that happened in a world, ready to be printed.
#[derive(Debug, Default)]
pub struct Ladder {
    start: Option<Moment>,
    rungs: VecDeque<(Moment, Rung)>,
    left_out: u64,
    most: usize,
}

#[derive(Debug)]
enum Rung {
    Sip(String),
    Other(String),
}

impl Ladder {
    /// Keeps so many rungs, the last ones.
    pub fn of_at_most(most: usize) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    /// Adds what was seen, as far as it says something.
    pub fn add(&mut self, world: &World, seen: &Seen) {
        if self.most == 0 {
            return;
        }
        let Some(rung) = rung(world, &seen.what) else {
            return;
        };
        self.start.get_or_insert(seen.at);
        self.rungs.push_back((seen.at, rung));
        if self.rungs.len() > self.most {
            self.rungs.pop_front();
            self.left_out += 1;
        }
    }

    /// The whole ladder.
    pub fn draw(&self) -> String {
        let start = self.start.unwrap_or_default();
        let mut text = format!("{:>10}  {:<42}  {}\n", "s", "SIP", "behaviours and exchange");
        if self.left_out > 0 {
            text.push_str(&format!(
                "{:>10}  ({} earlier steps are left out)\n",
                "…", self.left_out
            ));
        }
        for (at, rung) in &self.rungs {
            let since = at.since(start).as_micros() as f64 / 1e6;
            match rung {
                Rung::Sip(message) => text.push_str(&format!("{since:>10.3}  {message}\n")),
                Rung::Other(words) => text.push_str(&format!("{since:>10.3}  {:<42}  {words}\n", "")),
            }
        }
        text
    }
}

fn rung(world: &World, what: &What) -> Option<Rung> {
    let summary = |bytes: &[u8]| match Glance::at(bytes) {
        Some(glance) => format!("{} {:.5}", glance.summary(), glance.call_id),
        None => "?".to_owned(),
    };
    let named = |phone: Option<crate::PhoneId>| match phone {
        Some(phone) => format!("{}/{}", world.tenant_of(phone), world.name(phone)),
        None => "nobody".to_owned(),
    };
    Some(match what {
        What::Arrived { from, bytes } => Rung::Sip(format!("{} ──{}──▶", named(Some(*from)), summary(bytes))),
        What::Sent { to, bytes } => Rung::Sip(format!("{} ◀──{}──", named(*to), summary(bytes))),
        What::Lost {
            phone,
            sent_by_phone: true,
            bytes,
        } => Rung::Sip(format!("{} ──{}──✗ lost", named(*phone), summary(bytes))),
        What::Lost { phone, bytes, .. } => {
            Rung::Sip(format!("{} ✗──{}── lost", named(*phone), summary(bytes)))
        }
        What::Asked { fault, .. } => Rung::Other(format!("  (its answer: {})", (*fault)?)),
        What::Replied {
            refused: Some(why), ..
        } => Rung::Other(format!("the change is refused: {why}")),
        What::Replied { refused: None, .. } => Rung::Other("the change is made".to_owned()),
        What::Report(report) => Rung::Other(fact(&report.fact)?),
        What::Phone(phone, event) => match event {
            phone::Event::Wrong(what) => Rung::Other(format!("{} finds wrong: {what}", named(Some(*phone)))),
            _ => return None,
        },
        What::Did(what) => Rung::Other(format!("● {what}")),
        What::Died => Rung::Other("▼ the process dies".to_owned()),
        What::Started => Rung::Other("▲ a process starts".to_owned()),
        What::Wrong(what) => Rung::Other(format!("WRONG: {what}")),
    })
}

/// A fact in words; none for what the ladder shows otherwise.
fn fact(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::Sip(_) => return None,
        Fact::CallStarted { caller, called, .. } => format!("{} calls {}", caller.reveal(), called.reveal()),
        Fact::CallEnded(cdr) => format!("{} ends: {}", cdr.call, cdr.cause),
        Fact::LegStarted {
            line, trunk, number, ..
        } => {
            let party = line.as_deref().or(trunk.as_deref()).unwrap_or("somebody");
            format!("a leg to {party} for {}", number.reveal())
        }
        Fact::SessionStarted {
            behaviour, number, ..
        } => {
            format!("{behaviour} starts a session for {}", number.reveal())
        }
        Fact::Offered { behaviour, .. } => format!("{behaviour} is offered the call"),
        Fact::GivenBack(cause) => format!("the call goes back: {cause}"),
        Fact::Asked {
            behaviour,
            version,
            task,
            ..
        } => format!("{behaviour} {version} ◀ {}", task_words(task)),
        Fact::Decided { commands, record, .. } => {
            let said = record
                .explanations
                .iter()
                .map(|said| format!("“{}: {}”", said.rule, said.sentence));
            let commands = commands.iter().filter_map(cordboard::test::sentence);
            let all: Vec<String> = said.chain(commands).collect();
            format!(
                "  ▶ {}",
                if all.is_empty() {
                    "nothing".to_owned()
                } else {
                    all.join("; ")
                }
            )
        }
        Fact::NotDecided { failure, .. } => format!("  ▶ ✗ {failure}"),
        Fact::Dropped { command, why } => {
            let words = cordboard::test::sentence(command).unwrap_or_else(|| "a command".to_owned());
            format!("{words} is dropped: {why}")
        }
        Fact::Ladder { rung, why, .. } => format!("falls back to {rung:?}: {why}"),
        Fact::Swapped { accepted, .. } => if *accepted {
            "goes on with the new version"
        } else {
            "stays with its version"
        }
        .to_owned(),
        Fact::LegEnded(cause) => format!("a leg ends: {cause}"),
        Fact::Bridged { .. } => "two legs hear each other".to_owned(),
        Fact::Because { sentence, .. } => sentence.clone(),
        Fact::Registration { device, contacts, .. } => format!("{device} has {contacts} contacts"),
        Fact::Refused { status, .. } => format!("somebody is refused: {status}"),
        other => other.name().to_owned(),
    })
}

fn task_words(task: &Task) -> String {
    match task {
        Task::Migrate { from_version } => format!("migrate from {from_version}"),
        Task::Handle(event) => {
            let text = serde_json::to_value(event).unwrap_or_default();
            match text {
                serde_json::Value::String(name) => name,
                serde_json::Value::Object(named) => match named.into_iter().next() {
                    Some((name, serde_json::Value::Object(content))) if name == "outcome" => {
                        let kind = content.get("kind").map(ToString::to_string).unwrap_or_default();
                        format!("outcome {}", kind.replace('"', ""))
                    }
                    Some((name, _)) => name,
                    None => String::new(),
                },
                _ => String::new(),
            }
        }
    }
}
