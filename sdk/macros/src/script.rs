//! `#[script]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, ItemFn, ReturnType, Type, parse_quote};

use crate::about::{About, export};

pub fn expand(about: &About, function: &ItemFn) -> syn::Result<TokenStream> {
    check(about, function)?;
    let (name, visibility) = (&function.sig.ident, &function.vis);
    let (settings, call) = match settings_of(function)? {
        Some(settings) => (quote!(#settings), quote!(#name(call, settings))),
        None => (
            quote!(::cordboard::settings::None),
            quote!({ let _ = settings; #name(call) }),
        ),
    };
    let manifest = about.manifest(&function.attrs, &quote!(PerCall));
    let module: Type = parse_quote!(#name);
    let export = export(&module);
    let doc = format!("The behaviour that the function `{name}` tells.");
    let tell = quote_spanned! { function.sig.span() =>
        fn tell(call: ::cordboard::Call, settings: Self::Settings)
            -> impl ::std::future::Future<Output = ::cordboard::Outcome>
        {
            #call
        }
    };
    Ok(quote! {
        #function

        #[doc = #doc]
        #[allow(non_camel_case_types, reason = "named as the function")]
        #visibility enum #name {}

        impl ::cordboard::script::Script for #name {
            type Settings = #settings;

            #tell
        }

        impl ::cordboard::module::Module for #name {
            type Settings = #settings;

            fn about() -> ::cordboard::Manifest {
                #manifest
            }

            fn handle(
                session: ::cordboard::Session,
                state: ::std::option::Option<::std::vec::Vec<u8>>,
                event: ::cordboard::Event,
            ) -> ::std::result::Result<::std::vec::Vec<u8>, ::cordboard::Refusal> {
                ::cordboard::script::handle::<Self>(&session, state, event)
            }

            fn migrate(
                _: &str,
                state: ::std::vec::Vec<u8>,
            ) -> ::std::result::Result<::std::vec::Vec<u8>, ::cordboard::Refusal> {
                ::cordboard::script::migrate::<Self>(state)
            }
        }

        #export
    })
}

fn check(about: &About, function: &ItemFn) -> syn::Result<()> {
    let signature = &function.sig;
    if signature.asyncness.is_none() {
        return Err(syn::Error::new(
            signature.fn_token.span(),
            "a script is an `async fn`: it waits for its caller",
        ));
    }
    if let ReturnType::Default = signature.output {
        let message = "a script says how it ends: `-> Outcome`, made by `call.hang_up()` or its like";
        return Err(syn::Error::new(signature.ident.span(), message));
    }
    if !signature.generics.params.is_empty() {
        return Err(syn::Error::new(
            signature.generics.span(),
            "a script cannot be generic",
        ));
    }
    if let Some(interest) = about.interests.first() {
        let message =
            "a script asks for digits and ringing by its steps; only keyed behaviours have interests";
        return Err(syn::Error::new(interest.span(), message));
    }
    if let Some((schedule, _)) = about.schedules.first() {
        return Err(syn::Error::new(
            schedule.span(),
            "only keyed behaviours have schedules",
        ));
    }
    Ok(())
}

/// The type of the second argument.
fn settings_of(function: &ItemFn) -> syn::Result<Option<&Type>> {
    let mut arguments = function.sig.inputs.iter();
    let (call, settings, more) = (arguments.next(), arguments.next(), arguments.next());
    match (call, settings, more) {
        (Some(FnArg::Typed(_)), None, None) => Ok(None),
        (Some(FnArg::Typed(_)), Some(FnArg::Typed(settings)), None) => Ok(Some(&settings.ty)),
        _ => {
            let message =
                "a script takes the call and, if it has any, its settings: `(call: Call, settings: S)`";
            Err(syn::Error::new(function.sig.paren_token.span.join(), message))
        }
    }
}
