//! Behaviours of a world: native Rust or built components, and what goes wrong with them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use base::Random;
use contract::{Decision, Failure, Invocation, ModuleDigest, Record, Spent};
use cordboard::native::Module;

/// Answers an invocation.
pub type Decide = Box<dyn FnMut(&Invocation) -> Decision>;

/// How often behaviours fail, whatever they would have done: shares of all events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuestFaults {
    pub traps: f64,
    pub refusals: f64,
    pub out_of_fuel: f64,
    /// The answer comes after the exchange has given up on it.
    pub late: f64,
    /// No answer comes.
    pub silent: f64,
    /// How long an event takes at least, and at most.
    pub thinking: (Duration, Duration),
}

impl GuestFaults {
    /// A millisecond an event, and never a failure.
    pub const NONE: Self = Self {
        traps: 0.0,
        refusals: 0.0,
        out_of_fuel: 0.0,
        late: 0.0,
        silent: 0.0,
        thinking: (Duration::from_millis(1), Duration::from_millis(1)),
    };
}

/// What became of an invocation.
pub(crate) struct Thought {
    /// None: no answer ever comes.
    pub decision: Option<(Duration, Decision)>,
    /// A fault was put in.
    pub fault: Option<&'static str>,
}

/// The modules that the worker threads of a real exchange would have loaded.
pub struct Modules {
    known: BTreeMap<ModuleDigest, Decide>,
    pub faults: GuestFaults,
    random: Random,
    /// Faults put in so far.
    pub failed: u64,
    #[cfg(feature = "components")]
    runtime: Option<std::sync::Arc<behaviours::Runtime>>,
}

impl Modules {
    pub(crate) fn new(random: Random) -> Self {
        Self {
            known: BTreeMap::new(),
            faults: GuestFaults::NONE,
            random,
            failed: 0,
            #[cfg(feature = "components")]
            runtime: None,
        }
    }

    /// What a module does, in Rust.
    pub fn insert(&mut self, digest: ModuleDigest, decide: impl FnMut(&Invocation) -> Decision + 'static) {
        self.known.insert(digest, Box::new(decide));
    }

    /// A behaviour written with the SDK, natively.
    pub fn native(&mut self, digest: ModuleDigest, module: Module) {
        self.insert(digest, move |invocation| module.invoke(invocation));
    }

    /// A built module; its digest and what it says of itself.
    ///
    /// # Errors
    ///
    /// Everything that an upload of it would be refused for.
    #[cfg(feature = "components")]
    pub fn component(
        &mut self,
        bytes: &[u8],
    ) -> Result<(ModuleDigest, contract::Manifest), Vec<contract::Problem>> {
        use behaviours::{Config, Image, Invoker, Runtime};
        let whole = |message: String| {
            vec![contract::Problem {
                path: String::new(),
                message,
            }]
        };
        let runtime = match &self.runtime {
            Some(runtime) => runtime.clone(),
            None => {
                let config = Config {
                    instances: 4,
                    ..Config::default()
                };
                std::sync::Arc::new(Runtime::new(config).map_err(|error| whole(error.to_string()))?)
            }
        };
        self.runtime = Some(runtime.clone());
        let inspected = runtime.inspect(bytes)?;
        runtime
            .load(inspected.digest, Image::Compiled(&inspected.compiled))
            .map_err(|error| whole(error.to_string()))?;
        self.insert(inspected.digest, move |invocation| {
            runtime.invoke(invocation.clone())
        });
        Ok((inspected.digest, inspected.manifest))
    }

    /// Runs an event; a panic is a trap, as it is in a component.
    pub(crate) fn think(&mut self, invocation: &Invocation, patience: Duration) -> Thought {
        let fault = self.fault();
        let length = self.thinking();
        self.failed += u64::from(fault.is_some());
        match fault {
            Some("silent") => {
                return Thought {
                    decision: None,
                    fault,
                };
            }
            Some("late") => {
                let decision = self.decide(invocation);
                return Thought {
                    decision: Some((patience + length, decision)),
                    fault,
                };
            }
            Some(other) => {
                let failure = match other {
                    "trap" => Failure::Trapped("put in by the test".to_owned()),
                    "refusal" => Failure::Refused("put in by the test".to_owned()),
                    _ => Failure::OutOfFuel,
                };
                return Thought {
                    decision: Some((length, failed(invocation, failure))),
                    fault,
                };
            }
            None => {}
        }
        Thought {
            decision: Some((length, self.decide(invocation))),
            fault,
        }
    }

    fn decide(&mut self, invocation: &Invocation) -> Decision {
        let Some(decide) = self.known.get_mut(&invocation.module) else {
            return failed(invocation, Failure::NotLoaded(invocation.module));
        };
        catch_unwind(AssertUnwindSafe(|| decide(invocation))).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            failed(invocation, Failure::Trapped(text.unwrap_or("a panic").to_owned()))
        })
    }

    fn fault(&mut self) -> Option<&'static str> {
        let faults = self.faults;
        [
            (faults.traps, "trap"),
            (faults.refusals, "refusal"),
            (faults.out_of_fuel, "out of fuel"),
            (faults.late, "late"),
            (faults.silent, "silent"),
        ]
        .into_iter()
        .find_map(|(share, name)| self.random.chance(share).then_some(name))
    }

    fn thinking(&mut self) -> Duration {
        let (least, most) = self.faults.thinking;
        let range = most.saturating_sub(least).as_micros();
        least + Duration::from_micros(self.random.below(u64::try_from(range).unwrap_or(u64::MAX)))
    }
}

fn failed(invocation: &Invocation, failure: Failure) -> Decision {
    Decision {
        ask: invocation.ask,
        result: Err(failure),
        record: Record::default(),
        spent: Spent::default(),
    }
}

/// A digest for a native module, made of its name and version.
pub fn digest_of(name: &str, version: &str) -> ModuleDigest {
    // FNV-1a, then spread: it only has to differ where names do.
    let word = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let text = name.bytes().chain([0]).chain(version.bytes());
    let mut digest = [0; 32];
    Random::from_seed(text.fold(0xcbf2_9ce4_8422_2325, word)).fill(&mut digest);
    ModuleDigest(digest)
}
