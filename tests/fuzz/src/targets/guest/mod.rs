//! Guests that return and hand over anything at all, across the whole contract.

mod module;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base::{Moment, Random};
use behaviours::{Config, Image, Invoker, Runtime, UploadLimits};
use contract::{
    AskId, Cause, Command, Decision, Event, Failure, HeldLeg, Identity, Invocation, LegEnded, LegId, Limits,
    Message, ModuleDigest, Offer, Outcome, OutcomeKind, PlayOutcome, Session, SessionId, Target, Task,
};
use cordboard::test::Tenant;

pub use module::random as random_module;

use super::Target as Tried;

pub const TARGET: Tried = Tried {
    name: "guest",
    about: "the host failing; commands, states or notes over their limits; legs that are not held; runs that differ",
    case,
};

/// Shared by all cases, as in an exchange.
pub static RUNTIME: LazyLock<Arc<Runtime>> = LazyLock::new(|| {
    // Guests that fail at once are wanted here.
    let upload = UploadLimits {
        rehearse: false,
        ..UploadLimits::default()
    };
    let config = Config {
        instances: 4,
        upload,
        ..Config::default()
    };
    let tick = config.tick;
    let runtime = Arc::new(Runtime::new(config).unwrap());
    let ticked = Arc::clone(&runtime);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(tick);
            ticked.tick();
        }
    });
    runtime
});

fn case(seed: u64) -> u64 {
    let mut random = Random::from_seed(seed);
    let sound = random.chance(0.8);
    let core = random_module(&mut random, sound);
    let inspected = match RUNTIME.inspect(&core) {
        Ok(inspected) => inspected,
        Err(problems) => {
            judge_problems(&problems);
            return 1;
        }
    };
    RUNTIME
        .load(inspected.digest, Image::Compiled(&inspected.compiled))
        .unwrap();
    let mut inputs = 1;
    let mut state = None;
    for _ in 0..4 {
        let invocation = invocation(&mut random, inspected.digest, state.clone());
        let decision = RUNTIME.invoke(invocation.clone());
        judge(&invocation, &decision);
        let again = RUNTIME.invoke(invocation);
        let timed = |decision: &Decision| matches!(decision.result, Err(Failure::Overrun));
        if !timed(&decision) && !timed(&again) {
            assert_eq!(
                (&decision.result, &decision.record),
                (&again.result, &again.record),
                "runs differ"
            );
            assert_eq!(decision.spent.fuel, again.spent.fuel, "runs cost differently");
        }
        state = decision.result.ok().map(|decided| decided.state.into()).or(state);
        inputs += 2;
    }
    RUNTIME.unload(inspected.digest);
    inputs
}

/// A refusal says what is wrong, and never that the host is.
pub fn judge_problems(problems: &[contract::Problem]) {
    assert!(!problems.is_empty(), "refused without a reason");
    for problem in problems {
        assert!(
            !problem.message.is_empty() && problem.message.len() < 4_000,
            "{} bytes",
            problem.message.len()
        );
        assert!(
            !problem.message.contains("the host failed"),
            "{}",
            problem.message
        );
    }
}

fn invocation(random: &mut Random, module: ModuleDigest, state: Option<Arc<[u8]>>) -> Invocation {
    let task = if random.chance(0.1) {
        Task::Migrate {
            from_version: "0.0.1".into(),
        }
    } else {
        Task::Handle(event(random))
    };
    let mut tenant = Tenant::default();
    tenant.lines(&["0", "1", "201"]).calendar("welcome", true);
    Invocation {
        ask: AskId(random.next_u64()),
        tenant: "fuzzed".into(),
        module,
        session: Session {
            id: SessionId(1),
            behaviour: "fuzzed".into(),
            number: "300".into(),
            settings: r#"{"attempts":3}"#.into(),
        },
        state,
        task,
        now: Moment::from_secs(random.below(1 << 33)),
        seed: random.next_u64(),
        limits: Limits {
            fuel: 2_000_000,
            deadline: Duration::from_millis(500),
            memory: 2 << 20,
            commands: 16,
            state: 4 << 10,
            timers_from: 0,
        },
        held: vec![held(7, true), held(8, false)],
        view: Arc::new(tenant),
    }
}

fn held(leg: u64, sole_holder: bool) -> HeldLeg {
    HeldLeg {
        leg: LegId(leg),
        sole_holder,
        answered: false,
    }
}

fn event(random: &mut Random) -> Event {
    match random.below(5) {
        0 => Event::CallOffered(Offer {
            leg: LegId(7),
            caller: Identity {
                number: Some("0612345678".into()),
                ..Identity::default()
            },
            called: "300".into(),
            number: "300".into(),
            diversions: vec!["é".repeat(200); random.below(40) as usize],
            answered: false,
            sole_holder: true,
            has_next: false,
        }),
        1 => Event::LegEnded(LegEnded {
            leg: LegId(8),
            cause: Cause::Busy,
        }),
        2 => Event::Message(Message {
            sender: None,
            body: vec![0xff; random.below(16 << 10) as usize],
        }),
        3 => Event::Outcome(Outcome {
            tag: random.next_u64(),
            kind: OutcomeKind::Played(PlayOutcome::Missing("\u{1f4de}".into())),
        }),
        _ => Event::Timer(random.next_u64()),
    }
}

