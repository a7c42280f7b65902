//! What is expected of each collected scenario, and why.

use Want::{Fails, NotRun, Passes, Varies};

/// Who SIPp is.
#[derive(Clone, Copy)]
pub enum Role {
    /// Calls from the provider's address, which is trusted.
    Provider,
    /// Calls or registers with digest; the service is its user name.
    Phone,
    /// Calls a line from the provider's address; on the line is a phone with this scenario of ours.
    Caller(&'static str),
    /// Is registered, and called with this scenario of ours.
    Callee(&'static str),
    /// Gets our calls to the outside, and may challenge them.
    Carrier,
    /// Is who our trunk registers with.
    Registrar,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Phone => "phone",
            Self::Caller(_) => "caller",
            Self::Callee(_) => "callee",
            Self::Carrier => "carrier",
            Self::Registrar => "registrar",
        }
    }
}

pub enum Want {
    Passes,
    /// Runs, and does not end as the scenario wants, for this reason.
    Fails(&'static str),
    /// Ends one way or the other, for this reason.
    Varies(&'static str),
    /// Cannot say anything about this exchange, for this reason.
    NotRun(&'static str),
}

pub struct Case {
    /// Without `.xml`.
    pub file: &'static str,
    pub role: Role,
    pub service: &'static str,
    pub want: Want,
}

const fn case(file: &'static str, role: Role, service: &'static str, want: Want) -> Case {
    Case {
        file,
        role,
        service,
        want,
    }
}

#[rustfmt::skip] // A table, one row a scenario.
pub const B2BUA: &[Case] = &[
    case("uac-cancel", Role::Caller("ringing"), "300", Passes),
    case("uac-delayed-ack", Role::Provider, "300", Fails("waits for a re-INVITE that its own server's application sends")),
    case("uac-displayname-from", Role::Provider, "300", Passes),
    case("uac-drop-200-then-cancel", Role::Provider, "300", Fails("wants 481 for a CANCEL after the 200; RFC 3261 §9.2 has it answered 200 without effect")),
    case("uac-drop-all-200", Role::Provider, "300", Passes),
    case("uac-drop-one-200", Role::Provider, "300", NotRun("ends by chance: SIPp loses three of four messages; lost ones are proven with `calls`")),
    case("uac-drop-one-503", Role::Caller("unavailable"), "300", NotRun("ends by chance: SIPp loses two of three answers; `uac-expect-503` is the same without dice")),
    case("uac-expect-400-no-contact-header", Role::Provider, "300", Passes),
    case("uac-expect-404", Role::Provider, "299", Passes),
    case("uac-expect-480", Role::Provider, "206", Passes),
    case("uac-expect-503", Role::Caller("unavailable"), "300", Passes),
    case("uac-nosdp", Role::Provider, "300", Passes),
    case("uac-pcap", Role::Provider, "300", NotRun("plays a capture through a raw socket, which only root may open; sound is proven elsewhere")),
    case("uac-prack", Role::Caller("ringing"), "300", Fails("wants a reliable 180; RFC 3262 §3 leaves that to the callee when it is only supported")),
    case("uac-proxy", Role::Provider, "300", Passes),
    case("uac-recv-reinvite", Role::Provider, "303", Fails("waits for a re-INVITE that its own server's application sends")),
    case("uac-send-reinvite-no-sdp", Role::Provider, "303", Passes),
    case("uac-spammer-expect-603", Role::Caller("declining"), "300", Passes),
    case("uac-subscribe", Role::Provider, "300", Fails("wants the package `presence`; ours is `dialog`, so 489 with Allow-Events (RFC 6665 §4.2.1.3)")),
    case("uac-success-green", Role::Provider, "300", Fails("calls the name `green`; numbers are digits here")),
    case("uac", Role::Provider, "300", Passes),
    case("uas-200-ok-no-contact-cancel", Role::Callee("call"), "300", Fails("answers 200 without the Contact that RFC 3261 §12.1.1 asks for, and wants a CANCEL after it, which §9.1 forbids")),
    case("uas-302", Role::Callee("call"), "300", Passes),
    case("uas-404", Role::Callee("call"), "300", Passes),
    case("uas-407-no-auth-header", Role::Carrier, "300", Fails("its 407 has no challenge, which RFC 3261 §22.3 asks for; there is nothing to answer")),
    case("uas-auth-register-no-realm", Role::Registrar, "300", Passes),
    case("uas-auth-register", Role::Registrar, "300", Passes),
    case("uas-auth", Role::Carrier, "300", Passes),
    case("uas-bye-with-auth", Role::Carrier, "300", Passes),
    case("uas-cancel", Role::Callee("cancelled-call"), "300", Passes),
    case("uas-options-expect-200", Role::Callee("call"), "300", Fails("waits for an OPTIONS that its own server's application sends")),
    case("uas-prack", Role::Callee("call"), "300", Passes),
    case("uas-refer", Role::Callee("call"), "300", Passes),
    case("uas-reinvite-overlap", Role::Callee("call"), "300", Fails("waits for re-INVITEs that its own server's application sends")),
    case("uas-reinvite-with-auth", Role::Carrier, "300", Fails("waits for a re-INVITE that its own server's application sends, to challenge it")),
    case("uas-reinvite", Role::Callee("call"), "300", Passes),
    case("uas-update-with-sdp", Role::Callee("call"), "300", Passes),
    case("uas", Role::Callee("call"), "300", Passes),
];

#[rustfmt::skip] // A table, one row a scenario.
pub const METHODS: &[Case] = &[
    case("auth_invite", Role::Phone, "201", Fails("does not take the 100 that RFC 3261 §17.2.1 allows, and writes `Authorization:` twice in one line")),
    case("auth_register", Role::Phone, "207", Fails("writes `Authorization:` twice in one line, which are no credentials")),
    case("cancel", Role::Caller("ringing"), "300", Fails("its CANCEL has another branch than its INVITE; RFC 3261 §9.1 wants the same")),
    case("forking_invite", Role::Provider, "300", Passes),
    case("info", Role::Provider, "300", Passes),
    case("info_out_of_dialog", Role::Provider, "300", Passes),
    case("invite", Role::Provider, "300", Passes),
    case("invite_bye", Role::Provider, "300", Passes),
    case("invite_bye_ipv6", Role::Provider, "300", Fails("writes brackets around the address in its SDP; RFC 8866 §5.7 has none, so 488")),
    case("invite_multi_codec", Role::Provider, "300", Passes),
    case("malformed_sdp", Role::Provider, "300", Passes),
    case("max_forwards_decrement", Role::Provider, "300", Passes),
    case("max_forwards_edge_case", Role::Provider, "300", Passes),
    case("max_forwards_zero", Role::Provider, "300", Passes),
    case("message", Role::Provider, "300", Fails("a text without credentials; the exchange carries those of its lines")),
    case("options", Role::Provider, "300", Passes),
    case("prack", Role::Caller("ringing"), "300", Fails("sends PRACK for a 180 that was not reliable: 481 (RFC 3262 §3)")),
    case("prack_bad_rack", Role::Caller("ringing"), "300", Fails("wants 400 for a RAck that matches nothing; RFC 3262 §3 has 481")),
    case("prack_missing_rack", Role::Caller("ringing"), "300", Passes),
    case("proxy_invite_bye", Role::Provider, "300", Passes),
    case("refer", Role::Provider, "300", Varies("takes one NOTIFY; RFC 3515 §2.4.4 has one at once and one with the outcome, and it depends on when that comes")),
    case("refer_fail", Role::Provider, "300", Varies("takes one NOTIFY; RFC 3515 §2.4.4 has one at once and one with the outcome, and it depends on when that comes")),
    case("register", Role::Phone, "207", Fails("sends no credentials; registering takes them here")),
    case("register_multiple", Role::Phone, "207", Fails("sends no credentials; registering takes them here")),
    case("register_wildcard", Role::Phone, "207", Fails("sends no credentials; registering takes them here")),
    case("reinvite", Role::Provider, "300", Passes),
    case("route_bye", Role::Provider, "300", Passes),
    case("session_timer", Role::Provider, "300", Passes),
    case("session_timer_refresh", Role::Provider, "300", Passes),
    case("subscribe_lifecycle", Role::Provider, "300", Fails("wants the package `presence`; ours is `dialog`, so 489 with Allow-Events (RFC 6665 §4.2.1.3)")),
    case("subscribe_notify", Role::Provider, "300", Fails("wants the package `presence`; ours is `dialog`, so 489 with Allow-Events (RFC 6665 §4.2.1.3)")),
    case("uas_invite", Role::Callee("call"), "300", Passes),
    case("unsupported_method", Role::Provider, "300", Passes),
    case("update", Role::Provider, "300", Passes),
    case("update_out_of_dialog", Role::Provider, "300", Passes),
];
