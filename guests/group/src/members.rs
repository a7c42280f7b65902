//! Who can take a call now (R31, R32), and who is rung first (R33).

use cordboard::Line;
use cordboard::prelude::*;

use crate::settings::Mode;

/// What the group knows of its members beyond the directory. Nothing said means connected,
/// present and past wrap-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    disconnected: Vec<String>,
    absent: Vec<String>,
    /// When a member's pause after a call is over, in milliseconds since the epoch.
    wrap_up: Vec<(String, u64)>,
    /// The last that answered.
    last: Option<String>,
}

/// A member who can take a call now.
#[derive(Clone, Copy)]
pub struct Free<'a> {
    pub name: &'a str,
    idle_since: Option<u64>,
}

impl Members {
    /// Takes a word about a member: `absent`, `present`, `disconnect` or `connect`. False when it
    /// is none of these.
    pub fn hear(&mut self, what: &str, member: &str) -> bool {
        match what {
            "absent" => set(&mut self.absent, member, true),
            "present" => set(&mut self.absent, member, false),
            "disconnect" => set(&mut self.disconnected, member, true),
            "connect" => self.connect(member),
            _ => return false,
        }
        true
    }

    pub fn connect(&mut self, member: &str) {
        set(&mut self.disconnected, member, false);
    }

    /// R30: who is added again is present again.
    pub fn keep_only(&mut self, members: &[String]) {
        let stays = |line: &String| members.contains(line);
        self.disconnected.retain(stays);
        self.absent.retain(stays);
        self.wrap_up.retain(|(line, _)| members.contains(line));
    }

    pub fn answered(&mut self, member: &str) {
        self.last = Some(member.to_owned());
    }

    /// R35: the pause after a call begins.
    pub fn hung_up(&mut self, member: &str, until: u64) {
        self.wrap_up.retain(|(resting, _)| resting != member);
        self.wrap_up.push((member.to_owned(), until));
    }

    /// The next end of a pause.
    pub fn next_wrap_up(&mut self, now: u64) -> Option<u64> {
        self.wrap_up.retain(|(_, until)| *until > now);
        self.wrap_up.iter().map(|(_, until)| *until).min()
    }

    /// R31: the line of a member who takes part in the group's calls at all.
    pub fn taking_part(&self, member: &str, view: &View) -> Option<Line> {
        let is = |line: &String| line == member;
        if self.disconnected.iter().any(is) || self.absent.iter().any(is) {
            return None;
        }
        view.line(member).filter(|line| line.registered)
    }

    /// R32: the member if free now. Do-not-disturb and forwards are not asked.
    pub fn free<'a>(&self, member: &'a str, view: &View, now: u64) -> Option<Free<'a>> {
        if self
            .wrap_up
            .iter()
            .any(|(resting, until)| resting == member && *until > now)
        {
            return None;
        }
        let line = self.taking_part(member, view)?;
        (line.calls == 0).then_some(Free {
            name: member,
            idle_since: line.idle_since,
        })
    }

    /// R33: in the order in which they are rung. `all` is the group's list.
    pub fn in_order<'a>(&self, mode: Mode, all: &[String], mut free: Vec<Free<'a>>) -> Vec<&'a str> {
        match mode {
            Mode::Linear | Mode::Parallel => {}
            // Who never had a call has been free for longest.
            Mode::FreeLine => free.sort_by_key(|member| member.idle_since.unwrap_or(0)),
            Mode::Cyclic => {
                let place = |name: &str| all.iter().position(|member| member == name);
                let last = self.last.as_deref().and_then(place);
                free.sort_by_key(|member| (place(member.name) <= last, place(member.name)));
            }
        }
        free.iter().map(|member| member.name).collect()
    }
}

/// A set of a few lines; a tree would be more code than all of this.
fn set(lines: &mut Vec<String>, line: &str, member: bool) {
    lines.retain(|other| other != line);
    if member {
        lines.push(line.to_owned());
    }
}
