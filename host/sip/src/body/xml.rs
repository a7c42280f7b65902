//! As much XML as event packages need: elements, attributes, text.
//!
//! No document types, so no entities of the sender's making; namespaces' prefixes are cut off. What is deeper or
//! longer than any phone sends is refused.

use std::borrow::Cow;

use super::{LONGEST, Unreadable};

const DEEPEST: usize = 16;
const MOST: usize = 2_048;

/// An element with what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Without its prefix.
    pub name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    /// Its own, joined and trimmed.
    pub text: String,
}

impl Element {
    /// # Errors
    ///
    /// When it is no well-formed document, or too much.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        if text.len() > LONGEST {
            return Err(Unreadable("a shorter document"));
        }
        let mut reader = Reader { rest: text, count: 0 };
        reader.skip_prologue()?;
        reader.element(0)
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        attributes
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

struct Reader<'a> {
    rest: &'a str,
    count: usize,
}

impl<'a> Reader<'a> {
    fn skip_prologue(&mut self) -> Result<(), Unreadable> {
        self.rest = self.rest.trim_start_matches('\u{feff}').trim_start();
        loop {
            if self.rest.starts_with("<?") {
                self.skip_past("?>")?;
            } else if self.rest.starts_with("<!--") {
                self.skip_past("-->")?;
            } else {
                return Ok(());
            }
            self.rest = self.rest.trim_start();
        }
    }

    fn skip_past(&mut self, end: &str) -> Result<&'a str, Unreadable> {
        let (before, after) = self.rest.split_once(end).ok_or(Unreadable("the end of a mark"))?;
        self.rest = after;
        Ok(before)
    }

    fn element(&mut self, depth: usize) -> Result<Element, Unreadable> {
        self.count += 1;
        if depth > DEEPEST || self.count > MOST {
            return Err(Unreadable("a simpler document"));
        }
        self.rest = self.rest.strip_prefix('<').ok_or(Unreadable("an element"))?;
        let name = self.word()?;
        let mut element = Element {
            name: local(name).to_owned(),
            ..Element::default()
        };
        if self.attributes(&mut element)? {
            return Ok(element);
        }
        self.content(&mut element, name, depth)?;
        Ok(element)
    }

    fn word(&mut self) -> Result<&'a str, Unreadable> {
        let end = self
            .rest
            .find(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '=' | '<' | '"' | '\''))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if word.is_empty() || word.starts_with('!') {
            return Err(Unreadable("a name"));
        }
        Ok(word)
    }

    /// Up to the end of the start tag; true when that is the end of the element as well.
    fn attributes(&mut self, element: &mut Element) -> Result<bool, Unreadable> {
        loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix("/>") {
                self.rest = rest;
                return Ok(true);
            }
            if let Some(rest) = self.rest.strip_prefix('>') {
                self.rest = rest;
                return Ok(false);
            }
            let name = self.word()?;
            let value = self.rest.trim_start().strip_prefix('=').map(str::trim_start);
            let value = value.ok_or(Unreadable("a value"))?;
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.ok_or(Unreadable("a quoted value"))?;
            let (value, rest) = value[1..]
                .split_once(quote)
                .ok_or(Unreadable("a closing quote"))?;
            self.rest = rest;
            element
                .attributes
                .push((local(name).to_owned(), unescape(value).into_owned()));
            if element.attributes.len() > 64 {
                return Err(Unreadable("fewer attributes"));
            }
        }
    }

    fn content(&mut self, element: &mut Element, name: &str, depth: usize) -> Result<(), Unreadable> {
        let mut text = String::new();
        loop {
            let (before, _) = self.rest.split_once('<').ok_or(Unreadable("an end tag"))?;
            text.push_str(&unescape(before));
            self.rest = &self.rest[before.len()..];
            if let Some(rest) = self.rest.strip_prefix("</") {
                self.rest = rest;
                let end = self.skip_past(">")?;
                element.text = text.trim().to_owned();
                return (end.trim_end() == name)
                    .then_some(())
                    .ok_or(Unreadable("the matching end tag"));
            } else if self.rest.starts_with("<!--") {
                self.skip_past("-->")?;
            } else if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
                self.rest = rest;
                text.push_str(self.skip_past("]]>")?);
            } else if self.rest.starts_with("<?") {
                self.skip_past("?>")?;
            } else {
                let child = self.element(depth + 1)?;
                element.children.push(child);
            }
        }
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The five entities of XML itself and numbers; anything else stays as it is.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        match after
            .split_once(';')
            .and_then(|(name, rest)| Some((entity(name)?, rest)))
        {
            Some((character, later)) => {
                plain.push(character);
                rest = later;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Fit for text and for attributes; characters that XML 1.0 has no place for are left out.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_attributes_and_text_are_read() {
        let text = "\u{feff}<?xml version='1.0'?><!-- x --><d:a n = '1' m=\"&lt;&#65;\"> t&amp;u <b/><b k='v'><![CDATA[<]]></b></d:a >";
        let root = Element::parse(text).unwrap();
        assert_eq!((root.name.as_str(), root.text.as_str()), ("a", "t&u"));
        assert_eq!(
            (root.attribute("n"), root.attribute("m")),
            (Some("1"), Some("<A"))
        );
        assert_eq!(root.children("b").count(), 2);
        assert_eq!(root.children("b").nth(1).unwrap().text, "<");
    }

    #[test]
    fn what_is_torn_too_deep_or_clever_is_refused() {
        let deep = "<a>".repeat(40) + &"</a>".repeat(40);
        let bomb = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>";
        for text in [
            "",
            "a",
            "<a",
            "<a>",
            "<a></b>",
            "<a b></a>",
            "<a b=c/>",
            "<a b='c/>",
            &deep,
            bomb,
        ] {
            assert!(Element::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            Element::parse("<a>&b;&#x110000;</a>").unwrap().text,
            "&b;&#x110000;"
        );
    }
}
