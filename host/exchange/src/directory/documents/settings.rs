use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// Settings of a behaviour: a JSON object, kept as compact text so that thousands of lines cost no tree
/// each, and so that a worker can hand it to a module as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings(Arc<str>);

impl Settings {
    pub fn from_object(object: Map<String, Value>) -> Self {
        Self(Value::Object(object).to_string().into())
    }

    /// The JSON text.
    pub fn text(&self) -> &Arc<str> {
        &self.0
    }

    pub fn to_object(&self) -> Map<String, Value> {
        // Made of an object, so it reads back as one.
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        &*self.0 == "{}"
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self("{}".into())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_object().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from_object)
    }
}
