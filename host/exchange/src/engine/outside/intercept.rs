//! Another exchange asks what shall become of a call of its own (external call control), and a behaviour says.
//!
//! ```text
//!  inquiry ─▶ whose number ─▶ its behaviours ─▶ Invoke(call-offered) ─▶ the first command about the leg ─▶ verdict
//!                                 ▲ next of a stack ──────┘              └─▶ none, failure, too late ─▶ the tenant's default
//! ```
//!
//! The behaviour is an ordinary one, and is asked what it would do first with the call. Nothing of that is carried out and no state is
//! kept: the other exchange does it, and the call comes here only when it needs somebody who speaks. Then it is diverted to the
//! tenant's pilot number, and what comes there is taken for the number that diverted it (`invited`).
//!
//! Not here: the words of that exchange's protocol, which are the interface's over HTTP.

use std::sync::Arc;
use std::time::Duration;

use base::{Moment, Pii};
use contract::{
    AskId, Cause, Command, Decision, DialOptions, Event, HeldLeg, Identity, Invocation, LegId, Offer, Record,
    Session as Told, SessionId, SessionScope, Shown, Stage, Target, Task, View,
};

use crate::admin;
use crate::directory::{Inside, Interception, Origin, Otherwise, Resolution, TenantView};
use crate::engine::commands::leg_of;
use crate::engine::invited::identity_of_line;
use crate::engine::lookup::{Placed, placed};
use crate::engine::timers::TimerKey;
use crate::engine::{Due, Exchange};
use crate::io::{AdminId, Output};
use crate::live::{self, Inquiry, Verdict};
use crate::report::Fact;

/// Questions of other exchanges that are out at once, in all tenants; more get their tenants' defaults.
const MAX_OUT: usize = 1_024;

/// Ways to write a number that one inquiry may bring.
const SPELLINGS: usize = 4;

/// An inquiry that a behaviour is asked about.
#[derive(Debug)]
pub(crate) struct Intercepted {
    reply: AdminId,
    tenant: Arc<str>,
    rule: Interception,
    inquiry: Inquiry,
    /// A name for the leg that is not there.
    leg: LegId,
    number: Arc<str>,
    stack: Arc<[Placed]>,
    position: usize,
    line: Option<Arc<str>>,
    since: Moment,
    deadline: Option<TimerKey>,
}

/// What an answer comes to.
enum Outcome {
    Verdict(Verdict),
    /// The next behaviour of the stack is asked.
    Next,
    /// The tenant's default, for this reason.
    Undecided(&'static str),
}

/// Asking.
impl Exchange {
    /// Answers at once, or once a behaviour has.
    pub(in crate::engine) fn intercept(&mut self, reply: AdminId, tenant: &str, inquiry: Inquiry) {
        let view = self.tenant(tenant).cloned();
        let rule = view
            .as_ref()
            .and_then(|view| view.tenant().document.interception.clone());
        let (Some(view), Some(rule)) = (view, rule) else {
            self.verdict(reply, None);
            return;
        };
        let spellings = inquiry.called.iter().take(SPELLINGS);
        let meant = spellings.map(|called| view.resolve(called, Origin::Behaviour(None), self.now));
        let meant = meant.fold(None, |best, other| match (best, other) {
            // R74: whoever asks, emergency calls pass.
            (_, Resolution::Emergency { .. }) => Some(Err(Verdict::Continue { shown: None })),
            (None, Resolution::Inside(inside)) => Some(Ok(inside)),
            (best, _) => best,
        });
        if let Some(verdict) = self.of_ours(&view, &inquiry, &meant) {
            self.verdict(reply, Some(verdict));
            return;
        }
        let (tenant, leg, now) = (view.id().text().clone(), LegId(self.ids.next()), self.now);
        let inside = match meant.unwrap_or_else(|| Err(default_of(&rule))) {
            Ok(inside) => inside,
            Err(verdict) => {
                let called = inquiry.called.first().cloned().unwrap_or_default();
                self.report_interception(
                    &tenant,
                    &called,
                    None,
                    &verdict,
                    "none of the tenant's own numbers",
                    now,
                    Record::default(),
                );
                self.verdict(reply, Some(verdict));
                return;
            }
        };
        let asked = Intercepted {
            reply,
            tenant,
            rule,
            inquiry,
            leg,
            number: inside.number.clone(),
            stack: placed(&inside.stack),
            position: 0,
            line: inside.line.as_ref().map(|line| line.id.text().clone()),
            since: now,
            deadline: None,
        };
        self.ask_about(Box::new(asked));
    }

