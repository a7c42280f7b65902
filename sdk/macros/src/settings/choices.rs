//! An enum without data: a choice of names.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataEnum, DeriveInput, Fields, Variant};

use super::attributes::{Naming, TypeAttributes, help};

pub fn expand(input: &DeriveInput, data: &DataEnum) -> syn::Result<TokenStream> {
    let about = TypeAttributes::of(&input.attrs)?;
    let naming = Naming::of(&input.attrs)?;
    if !naming.is_kebab() {
        let message = "choices are spelled in kebab-case: add #[serde(rename_all = \"kebab-case\")]";
        return Err(syn::Error::new(input.ident.span(), message));
    }
    for variant in &data.variants {
        check(variant)?;
    }
    let ident = &input.ident;
    let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let names: Vec<_> = variants.iter().map(|variant| naming.choice(variant)).collect();
    let default = default(data, input)?;
    let schema = schema(&about, data, &names);
    Ok(quote! {
        impl ::std::default::Default for #ident {
            fn default() -> Self {
                Self::#default
            }
        }

        impl ::cordboard::settings::Value for #ident {
            const SHAPE: u64 = {
                let shape = ::cordboard::settings::mix_text(0, "enum");
                #(let shape = ::cordboard::settings::mix_text(shape, #names);)*
                shape
            };

            #schema

            fn json(&self, out: &mut ::std::string::String) {
                ::cordboard::settings::quote(out, match self { #(Self::#variants => #names,)* });
            }
        }
    })
}

fn check(variant: &Variant) -> syn::Result<()> {
    match &variant.fields {
        Fields::Unit => Ok(()),
        fields => Err(syn::Error::new_spanned(
            fields,
            "a choice of settings carries no data",
        )),
    }
}

/// The one marked `#[settings(default)]`, else the first.
fn default<'a>(data: &'a DataEnum, input: &DeriveInput) -> syn::Result<&'a syn::Ident> {
    let mut marked = None;
    for variant in &data.variants {
        for attribute in variant
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("settings"))
        {
            attribute.parse_nested_meta(|meta| {
                if !meta.path.is_ident("default") {
                    return Err(meta.error("known here is `default`"));
                }
                marked = Some(&variant.ident);
                Ok(())
            })?;
        }
    }
    let first = data.variants.first().map(|variant| &variant.ident);
    marked
        .or(first)
        .ok_or_else(|| syn::Error::new(input.ident.span(), "a choice of nothing"))
}

fn schema(about: &TypeAttributes, data: &DataEnum, names: &[String]) -> TokenStream {
    let (title, about_help) = (&about.title, &about.help);
    let quoted: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    let list = quoted.join(",");
    let helps = data
        .variants
        .iter()
        .zip(names)
        .enumerate()
        .map(|(index, (variant, name))| {
            let help = help(&variant.attrs);
            let comma = (index > 0).then(|| quote!(schema.text().push(',');));
            quote! {
                #comma
                schema.name(#name);
                ::cordboard::settings::quote(schema.text(), #help);
            }
        });
    quote! {
        fn schema(schema: &mut ::cordboard::settings::Schema, field: &::cordboard::settings::Field) {
            schema.open_own("string", field, #title, #about_help);
            schema.next_name("enum");
            schema.text().push('[');
            schema.text().push_str(#list);
            if field.nullable {
                schema.text().push_str(",null");
            }
            schema.text().push(']');
            schema.next_name("x-choices");
            schema.text().push('{');
            #(#helps)*
            schema.text().push('}');
            schema.close();
        }
    }
}
