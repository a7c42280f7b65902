//! Scripts: what happens once, what happens again, and what ends.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use cordboard::contract::{Message, OutcomeKind};
use cordboard::prelude::*;
use cordboard::test::Flow;
use cordboard::{Condition, Either, Event, Page};

const NOTHING: [&str; 0] = [];

fn flow<M: cordboard::module::Module>() -> Flow {
    Flow::of::<M>(&Default::default())
}

/// Explains, asks and plays at each step.
#[cordboard::script]
async fn chatty(call: Call) -> Outcome {
    call.explain("start", "it begins");
    let (first, second) = (call.random(), call.random());
    call.play("one").await;
    call.explain("middle", if first == second { "the same" } else { "another" });
    call.play("two").await;
    // Had the answers not been kept, these would differ from what the first run heard.
    call.explain("end", &[first.to_string(), second.to_string()].join(" "));
    call.hang_up()
}

#[test]
fn what_was_done_explained_and_asked_before_is_not_done_again() {
    let mut flow = flow::<chatty>();
    let caller = flow.call("0147200001");
    assert_eq!(
        (flow.did(), flow.why()),
        (vec!["play one".into()], vec!["start: it begins".into()])
    );
    flow.passes(secs(100)); // other randomness, had it been asked again
    flow.played(caller);
    assert_eq!(
        (flow.did(), flow.why()),
        (vec!["play two".into()], vec!["middle: another".into()])
    );
    flow.played(caller);
    assert_eq!(flow.did(), ["hang up"]);
    assert_eq!(flow.why().len(), 1);
}

/// Holds the line for 20 s at most.
#[cordboard::script]
async fn patient(call: Call) -> Outcome {
    match call.play("hold").forever().or_after(secs(20)).await {
        Some(_) => call.explain("hold", "ended by itself"),
        None => call.explain("hold", "long enough"),
    }
    call.play("sorry").await;
    call.hang_up()
}

#[test]
fn a_step_given_up_is_stopped_and_the_script_goes_on() {
    let mut flow = flow::<patient>();
    let caller = flow.call("0147200001");
    flow.passes(secs(19));
    assert_eq!(flow.did(), ["play hold for ever"]);
    flow.passes(secs(1));
    assert_eq!(flow.did(), ["stop playing", "play sorry"]);
    flow.played(caller);
    assert_eq!(flow.did(), ["hang up"]);
}

#[test]
fn a_step_that_ends_in_time_cancels_its_timer() {
    let mut flow = flow::<patient>();
    let caller = flow.call("0147200001");
    flow.played(caller);
    assert_eq!(flow.did(), ["play hold for ever", "play sorry"]);
    flow.passes(secs(100));
    assert_eq!(flow.did(), NOTHING);
}

/// Rings 201 and gives up after 10 s.
#[cordboard::script]
async fn hasty(call: Call) -> Outcome {
    match first(call.ring_line("201"), call.wait(secs(10))).await {
        Either::This(Ok(_)) => call.connected(),
        Either::This(Err(nobody)) => call.reject(nobody.cause),
        Either::That(()) => {
            call.play("too-late").await;
            call.hang_up()
        }
    }
}

#[test]
fn a_dial_given_up_is_cancelled() {
    let mut flow = flow::<hasty>();
    let caller = flow.call("0147200001");
    flow.passes(secs(10));
    assert_eq!(flow.did(), ["dial line 201", "cancel the dial", "play too-late"]);
    flow.played(caller);
    assert_eq!(flow.did(), ["hang up"]);
}

#[test]
fn an_answer_that_comes_before_the_cancel_leaves_the_call_up() {
    let mut flow = flow::<hasty>();
    let caller = flow.call("0147200001");
    flow.did();
    // The answer and the timer cross: the exchange reports the answer of the dial with tag 1.
    let answer = cordboard::DialAnswer {
        target: 0,
        leg: LegId(77),
        line: Some("201".into()),
    };
    let result = cordboard::DialResult::Answered(answer);
    flow.hold_outcomes();
    flow.passes(secs(10));
    let dialled = OutcomeKind::Dialled(cordboard::DialOutcome {
        result,
        targets: vec![],
    });
    flow.happens(Event::Outcome(cordboard::CommandOutcome {
        tag: 1,
        kind: dialled,
    }));
    flow.did();
    flow.hearing().contains(&caller).then(|| flow.played(caller));
    assert_eq!(flow.did(), NOTHING, "it does not hang up on them");
}

