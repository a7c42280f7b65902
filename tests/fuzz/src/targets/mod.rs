//! What can be tried, one file each.

mod audio;
mod body;
mod conversation;
mod endpoint;
mod framer;
mod guest;
mod message;
mod register;
mod rtp;
mod samples;
mod sdp;
mod settings;
mod upload;
mod uri;

/// One kind of input and what must hold for it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    /// What it looks for, in a sentence.
    pub about: &'static str,
    /// Runs the case of this seed, panics when something does not hold, and tells how many inputs it had.
    pub case: fn(u64) -> u64,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    message::TARGET,
    framer::TARGET,
    uri::TARGET,
    sdp::TARGET,
    body::TARGET,
    register::TARGET,
    endpoint::DATAGRAMS,
    endpoint::STREAM,
    rtp::TARGET,
    audio::TARGET,
    upload::TARGET,
    guest::TARGET,
    settings::TARGET,
];

/// The target of that name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
