//! Who there is: two companies with the same short numbers, every shipped behaviour, two behaviours that only a
//! test would write, and the outside.

use std::cell::RefCell;
use std::rc::Rc;

use base::Random;
use contract::{Invocation, Manifest, ModuleDigest, SessionScope};
use cordboard::module::Module;
use cordboard::native;
use serde_json::{Value, json};
use testkit::{Office, digest_of};

use crate::later::{self, Memory};
use crate::logic;
use crate::plan::Size;

/// Names of the companies.
pub const COMPANIES: [&str; 2] = ["acme", "globex"];
/// Lines of each, each with a phone. The last speaks TCP.
pub const LINES: [&str; 6] = ["201", "202", "203", "204", "205", "206"];
/// What people dial: lines, a menu, two groups, an announcement, an echo, a whim, steady ones per call and per
/// number, nobody, the outside, an emergency.
pub const NUMBERS: [&str; 17] = [
    "201",
    "202",
    "203",
    "204",
    "205",
    "206",
    "300",
    "301",
    "302",
    "303",
    "304",
    "305",
    "306",
    "307",
    "299",
    "0147200001",
    "112",
];
/// Public numbers that the outside calls.
pub const PUBLIC: [&str; 3] = ["+33123456700", "+33123456701", "+33123456702"];
/// Behaviours that exist in two versions or more.
pub const SWAPPED: [&str; 6] = ["menu", "group", "line", "whim", "steady", "desk"];
/// The same of a wide town.
pub const SWAPPED_TOO: [&str; 4] = ["busy-alerter", "call-back", "outgoing", "park"];
/// What people of a wide town dial besides: please call me back when that line is free; let me take the call that
/// rings there, or in my group; the place where calls are parked; rooms, three times as often.
pub const CODES: [&str; 12] = [
    "*37*201", "*37*202", "*37*203", "*37*299", "*95202", "*95204", "*95299", "*98", "700", "308", "308",
    "308",
];
/// Versions that can be activated.
pub const VERSIONS: [&str; 3] = ["1.0.0", "2.0.0", "3.0.0"];

/// What modules saw that must never happen.
pub type Complaints = Rc<RefCell<Vec<String>>>;

/// Everything about the modules of a town that its rules have to know.
#[derive(Default)]
pub struct Town {
    pub complaints: Complaints,
    /// Whose each module is.
    pub modules: Vec<(ModuleDigest, &'static str)>,
    /// By tenant, behaviour and version: its manifest.
    pub manifests: Vec<(String, String, ModuleDigest, Manifest)>,
    /// The whims and steady ones stop having ideas.
    pub tired: Rc<RefCell<bool>>,
    /// What was seen that later acts are about.
    pub(crate) memory: RefCell<Memory>,
}

impl Town {
    /// What a version of a behaviour says of itself, and its digest.
    pub fn version(&self, tenant: &str, behaviour: &str, version: &str) -> Option<(ModuleDigest, Manifest)> {
        let found = self
            .manifests
            .iter()
            .find(|(of, name, _, manifest)| of == tenant && name == behaviour && manifest.version == version);
        found.map(|(_, _, digest, manifest)| (*digest, manifest.clone()))
    }

    /// Builds the companies; those of a wide town have an alerter, call backs, rules for calls outside and
    /// a place to park, too, and those of the widest displays, opening hours and codes.
    pub fn offices(&mut self, random: &mut Random, size: Size) -> Vec<Office> {
        let companies = COMPANIES.iter().enumerate();
        companies
            .map(|(place, name)| {
                let office = self.office(name, u8::try_from(place).unwrap_or(0) + 1, random, size);
                match size {
                    Size::Plain => office,
                    Size::Wide => self.more(office, name, random, vec![]),
                    Size::Widest => {
                        let office = self.more(office, name, random, later::switches());
                        let office = later::displays(office).document(later::hours());
                        later::sound(office, random)
                    }
                }
            })
            .collect()
    }

