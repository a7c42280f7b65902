//! Writes JSON Schema text (2020-12), without a JSON library: a guest should stay small.

/// What the attributes of a field say.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the same names as the attributes; see `Settings`")]
pub struct Field {
    pub title: &'static str,
    pub help: &'static str,
    pub edit: &'static str,
    pub unit: &'static str,
    pub kind: &'static str,
    pub pattern: &'static str,
    pub lines: &'static str,
    pub phone: &'static str,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub min_length: Option<u32>,
    pub max_length: Option<u32>,
    pub min_items: Option<u32>,
    pub max_items: Option<u32>,
    /// `null` is allowed too.
    pub nullable: bool,
}

impl Field {
    /// Says nothing.
    pub const EMPTY: Self = Self {
        title: "",
        help: "",
        edit: "",
        unit: "",
        kind: "",
        pattern: "",
        lines: "",
        phone: "",
        min: None,
        max: None,
        min_length: None,
        max_length: None,
        min_items: None,
        max_items: None,
        nullable: false,
    };
}

/// A schema being written.
#[derive(Debug, Default)]
pub struct Schema {
    text: String,
}

impl Schema {
    /// The text.
    pub fn into_text(self) -> String {
        self.text
    }

    /// The text so far, to write to.
    pub fn text(&mut self) -> &mut String {
        &mut self.text
    }

    /// Says in the outermost object which JSON Schema this is.
    pub(crate) fn name_dialect(&mut self) {
        if self.text.starts_with('{') {
            self.text
                .insert_str(1, "\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",");
        }
    }

    /// Opens an object with the type and what every field may say.
    pub fn open(&mut self, kind: &str, field: &Field) {
        self.text.push('{');
        self.name("type");
        if field.nullable {
            self.text.push_str("[\"");
            self.text.push_str(kind);
            self.text.push_str("\",\"null\"]");
        } else {
            quote(&mut self.text, kind);
        }
        for (name, value) in [
            ("title", field.title),
            ("description", field.help),
            ("x-edit", field.edit),
            ("x-unit", field.unit),
            ("x-kind", field.kind),
            ("pattern", field.pattern),
            ("x-lines", field.lines),
            ("x-phone", field.phone),
        ] {
            if !value.is_empty() {
                self.next_name(name);
                quote(&mut self.text, value);
            }
        }
    }

    /// A number, if there is one.
    pub fn bound(&mut self, name: &str, bound: Option<i64>) {
        if let Some(bound) = bound {
            self.next_name(name);
            self.text.push_str(&bound.to_string());
        }
    }

    /// Closes what `open` opened.
    pub fn close(&mut self) {
        self.text.push('}');
    }

    /// `,"name":`
    pub fn next_name(&mut self, name: &str) {
        self.text.push(',');
        self.name(name);
    }

    /// `"name":`
    pub fn name(&mut self, name: &str) {
        quote(&mut self.text, name);
        self.text.push(':');
    }

    /// What the place says goes before what the type says.
    pub fn open_own(&mut self, kind: &str, field: &Field, title: &'static str, help: &'static str) {
        let or = |own: &'static str, other: &'static str| if own.is_empty() { other } else { own };
        self.open(
            kind,
            &Field {
                title: or(field.title, title),
                help: or(field.help, help),
                ..*field
            },
        );
    }

    /// Adds `"default":…` to the object that was just closed.
    pub fn default_for_last(&mut self, write: impl FnOnce(&mut String)) {
        if self.text.pop() == Some('}') {
            self.next_name("default");
            write(&mut self.text);
            self.text.push('}');
        }
    }
}

/// A JSON string (RFC 8259 §7).
pub fn quote(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if control < ' ' => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.push_str("\\u00");
                out.push(char::from(HEX[control as usize >> 4]));
                out.push(char::from(HEX[control as usize & 15]));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
