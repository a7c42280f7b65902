//! What `#[settings(…)]` and `#[serde(…)]` say.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Ident, LitInt, LitStr, Token};

use crate::about::doc_lines;

/// `#[settings(…)]` of a field.
#[derive(Default)]
pub struct FieldAttributes {
    pub default: Option<Expr>,
    pub required: Option<Span>,
    /// Members of `settings::Field`, ready to be set.
    pub members: Vec<TokenStream>,
}

const TEXTS: [&str; 7] = ["title", "edit", "unit", "kind", "pattern", "lines", "phone"];
const BOUNDS: [&str; 2] = ["min", "max"];
const LENGTHS: [&str; 4] = ["min_length", "max_length", "min_items", "max_items"];

impl FieldAttributes {
    pub fn of(attributes: &[Attribute], name: &str) -> syn::Result<Self> {
        let mut found = Self::default();
        let mut titled = false;
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("settings"))
        {
            attribute.parse_nested_meta(|meta| {
                titled |= meta.path.is_ident("title");
                found.member(&meta)
            })?;
        }
        if !titled {
            let title = title_of(name);
            found.members.push(quote!(title: #title));
        }
        let help = help(attributes);
        found.members.push(quote!(help: #help));
        match (&found.default, found.required) {
            (Some(_), Some(span)) => Err(syn::Error::new(span, "what is required has no default")),
            _ => Ok(found),
        }
    }

    fn member(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let is = |names: &[&str]| names.iter().any(|name| meta.path.is_ident(name));
        let path = &meta.path;
        if is(&["default"]) {
            self.default = Some(meta.value()?.parse()?);
        } else if is(&["required"]) {
            self.required = Some(meta.path.span());
        } else if is(&TEXTS) {
            let text: LitStr = meta.value()?.parse()?;
            if is(&["edit"]) && !["manager", "user"].contains(&text.value().as_str()) {
                return Err(syn::Error::new(
                    text.span(),
                    "settings are edited by the \"manager\" or by the \"user\"",
                ));
            }
            self.members.push(quote!(#path: #text));
        } else if is(&BOUNDS) {
            let value = meta.value()?;
            let minus: Option<Token![-]> = value.parse()?;
            let number: LitInt = value.parse()?;
            self.members
                .push(quote!(#path: ::std::option::Option::Some(#minus #number)));
        } else if is(&LENGTHS) {
            let number: LitInt = meta.value()?.parse()?;
            self.members
                .push(quote!(#path: ::std::option::Option::Some(#number)));
        } else {
            return Err(meta.error(
                "known here are `default`, `required`, `min`, `max`, `min_length`, `max_length`, \
                 `min_items`, `max_items`, `pattern`, `title`, `unit`, `kind`, `lines`, `phone` and `edit`",
            ));
        }
        Ok(())
    }
}

/// `#[settings(…)]` of the struct or enum itself.
#[derive(Default)]
pub struct TypeAttributes {
    pub title: String,
    pub help: String,
    pub check: bool,
    /// Where it belongs on a number, the outermost lowest.
    pub place: Option<LitInt>,
    /// With which settings it passes calls on.
    pub passes: Option<LitStr>,
}

impl TypeAttributes {
    pub fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut found = Self {
            help: help(attributes),
            ..Self::default()
        };
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("settings"))
        {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("check") {
                    found.check = true;
                } else if meta.path.is_ident("title") {
                    found.title = meta.value()?.parse::<LitStr>()?.value();
                } else if meta.path.is_ident("place") {
                    found.place = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("passes") {
                    found.passes = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error("known here are `check`, `title`, `place` and `passes`"));
                }
                Ok(())
            })?;
        }
        Ok(found)
    }
}

/// How serde names things, as far as the schema can follow it.
pub struct Naming {
    kebab: bool,
}

impl Naming {
    pub fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut naming = Self { kebab: false };
        for_serde(attributes, |meta| {
            if meta.path.is_ident("rename_all") {
                let case: LitStr = meta.value()?.parse()?;
                if case.value() != "kebab-case" {
                    return Err(syn::Error::new(case.span(), "settings are spelled in kebab-case"));
                }
                naming.kebab = true;
            } else if meta.path.is_ident("default") || meta.path.is_ident("deny_unknown_fields") {
                // Neither changes the form.
            } else {
                return Err(meta.error("the schema cannot follow this; write the fields out"));
            }
            Ok(())
        })?;
        Ok(naming)
    }

    pub fn is_kebab(&self) -> bool {
        self.kebab
    }

    /// The name of a field in JSON.
    pub fn field(&self, ident: &Ident, attributes: &[Attribute]) -> syn::Result<String> {
        let name = ident.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        let mut name = if self.kebab {
            name.replace('_', "-")
        } else {
            name.to_owned()
        };
        for_serde(attributes, |meta| {
            if meta.path.is_ident("rename") {
                name = meta.value()?.parse::<LitStr>()?.value();
            } else if !meta.path.is_ident("default") {
                return Err(
                    meta.error("the schema cannot follow this, and saved calls could not be read back")
                );
            }
            Ok(())
        })?;
        Ok(name)
    }

    /// The name of a choice in JSON.
    pub fn choice(&self, ident: &Ident) -> String {
        let name = ident.to_string();
        if !self.kebab {
            return name;
        }
        let mut kebab = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !kebab.is_empty() {
                kebab.push('-');
            }
            kebab.extend(letter.to_lowercase());
        }
        kebab
    }
}

fn for_serde(
    attributes: &[Attribute],
    mut each: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
    {
        attribute.parse_nested_meta(|meta| each(&meta))?;
    }
    Ok(())
}

/// A doc comment as one paragraph a blank line.
pub fn help(attributes: &[Attribute]) -> String {
    let lines = doc_lines(attributes);
    let paragraphs: Vec<_> = lines
        .split(String::is_empty)
        .map(|lines| lines.join(" "))
        .collect();
    paragraphs.join("\n").trim().to_owned()
}

/// `max_wait` → `Max wait`
pub fn title_of(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ");
    let mut letters = spaced.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