    /// What a wide town has besides.
    fn more(
        &mut self,
        office: Office,
        tenant: &'static str,
        random: &mut Random,
        first: Vec<Value>,
    ) -> Office {
        let widest = !first.is_empty();
        let alerter = json!({
            "call-back": "call-back", "call-back-on-hang-up": random.chance(0.5), "attendant": "206",
            "inside": if random.chance(0.7) { "menu" } else { "ring" },
        });
        // Nobody is called back any more when a run comes to its end.
        let mut call_back = json!({
            "first": if random.chance(0.5) { "caller" } else { "callee" },
            "rings": 1 + random.below(4), "attempts": 1 + random.below(3), "keep": 5,
        });
        if widest && random.chance(0.5) {
            call_back["notice"] = json!("display");
        }
        let office = self.guest::<busy_alerter::BusyAlerter>(office, tenant, "busy-alerter", &alerter);
        let office = self.guest::<call_back::CallBack>(office, tenant, "call-back", &call_back);
        let office = self.guest::<outgoing::outgoing>(office, tenant, "outgoing", &json!({}));
        let park = json!({ "return-after": 10 + random.below(50), "rings": 1 + random.below(3) });
        let office = self.guest::<park::Park>(office, tenant, "park", &park);
        let rule = |name: &str, direction: &str, pattern: Value, action: Value| json!({"name": name, "direction": direction, "pattern": pattern, "action": action});
        let told =
            json!({"tell": {"behaviour": "call-back", "number": "{digits}", "message": "request {line}"}});
        let rules = vec![
            rule("call back", "internal", json!({"feature-code": "*37*"}), told),
            rule(
                "a line's call",
                "internal",
                json!({"feature-code": "*95"}),
                json!("pick-up"),
            ),
            rule(
                "a group's call",
                "internal",
                json!({"feature-code": "*98"}),
                json!("pick-up"),
            ),
            rule("own numbers", "internal", json!("any"), json!("own")),
            rule(
                "outside",
                "internal",
                json!("any"),
                json!({"behaviours": [{"behaviour": "outgoing"}]}),
            ),
            rule("own numbers", "inbound", json!("any"), json!("own")),
        ];
        let rules = [first, rules].concat();
        let office = self.own(office, tenant, "social", SessionScope::PerCall, logic::social);
        office
            // A line may forward to itself: its caller is given up on before the rules think it forgotten.
            .tenant(|tenant| tenant.limits.hops = 8)
            .document(json!({"dial-plan": {"rules": rules}}))
            .document(json!({"pickup-group": {"id": "desk", "name": "Desk", "site": "main", "lines": ["202", "203", "204"]}}))
            .number("700", &["park"])
            .number("308", &["social"])
            .announcements(&[
                "in-a-call",
                "we-will-call-back",
                "nobody-answers",
                "hold",
                "call-not-allowed",
            ])
    }

    fn office(&mut self, tenant: &'static str, place: u8, random: &mut Random, size: Size) -> Office {
        let wide = size >= Size::Wide;
        let mut office = Office::new(tenant)
            .announcements(&["welcome", "more", "goodbye", "please-wait", "all-busy", "closed"])
            .outside("provider", "+33611223344", place);
        for (position, number) in LINES.iter().enumerate() {
            let waiting = random.chance(0.4);
            let guarded = random.chance(0.4);
            let alerted = wide && random.chance(0.4);
            let change = |line: &mut exchange::directory::Line| {
                line.features.call_waiting = waiting;
                if guarded {
                    line.behaviours = Some(vec!["line".into()]);
                }
                if alerted {
                    let behind = line.behaviours.take().unwrap_or_default();
                    line.behaviours = Some(std::iter::once("busy-alerter".into()).chain(behind).collect());
                }
                line.number = PUBLIC.get(position).map(|public| {
                    let own = size == Size::Widest && tenant == COMPANIES[1];
                    let number = if own {
                        public.replace("4567", "4577")
                    } else {
                        (*public).to_owned()
                    };
                    number.as_str().into()
                });
            };
            office = if position + 1 == LINES.len() {
                office.line_over_tcp(number)
            } else {
                office.line_with(number, change)
            };
        }
        office = self.shipped(office, tenant, random, size);
        let scope = SessionScope::PerCall;
        office = self.own(office, tenant, "whim", scope, logic::whim);
        office = self.own(office, tenant, "steady", scope, logic::steady);
        office = self.own(office, tenant, "desk", SessionScope::PerNumber, logic::steady);
        office
            .number("300", &["menu", "whim"])
            .number("301", &["group"])
            .number("302", &["whim", "group"])
            .number("303", &["announcement"])
            .number("304", &["echo"])
            .number("305", &["whim", "steady"])
            .number("306", &["steady", "menu"])
            .number("307", &["desk"])
    }

