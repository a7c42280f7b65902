//! What the schema cannot say.

use cordboard::prelude::*;

use super::{GroupSettings, Overflow};

impl GroupSettings {
    pub(super) fn check(&self, view: &View, problems: &mut Problems) {
        for (index, member) in self.members.iter().enumerate() {
            let path = at("/members/", index, "");
            if self.members.iter().take(index).any(|before| before == member) {
                problems.at(path, "this line is a member already");
            } else if view.line(member).is_none() {
                problems.at(path, "there is no such line");
            }
        }
        self.check_extras(problems);
        match &self.overflow_number {
            Some(number) => check_number("/overflow-number", number, view, problems),
            None if self.overflow == Overflow::Number => {
                problems.at(
                    "/overflow-number",
                    "the overflow goes to a number, and there is none",
                );
            }
            None => {}
        }
        if let Some(number) = &self.closed_number {
            check_number("/closed-number", number, view, problems);
        }
        if let Some(calendar) = &self.calendar
            && !view.calendar(calendar).exists()
        {
            problems.at("/calendar", "there is no calendar of this name");
        }
    }

    /// Weights and skills are of members, as the list spells them.
    fn check_extras(&self, problems: &mut Problems) {
        let is_member = |line: &String| self.members.contains(line);
        for (index, weight) in self.weights.iter().enumerate() {
            if !is_member(&weight.line) {
                problems.at(
                    at("/weights/", index, "/line"),
                    "this line is not in the list of members",
                );
            }
        }
        for (index, skill) in self.skills.iter().enumerate() {
            if self
                .skills
                .iter()
                .take(index)
                .any(|before| before.name == skill.name)
            {
                problems.at(
                    at("/skills/", index, "/name"),
                    "there is a skill of this name already",
                );
            }
            if skill.members.is_empty() {
                problems.at(
                    at("/skills/", index, "/members"),
                    "nobody has this skill, so nobody could take its calls",
                );
            }
            for (place, line) in skill.members.iter().enumerate() {
                if !is_member(line) {
                    let path = at(&at("/skills/", index, "/members/"), place, "");
                    problems.at(path, "this line is not in the list of members");
                }
            }
        }
    }
}

fn at(before: &str, index: usize, after: &str) -> String {
    [before, &index.to_string(), after].concat()
}

fn check_number(path: &str, number: &str, view: &View, problems: &mut Problems) {
    if let Err(why) = view.destination(number) {
        problems.at(path, why.sentence());
    }
}
