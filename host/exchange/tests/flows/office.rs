//! A company with a few lines, and documents to build it from.

use contract::{Interests, Manifest, ModuleDigest, SessionScope};
use cordboard_exchange::directory::{
    Behaviour, Binding, Credentials, Device, DialPlan, Document, Key, Line, Number, Site, Tenant, Versioned,
};
use serde_json::json;

use crate::world::World;

/// A module's digest, made of one number.
pub fn module(number: u8) -> ModuleDigest {
    ModuleDigest([number; 32])
}

pub fn manifest(name: &str, version: &str, scope: SessionScope) -> Manifest {
    Manifest {
        name: name.into(),
        version: version.into(),
        summary: String::new(),
        settings_schema: r#"{"type":"object"}"#.into(),
        scope,
        interests: Interests::default(),
        schedules: vec![],
        imports: vec![],
    }
}

fn versioned(document: Document) -> (Key, Versioned<Document>) {
    let tenant = "acme".into();
    let key = Key::new(&tenant, document.kind(), document.id(&tenant));
    (
        key,
        Versioned {
            revision: 1,
            document,
        },
    )
}

/// Collects documents of the tenant `acme`.
pub struct Office(Vec<(Key, Versioned<Document>)>);

impl Office {
    pub fn new() -> Self {
        let mut tenant = Tenant::new("acme", "Acme", "acme.example");
        tenant.realm = "acme.example".into();
        let site: Site = serde_json::from_value(json!({
            "id": "main", "name": "Main", "address": { "street": "1 rue X", "postal-code": "75001", "city": "Paris" }
        }))
        .unwrap_or_else(|error| panic!("{error}"));
        Self(vec![
            versioned(Document::Tenant(tenant)),
            versioned(Document::Site(site)),
            versioned(Document::DialPlan(DialPlan::standard())),
        ])
    }

    /// Changes the tenant itself.
    pub fn tenant(mut self, change: impl FnOnce(&mut Tenant)) -> Self {
        if let Some((
            _,
            Versioned {
                document: Document::Tenant(tenant),
                ..
            },
        )) = self.0.first_mut()
        {
            change(tenant);
        }
        self
    }

    pub fn with(mut self, document: Document) -> Self {
        self.0.push(versioned(document));
        self
    }

    /// A line with one device of the same name, whose user is the line's number.
    pub fn line(self, number: &str) -> Self {
        self.line_with(number, |_| {}, |_| {})
    }

    pub fn line_with(
        self,
        number: &str,
        line: impl FnOnce(&mut Line),
        device: impl FnOnce(&mut Device),
    ) -> Self {
        let mut own_line: Line = serde_json::from_value(json!({
            "id": number, "name": format!("Line {number}"), "site": "main", "short-number": number,
            "devices": [number], "behaviours": []
        }))
        .unwrap();
        line(&mut own_line);
        let mut own_device: Device = serde_json::from_value(json!({ "id": number })).unwrap();
        own_device.credentials = Some(Credentials::from_password(number, "acme.example", "secret"));
        device(&mut own_device);
        self.with(Document::Device(own_device))
            .with(Document::Line(own_line))
    }

    /// A number with behaviours in front.
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

    pub fn behaviour(self, name: &str, digest: ModuleDigest, scope: SessionScope) -> Self {
        self.behaviour_with(name, digest, scope, |_| {})
    }

    pub fn behaviour_with(
        self,
        name: &str,
        digest: ModuleDigest,
        scope: SessionScope,
        change: impl FnOnce(&mut Behaviour),
    ) -> Self {
        let mut behaviour = Behaviour {
            name: name.into(),
            active: digest,
            manifest: manifest(name, "1.0.0", scope),
            settings: cordboard_exchange::directory::Settings::default(),
            history: vec![],
            candidate: None,
            drain: None,
            audit: vec![],
        };
        change(&mut behaviour);
        self.with(Document::Behaviour(behaviour))
    }

    /// Opens it: a world with a registered phone on each of these lines.
    pub fn open(self, phones: &[&str]) -> World {
        let mut world = World::new(self.0);
        for (position, name) in phones.iter().enumerate() {
            world.add_phone(name, 101 + u8::try_from(position).unwrap());
            world.register(name);
        }
        world
    }
}
