//! What goes wrong while another exchange is asked about its lines: it refuses, says nonsense, or is not there.

use std::time::Duration;

use contract::{Condition, OutcomeKind};
use cordboard_exchange::directory::Trunk;
use cordboard_exchange::live::Telling;
use serde_json::json;

use crate::provider::{answer, header, last, receive};
use crate::told::{
    UNREACHABLE, asked, busy, calls, document, ends, failed, grants, office, office_over, refuses, state,
    takes, tells,
};
use crate::world::World;

/// An exchange without the package, or that does not let us: who waits hears so, and it is asked once an hour, not each time.
#[test]
fn a_refusal_for_good_is_told_at_once_and_asked_again_after_an_hour() {
    for status in [489, 403, 404, 405] {
        let (mut world, heard) = office(Condition::Idle);
        world.call("201", "301");
        refuses(&mut world, status, "");
        world.settle();
        assert_eq!(failed(&heard), [UNREACHABLE]);
        let (telling, calls, why) = state(&mut world).remove(0);
        assert_eq!((telling, calls), (Telling::Unknown, None));
        assert!(why.unwrap().contains(&status.to_string()));
        assert_eq!(world.facts("line-elsewhere"), 1);
        world.call("202", "302");
        assert_eq!(failed(&heard), [UNREACHABLE], "it is known already");
        assert_eq!(asked(&world), 1);
        world.run(Duration::from_secs(4_600));
        assert_eq!(state(&mut world), [], "nobody wants to know");
        world.call("202", "302");
        assert_eq!(asked(&world), 2);
    }
}

/// What may pass is waited for, as long as the other exchange asks for.
#[test]
fn a_passing_failure_leaves_the_watch_waiting() {
    let (mut world, heard) = office(Condition::Idle);
    world.call("201", "301");
    refuses(&mut world, 503, "Retry-After: 40\r\n");
    world.run(Duration::from_secs(38));
    assert_eq!(asked(&world), 1);
    world.run(Duration::from_secs(15));
    assert_eq!(asked(&world), 2);
    // This one it does not answer at all: 64*T1, then later and later.
    world.run(Duration::from_secs(300));
    let later = asked(&world);
    assert!((4..=6).contains(&later), "{later}");
    assert_eq!(failed(&heard), []);
    world.run(Duration::from_secs(100));
    while asked(&world) == later {
        world.settle();
    }
    grants(&mut world, &calls(0, None));
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
}

/// The line frees while the process is down: it is asked anew, and the dialog of before is nobody's.
#[test]
fn after_a_restart_it_is_asked_anew() {
    let (mut world, heard, before) = busy();
    world.restart();
    tells(&mut world, &before, 2, &calls(1, None));
    assert!(last(&world, "SIP/2.0 481").contains("2 NOTIFY"));
    world.settle();
    assert_eq!(failed(&heard), [], "nothing is known yet");
    let after = grants(&mut world, &calls(0, None));
    assert_ne!(header(&after, "Call-ID"), header(&before, "Call-ID"));
    world.settle();
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
}

#[test]
fn what_the_other_exchange_ends_is_made_anew_at_once_or_never() {
    let (mut world, heard, subscribe) = busy();
    ends(&mut world, &subscribe, 2, "deactivated");
    world.run(Duration::from_secs(2));
    assert_eq!(asked(&world), 2);
    let subscribe = grants(&mut world, &calls(0, Some("confirmed")));
    assert_eq!(failed(&heard), [], "it waits all the while");
    ends(&mut world, &subscribe, 2, "noresource");
    world.settle();
    assert_eq!(failed(&heard), [UNREACHABLE]);
    world.run(Duration::from_secs(600));
    assert_eq!(asked(&world), 2);
}