fn judge(invocation: &Invocation, decision: &Decision) {
    let record = &decision.record;
    assert_eq!(decision.ask, invocation.ask);
    // Time is noted once, over and above the questions.
    assert!(
        record.queries.len() <= desk::QUESTIONS + 2,
        "{} questions",
        record.queries.len()
    );
    assert!(record.log.len() <= desk::LOG_LINES && record.explanations.len() <= desk::EXPLANATIONS);
    assert!(record.log.iter().all(|line| line.line.len() <= desk::LOG_BYTES));
    let cut = |text: &str| text.len() <= desk::EXPLANATION_BYTES;
    assert!(
        record
            .explanations
            .iter()
            .all(|it| cut(&it.rule) && cut(&it.sentence))
    );
    match &decision.result {
        Ok(decided) => {
            assert!(
                decided.state.len() <= invocation.limits.state,
                "{} bytes of state",
                decided.state.len()
            );
            assert!(decided.commands.len() <= invocation.limits.commands);
            let may_act = matches!(invocation.task, Task::Handle(_));
            assert!(may_act || decided.commands.is_empty(), "acts without an event");
            decided.commands.iter().for_each(judge_command);
        }
        Err(Failure::Trapped(reason) | Failure::Refused(reason)) => {
            assert!(
                reason.len() <= 400 && !reason.contains("the host failed"),
                "{reason}"
            );
        }
        Err(Failure::NotLoaded(_)) => panic!("it was loaded"),
        Err(_) => {}
    }
}

fn judge_command(command: &Command) {
    let held: BTreeSet<LegId> = [LegId(7), LegId(8)].into();
    match command {
        Command::Ring { leg, .. }
        | Command::Answer { leg, .. }
        | Command::Reject { leg, .. }
        | Command::HangUp { leg, .. }
        | Command::Hold { leg, .. }
        | Command::Resume { leg, .. }
        | Command::Unbridge { leg, .. }
        | Command::SendDigits { leg, .. }
        | Command::Play { leg, .. }
        | Command::Gather { leg, .. }
        | Command::Leave { leg, .. }
        | Command::StopAudio { leg } => assert!(held.contains(leg), "{command:?}"),
        Command::Bridge { a, b, .. } => assert!(held.contains(a) && held.contains(b), "{command:?}"),
        Command::Dial {
            caller,
            stages,
            options,
            ..
        } => {
            assert!(caller.is_none_or(|caller| held.contains(&caller)), "{command:?}");
            assert!((1..=64).contains(&stages.len()));
            for stage in stages {
                assert!((1..=64).contains(&stage.targets.len()));
                stage.targets.iter().for_each(judge_target);
            }
            options.alert.as_deref().into_iter().for_each(judge_text);
        }
        Command::Send {
            behaviour,
            number,
            body,
            ..
        } => {
            judge_text(behaviour);
            judge_text(number);
            assert!(body.len() <= 16 << 10);
        }
        Command::Watch { line, expiry, .. } => {
            judge_text(line);
            assert!(*expiry <= 31 * 24 * 3_600_000);
        }
        Command::Join { leg, room, .. } => {
            assert!(held.contains(leg), "{command:?}");
            judge_text(room);
        }
        Command::Reserve { lines, lease } => {
            assert!((1..=64).contains(&lines.len()) && *lease <= 600_000);
            lines.iter().for_each(|line| judge_text(line));
        }
        Command::Release { lines } => {
            assert!((1..=64).contains(&lines.len()));
            lines.iter().for_each(|line| judge_text(line));
        }
        Command::Publish { json } => assert!(json.len() <= 48 << 10),
        Command::Show { line, page, .. } => {
            judge_text(line);
            assert!(page.choices.len() <= 9 && page.text.len() <= 400);
        }
        Command::Dismiss { .. }
        | Command::CancelWatch { .. }
        | Command::CancelDial { .. }
        | Command::SetTimer { .. }
        | Command::CancelTimer { .. }
        | Command::Finish => {}
    }
}

fn judge_target(target: &Target) {
    match target {
        Target::Line(text) | Target::Number(text) | Target::Device(text) => judge_text(text),
        Target::Outside { number, trunk } => {
            judge_text(number);
            trunk.as_deref().into_iter().for_each(judge_text);
        }
        Target::Next => {}
    }
}

fn judge_text(text: &str) {
    assert!(
        (1..=256).contains(&text.len()) && !text.chars().any(char::is_control),
        "{text:?}"
    );
}
