//! A component of this version, linked and ready to be instantiated.

use contract::Event;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, ComponentType, Instance, InstancePre, Lift, Linker,
    Lower, TypedFunc,
};
use wasmtime::{AsContextMut, Store};

use super::bindings::exports::cordboard::behaviour::guest;
use super::{GUEST, PACKAGE, VERSION};
use super::{from_guest, to_guest};
use crate::seat::Seat;

/// The component with its imports resolved, and where its exports are.
pub(crate) struct Entry {
    pre: InstancePre<Seat>,
    describe: ComponentExportIndex,
    check: ComponentExportIndex,
    handle: ComponentExportIndex,
    migrate: ComponentExportIndex,
}

/// What `handle` or `migrate` returned.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    State(Vec<u8>),
    /// Its size.
    TooLarge(usize),
    Refused(String),
}

/// `guest.session`, borrowed: nothing is copied but into the guest.
#[derive(ComponentType, Lower)]
#[component(record)]
struct Session<'a> {
    id: u64,
    behaviour: &'a str,
    number: &'a str,
    settings: &'a str,
}

/// A copy of the state: by the time that the call returns the guest has been told that it may use its memory again. The
/// store's limit for what a guest hands over bounds it.
type Returned = Result<Vec<u8>, guest::Refusal>;

impl Entry {
    /// Resolves imports and exports by name. Types of exports are checked at each call.
    pub fn new(linker: &Linker<Seat>, component: &Component) -> wasmtime::Result<Self> {
        let pre = linker.instantiate_pre(component)?;
        let name = format!("{PACKAGE}/{GUEST}@{VERSION}");
        let guest = component.get_export_index(None, &name);
        let guest = guest.ok_or_else(|| wasmtime::format_err!("`{name}` is not exported"))?;
        let find = |function: &str| {
            let index = component.get_export_index(Some(&guest), function);
            index.ok_or_else(|| wasmtime::format_err!("`{name}` has no `{function}`"))
        };
        Ok(Self {
            describe: find("describe")?,
            check: find("check")?,
            handle: find("handle")?,
            migrate: find("migrate")?,
            pre,
        })
    }

    /// The manifest, without imports: those the host reads for itself.
    pub fn describe(&self, store: &mut Store<Seat>) -> wasmtime::Result<contract::Manifest> {
        let (_, describe) = self.open::<(), (guest::Manifest,)>(store, &self.describe)?;
        let (manifest,) = describe.call(store, ())?;
        Ok(from_guest::manifest(manifest))
    }

    pub fn check(&self, store: &mut Store<Seat>, settings: &str) -> wasmtime::Result<Vec<contract::Problem>> {
        let (_, check) = self.open::<(&str,), (Vec<guest::Problem>,)>(store, &self.check)?;
        let (problems,) = check.call(store, (settings,))?;
        Ok(problems.into_iter().map(from_guest::problem).collect())
    }

    pub fn handle(
        &self,
        store: &mut Store<Seat>,
        session: &contract::Session,
        state: Option<&[u8]>,
        event: &Event,
    ) -> wasmtime::Result<Answer> {
        type Params<'a> = (Session<'a>, Option<&'a [u8]>, &'a guest::Event);
        let event = to_guest::event(event);
        let session = Session {
            id: session.id.0,
            behaviour: &session.behaviour,
            number: &session.number,
            settings: &session.settings,
        };
        let (_, handle) = self.open::<Params<'_>, (Returned,)>(store, &self.handle)?;
        let (returned,) = handle.call(&mut *store, (session, state, &event))?;
        Ok(answer(store, returned))
    }

    pub fn migrate(&self, store: &mut Store<Seat>, from: &str, state: &[u8]) -> wasmtime::Result<Answer> {
        let (_, migrate) = self.open::<(&str, &[u8]), (Returned,)>(store, &self.migrate)?;
        let (returned,) = migrate.call(&mut *store, (from, state))?;
        Ok(answer(store, returned))
    }

    /// Whether the types of all exports are this version's.
    pub fn verify(&self, store: &mut Store<Seat>) -> wasmtime::Result<()> {
        let instance = self.pre.instantiate(&mut *store)?;
        typed::<(), (guest::Manifest,)>(store, &instance, &self.describe)?;
        typed::<(&str,), (Vec<guest::Problem>,)>(store, &instance, &self.check)?;
        typed::<(Session<'_>, Option<&[u8]>, &guest::Event), (Returned,)>(store, &instance, &self.handle)?;
        typed::<(&str, &[u8]), (Returned,)>(store, &instance, &self.migrate)?;
        Ok(())
    }

    fn open<P, R>(
        &self,
        store: &mut Store<Seat>,
        export: &ComponentExportIndex,
    ) -> wasmtime::Result<(Instance, TypedFunc<P, R>)>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let instance = self.pre.instantiate(&mut *store)?;
        let function = typed(store, &instance, export)?;
        Ok((instance, function))
    }
}

fn typed<P, R>(
    store: &mut Store<Seat>,
    instance: &Instance,
    export: &ComponentExportIndex,
) -> wasmtime::Result<TypedFunc<P, R>>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    instance.get_typed_func(store.as_context_mut(), export)
}

fn answer(store: &Store<Seat>, returned: Returned) -> Answer {
    match returned {
        Ok(state) => {
            let limit = store.data().desk.limits().state;
            if state.len() > limit {
                Answer::TooLarge(state.len())
            } else {
                Answer::State(state)
            }
        }
        Err(refusal) => Answer::Refused(refusal.reason),
    }
}
