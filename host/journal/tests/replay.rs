//! Recorded sessions on another version: what would go otherwise, and at which step.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::sync::Arc;

use base::Moment;
use contract::{
    AskId, Cause, Command, Decided, Decision, Digit, EmptyView, Event, Failure, HeldLeg, Invocation, LegId,
    Limits, LocalTime, ModuleDigest, Outcome, OutcomeKind, Query, Record, SessionId, Spent, Task,
};
use journal::{AnswerRef, Candidate, Header, Recorded, Segment, StepRef, Verdict, play};

const OLD: ModuleDigest = ModuleDigest([1; 32]);
const NEW: ModuleDigest = ModuleDigest([2; 32]);
const LEG: LegId = LegId(7);

type Answer = Result<Decided, Failure>;

fn decided(state: &[u8], commands: Vec<Command>) -> Answer {
    Ok(Decided {
        state: state.to_vec(),
        commands,
    })
}

/// Answers the caller, counts the digits in its state, and hangs up after the `last`.
fn menu(last: u8, tag: u64) -> impl Fn(&Invocation) -> Answer {
    move |invocation| match &invocation.task {
        Task::Handle(Event::Timer(_)) => decided(&[0], vec![Command::Answer { tag, leg: LEG }]),
        Task::Handle(Event::Outcome(outcome)) if outcome.tag == tag => decided(&[0], vec![]),
        Task::Handle(Event::Outcome(_)) => Err(Failure::Refused("not mine".into())),
        Task::Handle(Event::Digit(_)) => {
            let count = invocation.state.as_deref().unwrap()[0] + 1;
            let end = Command::HangUp {
                tag: tag + 1,
                leg: LEG,
                cause: Cause::Normal,
            };
            decided(&[count], if count == last { vec![end] } else { vec![] })
        }
        Task::Migrate { .. } => decided(&invocation.state.clone().unwrap(), vec![]),
        other => panic!("{other:?}"),
    }
}

fn events() -> Vec<Event> {
    let digit = || {
        Event::Digit(Digit {
            leg: LEG,
            digit: '1',
            held: 100,
        })
    };
    let outcome = Event::Outcome(Outcome {
        tag: 1,
        kind: OutcomeKind::Done,
    });
    vec![Event::Timer(9), outcome, digit(), digit(), digit()]
}

fn header(state: Option<&[u8]>) -> Header {
    Header {
        session: SessionId(1),
        behaviour: "menu".into(),
        number: "300".into(),
        module: OLD,
        version: "1.0.0".into(),
        settings: "{}".into(),
        state: state.map(Arc::from),
    }
}

/// What a version decided about events, as the journal holds it.
fn record(
    logic: &dyn Fn(&Invocation) -> Answer,
    header: &Header,
    events: &[Event],
    record: &Record,
) -> Arc<Recorded> {
    let mut segment = Segment::begin(header);
    let mut state = header.state.clone();
    for (index, event) in events.iter().enumerate() {
        let task = Task::Handle(event.clone());
        let answer = logic(&invocation(task.clone(), state.clone()));
        let answer = match &answer {
            Ok(decided) => {
                state = Some(decided.state.as_slice().into());
                AnswerRef::Decided(&decided.commands, decided.state.len())
            }
            Err(failure) => AnswerRef::Failed(failure),
        };
        let step = StepRef {
            at: Moment::from_secs(index as u64),
            call: Some(1),
            version: None,
            settings: None,
            task: &task,
            seed: index as u64,
            held: &[HeldLeg {
                leg: LEG,
                sole_holder: true,
                answered: true,
            }],
            answer,
            record,
        };
        segment.add(step, (OLD, "1.0.0"), &header.settings).unwrap();
    }
    Arc::new(Recorded::read(&segment.close(true)).unwrap())
}

fn invocation(task: Task, state: Option<Arc<[u8]>>) -> Invocation {
    Invocation {
        ask: AskId(0),
        tenant: "acme".into(),
        module: OLD,
        session: contract::Session {
            id: SessionId(1),
            behaviour: "menu".into(),
            number: "300".into(),
            settings: "{}".into(),
        },
        state,
        task,
        now: Moment::ZERO,
        seed: 0,
        limits: Limits::default(),
        held: vec![],
        view: Arc::new(EmptyView),
    }
}