    fn shipped(&mut self, office: Office, tenant: &'static str, random: &mut Random, size: Size) -> Office {
        let mode = ["linear", "cyclic", "parallel", "free-line", "weighted"][random.below(5) as usize];
        let mut group = json!({
            "members": ["203", "204", "205"],
            "mode": mode,
            "rings": 1 + random.below(3), "wrap-up": random.below(3) * 5, "queue-length": random.below(4),
            "max-wait": 30 + random.below(60), "overflow-number": "206", "overflow": "number",
            "greeting-interruptive": random.chance(0.5),
            "place": { "every": random.below(2) * 10 },
            "call-back": { "on": random.chance(0.5), "after": random.below(20), "keep": 60 },
            "weights": [{ "line": "204", "weight": 3 }],
            "priority": ["06*"], "playlist": ["welcome", "more"]
        });
        let mut menu = json!({
            "open": { "greeting": "welcome", "keys": [
                { "key": "1", "number": "201" }, { "key": "2", "number": "301" }, { "key": "3", "number": "0147200001" },
                { "key": "4", "submenu": { "greeting": "more", "keys": [{ "key": "1", "number": "202" }, { "key": "2", "number": "304" }] } }
            ] },
            "attempts": 2, "extension-digits": random.below(2) * 3,
            "by-name": { "key": "9", "people": [{ "name": "Anne Weber", "number": "202" }, { "name": "Otto Weber", "number": "203" }] }
        });
        let mut line = json!({
            "rings": 1 + random.below(3), "call-waiting": random.chance(0.5),
            "no-answer": { "on": true, "to": "205" },
            "busy": { "on": random.chance(0.5), "to": "204" },
            "multi-ring": { "on": random.chance(0.3), "order": "simultaneous", "numbers": ["206"] },
            "greeting": { "announcement": "welcome", "interruptive": random.chance(0.5) }
        });
        let announcement = json!({
            "announcement": "closed", "before-answer": random.chance(0.5), "then": "number", "number": "202"
        });
        // Whatever has opening hours may close in the middle of a call.
        if size == Size::Widest {
            if random.chance(0.5) {
                group["calendar"] = json!("office");
                group["closed-number"] = json!("300");
            }
            if random.chance(0.5) {
                menu["calendar"] = json!("office");
            }
            line["scheduled"] = json!({ "on": random.chance(0.5), "calendar": "office", "to": "206" });
            line["greeting"]["calendar"] = json!("office");
        }
        let office = self.guest::<menu::menu>(office, tenant, "menu", &menu);
        let office = self.guest::<group::Group>(office, tenant, "group", &group);
        let office = self.guest::<line::line>(office, tenant, "line", &line);
        let office = self.guest::<announcement::announcement>(office, tenant, "announcement", &announcement);
        self.guest::<echo::echo>(office, tenant, "echo", &json!({ "patience": 10 }))
    }

    /// A shipped behaviour, in as many versions: the same code by other names.
    fn guest<M: Module>(
        &mut self,
        office: Office,
        tenant: &'static str,
        name: &str,
        settings: &Value,
    ) -> Office {
        let module = native::Module::of::<M>();
        self.versions(
            office,
            tenant,
            name,
            &module.describe(),
            settings,
            move |_, invocation| module.invoke(invocation),
        )
    }

    fn own(
        &mut self,
        office: Office,
        tenant: &'static str,
        name: &str,
        scope: SessionScope,
        logic: fn(&str, &Invocation, &Town) -> contract::Decision,
    ) -> Office {
        let manifest = Manifest {
            name: name.to_owned(),
            version: String::new(),
            summary: String::new(),
            settings_schema: r#"{"type":"object"}"#.to_owned(),
            scope,
            interests: contract::Interests {
                ringing: true,
                digits: true,
                hold: true,
                line_changes: false,
            },
            schedules: Vec::new(),
            imports: Vec::new(),
        };
        let seen = Self {
            complaints: self.complaints.clone(),
            tired: self.tired.clone(),
            ..Self::default()
        };
        let seen = Rc::new(seen);
        self.versions(
            office,
            tenant,
            name,
            &manifest,
            &json!({}),
            move |version, invocation| logic(version, invocation, &seen),
        )
    }

    fn versions(
        &mut self,
        office: Office,
        tenant: &'static str,
        name: &str,
        manifest: &Manifest,
        settings: &Value,
        decide: impl Fn(&str, &Invocation) -> contract::Decision + Clone + 'static,
    ) -> Office {
        let mut office = office;
        for version in VERSIONS {
            let digest = digest_of(&format!("{tenant}/{name}"), version);
            let manifest = Manifest {
                version: version.to_owned(),
                imports: imports(),
                ..manifest.clone()
            };
            self.modules.push((digest, tenant));
            if version == VERSIONS[0] {
                office = office.behaviour_with(name, digest, manifest.clone(), &settings.to_string());
            }
            self.manifests
                .push((tenant.to_owned(), name.to_owned(), digest, manifest));
            let decide = decide.clone();
            office = office.module(digest, move |invocation| decide(version, invocation));
        }
        office
    }
}

/// Everything that is offered.
fn imports() -> Vec<String> {
    let all =
        "audio calendars clock dialling directory explain legs log numbers random sessions timers trunk";
    all.split(' ').map(str::to_owned).collect()
}
