//! Types that may stand in settings.

use super::schema::{Field, Schema, quote};
use crate::words::Number;

/// A type that can stand in settings. Derived for structs and for enums of plain choices.
pub trait Value {
    /// Changes whenever the serialised form does.
    const SHAPE: u64;

    /// Writes its schema.
    fn schema(schema: &mut Schema, field: &Field);

    /// Writes itself as JSON, for defaults.
    fn json(&self, out: &mut String);
}

/// Mixes a shape into another (FNV-1a, 64 bits).
pub const fn mix(hash: u64, shape: u64) -> u64 {
    (hash ^ shape).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Mixes a name into a shape.
pub const fn mix_text(hash: u64, name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = mix(hash, bytes.len() as u64);
    let mut at = 0;
    while at < bytes.len() {
        hash = mix(hash, bytes[at] as u64);
        at += 1;
    }
    hash
}

const fn shape(name: &str) -> u64 {
    mix_text(0xcbf2_9ce4_8422_2325, name)
}

macro_rules! integers {
    ($($number:ident)*) => {$(
        impl Value for $number {
            const SHAPE: u64 = shape(stringify!($number));

            fn schema(schema: &mut Schema, field: &Field) {
                schema.open("integer", field);
                schema.bound("minimum", field.min.or(i64::try_from($number::MIN).ok()));
                schema.bound("maximum", field.max.or(i64::try_from($number::MAX).ok()));
                schema.close();
            }

            fn json(&self, out: &mut String) {
                out.push_str(&self.to_string());
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 i32 i64);

impl Value for bool {
    const SHAPE: u64 = shape("bool");

    fn schema(schema: &mut Schema, field: &Field) {
        schema.open("boolean", field);
        schema.close();
    }

    fn json(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

fn text_schema(schema: &mut Schema, field: &Field) {
    schema.open("string", field);
    schema.bound("minLength", field.min_length.map(i64::from));
    schema.bound("maxLength", field.max_length.map(i64::from));
    schema.close();
}

impl Value for String {
    const SHAPE: u64 = shape("text");

    fn schema(schema: &mut Schema, field: &Field) {
        text_schema(schema, field);
    }

    fn json(&self, out: &mut String) {
        quote(out, self);
    }
}

impl Value for Number {
    const SHAPE: u64 = shape("text");

    fn schema(schema: &mut Schema, field: &Field) {
        let field = match field.kind {
            "" => &Field {
                kind: "number",
                ..*field
            },
            _ => field,
        };
        // Longer than any number in any spelling.
        text_schema(
            schema,
            &Field {
                max_length: field.max_length.or(Some(64)),
                ..*field
            },
        );
    }

    fn json(&self, out: &mut String) {
        quote(out, &self.0);
    }
}

impl<T: Value> Value for Option<T> {
    const SHAPE: u64 = mix(shape("option"), T::SHAPE);

    fn schema(schema: &mut Schema, field: &Field) {
        T::schema(
            schema,
            &Field {
                nullable: true,
                ..*field
            },
        );
    }

    fn json(&self, out: &mut String) {
        match self {
            Some(value) => value.json(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Value> Value for Vec<T> {
    const SHAPE: u64 = mix(shape("list"), T::SHAPE);

    fn schema(schema: &mut Schema, field: &Field) {
        // Bounds of length, range and kind are those of the items.
        schema.open(
            "array",
            &Field {
                unit: "",
                kind: "",
                pattern: "",
                ..*field
            },
        );
        schema.bound("minItems", field.min_items.map(i64::from));
        schema.bound("maxItems", field.max_items.map(i64::from));
        schema.next_name("items");
        let item = Field {
            title: "",
            help: "",
            edit: "",
            min_items: None,
            max_items: None,
            nullable: false,
            ..*field
        };
        T::schema(schema, &item);
        schema.close();
    }

    fn json(&self, out: &mut String) {
        out.push('[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            value.json(out);
        }
        out.push(']');
    }
}