/// Says good-bye in its own way.
#[cordboard::script]
async fn last_word(call: Call) -> Outcome {
    call.answer().await;
    let cause = call.ended().await;
    call.explain("ended", &["the caller left: ", &cause.to_string()].concat());
    call.hang_up()
}

#[test]
fn a_script_that_waits_for_the_end_has_the_last_word() {
    let mut flow = flow::<last_word>();
    let caller = flow.call("0147200001");
    flow.hangs_up(caller);
    assert_eq!(flow.why(), ["ended: the caller left: normal"]);
    assert_eq!(flow.did(), ["answer"], "there is nobody to hang up on");
}

#[test]
fn a_caller_who_hangs_up_ends_any_other_script_in_silence() {
    let mut flow = flow::<patient>();
    let caller = flow.call("0147200001");
    flow.did();
    flow.hangs_up(caller);
    flow.passes(secs(100));
    assert_eq!((flow.did(), flow.why()), (vec![], vec![]));
}

/// May not play: another branch rings too.
#[cordboard::script]
async fn refused(call: Call) -> Outcome {
    match call.play("early").await {
        Played::Stopped => call.reject(Cause::Failed),
        _ => call.hang_up(),
    }
}

#[test]
fn a_refused_command_is_an_outcome_and_is_explained() {
    let mut flow = flow::<refused>();
    flow.call_with("0147200001", |offer| offer.sole_holder = false);
    assert_eq!(flow.did(), ["reject failed"]);
    assert!(flow.cited("command"));
}

/// Settings of `greeter`.
#[derive(Settings, Serialize, Deserialize)]
struct Greeter {
    #[settings(default = "hello")]
    greeting: String,
}

/// Greets twice.
#[cordboard::script]
async fn greeter(call: Call, settings: Greeter) -> Outcome {
    call.play(&settings.greeting).await;
    call.play(&settings.greeting).await;
    call.hang_up()
}

#[test]
fn a_call_keeps_the_settings_it_began_with() {
    let mut flow = flow::<greeter>();
    let caller = flow.call("0147200001");
    flow.settings(&Greeter {
        greeting: "good evening".into(),
    });
    flow.played(caller);
    assert_eq!(flow.did(), ["play hello", "play hello"]);
}

/// Greets twice, with another setting.
#[derive(Settings, Serialize, Deserialize)]
struct Shouter {
    #[settings(default = "hello")]
    greeting: String,
    loud: bool,
}

/// Greets as [`greeter`] does.
#[cordboard::script]
async fn shouter(call: Call, settings: Shouter) -> Outcome {
    let greeting = if settings.loud {
        "HELLO"
    } else {
        &settings.greeting
    };
    call.play(greeting).await;
    call.play(greeting).await;
    call.hang_up()
}

#[test]
fn a_version_with_other_settings_does_not_take_a_call_over() {
    let mut flow = flow::<greeter>();
    let caller = flow.call("0147200001");
    assert!(flow.swap::<shouter>().unwrap_err().contains("another shape"));
    flow.played(caller);
    assert_eq!(
        flow.did(),
        ["play hello", "play hello"],
        "the call goes on with the version it runs on"
    );
}

/// As `greeter`, and a farewell.
#[cordboard::script]
async fn polite_greeter(call: Call, settings: Greeter) -> Outcome {
    call.play(&settings.greeting).await;
    call.play("farewell").await;
    call.hang_up()
}

#[test]
fn a_version_that_differs_only_later_takes_the_call_over() {
    let mut flow = flow::<greeter>();
    let caller = flow.call("0147200001");
    flow.swap::<polite_greeter>().unwrap();
    flow.played(caller);
    assert_eq!(flow.did(), ["play hello", "play farewell"]);
}

#[test]
fn a_version_that_differs_in_what_was_done_does_not() {
    let mut flow = flow::<greeter>();
    let caller = flow.call("0147200001");
    flow.played(caller);
    assert!(flow.swap::<polite_greeter>().unwrap_err().contains("another way"));
}

/// Never comes to an end.
#[cordboard::script]
async fn parrot(call: Call) -> Outcome {
    loop {
        call.play("again").await;
    }
}

