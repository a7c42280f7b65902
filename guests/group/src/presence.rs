//! Who takes part: words about members, from their phones, from people and over the API (R31).

use cordboard::contract::Message;
use cordboard::prelude::*;

use crate::members::Member;
use crate::seats::Seat;
use crate::turn::Turn;

impl Turn<'_> {
    /// A word about a member, from a feature code or from an operator: `absent 201`, `present 201`,
    /// `disconnect 201`, `connect 201`, `toggle 201` for a key that is one or the other; about supervisors: `supervise 209 201 whisper`,
    /// `leave 209`; or `statistics`, which are sent to whoever asks.
    pub fn heard(&mut self, message: &Message) -> Result<(), Refusal> {
        let text = std::str::from_utf8(&message.body).unwrap_or_default();
        if text == "statistics" {
            return self.tell_figures(message.sender.as_ref());
        }
        let word = text.split_once(' ');
        match word {
            Some(("supervise", words)) => return self.told_to_supervise(words),
            Some(("leave", line)) => return self.told_to_leave(line),
            _ => {}
        }
        let known = word.and_then(|(what, line)| Some((what, self.member_called(line)?)));
        if known.is_some_and(|(what, seat)| self.group.members.hear(what, seat)) {
            self.group.figures.hurry();
        } else {
            self.host
                .log("a message that says nothing about a member was dropped");
        }
        Ok(())
    }

    /// R31: a line that registers is connected again.
    pub fn registered(&mut self, line: &str, registered: bool) {
        if let Some(seat) = self.member_called(line) {
            let before = self.is_in(seat);
            self.group.members.registered(seat, registered);
            if before != self.is_in(seat) {
                self.group.figures.hurry();
            }
        }
    }

    fn is_in(&self, seat: Seat) -> bool {
        self.group.members.get(seat).is_some_and(Member::is_in)
    }

    /// The member with this line, by whichever of its names.
    pub fn member_called(&self, name: &str) -> Option<Seat> {
        let members = || self.group.members.iter();
        members().position(|member| member.name == name).or_else(|| {
            let line = self.host.line(name)?;
            members().position(|member| {
                member.name == line.name || line.number.as_deref() == Some(member.name.as_str())
            })
        })
    }
}
