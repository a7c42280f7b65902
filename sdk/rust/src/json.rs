//! Reads settings from JSON (RFC 8259), small: this is linked into every behaviour.
//!
//! The host has checked the text against the schema already, so errors name a place and little
//! else. Numbers are integers, as the types of settings are; nesting is bounded.

mod reader;

use std::fmt;

use serde::Deserialize;
use serde::de::{
    self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use reader::Reader;

/// Deeper than any settings are.
const DEPTH_MAX: u32 = 32;

/// Why a text could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Error {
    what: String,
    /// Bytes from the start; unknown to those who only see values.
    at: Option<usize>,
}

impl Error {
    fn new(what: &str, at: usize) -> Self {
        Self {
            what: what.to_owned(),
            at: Some(at),
        }
    }

    /// One sentence.
    pub(crate) fn sentence(self) -> String {
        match self.at {
            Some(at) => [
                "the settings cannot be read: ",
                &self.what,
                " at byte ",
                &at.to_string(),
            ]
            .concat(),
            None => ["the settings cannot be read: ", &self.what].concat(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    /// The words are dropped: formatting them would be half of a behaviour's code.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self {
            what: "a value that does not fit".to_owned(),
            at: None,
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            what: ["there is no ", field].concat(),
            at: None,
        }
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self {
            what: ["nothing is called ", field].concat(),
            at: None,
        }
    }

    fn unknown_variant(variant: &str, _: &'static [&'static str]) -> Self {
        Self {
            what: [variant, " is none of the choices"].concat(),
            at: None,
        }
    }
}

type Result<T> = std::result::Result<T, Error>;

/// Reads one value, and nothing after it.
pub(crate) fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T> {
    let mut parser = Parser {
        reader: Reader::new(text),
        depth: 0,
    };
    let value = T::deserialize(&mut parser).map_err(|error| parser.placed(error))?;
    parser.reader.end()?;
    Ok(value)
}

struct Parser<'de> {
    reader: Reader<'de>,
    depth: u32,
}

impl<'de> Parser<'de> {
    fn placed(&self, error: Error) -> Error {
        Error {
            at: error.at.or(Some(self.reader.at())),
            ..error
        }
    }

    /// Reads what is between two brackets.
    fn nested<T>(&mut self, open: u8, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.reader.expect(open)?;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.reader.error("too deep"));
        }
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        self.nested(b'[', |parser| {
            let value = visitor.visit_seq(Items { parser, first: true })?;
            parser.reader.expect(b']')?;
            Ok(value)
        })
    }

    fn object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        self.nested(b'{', |parser| {
            let value = visitor.visit_map(Items { parser, first: true })?;
            parser.reader.expect(b'}')?;
            Ok(value)
        })
    }

    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let (negative, size) = self.reader.integer()?;
        match (negative, i64::try_from(size)) {
            (false, _) => visitor.visit_u64(size),
            (true, Ok(size)) => visitor.visit_i64(-size),
            (true, Err(_)) => Err(self.reader.error("a number out of range")),
        }
    }

    /// Goes past a value that nobody wants.
    fn skip(&mut self) -> Result<()> {
        match self.reader.peek() {
            Some(b'"') => self.reader.string().map(drop),
            Some(b'[') => self.list(de::IgnoredAny).map(drop),
            Some(b'{') => self.object(de::IgnoredAny).map(drop),
            Some(b't' | b'f') => self.reader.boolean().map(drop),
            Some(b'n') => self.reader.word("null"),
            _ => self.reader.skip_number(),
        }
    }
}

macro_rules! as_number {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.number(visitor)
        }
    )*};
}

macro_rules! as_text {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            visitor.visit_string(self.reader.string()?)
        }
    )*};
}

macro_rules! not_in_settings {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
            Err(self.reader.error("a value of a kind that settings do not have"))
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &mut Parser<'de> {
    type Error = Error;

    as_number!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    as_number!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
    as_text!(deserialize_str deserialize_string deserialize_char deserialize_identifier);
    not_in_settings!(deserialize_any deserialize_f32 deserialize_f64 deserialize_bytes deserialize_byte_buf);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_bool(self.reader.boolean()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.reader.peek() == Some(b'n') {
            self.reader.word("null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.reader.word("null")?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value>
    where
        V: Visitor<'de>,
    {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.object(visitor)
    }

    fn deserialize_struct<V>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value>
    where
        V: Visitor<'de>,
    {
        self.object(visitor)
    }

    fn deserialize_enum<V>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value>
    where
        V: Visitor<'de>,
    {
        visitor.visit_enum(Choice(self.reader.string()?))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.skip()?;
        visitor.visit_unit()
    }
}

/// The items of a list, or the members of an object.
struct Items<'a, 'de> {
    parser: &'a mut Parser<'de>,
    first: bool,
}

impl Items<'_, '_> {
    /// Whether another follows, past its comma.
    fn more(&mut self, close: u8) -> Result<bool> {
        let reader = &mut self.parser.reader;
        if reader.peek() == Some(close) {
            return Ok(false);
        }
        if !std::mem::replace(&mut self.first, false) {
            reader.expect(b',')?;
        }
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if !self.more(b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.parser).map(Some)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if !self.more(b'}')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.parser).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        self.parser.reader.expect(b':')?;
        seed.deserialize(&mut *self.parser)
    }
}

/// A choice without data, which is all that settings have.
struct Choice(String);

impl<'de> EnumAccess<'de> for Choice {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        let name: de::value::StrDeserializer<'_, Error> = self.0.as_str().into_deserializer();
        let value = seed.deserialize(name)?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Choice {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value> {
        Err(de::Error::custom("a choice carries no data"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value> {
        Err(de::Error::custom("a choice carries no data"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value> {
        Err(de::Error::custom("a choice carries no data"))
    }
}

#[cfg(test)]
mod tests;
