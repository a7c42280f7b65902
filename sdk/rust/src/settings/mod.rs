//! Settings: one Rust struct, its JSON Schema derived.

mod schema;
mod value;

pub use schema::{Field, Schema, quote};
pub use value::{Value, mix, mix_text};

use contract::Problem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::view::View;

/// What a tenant configures. Derive it: `#[derive(Settings, Serialize, Deserialize)]`.
///
/// The derive also implements `Default`, from the defaults given, and the schema that the
/// admin's form is made of. Doc comments become the help of the form.
///
/// | attribute of a field | |
/// |-|-|
/// | `default = 3` | what the host fills in; without it the type's own (`""`, `0`, `false`, `[]`, none) |
/// | `required` | no default: the tenant must say it |
/// | `min = 1`, `max = 10` | bounds of a number, inclusive |
/// | `min_length = 1`, `max_length = 64` | bounds of a text, in characters |
/// | `min_items = 1`, `max_items = 9` | bounds of a list |
/// | `pattern = "^[1-9]$"` | a regular expression (ECMA 262) the text must match |
/// | `title = "Key"` | the form's label; without it made of the field's name |
/// | `unit = "s"` | shown behind a number |
/// | `kind = "announcement"` | what the text names: `announcement`, `calendar`, `line`, `number`, … |
/// | `edit = "user"` | who may change it: `manager` (default) or `user` |
///
/// With `#[settings(check)]` on the struct the derive calls its own
/// `fn check(&self, view: &View, problems: &mut Problems)` before settings are stored.
///
/// ```
/// use cordboard::prelude::*;
///
/// #[derive(Settings, Serialize, Deserialize)]
/// #[settings(check)]
/// #[serde(rename_all = "kebab-case")]
/// pub struct Doorbell {
///     /// Who is rung.
///     #[settings(required, kind = "line", edit = "user")]
///     line: String,
///     /// How often it rings.
///     #[settings(default = 3, min = 1, max = 10)]
///     rings: u32,
/// }
///
/// impl Doorbell {
///     fn check(&self, view: &View, problems: &mut Problems) {
///         if view.line(&self.line).is_none() {
///             problems.at("/line", "there is no such line");
///         }
///     }
/// }
///
/// assert_eq!(Doorbell::default().rings, 3);
/// ```
pub trait Settings: Value + Serialize + DeserializeOwned + Default + 'static {
    /// Whatever the schema cannot say.
    fn check(&self, view: &View, problems: &mut Problems);

    /// Writes the schema of the whole.
    fn describe(schema: &mut Schema) {
        Self::schema(schema, &Field::default());
        schema.name_dialect();
    }
}

/// The settings of a script that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct None {}

impl Value for None {
    const SHAPE: u64 = 0;

    fn schema(schema: &mut Schema, field: &Field) {
        schema.open("object", field);
        schema.close();
    }

    fn json(&self, out: &mut String) {
        out.push_str("{}");
    }
}

impl Settings for None {
    fn check(&self, _: &View, _: &mut Problems) {}
}

/// What is wrong with settings.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Something wrong at a JSON Pointer (`/keys/0/to`; empty for the whole): what, and what would be right.
    pub fn at(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem {
            path: path.into(),
            message: message.into(),
        });
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_list(self) -> Vec<Problem> {
        self.0
    }
}
