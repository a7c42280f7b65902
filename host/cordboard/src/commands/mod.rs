//! The command line: `serve` runs an exchange, everything else is a client of one's API.

mod announcement;
mod behaviour;
mod call;
mod client;
mod dev;
mod document;
mod explore;
mod grants;
mod module;
mod new;
mod replay;
mod serve;
mod statistics;
mod tenant;
mod token;
mod versions;
mod when;
mod why;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use client::Connection;
use document::Kind;

#[derive(Parser)]
#[command(
    name = "cordboard",
    version,
    about = "A telephone exchange whose call logic is WebAssembly",
    after_help = "Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 no exchange or no token, 4 a replay or an exploration found something.\n\nExample:\n  cordboard serve\n  cordboard tenant set acme name=Acme domains='[\"acme.example\"]'\n  cordboard module --tenant acme upload menu.wasm"
)]
pub struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the exchange
    Serve(serve::Options),
    /// Make a behaviour's project: builds, tests and uploads as it is
    New(new::Options),
    /// Watch a behaviour's project: build, test and try it on one phone at each change, and tell what its calls do
    Dev(dev::Dev),
    /// Tenants: isolated customers
    Tenant(document::Command),
    /// Sites of a tenant
    Site(document::Command),
    /// People
    User(document::Command),
    /// Phones and what they register with
    Device(document::Command),
    /// Lines: a number and the devices that ring
    Line(document::Command),
    /// Numbers that behaviours answer
    Number(document::Command),
    /// Ways to the outside
    Trunk(document::Command),
    /// Opening hours
    Calendar(document::Command),
    /// What callers hear: recordings, and texts that are spoken
    Announcement(announcement::Command),
    /// Uploaded components
    Module(module::Command),
    /// What a tenant does with its modules
    Behaviour(behaviour::Command),
    /// Groups of lines that take each other's calls
    PickupGroup(document::Command),
    /// The company's directory
    Contact(document::Command),
    /// Who may ask the API: managers, users, other exchanges
    Token(token::Command),
    /// Calls that are up, and records of those that were
    Call(call::Command),
    /// Calls in and out of lines and groups, summed over a period
    Statistics(statistics::Statistics),
    /// Where devices and trunks are reached now
    Registrations(call::Registrations),
    /// Lines that somebody watches and whose phones other exchanges have
    Elsewhere(call::Registrations),
    /// Why a call went where it went: SIP ladder, events, decisions, explanations
    Why(why::Why),
    /// Play recorded sessions again on another version: which calls would have gone otherwise, and from which step on
    Replay(replay::Replay),
    /// What a behaviour's sessions were told, asked and decided
    Journal(replay::Journal),
    /// Play every order in which answers, keys, hang-ups and timers can come to a module, up to a bound
    Explore(explore::Explore),
    /// Print a completion script for a shell
    Completions { shell: Shell },
}

/// 3 when nobody could be asked, 4 when a replay or an exploration found something, 1 for everything else that went wrong; clap has 2
/// for wrong usage.
pub fn exit_status(error: &anyhow::Error) -> u8 {
    if error.is::<client::NoExchange>() {
        3
    } else if error.is::<replay::Differences>() || error.is::<explore::Found>() {
        4
    } else {
        1
    }
}

/// `cordboard … | head` ends as other tools do when nobody reads on, instead of complaining about it. The server
/// goes on ignoring the signal: its sockets tell it.
fn end_quietly_with_the_reader() {
    use nix::sys::signal::{SigHandler, Signal, signal};

    // SAFETY: the default action is no function of ours, and no other thread runs yet.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}

/// Documents are handled alike, and a few actions are for one kind of them only.
const ONLY: [(&str, &str); 3] = [("grants", "tenant"), ("password", "device"), ("paste", "line")];

const DOCUMENTS: [&str; 10] = [
    "tenant",
    "site",
    "user",
    "device",
    "line",
    "number",
    "trunk",
    "calendar",
    "pickup-group",
    "contact",
];

/// The whole command line, where each command offers what it can do.
fn command() -> clap::Command {
    DOCUMENTS.iter().fold(Arguments::command(), |all, kind| {
        all.mut_subcommand(kind, |of_kind| {
            let others = ONLY.iter().filter(|(_, owner)| owner != kind);
            others.fold(of_kind, |of_kind, (action, _)| {
                of_kind.mut_subcommand(action, |action| action.hide(true))
            })
        })
    })
}

impl Arguments {
    /// What was asked for; ends the process where that is not clear, or help was.
    pub fn read() -> Self {
        Self::from_arg_matches(&command().get_matches()).unwrap_or_else(|error| error.exit())
    }

    /// # Errors
    ///
    /// What went wrong, for people.
    pub fn run(self) -> Result<()> {
        let connection = &self.connection;
        if !matches!(self.command, Command::Serve(_)) {
            end_quietly_with_the_reader();
        }
        match self.command {
            Command::Serve(options) => serve::run(&options),
            Command::New(options) => new::run(&options),
            Command::Dev(dev) => dev::run(connection, &dev),
            Command::Tenant(command) => document::run(connection, Kind::Tenant, command),
            Command::Site(command) => document::run(connection, Kind::Site, command),
            Command::User(command) => document::run(connection, Kind::User, command),
            Command::Device(command) => document::run(connection, Kind::Device, command),
            Command::Line(command) => document::run(connection, Kind::Line, command),
            Command::Number(command) => document::run(connection, Kind::Number, command),
            Command::Trunk(command) => document::run(connection, Kind::Trunk, command),
            Command::Calendar(command) => document::run(connection, Kind::Calendar, command),
            Command::Announcement(command) => announcement::run(connection, command),
            Command::Module(command) => module::run(connection, command),
            Command::Behaviour(command) => behaviour::run(connection, command),
            Command::Call(command) => call::run(connection, command),
            Command::Token(command) => token::run(connection, command),
            Command::PickupGroup(command) => document::run(connection, Kind::PickupGroup, command),
            Command::Contact(command) => document::run(connection, Kind::Contact, command),
            Command::Registrations(options) => call::registrations(connection, &options),
            Command::Elsewhere(options) => call::elsewhere(connection, &options),
            Command::Statistics(asked) => statistics::run(connection, &asked),
            Command::Why(why) => why::run(connection, &why),
            Command::Explore(explore) => explore::run(&explore, connection.json),
            Command::Replay(replay) => replay::run(connection, &replay),
            Command::Journal(journal) => replay::journal(connection, &journal),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut command(), "cordboard", &mut script);
                std::io::Write::write_all(&mut std::io::stdout(), &script)?;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn each_kind_of_document_offers_what_it_has() {
        let command = command();
        let offers = |kind: &str, action: &str| {
            let kind = command.find_subcommand(kind).unwrap();
            !kind.find_subcommand(action).unwrap().is_hide_set()
        };
        for kind in DOCUMENTS {
            assert!(offers(kind, "set"), "{kind}");
            assert_eq!(offers(kind, "password"), kind == "device", "{kind}");
            assert_eq!(offers(kind, "paste"), kind == "line", "{kind}");
            assert_eq!(offers(kind, "grants"), kind == "tenant", "{kind}");
        }
    }
}
