//! A tenant to test in, built in a few words.

use contract::{Manifest, ModuleDigest};
use cordboard::module::Module;
use cordboard::native;
use cordboard::settings::Value as _;
use exchange::directory::{
    Behaviour, Binding, Credentials, Device, DialPlan, Document, Key, Line, Number, Screen, Settings, Site,
    Tenant, Trunk, Versioned,
};
use serde_json::{Value, json};

use crate::modules::{Decide, digest_of};

/// A phone of the world, counted from 0 in the order in which offices named them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneId(pub usize);

/// A phone of an office: which account it has, and what carries its messages.
#[derive(Clone, Debug)]
pub(crate) struct PhonePlan {
    /// The name that a test calls it by.
    pub name: String,
    pub user: String,
    pub tcp: bool,
    /// It is a provider's gateway: known by its address, and never registered.
    pub outside: bool,
    pub host: Option<u8>,
}

/// One tenant: its lines with a phone each, behaviours, numbers, announcements.
///
/// Line 201 has a device `201` whose user is `201` too, and a phone stands on its desk. Everything else
/// of a tenant is a JSON document away: [`document`](Self::document).
pub struct Office {
    pub(crate) name: String,
    documents: Vec<Document>,
    pub(crate) phones: Vec<PhonePlan>,
    pub(crate) modules: Vec<(ModuleDigest, Decide)>,
    pub(crate) announcements: Vec<String>,
    #[cfg(feature = "components")]
    pub(crate) components: Vec<(String, Vec<u8>, Value)>,
}

/// Every phone's password.
pub(crate) const PASSWORD: &str = "secret";

impl Office {
    /// A company of this name, in Paris, with the domain `NAME.example` and nothing in it.
    pub fn new(name: &str) -> Self {
        let domain = format!("{name}.example");
        let mut tenant = Tenant::new(name, name, &domain);
        tenant.realm = domain;
        let site = json!({
            "id": "main", "name": "Main",
            "address": { "street": "1 rue X", "postal-code": "75001", "city": "Paris" }
        });
        let office = Self {
            name: name.to_owned(),
            documents: vec![Document::Tenant(tenant), Document::DialPlan(DialPlan::standard())],
            phones: Vec::new(),
            modules: Vec::new(),
            announcements: Vec::new(),
            #[cfg(feature = "components")]
            components: Vec::new(),
        };
        let site: Site = read(site);
        office.with(Document::Site(site))
    }

    /// Changes the tenant itself.
    #[must_use]
    pub fn tenant(mut self, change: impl FnOnce(&mut Tenant)) -> Self {
        if let Some(Document::Tenant(tenant)) = self.documents.first_mut() {
            change(tenant);
        }
        self
    }

    /// Adds a document.
    #[must_use]
    pub fn with(mut self, document: Document) -> Self {
        self.documents.push(document);
        self
    }

    /// Adds a document as JSON: `{"calendar": {"id": "office", …}}`.
    #[must_use]
    pub fn document(self, document: Value) -> Self {
        self.with(read(document))
    }

    /// A line with a phone.
    #[must_use]
    pub fn line(self, number: &str) -> Self {
        self.line_with(number, |_| {})
    }

    /// Several lines with a phone each.
    #[must_use]
    pub fn lines(self, numbers: &[&str]) -> Self {
        numbers.iter().fold(self, |office, number| office.line(number))
    }

    /// A line with a phone, and something about the line changed.
    #[must_use]
    pub fn line_with(self, number: &str, change: impl FnOnce(&mut Line)) -> Self {
        self.line_over(number, false, change)
    }

    /// A line whose phone speaks TCP.
    #[must_use]
    pub fn line_over_tcp(self, number: &str) -> Self {
        self.line_over(number, true, |_| {})
    }

    fn line_over(mut self, number: &str, tcp: bool, change: impl FnOnce(&mut Line)) -> Self {
        let mut line: Line = read(json!({
            "id": number, "name": format!("Line {number}"), "site": "main", "short-number": number,
            "devices": [number], "behaviours": []
        }));
        change(&mut line);
        let mut device: Device = read(json!({ "id": number }));
        let realm = self.domain();
        device.credentials = Some(Credentials::from_password(number, &realm, PASSWORD));
        self.phones.push(PhonePlan {
            name: number.to_owned(),
            user: number.to_owned(),
            tcp,
            outside: false,
            host: None,
        });
        self.with(Document::Device(device)).with(Document::Line(line))
    }

    /// The device of this name has a display.
    #[must_use]
    pub fn display(mut self, device: &str, screen: Screen) -> Self {
        for document in &mut self.documents {
            if let Document::Device(of) = document
                && *of.id == *device
            {
                of.screen = Some(screen);
            }
        }
        self
    }

