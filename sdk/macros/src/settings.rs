//! `#[derive(Settings)]`.

mod attributes;
mod choices;
mod fields;

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields};

pub fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    if !input.generics.params.is_empty() {
        return Err(syn::Error::new(
            input.generics.span(),
            "settings cannot be generic",
        ));
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => fields::expand(input, fields),
            Fields::Unnamed(_) | Fields::Unit => Err(syn::Error::new(
                input.ident.span(),
                "settings have named fields: each becomes a field of the form",
            )),
        },
        Data::Enum(data) => choices::expand(input, data),
        Data::Union(_) => Err(syn::Error::new(
            input.ident.span(),
            "settings are a struct, or an enum of choices",
        )),
    }
}
