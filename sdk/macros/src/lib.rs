//! The macros of the Cordboard SDK. Use them through `cordboard`, which documents them with
//! examples; nothing here stands alone.

mod about;
mod keyed;
mod script;
mod settings;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes a behaviour of an `async fn(call: Call, settings: S) -> Outcome`: one session a call.
///
/// The module type gets the function's name, so `cordboard::native::Module::of::<menu>()` runs it.
/// Name and version are the package's; the summary is the first sentence of the doc comment.
/// Both can be said: `#[cordboard::script(name = "night-menu", summary = "…")]`.
///
/// Whatever the function learns must come from its [`Call`](struct.Call.html): it runs again from
/// the top at each event, and must then take the same way.
#[proc_macro_attribute]
pub fn script(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let about = parse_macro_input!(arguments as about::About);
    let function = parse_macro_input!(item as syn::ItemFn);
    script::expand(&about, &function)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a behaviour of an `impl Behaviour for T`: one session for each number, holding all its calls.
///
/// Says which optional events it wants, and when it is woken:
/// `#[cordboard::keyed(interests(line_changes, ringing), schedule(nightly = "0 3 * * *"))]`.
#[proc_macro_attribute]
pub fn keyed(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let about = parse_macro_input!(arguments as about::About);
    let block = parse_macro_input!(item as syn::ItemImpl);
    keyed::expand(&about, &block)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Derives the schema of settings, their defaults, and what a form needs to show them.
#[proc_macro_derive(Settings, attributes(settings))]
pub fn settings(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as syn::DeriveInput);
    settings::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