    /// A number in front of behaviours, the first outermost.
    #[must_use]
    pub fn number(self, number: &str, behaviours: &[&str]) -> Self {
        let document = Number {
            id: number.into(),
            name: String::new(),
            site: None,
            behaviours: behaviours.iter().map(|name| Binding::plain(*name)).collect(),
            line: None,
        };
        self.with(Document::Number(document))
    }

    /// The outside: a provider with a phone of its own that answers what is dialled there, and
    /// calls in. `host` tells providers apart.
    #[must_use]
    pub fn outside(self, name: &str, caller: &str, host: u8) -> Self {
        self.outside_with(name, caller, host, |_| {})
    }

    /// The same over a trunk that is not as all are.
    #[must_use]
    pub fn outside_with(
        mut self,
        name: &str,
        caller: &str,
        host: u8,
        change: impl FnOnce(&mut Trunk),
    ) -> Self {
        let address = format!("198.51.100.{host}");
        let mut trunk: Trunk = read(json!({
            "id": name,
            "access": { "address": { "networks": [address] } },
            "outbound": format!("sip:{address}:5060"),
            "caller-id": { "fallback": "+33123456700", "foreign": true }
        }));
        change(&mut trunk);
        self.phones.push(PhonePlan {
            name: name.to_owned(),
            user: caller.to_owned(),
            tcp: false,
            outside: true,
            host: Some(host),
        });
        self.with(Document::Trunk(trunk))
    }

    /// A behaviour written with the SDK, with these settings; it runs natively.
    #[must_use]
    pub fn behaviour<M: Module>(self, name: &str, settings: &M::Settings) -> Self {
        let mut text = String::new();
        settings.json(&mut text);
        let module = native::Module::of::<M>();
        let manifest = module.describe();
        let digest = digest_of(&manifest.name, &manifest.version);
        self.behaviour_with(name, digest, manifest, &text)
            .module(digest, move |invocation| module.invoke(invocation))
    }

    /// A behaviour in a few lines of Rust.
    #[must_use]
    pub fn behaviour_with(
        self,
        name: &str,
        digest: ModuleDigest,
        mut manifest: Manifest,
        settings: &str,
    ) -> Self {
        if manifest.imports.is_empty() {
            // Natively nobody can tell: it may do everything.
            manifest.imports = all_imports();
        }
        let settings: Settings = read(serde_json::from_str(settings).unwrap_or_default());
        self.with(Document::Behaviour(Behaviour {
            name: name.into(),
            active: digest,
            manifest,
            settings,
            history: Vec::new(),
            candidate: None,
            drain: None,
            audit: vec![],
        }))
    }

    /// What a module does, in Rust.
    #[must_use]
    pub fn module(
        mut self,
        digest: ModuleDigest,
        decide: impl FnMut(&contract::Invocation) -> contract::Decision + 'static,
    ) -> Self {
        self.modules.push((digest, Box::new(decide)));
        self
    }

    /// A behaviour as it is uploaded: a built module, and its settings as JSON.
    #[cfg(feature = "components")]
    #[must_use]
    pub fn component(mut self, name: &str, bytes: &[u8], settings: Value) -> Self {
        self.components.push((name.to_owned(), bytes.to_vec(), settings));
        self
    }

    /// Announcements that are there, two seconds each, beside those shipped.
    #[must_use]
    pub fn announcements(mut self, names: &[&str]) -> Self {
        self.announcements
            .extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    pub(crate) fn domain(&self) -> String {
        format!("{}.example", self.name)
    }

    pub(crate) fn into_documents(self) -> Vec<(Key, Versioned<Document>)> {
        let tenant = self.name.as_str().into();
        let version = |document: Document| {
            let key = Key::new(&tenant, document.kind(), document.id(&tenant));
            (
                key,
                Versioned {
                    revision: 1,
                    document,
                },
            )
        };
        self.documents.into_iter().map(version).collect()
    }
}

/// Every interface of the contract.
pub(crate) fn all_imports() -> Vec<String> {
    [
        "audio",
        "calendars",
        "clock",
        "dialling",
        "directory",
        "explain",
        "legs",
        "log",
        "numbers",
        "random",
        "sessions",
        "timers",
        "trunk",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A prompt of two seconds of silence, encoded once for all worlds of a thread.
pub(crate) fn two_seconds() -> media::Prompt {
    thread_local! {
        static PROMPT: media::Prompt = media::Prompt::new(&media::Pcm(vec![0; 16_000]));
    }
    PROMPT.with(Clone::clone)
}

#[allow(clippy::panic, reason = "a test whose tenant cannot be built has failed")]
fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap_or_else(|error| panic!("the office cannot be built: {error}"))
}
