//! A voice menu (R41–R43): always answers, two levels, keys 1 to 9, day and night.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod settings;

use cordboard::prelude::*;
pub use settings::{Key, Level, Menu, Subkey, Submenu};

/// Voice menu with two levels, opening hours and retries.
#[cordboard::script]
pub async fn menu(call: Call, settings: Menu) -> Outcome {
    if !settings.enabled {
        return pass(&call).await;
    }
    call.answer().await;
    let level = now_offered(&call, &settings);
    let keys: Vec<_> = level.keys.iter().map(|key| key.key.as_str()).collect();
    let Some(chosen) = choose(&call, &settings, &level.greeting, &keys).await else {
        return give_up(&call, &settings).await;
    };
    match level.keys.get(chosen) {
        Some(Key {
            number: Some(number),
            key,
            ..
        }) => lead(&call, &settings, key, number).await,
        Some(Key {
            submenu: Some(submenu),
            ..
        }) => second_level(&call, &settings, submenu).await,
        _ => give_up(&call, &settings).await,
    }
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

/// Plays the menu until one of its keys is pressed, and tells which; none when the attempts are used up.
async fn choose(call: &Call, settings: &Menu, greeting: &str, keys: &[&str]) -> Option<usize> {
    for _ in 0..settings.attempts {
        let wait = secs(settings.wait.into());
        match call.gather(greeting).digits(1).within(wait).barge_in().await {
            Gathered::Digits(pressed) => match keys.iter().position(|key| *key == pressed) {
                Some(chosen) => return Some(chosen),
                None => call.explain(
                    "keys",
                    &["key ", &pressed, " leads nowhere: the menu plays again"].concat(),
                ),
            },
            Gathered::Missing(name) => {
                call.explain("greeting", &["there is no announcement ", &name].concat());
                return None;
            }
            Gathered::Timeout(_) | Gathered::Stopped(_) | Gathered::Gone => {
                call.explain("wait", "no key was pressed: the menu plays again");
            }
        }
    }
    call.explain("attempts", "the menu has played as often as it should");
    None
}

async fn second_level(call: &Call, settings: &Menu, submenu: &Submenu) -> Outcome {
    call.explain("submenu", "the key opens the second level");
    let keys: Vec<_> = submenu.keys.iter().map(|key| key.key.as_str()).collect();
    let chosen = choose(call, settings, &submenu.greeting, &keys).await;
    match chosen.and_then(|chosen| submenu.keys.get(chosen)) {
        Some(key) => lead(call, settings, &key.key, &key.number).await,
        None => give_up(call, settings).await,
    }
}

/// Sends the caller on, if R42 lets us.
async fn lead(call: &Call, settings: &Menu, key: &str, number: &Number) -> Outcome {
    match call.destination(number) {
        Ok(target) => {
            call.explain("keys", &["key ", key, " leads to ", number].concat());
            call.for_good(call.dial(target)).await
        }
        Err(why) => {
            call.explain(
                "R42",
                &["key ", key, " leads to ", number, ": ", why.sentence()].concat(),
            );
            say_goodbye(call, settings).await
        }
    }
}

/// The attempts are used up: the fallback number, else good-bye.
async fn give_up(call: &Call, settings: &Menu) -> Outcome {
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
mod tests;