#[test]
fn state_grows_by_a_few_bytes_a_step() {
    let mut flow = flow::<parrot>();
    let caller = flow.call("0147200001");
    let begun = flow.state_len();
    for _ in 0..100 {
        flow.played(caller);
    }
    let step = (flow.state_len() - begun) / 100;
    assert!(step <= 16, "{step} bytes a step");
}

/// Every step is refused at once: nothing in it ever waits.
#[test]
fn a_script_that_never_waits_is_refused_in_the_end() {
    let module = cordboard::native::Module::of::<parrot>();
    let mut flow = Flow::through(
        move |invocation| {
            let decision = module.invoke(&cordboard::contract::Invocation {
                held: vec![],
                ..invocation.clone()
            });
            let Err(cordboard::contract::Failure::Refused(reason)) = &decision.result else {
                panic!("{:?}", decision.result)
            };
            assert!(reason.ends_with("it has done too much for one call"), "{reason}");
            cordboard::contract::Decision {
                result: Ok(Default::default()),
                ..decision
            }
        },
        "{}",
    );
    flow.call("0147200001");
}

#[test]
fn events_that_are_not_for_a_script_change_nothing() {
    let mut flow = flow::<parrot>();
    flow.call("0147200001");
    flow.did();
    let state = flow.state_len();
    flow.happens(Event::Timer(9));
    flow.happens(Event::Message(Message {
        sender: None,
        body: vec![1],
    }));
    flow.happens(Event::Outcome(cordboard::CommandOutcome {
        tag: 50,
        kind: OutcomeKind::Done,
    }));
    assert_eq!((flow.did(), flow.state_len()), (vec![], state));
}

#[test]
fn a_state_that_is_not_a_scripts_is_refused() {
    use cordboard::Refusal;
    use cordboard::module::Module;
    for state in [vec![], vec![9, 9], vec![1, 2, 3], vec![1; 64]] {
        let refused = <greeter as Module>::migrate("0.1.0", state);
        assert!(matches!(refused, Err(Refusal(_))));
    }
}

/// Waits for 201, then asks on the display of 202 whether to ring it.
#[cordboard::script]
async fn bystander(call: Call) -> Outcome {
    if !call.until("201", Condition::Idle).within(minutes(5)).await {
        return call.reject(Cause::Busy);
    }
    let page = Page {
        title: "201 is free".into(),
        choices: vec!["Ring".into(), "Leave".into()],
        expiry: 60_000,
        ..Page::default()
    };
    match call.show("202", page).or_after(secs(30)).await {
        Some(Gathered::Digits(choice)) if choice == "1" => call.for_good(call.ring_line("201")).await,
        Some(_) => call.hang_up(),
        None => call.reject(Cause::NoAnswer),
    }
}

/// 202 reads the page, for which 201 had to become free.
fn asked_on_a_display() -> Flow {
    let mut flow = flow::<bystander>();
    flow.with_displays();
    flow.tenant().lines(&["201", "202"]);
    flow.tenant().line("201").calls = 1;
    flow.call("0147200001");
    flow.passes(secs(60));
    assert_eq!(flow.showing(), NOTHING);
    flow.line_has("201", true, 0);
    assert_eq!(flow.showing(), ["202"]);
    flow.did();
    flow
}

#[test]
fn a_script_waits_for_a_line_and_asks_on_a_display() {
    let mut flow = asked_on_a_display();
    flow.chooses("202", 1);
    assert_eq!(flow.did(), ["dial line 201"]);

    let mut flow = asked_on_a_display();
    flow.chooses("202", 2);
    assert_eq!(flow.did(), ["hang up"]);

    let mut flow = asked_on_a_display();
    flow.passes(secs(30));
    assert_eq!(flow.did(), ["dismiss the page", "reject no-answer"]);
    assert_eq!(flow.showing(), NOTHING);
}

#[test]
fn a_line_that_is_not_free_in_time_is_not_waited_for_any_longer() {
    let mut flow = flow::<bystander>();
    flow.tenant().lines(&["201"]);
    flow.tenant().line("201").calls = 1;
    flow.call("0147200001");
    flow.did();
    flow.passes(minutes(6));
    assert_eq!(flow.did(), ["reject busy"]);
}
