//! Whole endpoints in the middle of calls, and what damaged messages do to them.

use base::Random;

use super::Target;
use super::conversation::{Conversation, Wire};
use crate::{Mutator, words};

pub const DATAGRAMS: Target = Target {
    name: "endpoint",
    about: "panics in calls of every state; calls, transactions or last events too many or too few (UDP)",
    case: |seed| converse(seed, Wire::Datagrams),
};

pub const STREAM: Target = Target {
    name: "stream",
    about: "the same over connections that break (TCP)",
    case: |seed| converse(seed, Wire::Stream),
};

fn converse(seed: u64, wire: Wire) -> u64 {
    let mut mutator = Mutator::new(seed, words::SIP);
    let share = [0.05, 0.2, 0.5][mutator.below(3)];
    let calls = 1 + mutator.random.below(8);
    let mut conversation = Conversation::new(Random::from_seed(seed ^ 0x5eed), wire).damaging(mutator, share);
    conversation.calls(calls);
    conversation.end();
    conversation.delivered
}