    /// A call that we make there has been decided about.
    fn of_ours(
        &self,
        view: &TenantView,
        inquiry: &Inquiry,
        meant: &Option<Result<Inside, Verdict>>,
    ) -> Option<Verdict> {
        let Some(Ok(Inside { line: Some(line), .. })) = meant else {
            return None;
        };
        let caller = caller_of(view, &inquiry.calling).number;
        let rings = self.rings_there(view.id().text(), &line.id, caller.as_deref());
        rings.then_some(Verdict::Continue { shown: None })
    }

    /// Asks the behaviour at the inquiry's place of the stack.
    fn ask_about(&mut self, mut asked: Box<Intercepted>) {
        let Some(placed) = asked.stack.get(asked.position).cloned() else {
            // Behind the last behaviour stands the phone itself, and that is the other exchange's.
            let verdict = Verdict::Continue { shown: None };
            self.conclude(&asked, verdict, "no behaviour keeps the call", Record::default());
            return;
        };
        let spent = self.now.since(asked.since);
        let patience = Duration::from_millis(u64::from(asked.rule.patience)).saturating_sub(spent);
        let version = self.active_version(&asked.tenant, &placed.behaviour);
        let (Some(version), false, false) = (version, patience.is_zero(), self.intercepted.len() >= MAX_OUT)
        else {
            self.undecided(&asked, "nobody could be asked", Record::default());
            return;
        };
        let ask = AskId(self.ids.next());
        let patience = patience.min(self.config.patience);
        asked.deadline = Some(self.timers.set(self.now + patience, Due::NoDecision(ask)));
        let keyed = (version.scope == SessionScope::PerNumber)
            .then(|| self.keyed_session(&asked.tenant, &placed.behaviour, &asked.number))
            .flatten();
        let state = keyed
            .and_then(|id| self.sessions.get(&id))
            .filter(|session| session.running.digest == version.digest)
            .and_then(|session| session.state.clone());
        let invocation = Invocation {
            ask,
            tenant: asked.tenant.clone(),
            module: version.digest,
            session: Told {
                id: keyed.unwrap_or(SessionId(self.ids.next())),
                behaviour: placed.behaviour.clone(),
                number: asked.number.clone(),
                settings: placed.settings.clone(),
            },
            state,
            task: Task::Handle(Event::CallOffered(self.offer_of(&asked))),
            now: self.now,
            seed: self.random.next_u64(),
            limits: self.config.limits,
            held: vec![HeldLeg {
                leg: asked.leg,
                sole_holder: true,
                answered: false,
            }],
            view: self.view_of(&asked.tenant),
        };
        self.intercepted.insert(ask, asked);
        self.outbox.push_back(Output::Invoke(Box::new(invocation)));
    }