fn replay(recorded: &Arc<Recorded>, logic: &dyn Fn(&Invocation) -> Answer) -> Verdict {
    let candidate = Candidate {
        module: NEW,
        limits: Limits::default(),
        view: Arc::new(EmptyView),
    };
    play(recorded, &candidate, &Arc::clone, &|invocation| Decision {
        ask: invocation.ask,
        result: logic(&invocation),
        record: Record::default(),
        spent: Spent::default(),
    })
}

#[test]
fn a_version_that_decides_the_same_ends_the_same() {
    let recorded = record(&menu(3, 1), &header(None), &events(), &Record::default());
    assert_eq!(replay(&recorded, &menu(3, 1)), Verdict::Same(5));
    assert_eq!(
        replay(&recorded, &menu(3, 40)),
        Verdict::Same(5),
        "it may name its commands otherwise"
    );
}

#[test]
fn a_version_that_hangs_up_earlier_differs_at_that_step() {
    let recorded = record(&menu(3, 1), &header(None), &events(), &Record::default());
    let Verdict::Differs(difference) = replay(&recorded, &menu(2, 1)) else {
        panic!("it differs")
    };
    assert_eq!(difference.step, 3, "the second digit");
    assert_eq!(difference.did, journal::Answer::Decided(vec![], 1));
    assert_eq!(difference.would.unwrap().len(), 1);
}

#[test]
fn a_version_that_fails_differs() {
    let recorded = record(&menu(3, 1), &header(None), &events(), &Record::default());
    let trap = || Err(Failure::Trapped("unreachable".into()));
    let Verdict::Differs(difference) = replay(&recorded, &|_| trap()) else {
        panic!("it differs")
    };
    assert_eq!(
        (difference.step, difference.would),
        (0, Err(Failure::Trapped("unreachable".into())))
    );
}

/// Support wants to know: would the new version have helped the callers that the old one failed?
#[test]
fn a_version_that_helps_where_the_old_one_failed_differs() {
    let failing = |_: &Invocation| Err(Failure::OutOfFuel);
    let recorded = record(&failing, &header(None), &events()[..1], &Record::default());
    let Verdict::Differs(difference) = replay(&recorded, &menu(3, 1)) else {
        panic!("it differs")
    };
    assert_eq!(difference.did, journal::Answer::Failed(Failure::OutOfFuel));
    assert_eq!(
        replay(&recorded, &|_| Err(Failure::Overrun)),
        Verdict::Same(1),
        "neither helps"
    );
}

/// The latter part of a long session: the candidate takes the state over, as it would in a swap.
#[test]
fn a_part_from_the_middle_is_taken_over() {
    let recorded = record(
        &menu(3, 1),
        &header(Some(&[1])),
        &events()[2..],
        &Record::default(),
    );
    assert_eq!(replay(&recorded, &menu(3, 1)), Verdict::Same(3));
    let declines = |invocation: &Invocation| match &invocation.task {
        Task::Migrate { from_version } => {
            assert_eq!(from_version, "1.0.0");
            Err(Failure::Refused("another format".into()))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(
        replay(&recorded, &declines),
        Verdict::Declined(Failure::Refused("another format".into()))
    );
}

/// The line was busy then, and is not now: what counts is what was answered then.
#[test]
fn questions_get_the_answers_of_then() {
    let local = LocalTime {
        hour: 3,
        ..LocalTime::default()
    };
    let asked = Record {
        queries: vec![
            Query::Normalise {
                typed: "0612".into(),
                answer: Some("+33612".into()),
            },
            Query::Local(local),
        ],
        ..Record::default()
    };
    let recorded = record(&menu(3, 1), &header(None), &events()[..1], &asked);
    let asks = |invocation: &Invocation| {
        assert_eq!(invocation.view.normalise("0612").as_deref(), Some("+33612"));
        assert_eq!(invocation.view.local_time(invocation.now).hour, 3);
        assert_eq!(
            invocation.view.normalise("0999"),
            None,
            "nobody asked that: the tenant of today answers"
        );
        decided(&[], vec![])
    };
    let Verdict::Differs(difference) = replay(&recorded, &asks) else {
        panic!("it does not answer the call")
    };
    assert_eq!(difference.asked_anew, 1);
}
