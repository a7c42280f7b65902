//! A voice menu (R41–R43): always answers, two levels, keys 1 to 9, day and night.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod by_name;
mod keypad;
mod settings;

use std::time::Duration;

use cordboard::prelude::*;
pub use settings::{ByName, Key, Level, Menu, Person, Subkey, Submenu};

/// Voice menu with two levels, opening hours and retries.
#[cordboard::script]
pub async fn menu(call: Call, settings: Menu) -> Outcome {
    if !settings.enabled {
        return pass(&call).await;
    }
    call.answer().await;
    let level = now_offered(&call, &settings);
    let mut keys: Vec<_> = level.keys.iter().map(|key| key.key.as_str()).collect();
    let by_name = settings.by_name.key.as_deref();
    keys.extend(by_name);
    match choose(
        &call,
        &settings,
        &level.greeting,
        &keys,
        settings.extension_digits,
    )
    .await
    {
        Choice::Key(chosen) => match level.keys.get(chosen) {
            Some(Key {
                number: Some(number),
                key,
                label,
                ..
            }) => lead(&call, &settings, &named(key, label), number).await,
            Some(Key {
                submenu: Some(submenu),
                key,
                label,
                ..
            }) => second_level(&call, &settings, submenu, &named(key, label)).await,
            Some(_) => give_up(&call, &settings).await,
            None => by_name::by_name(&call, &settings).await,
        },
        Choice::Extension(number) => {
            lead(
                &call,
                &settings,
                &["the short number ", &number].concat(),
                &number,
            )
            .await
        }
        Choice::None => give_up(&call, &settings).await,
    }
}

/// What a caller chose.
enum Choice {
    /// The key with this index in the list.
    Key(usize),
    /// A short number of the house.
    Extension(String),
    /// The attempts are used up.
    None,
}

/// A key with its label, for those who read why.
fn named(key: &str, label: &str) -> String {
    match label {
        "" => ["key ", key].concat(),
        label => ["key ", key, " (", label, ")"].concat(),
    }
}

fn wait_of(settings: &Menu) -> Duration {
    secs(settings.wait.into())
}

/// The switch of R41 is off.
async fn pass(call: &Call) -> Outcome {
    call.explain("enabled", "the menu is switched off");
    if call.has_next() {
        call.continue_next().await
    } else {
        call.reject(Cause::Unreachable)
    }
}

/// R43: day and night have an announcement and keys of their own.
fn now_offered<'a>(call: &Call, settings: &'a Menu) -> &'a Level {
    let Some(calendar) = &settings.calendar else {
        call.explain("calendar", "the menu has no calendar: it is always open");
        return &settings.open;
    };
    if call.calendar(calendar).is_open() {
        call.explain("calendar", "open now: the menu for opening hours");
        &settings.open
    } else {
        call.explain("calendar", "closed now: the menu for closing time");
        &settings.closed
    }
}

/// Between the digits of a short number; a key alone is taken for one after that.
const NEXT_DIGIT: Duration = secs(2);

/// Plays the menu until one of its keys is pressed, or a short number is dialled that somebody has.
async fn choose(call: &Call, settings: &Menu, greeting: &str, keys: &[&str], extension: u32) -> Choice {
    for _ in 0..settings.attempts {
        let gather = call
            .gather(greeting)
            .digits(extension.max(1))
            .within(wait_of(settings))
            .between(NEXT_DIGIT)
            .barge_in();
        match gather.await {
            Gathered::Digits(pressed) | Gathered::Timeout(pressed) if !pressed.is_empty() => {
                if let Some(chosen) = keys.iter().position(|key| *key == pressed) {
                    return Choice::Key(chosen);
                }
                if extension > 0 && call.classify(&pressed) == NumberClass::Internal {
                    return Choice::Extension(pressed);
                }
                call.explain(
                    "keys",
                    &["key ", &pressed, " leads nowhere: the menu plays again"].concat(),
                );
            }
            Gathered::Missing(name) => {
                call.explain("greeting", &["there is no announcement ", &name].concat());
                return Choice::None;
            }
            Gathered::Digits(_) | Gathered::Timeout(_) | Gathered::Stopped(_) | Gathered::Gone => {
                call.explain("wait", "no key was pressed: the menu plays again");
            }
        }
    }
    call.explain("attempts", "the menu has played as often as it should");
    Choice::None
}

async fn second_level(call: &Call, settings: &Menu, submenu: &Submenu, by: &str) -> Outcome {
    call.explain("submenu", &[by, " opens the second level"].concat());
    let keys: Vec<_> = submenu.keys.iter().map(|key| key.key.as_str()).collect();
    match choose(call, settings, &submenu.greeting, &keys, 0).await {
        Choice::Key(chosen) => match submenu.keys.get(chosen) {
            Some(key) => lead(call, settings, &named(&key.key, &key.label), &key.number).await,
            None => give_up(call, settings).await,
        },
        Choice::Extension(_) | Choice::None => give_up(call, settings).await,
    }
}

/// Sends the caller on, if R42 lets us.
async fn lead(call: &Call, settings: &Menu, by: &str, number: &str) -> Outcome {
    match call.destination(number) {
        Ok(target) => {
            call.explain("keys", &[by, " leads to ", number].concat());
            call.for_good(call.dial(target)).await
        }
        Err(why) => {
            call.explain("R42", &[by, " leads to ", number, ": ", why.sentence()].concat());
            say_goodbye(call, settings).await
        }
    }
}

/// The attempts are used up: the fallback number, else good-bye.
async fn give_up(call: &Call, settings: &Menu) -> Outcome {
    if settings.fallback_next && call.has_next() {
        call.explain(
            "fallback-next",
            "the caller goes on to what is next on the number",
        );
        return call.continue_next().await;
    }
    let Some(number) = &settings.fallback else {
        return say_goodbye(call, settings).await;
    };
    match call.destination(number) {
        Ok(target) => {
            call.explain("fallback", &["the caller goes on to ", number].concat());
            call.for_good(call.dial(target)).await
        }
        Err(why) => {
            call.explain(
                "R42",
                &["the fallback is ", number, ": ", why.sentence()].concat(),
            );
            say_goodbye(call, settings).await
        }
    }
}

async fn say_goodbye(call: &Call, settings: &Menu) -> Outcome {
    call.explain("goodbye", "good-bye, and the call ends");
    call.play(&settings.goodbye).await;
    call.hang_up()
}

#[cfg(test)]
mod subject;
#[cfg(test)]
mod tests;
