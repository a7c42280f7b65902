//! `#[keyed]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemImpl;
use syn::spanned::Spanned;

use crate::about::{About, export};

pub fn expand(about: &About, block: &ItemImpl) -> syn::Result<TokenStream> {
    let is_behaviour = block
        .trait_
        .as_ref()
        .and_then(|(_, path, _)| path.segments.last());
    if is_behaviour.is_none_or(|last| last.ident != "Behaviour") {
        let message = "`keyed` stands on an `impl Behaviour for …`";
        return Err(syn::Error::new(block.impl_token.span(), message));
    }
    let module = &*block.self_ty;
    let manifest = about.manifest(&block.attrs, &quote!(PerNumber));
    let export = export(module);
    Ok(quote! {
        #block

        impl ::cordboard::module::Module for #module {
            type Settings = <Self as ::cordboard::Behaviour>::Settings;

            fn about() -> ::cordboard::Manifest {
                #manifest
            }

            fn handle(
                session: ::cordboard::Session,
                state: ::std::option::Option<::std::vec::Vec<u8>>,
                event: ::cordboard::Event,
            ) -> ::std::result::Result<::std::vec::Vec<u8>, ::cordboard::Refusal> {
                ::cordboard::keyed::handle::<Self>(&session, state.as_deref(), event)
            }

            fn migrate(
                _: &str,
                state: ::std::vec::Vec<u8>,
            ) -> ::std::result::Result<::std::vec::Vec<u8>, ::cordboard::Refusal> {
                ::cordboard::keyed::migrate::<Self>(&state)
            }
        }

        #export
    })
}