    /// The call as the behaviour would see it if it came here.
    fn offer_of(&self, asked: &Intercepted) -> Offer {
        let view = self.tenant(&asked.tenant);
        let normal = |number: &str| view.and_then(|view| view.normalise(number));
        Offer {
            leg: asked.leg,
            caller: view
                .map(|view| caller_of(view, &asked.inquiry.calling))
                .unwrap_or_default(),
            called: asked
                .inquiry
                .called
                .iter()
                .find_map(|called| normal(called))
                .unwrap_or_default(),
            number: asked.number.to_string(),
            diversions: Vec::new(),
            answered: false,
            sole_holder: true,
            has_next: asked.position + 1 < asked.stack.len(),
        }
    }
}

/// Being answered.
impl Exchange {
    /// A behaviour's answer; false when it is about no inquiry.
    pub(in crate::engine) fn interception_decided(&mut self, decision: &Decision) -> bool {
        let Some(mut asked) = self.intercepted.remove(&decision.ask) else {
            return false;
        };
        if let Some(deadline) = asked.deadline.take() {
            self.timers.cancel(deadline);
        }
        let record = decision.record.clone();
        let outcome = match &decision.result {
            Ok(decided) => self.outcome_of(&asked, &decided.commands),
            Err(_) => Outcome::Undecided("the behaviour failed"),
        };
        match outcome {
            Outcome::Verdict(verdict) => self.conclude(&asked, verdict, "", record),
            Outcome::Next => {
                asked.position += 1;
                self.ask_about(asked);
            }
            Outcome::Undecided(why) => self.undecided(&asked, why, record),
        }
        true
    }

    /// No answer came in time; false when it is about no inquiry.
    pub(in crate::engine) fn interception_over(&mut self, ask: AskId) -> bool {
        let Some(asked) = self.intercepted.remove(&ask) else {
            return false;
        };
        self.undecided(&asked, "the behaviour did not answer in time", Record::default());
        true
    }

    /// What the first command about the call comes to.
    fn outcome_of(&self, asked: &Intercepted, commands: &[Command]) -> Outcome {
        let about = commands.iter().find(|command| {
            let passes = matches!(command, Command::Ring { .. } | Command::StopAudio { .. });
            leg_of(command) == Some(asked.leg) && !passes
        });
        match about {
            None => Outcome::Undecided("the behaviour did nothing about the call"),
            Some(Command::Dial { stages, options, .. }) => self.dialled(asked, stages, options),
            Some(Command::Reject { cause, .. } | Command::HangUp { cause, .. }) => {
                Outcome::Verdict(rejected(&asked.rule, *cause))
            }
            // To answer, play or ask it has to have the call.
            Some(_) => to_pilot(&asked.rule),
        }
    }

    fn dialled(&self, asked: &Intercepted, stages: &[Stage], options: &DialOptions) -> Outcome {
        let (Some(view), Some(stage)) = (self.tenant(&asked.tenant), stages.first()) else {
            return Outcome::Undecided("the behaviour dialled nobody");
        };
        // Several phones at once ring from here.
        let [target] = stage.targets.as_slice() else {
            return to_pilot(&asked.rule);
        };
        let shown = match &options.shown {
            Shown::Number(number) => view.normalise(number).filter(|number| view.owns(number)),
            Shown::Caller | Shown::Anonymous => None,
        };
        let divert = |to: String| {
            let shown = shown.clone();
            Outcome::Verdict(Verdict::Divert { to, shown })
        };
        let goes_on = || Outcome::Verdict(Verdict::Continue { shown: shown.clone() });
        let is_own = |line: &str| asked.line.as_deref() == Some(line);
        match target {
            Target::Next if asked.position + 1 < asked.stack.len() => Outcome::Next,
            Target::Next => goes_on(),
            Target::Line(name) => match view.find_line(name) {
                Some(line) if is_own(&line.id) => goes_on(),
                Some(line) => divert(line.label().to_string()),
                None => Outcome::Verdict(rejected(&asked.rule, Cause::UnknownNumber)),
            },
            Target::Device(device) => match self.device(&asked.tenant, device) {
                Some((line, _)) if is_own(&line) => goes_on(),
                Some(_) | None => to_pilot(&asked.rule),
            },
            Target::Number(number) => match view.resolve(number, Origin::Behaviour(None), self.now) {
                Resolution::Inside(inside) if inside.number == asked.number => goes_on(),
                Resolution::Inside(inside) => divert(inside.number.to_string()),
                Resolution::Outside { number, .. } if self.may_outside(asked) => divert(number.to_string()),
                Resolution::Outside { .. } | Resolution::Forbidden(_) => {
                    Outcome::Verdict(rejected(&asked.rule, Cause::Forbidden))
                }
                Resolution::NoTrunk(_) => Outcome::Verdict(rejected(&asked.rule, Cause::Congestion)),
                Resolution::Emergency { .. }
                | Resolution::Reach { .. }
                | Resolution::Tell { .. }
                | Resolution::Set { .. }
                | Resolution::PickUp { .. }
                | Resolution::Conference { .. }
                | Resolution::Unknown => Outcome::Verdict(rejected(&asked.rule, Cause::UnknownNumber)),
            },
            Target::Outside { number, .. } => match (view.route(number), view.normalise(number)) {
                (Ok(_), Some(number)) if self.may_outside(asked) => divert(number),
                _ => Outcome::Verdict(rejected(&asked.rule, Cause::Forbidden)),
            },
        }
    }

