//! Dialling by name: the caller spells, and chooses where several people fit.

use cordboard::Tone;
use cordboard::prelude::*;

use crate::keypad;
use crate::settings::{Menu, Person};
use crate::{give_up, lead, wait_of};

/// As many letters as anybody spells.
const LETTERS: u32 = 16;

/// As many as there are keys to choose with.
const CHOICES: usize = 9;

pub async fn by_name(call: &Call, settings: &Menu) -> Outcome {
    let by_name = &settings.by_name;
    for _ in 0..settings.attempts {
        let spelt = call
            .gather(&by_name.prompt)
            .digits(LETTERS)
            .until("#")
            .within(wait_of(settings))
            .barge_in();
        let pressed = match spelt.await {
            // Who stops spelling has spelt enough.
            Gathered::Digits(keys) | Gathered::Timeout(keys) => keys,
            Gathered::Missing(_) | Gathered::Stopped(_) | Gathered::Gone => break,
        };
        let people: Vec<&Person> = by_name
            .people
            .iter()
            .filter(|person| pressed.len() > 1 && keypad::fits(&person.name, &pressed))
            .collect();
        let chosen = match people.as_slice() {
            [] => {
                call.explain("by-name", &["nobody's name begins with ", &pressed].concat());
                call.play(&by_name.unknown).await;
                None
            }
            [only] => Some(*only),
            several => choose(call, settings, several).await,
        };
        if let Some(person) = chosen {
            return lead(
                call,
                settings,
                &["the name ", &person.name].concat(),
                &person.number,
            )
            .await;
        }
    }
    give_up(call, settings).await
}

/// Says a key before each name.
async fn choose<'a>(call: &Call, settings: &Menu, people: &[&'a Person]) -> Option<&'a Person> {
    let people = people.get(..CHOICES).unwrap_or(people);
    let mut prompt = Sounds::from(Tone::Beep);
    for (index, person) in people.iter().enumerate() {
        prompt = prompt.then(Sound::Digits((index + 1).to_string()));
        prompt = match &person.spoken {
            Some(name) => prompt.then(name.as_str()),
            None => prompt.then(Sound::Digits(digits_of(&person.number))),
        };
    }
    call.explain("by-name", "several names fit: the caller chooses");
    let gathered = call
        .gather(prompt)
        .digits(1)
        .within(wait_of(settings))
        .barge_in()
        .await;
    let Gathered::Digits(key) = gathered else {
        return None;
    };
    let index = key.parse::<usize>().ok()?.checked_sub(1)?;
    people.get(index).copied()
}

fn digits_of(number: &str) -> String {
    let digits = number.chars().filter(char::is_ascii_digit).take(32);
    digits.collect()
}
