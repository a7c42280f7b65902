//! Causes and SIP statuses: each way once (RFC 3261 §21, RFC 5079 for 433).

use contract::Cause;

/// The status that refuses a caller with a cause.
pub const fn status(cause: Cause) -> u16 {
    match cause {
        Cause::Normal | Cause::Unreachable | Cause::NoAnswer => 480,
        Cause::Busy => 486,
        Cause::Declined => 603,
        Cause::UnknownNumber => 404,
        Cause::Forbidden => 403,
        Cause::Congestion => 503,
        Cause::Cancelled | Cause::AnsweredElsewhere => 487,
        Cause::AnonymousRefused => 433,
        Cause::NotAcceptable => 488,
        Cause::MediaTimeout | Cause::Failed => 500,
    }
}

/// What a final response says about the one who was called. `rang`: whether it rang before, which
/// tells a person's refusal from a machine's.
pub const fn of_status(status: u16, rang: bool) -> Cause {
    match status {
        486 | 600 => {
            if rang {
                Cause::Declined
            } else {
                Cause::Busy
            }
        }
        603 | 607 | 608 => Cause::Declined,
        408 | 480 => {
            if rang {
                Cause::NoAnswer
            } else {
                Cause::Unreachable
            }
        }
        410 | 430 => Cause::Unreachable,
        404 | 484 | 485 | 604 => Cause::UnknownNumber,
        401 | 402 | 403 | 407 => Cause::Forbidden,
        433 => Cause::AnonymousRefused,
        487 => Cause::Cancelled,
        415 | 488 | 606 => Cause::NotAcceptable,
        502..=504 => Cause::Congestion,
        _ => Cause::Failed,
    }
}

/// How much a cause tells the one who dialled several targets: of all of them the highest
/// wins. A person's word counts for more than a machine's, and any reachable target for
/// more than one that is not.
pub const fn weight(cause: Cause) -> u8 {
    match cause {
        Cause::Declined => 13,
        Cause::Busy => 12,
        Cause::NoAnswer => 11,
        Cause::AnonymousRefused => 10,
        Cause::Forbidden => 9,
        Cause::Congestion => 8,
        Cause::NotAcceptable => 7,
        Cause::Failed => 6,
        Cause::MediaTimeout => 5,
        Cause::Unreachable => 4,
        Cause::UnknownNumber => 3,
        Cause::Normal => 2,
        Cause::Cancelled => 1,
        Cause::AnsweredElsewhere => 0,
    }
}

/// The Q.850 cause that goes into a Reason header (RFC 3326), when there is a fitting one.
pub const fn q850(cause: Cause) -> Option<u16> {
    match cause {
        Cause::Normal => Some(16),
        Cause::Busy => Some(17),
        Cause::NoAnswer => Some(19),
        Cause::Unreachable => Some(20),
        Cause::Declined => Some(21),
        Cause::UnknownNumber => Some(1),
        Cause::Congestion => Some(34),
        Cause::NotAcceptable => Some(88),
        Cause::Forbidden
        | Cause::Cancelled
        | Cause::AnsweredElsewhere
        | Cause::AnonymousRefused
        | Cause::MediaTimeout
        | Cause::Failed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_before_ringing_is_busy_and_after_it_a_person() {
        assert_eq!(of_status(486, false), Cause::Busy);
        assert_eq!(of_status(486, true), Cause::Declined);
        assert_eq!(of_status(480, false), Cause::Unreachable);
        assert_eq!(of_status(480, true), Cause::NoAnswer);
    }

    #[test]
    fn what_is_sent_on_means_the_same_to_the_next_exchange() {
        for cause in [
            Cause::Busy,
            Cause::Declined,
            Cause::UnknownNumber,
            Cause::Forbidden,
            Cause::Congestion,
        ] {
            assert_eq!(of_status(status(cause), false), cause);
        }
    }
}