    /// Whether the behaviour that was asked may dial outside at all.
    fn may_outside(&self, asked: &Intercepted) -> bool {
        let placed = asked.stack.get(asked.position);
        let behaviour = placed.and_then(|placed| self.tenant(&asked.tenant)?.behaviour(&placed.behaviour));
        behaviour.is_some_and(|behaviour| behaviour.manifest.imports.iter().any(|import| import == "trunk"))
    }
}

/// Answering.
impl Exchange {
    fn undecided(&mut self, asked: &Intercepted, why: &'static str, record: Record) {
        self.conclude(asked, default_of(&asked.rule), why, record);
    }

    fn conclude(&mut self, asked: &Intercepted, verdict: Verdict, why: &'static str, record: Record) {
        let behaviour = asked
            .stack
            .get(asked.position)
            .map(|placed| placed.behaviour.clone());
        let (tenant, number, since) = (asked.tenant.clone(), asked.number.clone(), asked.since);
        self.report_interception(&tenant, &number, behaviour, &verdict, why, since, record);
        self.verdict(asked.reply, Some(verdict));
    }

    #[expect(clippy::too_many_arguments, reason = "all that is told of it")]
    fn report_interception(
        &mut self,
        tenant: &Arc<str>,
        number: &str,
        behaviour: Option<Arc<str>>,
        verdict: &Verdict,
        why: &'static str,
        since: Moment,
        record: Record,
    ) {
        let to = match verdict {
            Verdict::Divert { to, .. } => Some(Pii(to.clone())),
            Verdict::Continue { .. } | Verdict::Reject { .. } => None,
        };
        let fact = Fact::Intercepted {
            number: Pii(number.to_owned()),
            behaviour,
            verdict: verdict.name().into(),
            to,
            why: why.into(),
            because: record.explanations,
            took: self.now.since(since),
        };
        self.report_for(tenant, None, None, None, fact);
    }

    fn verdict(&mut self, id: AdminId, verdict: Option<Verdict>) {
        let response = Ok(admin::Answer::Live(live::Answer::Verdict(verdict)));
        self.outbox.push_back(Output::Reply { id, response });
    }
}

/// The calling number may be one of the tenant's lines: then the caller is of the house.
fn caller_of(view: &TenantView, calling: &[String]) -> Identity {
    let spellings = || {
        calling
            .iter()
            .take(SPELLINGS)
            .filter_map(|calling| view.normalise(calling))
    };
    match spellings().find_map(|number| view.line_by_number(&number)) {
        Some(line) => identity_of_line(view, line),
        None => Identity {
            number: spellings().next(),
            ..Identity::default()
        },
    }
}

fn default_of(rule: &Interception) -> Verdict {
    match rule.otherwise {
        Otherwise::Continue => Verdict::Continue { shown: None },
        Otherwise::Reject => rejected(rule, Cause::Failed),
    }
}

fn rejected(rule: &Interception, cause: Cause) -> Verdict {
    Verdict::Reject {
        cause,
        announcement: rule.announcement.as_deref().map(str::to_owned),
    }
}

fn to_pilot(rule: &Interception) -> Outcome {
    match &rule.pilot {
        Some(pilot) => Outcome::Verdict(Verdict::Divert {
            to: pilot.to_string(),
            shown: None,
        }),
        None => Outcome::Undecided("the behaviour needs the call, and there is no pilot number"),
    }
}
