//! The services of RFC 5359 as call flows: a page each, in the order and with the people of the RFC. Alice is 201, Bob 202,
//! Carol 203; they have phones of their own making (`tests/phone`), the exchange is the one that is shipped, and so are the
//! behaviours.
//!
//! Left out is §2.6, transfer by instant message.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod stage;

mod attended_transfer;
mod automatic_redial;
mod call_hold;
mod click_to_dial;
mod conference_third_party_is_added;
mod conference_third_party_joins;
mod consultation_hold;
mod find_me;
mod forwarding_busy;
mod forwarding_no_answer;
mod forwarding_unconditional;
mod incoming_screening;
mod music_on_hold;
mod outgoing_screening;
mod park;
mod pickup;
mod unattended_transfer;
