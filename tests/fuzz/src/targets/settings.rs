//! The shipped behaviours, natively, with damaged settings and states.

use std::sync::Arc;

use base::Moment;
use contract::{
    AskId, Cause, DialOutcome, DialResult, Event, GatherOutcome, HeldLeg, Identity, Invocation, LegEnded,
    LegId, Limits, Message, ModuleDigest, Offer, Outcome, OutcomeKind, Session, SessionId, Task,
};
use cordboard::native;
use cordboard::test::Tenant;

use super::Target;
use crate::{Mutator, words};

pub const TARGET: Target = Target {
    name: "settings",
    about: "a shipped behaviour that panics over settings, states, messages or outcomes",
    case,
};

const MENU: &str = r#"{"enabled":true,"calendar":"opening","attempts":3,"wait":5,"goodbye":"goodbye","fallback":null,"extension-digits":3,
    "by-name":{"key":"9","people":[{"name":"Anne Weber","number":"101"},{"name":"Otto Weber","number":"102"}]},
    "open":{"greeting":"welcome","keys":[{"key":"1","number":"101","submenu":null},
        {"key":"2","number":null,"submenu":{"greeting":"sales","keys":[{"key":"1","number":"0612345678"}]}}]},
    "closed":{"greeting":"closed","keys":[{"key":"1","number":"0899123456","submenu":null}]}}"#;

const GROUP: &str = r#"{"members":["101","102","103"],"mode":"cyclic","rings":5,"wrap-up":10,"queue-length":3,
    "max-wait":60,"greeting":"welcome","greeting-interruptive":false,"waiting":"please-wait",
    "overflow":"number","overflow-number":"0147200001","playlist":["waltz","tango"],"place":{"every":10,"estimate":"estimated-wait"},
    "call-back":{"on":true,"after":5,"noted":"noted"},"priority":["06*"],"weights":[{"line":"102","weight":3}],
    "skills":[{"name":"english","members":["102"],"callers":["0044*"]}],"skill-wait":20}"#;

const LINE: &str = r#"{"blocked":["0899*"],"call-waiting":true,"greeting":{"announcement":"hello","interruptive":true},
    "multi-ring":{"on":true,"order":"sequential","numbers":["102","0612345678"]},
    "busy":{"on":true,"to":"103"},"no-answer":{"on":true,"to":null}}"#;

const OUTGOING: &str = r#"{"caller-id":"alternate","alternate":"0147200000","profile":"shop","profiles":[{"name":"shop","mobile":true,
    "europe":true,"closed":["sunday"],"calendar":"opening"}],"short-numbers":[{"short":"5501","number":"0612345678"}]}"#;

const ALERTER: &str = r#"{"outside":"menu","voicemail":"102","attendant":"103","call-back":"call-back",
    "recordings":[{"numbers":["3*"],"announcement":"busy"}],"keys":{"wait":"9"}}"#;

const ANNOUNCEMENT: &str = r#"{"announcement":"closed","times":2,"then":"number","number":"101"}"#;

fn case(seed: u64) -> u64 {
    let mut mutator = Mutator::new(seed, words::JSON);
    let (module, settings) = match mutator.below(8) {
        0 => (native::Module::of::<menu::menu>(), MENU),
        1 => (native::Module::of::<group::Group>(), GROUP),
        2 => (native::Module::of::<line::line>(), LINE),
        3 => (native::Module::of::<announcement::announcement>(), ANNOUNCEMENT),
        4 => (native::Module::of::<outgoing::outgoing>(), OUTGOING),
        5 => (native::Module::of::<busy_alerter::BusyAlerter>(), ALERTER),
        6 => (
            native::Module::of::<call_back::CallBack>(),
            r#"{"first":"callee","attempts":2}"#,
        ),
        _ => (native::Module::of::<echo::echo>(), "{}"),
    };
    let mut tenant = Tenant::default();
    tenant.lines(&["101", "102", "103"]).calendar("opening", true);
    let tenant = Arc::new(tenant);
    let settings = match mutator.below(3) {
        0 => settings.as_bytes().to_vec(),
        _ => mutator.damage(settings.as_bytes()),
    };
    let settings = String::from_utf8_lossy(&settings).into_owned();
    module.check(&settings, tenant.clone(), Moment::ZERO);
    let mut state: Option<Arc<[u8]>> = None;
    let mut invocation = Invocation {
        ask: AskId(1),
        tenant: "fuzzed".into(),
        module: ModuleDigest([0; 32]),
        session: Session {
            id: SessionId(1),
            behaviour: "fuzzed".into(),
            number: "300".into(),
            settings: settings.into(),
        },
        state: None,
        task: Task::Handle(event(&mut mutator, 0)),
        now: Moment::from_secs(1_000_000),
        seed,
        limits: Limits::default(),
        held: (1..4).map(held).collect(),
        view: tenant,
    };
    let steps = 2 + mutator.below(10);
    for step in 0..steps {
        invocation.state = state.clone();
        let decision = module.invoke(&invocation);
        if let Ok(decided) = decision.result {
            let next = if mutator.random.chance(0.2) {
                mutator.damage(&decided.state)
            } else {
                decided.state
            };
            state = Some(next.into());
        }
        invocation.now += std::time::Duration::from_secs(mutator.random.below(100));
        invocation.task = match mutator.below(12) {
            0 => Task::Migrate {
                from_version: "0.1.0".into(),
            },
            _ => Task::Handle(event(&mut mutator, step + 1)),
        };
    }
    steps as u64
}

fn held(leg: u64) -> HeldLeg {
    HeldLeg {
        leg: LegId(leg),
        sole_holder: leg != 2,
        answered: leg == 3,
    }
}

/// The first event offers a call; later ones are anything.
fn event(mutator: &mut Mutator, step: usize) -> Event {
    let leg = LegId(1 + mutator.random.below(4));
    let tag = mutator.random.below(6);
    match mutator.below(if step == 0 { 1 } else { 8 }) {
        0 => Event::CallOffered(Offer {
            leg,
            caller: Identity {
                number: (!mutator.random.chance(0.2)).then(|| text(mutator, "0612345678")),
                name: None,
                anonymous: mutator.random.chance(0.2),
                line: None,
            },
            called: text(mutator, "300"),
            number: "300".into(),
            diversions: vec![],
            answered: mutator.random.chance(0.2),
            sole_holder: mutator.random.chance(0.8),
            has_next: mutator.random.chance(0.5),
        }),
        1 => Event::LegEnded(LegEnded {
            leg,
            cause: Cause::Normal,
        }),
        2 => Event::Timer(tag),
        3 => Event::Message(Message {
            sender: None,
            body: mutator.damage(b"absent 101"),
        }),
        4 => Event::SettingsChanged,
        5 => outcome(tag, OutcomeKind::Done),
        6 => outcome(
            tag,
            OutcomeKind::Gathered(GatherOutcome::Digits(text(mutator, "1"))),
        ),
        _ => outcome(
            tag,
            OutcomeKind::Dialled(DialOutcome {
                result: DialResult::Failed(Cause::Busy),
                targets: vec![],
            }),
        ),
    }
}

fn outcome(tag: u64, kind: OutcomeKind) -> Event {
    Event::Outcome(Outcome { tag, kind })
}

fn text(mutator: &mut Mutator, like: &str) -> String {
    let damaged = mutator.damage(like.as_bytes());
    String::from_utf8_lossy(&damaged).into_owned()
}
