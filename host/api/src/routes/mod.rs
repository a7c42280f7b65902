//! The endpoints, by what they are about.

mod announcements;
mod behaviours;
mod blobs;
mod calls;
mod console;
mod devices;
mod documents;
mod events;
mod farewell;
mod host;
mod interception;
mod journal;
mod known;
mod messages;
mod modules;
mod notes;
mod own;
mod pasted;
mod records;
mod replay;
mod screens;
mod search;
mod settings;
mod statistics;
mod storage;
mod tokens;
mod versions;

use crate::endpoint::Endpoint;

pub(crate) use host::text as metrics_text;
pub(crate) use known::missing;

pub(crate) fn all() -> Vec<Endpoint> {
    let mut all = host::endpoints();
    all.extend(tokens::endpoints());
    all.extend(documents::endpoints());
    all.extend(devices::endpoints());
    all.extend(announcements::endpoints());
    all.extend(modules::endpoints());
    all.extend(notes::endpoints());
    all.extend(behaviours::endpoints());
    all.extend(messages::endpoints());
    all.extend(versions::endpoints());
    all.extend(journal::endpoints());
    all.extend(replay::endpoints());
    all.extend(settings::endpoints());
    all.extend(pasted::endpoints());
    all.extend(calls::endpoints());
    all.extend(records::endpoints());
    all.extend(statistics::endpoints());
    all.extend(events::endpoints());
    all.extend(screens::endpoints());
    all.extend(console::endpoints());
    all.extend(interception::endpoints());
    all
}
