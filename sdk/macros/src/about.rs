//! The arguments of `script` and `keyed`, and what both expand to.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Token, Type, parenthesized};

/// `name = "…", summary = "…", interests(…), schedule(… = "…")`
#[derive(Default)]
pub struct About {
    pub name: Option<LitStr>,
    pub summary: Option<LitStr>,
    pub interests: Vec<Ident>,
    pub schedules: Vec<(Ident, LitStr)>,
}

impl Parse for About {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut about = Self::default();
        while !input.is_empty() {
            about.argument(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(about)
    }
}

impl About {
    fn argument(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let key: Ident = input.parse()?;
        match key.to_string().as_str() {
            "name" => self.name = Some(text(input)?),
            "summary" => self.summary = Some(text(input)?),
            "interests" => {
                let inside;
                parenthesized!(inside in input);
                let list = inside.parse_terminated(Ident::parse, Token![,])?;
                for interest in list {
                    self.interest(interest)?;
                }
            }
            "schedule" => {
                let inside;
                parenthesized!(inside in input);
                let name = inside.parse()?;
                self.schedules.push((name, text(&inside)?));
            }
            _ => {
                return Err(syn::Error::new(
                    key.span(),
                    "known here are `name`, `summary`, `interests(…)` and `schedule(name = \"…\")`",
                ));
            }
        }
        Ok(())
    }

    fn interest(&mut self, interest: Ident) -> syn::Result<()> {
        if !["ringing", "digits", "hold", "line_changes"].contains(&interest.to_string().as_str()) {
            let message = "there are the interests `ringing`, `digits`, `hold` and `line_changes`";
            return Err(syn::Error::new(interest.span(), message));
        }
        self.interests.push(interest);
        Ok(())
    }

    /// The manifest, but for the schema.
    pub fn manifest(&self, attributes: &[Attribute], scope: &TokenStream) -> TokenStream {
        let name = match &self.name {
            Some(name) => quote!(#name),
            None => quote!(env!("CARGO_PKG_NAME")),
        };
        let summary = match (&self.summary, first_sentence(attributes)) {
            (Some(summary), _) => quote!(#summary),
            (None, Some(sentence)) => quote!(#sentence),
            (None, None) => quote!(env!("CARGO_PKG_DESCRIPTION")),
        };
        let interests = &self.interests;
        let schedules = self.schedules.iter().map(|(name, cron)| {
            let name = name.to_string().replace('_', "-");
            quote!(::cordboard::Schedule { name: #name.into(), cron: #cron.into() })
        });
        quote! {
            ::cordboard::Manifest {
                name: #name.into(),
                version: env!("CARGO_PKG_VERSION").into(),
                summary: #summary.into(),
                settings_schema: ::std::string::String::new(),
                scope: ::cordboard::SessionScope::#scope,
                interests: ::cordboard::Interests {
                    #(#interests: true,)*
                    ..::std::default::Default::default()
                },
                schedules: vec![#(#schedules),*],
                imports: ::std::vec::Vec::new(),
            }
        }
    }
}

fn text(input: ParseStream<'_>) -> syn::Result<LitStr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// The lines of a doc comment.
pub fn doc_lines(attributes: &[Attribute]) -> Vec<String> {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(line), ..
            }) => Some(line.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(line).collect()
}

/// The first sentence of a doc comment; none without one.
fn first_sentence(attributes: &[Attribute]) -> Option<String> {
    let lines = doc_lines(attributes);
    let paragraph: Vec<_> = lines.into_iter().take_while(|line| !line.is_empty()).collect();
    let text = paragraph.join(" ");
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    let sentence = text.get(..end)?.to_owned();
    (!sentence.is_empty()).then_some(sentence)
}

/// What a component exports, only where one is built.
pub fn export(module: &Type) -> TokenStream {
    let guest = quote!(::cordboard::wasm::bindings::exports::cordboard::behaviour::guest);
    let events = quote!(::cordboard::wasm::bindings::cordboard::behaviour::events);
    let component = Ident::new("Component", module.span());
    quote! {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct #component;

            impl #guest::Guest for #component {
                fn describe() -> #guest::Manifest {
                    ::cordboard::wasm::export::describe::<#module>()
                }

                fn check(settings: ::std::string::String) -> ::std::vec::Vec<#guest::Problem> {
                    ::cordboard::wasm::export::check::<#module>(settings)
                }

                fn handle(
                    session: #guest::Session,
                    state: ::std::option::Option<::std::vec::Vec<u8>>,
                    event: #events::Event,
                ) -> ::std::result::Result<::std::vec::Vec<u8>, #guest::Refusal> {
                    ::cordboard::wasm::export::handle::<#module>(session, state, event)
                }

                fn migrate(
                    from_version: ::std::string::String,
                    state: ::std::vec::Vec<u8>,
                ) -> ::std::result::Result<::std::vec::Vec<u8>, #guest::Refusal> {
                    ::cordboard::wasm::export::migrate::<#module>(from_version, state)
                }
            }

            ::cordboard::wasm::bindings::export_guest!(#component with_types_in ::cordboard::wasm::bindings);
        };
    }
}
