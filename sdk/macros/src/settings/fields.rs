//! A struct: an object with a property for each field.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Expr, ExprLit, FieldsNamed, Ident, Lit, Type};

use super::attributes::{FieldAttributes, Naming, TypeAttributes};

struct Field<'a> {
    ident: &'a Ident,
    ty: &'a Type,
    name: String,
    attributes: FieldAttributes,
}

pub fn expand(input: &DeriveInput, fields: &FieldsNamed) -> syn::Result<TokenStream> {
    let about = TypeAttributes::of(&input.attrs)?;
    let naming = Naming::of(&input.attrs)?;
    let fields = fields
        .named
        .iter()
        .map(|field| read(&naming, field))
        .collect::<syn::Result<Vec<_>>>()?;
    let ident = &input.ident;
    let (shape, schema, json) = (shape(&fields), schema(&about, &fields), json(&fields));
    let defaults = fields.iter().map(default);
    let check = about.check.then(|| quote!(Self::check(self, view, problems);));
    Ok(quote! {
        impl ::std::default::Default for #ident {
            fn default() -> Self {
                Self { #(#defaults),* }
            }
        }

        impl ::cordboard::settings::Value for #ident {
            #shape
            #schema
            #json
        }

        impl ::cordboard::settings::Settings for #ident {
            fn check(&self, view: &::cordboard::View, problems: &mut ::cordboard::settings::Problems) {
                let _ = (view, &problems);
                #check
            }
        }
    })
}

fn read<'a>(naming: &Naming, field: &'a syn::Field) -> syn::Result<Field<'a>> {
    let Some(ident) = &field.ident else {
        return Err(syn::Error::new_spanned(field, "settings have named fields"));
    };
    let name = naming.field(ident, &field.attrs)?;
    let attributes = FieldAttributes::of(&field.attrs, &name)?;
    Ok(Field {
        ident,
        ty: &field.ty,
        name,
        attributes,
    })
}

fn default(field: &Field<'_>) -> TokenStream {
    let (ident, ty) = (field.ident, field.ty);
    match &field.attributes.default {
        // A text goes into whatever a text can become.
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        })) => {
            quote!(#ident: <#ty as ::std::convert::From<&str>>::from(#text))
        }
        Some(expression) => quote!(#ident: #expression),
        None => quote!(#ident: <#ty as ::std::default::Default>::default()),
    }
}

fn shape(fields: &[Field<'_>]) -> TokenStream {
    let names = fields.iter().map(|field| &field.name);
    let types = fields.iter().map(|field| field.ty);
    quote! {
        const SHAPE: u64 = {
            let shape = ::cordboard::settings::mix_text(0, "struct");
            #(
                let shape = ::cordboard::settings::mix_text(shape, #names);
                let shape = ::cordboard::settings::mix(
                    shape,
                    <#types as ::cordboard::settings::Value>::SHAPE,
                );
            )*
            shape
        };
    }
}

fn schema(about: &TypeAttributes, fields: &[Field<'_>]) -> TokenStream {
    let (title, help) = (&about.title, &about.help);
    let properties = fields
        .iter()
        .enumerate()
        .map(|(index, field)| property(index, field));
    let required: Vec<_> = fields
        .iter()
        .filter(|field| field.attributes.required.is_some())
        .collect();
    let required = (!required.is_empty()).then(|| {
        let names: Vec<_> = required.iter().map(|field| format!("{:?}", field.name)).collect();
        let list = format!("[{}]", names.join(","));
        quote! {
            schema.next_name("required");
            schema.text().push_str(#list);
        }
    });
    let place = about
        .place
        .as_ref()
        .map(|place| quote!(schema.bound("x-place", ::std::option::Option::Some(#place));));
    let passes = about.passes.as_ref().map(|passes| {
        quote! {
            schema.next_name("x-passes");
            ::cordboard::settings::quote(schema.text(), #passes);
        }
    });
    quote! {
        fn schema(schema: &mut ::cordboard::settings::Schema, field: &::cordboard::settings::Field) {
            let defaults = <Self as ::std::default::Default>::default();
            let _ = &defaults;
            schema.open_own("object", field, #title, #help);
            #place
            #passes
            schema.next_name("properties");
            schema.text().push('{');
            #(#properties)*
            schema.text().push('}');
            #required
            schema.next_name("additionalProperties");
            schema.text().push_str("false");
            schema.close();
        }
    }
}

fn property(index: usize, field: &Field<'_>) -> TokenStream {
    let (ident, ty, name, members) = (field.ident, field.ty, &field.name, &field.attributes.members);
    let comma = (index > 0).then(|| quote!(schema.text().push(',');));
    let default = field.attributes.required.is_none().then(|| {
        quote! {
            schema.default_for_last(|out| ::cordboard::settings::Value::json(&defaults.#ident, out));
        }
    });
    quote! {{
        #comma
        schema.name(#name);
        const FIELD: ::cordboard::settings::Field = ::cordboard::settings::Field {
            #(#members,)*
            ..::cordboard::settings::Field::EMPTY
        };
        <#ty as ::cordboard::settings::Value>::schema(schema, &FIELD);
        #default
    }}
}

fn json(fields: &[Field<'_>]) -> TokenStream {
    let members = fields.iter().enumerate().map(|(index, field)| {
        let ident = field.ident;
        let comma = if index > 0 { "," } else { "" };
        let name = format!("{comma}{:?}:", field.name);
        quote! {
            out.push_str(#name);
            ::cordboard::settings::Value::json(&self.#ident, out);
        }
    });
    quote! {
        fn json(&self, out: &mut ::std::string::String) {
            out.push('{');
            #(#members)*
            out.push('}');
        }
    }
}