/// RFC 4235 §4.3: partial documents, one of which got lost.
#[test]
fn a_missing_document_asks_for_all_of_it() {
    let (mut world, heard) = office(Condition::Idle);
    world.call("201", "301");
    let subscribe = grants(&mut world, &calls(4, Some("confirmed")));
    let ended = document(
        6,
        "partial",
        "<dialog id=\"c2\"><state>terminated</state></dialog>",
    );
    tells(&mut world, &subscribe, 3, &ended);
    assert_eq!(asked(&world), 2, "the one between had begun a call, or ended one");
    let refresh = last(&world, "SUBSCRIBE");
    takes(&mut world, &refresh, 600);
    assert_eq!(failed(&heard), []);
    tells(&mut world, &subscribe, 4, &calls(7, None));
    world.settle();
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
}

#[test]
fn documents_that_are_none_change_nothing() {
    let (mut world, heard) = office(Condition::Idle);
    world.call("201", "301");
    let subscribe = last(&world, "SUBSCRIBE");
    takes(&mut world, &subscribe, 600);
    let long = format!("<dialog-info version=\"0\">{}", " ".repeat(60_000));
    let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><dialog-info version=\"0\" state=\"full\">&b;</dialog-info>";
    let deep = "<dialog-info version=\"0\">".to_owned() + &"<dialog>".repeat(500);
    for (cseq, body) in ["", "idle", &long, bomb, &deep, "<presence/>"]
        .into_iter()
        .enumerate()
    {
        let cseq = u32::try_from(cseq).unwrap() + 1;
        tells(&mut world, &subscribe, cseq, body);
        assert!(last(&world, "SIP/2.0 200").contains(&format!("{cseq} NOTIFY")));
    }
    assert_eq!(state(&mut world), [(Telling::Asked, None, None)]);
    tells(&mut world, &subscribe, 9, &calls(0, None));
    world.settle();
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
}

/// Watches are nothing that an exchange is asked about without the administrator's word.
#[test]
fn without_the_trunks_word_a_line_elsewhere_cannot_be_waited_for() {
    let (mut world, heard) = office(Condition::Idle);
    let mut trunk = serde_json::to_value(Trunk::clone(
        world
            .exchange
            .directory()
            .tenant("acme")
            .unwrap()
            .trunk("there")
            .unwrap(),
    ))
    .unwrap();
    world.call("202", "302");
    assert_eq!(asked(&world), 1);
    trunk.as_object_mut().unwrap().remove("dialog-watches");
    world.change(json!({ "put": { "tenant": "acme", "document": { "trunk": trunk }, "expect": "any" } }));
    assert_eq!(failed(&heard), [UNREACHABLE], "who waits is told");
    world.call("201", "301");
    assert_eq!(failed(&heard), [UNREACHABLE]);
    assert_eq!(state(&mut world), []);
}

/// What was told over a trunk says nothing once that is down; it is asked anew when the trunk is back.
#[test]
fn a_lost_trunk_leaves_the_line_unknown_until_it_is_back() {
    let access = json!({ "register": {
        "registrar": "sip:192.0.2.50:5060", "username": "acme", "password": "secret", "expires": 60
    } });
    let (mut world, heard) = office_over(access, Condition::Idle);
    let registers = |world: &mut World, status: u16| {
        let request = last(world, "REGISTER");
        receive(world, answer(&request, status, "r", "Expires: 60\r\n", ""));
        request
    };
    registers(&mut world, 200);
    world.call("201", "301");
    grants(&mut world, &calls(0, Some("confirmed")));
    assert_eq!(state(&mut world), [(Telling::Told, Some(1), None)]);

    world.run(Duration::from_secs(50));
    let refused = registers(&mut world, 403);
    assert_eq!(
        header(&last(&world, "SUBSCRIBE"), "Expires"),
        "0",
        "as far as it can be said"
    );
    let (telling, _, why) = state(&mut world).remove(0);
    assert_eq!(
        (telling, why.as_deref()),
        (Telling::Unknown, Some("the trunk is down"))
    );
    assert_eq!(failed(&heard), [], "that may pass");
    while header(&last(&world, "REGISTER"), "CSeq") == header(&refused, "CSeq") {
        world.settle();
    }
    registers(&mut world, 200);
    assert_eq!(header(&last(&world, "SUBSCRIBE"), "Expires"), "600");
    grants(&mut world, &calls(0, None));
    world.settle();
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
}
