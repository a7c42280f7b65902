//! Speaks back every digit the caller presses: to test a phone, its keys and its sound.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

use cordboard::prelude::*;

/// What an echo says.
#[derive(Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Echo {
    /// Heard first.
    #[settings(default = "echo", kind = "announcement")]
    pub greeting: String,
    /// How long it waits for a key before it hangs up.
    #[settings(default = 30, min = 1, max = 600, unit = "s")]
    pub patience: u32,
}

/// Speaks back every digit the caller presses, until nobody presses any more.
#[cordboard::script]
pub async fn echo(call: Call, settings: Echo) -> Outcome {
    call.answer().await;
    call.play(&settings.greeting).await;
    loop {
        let patience = secs(settings.patience.into());
        match call.gather(Sounds::default()).within(patience).await {
            Gathered::Digits(digit) => {
                call.explain("echo", "a key was pressed and is spoken back");
                call.play(Sound::Digits(digit)).await;
            }
            _ => {
                call.explain("patience", "no key was pressed for too long: good-bye");
                return call.hang_up();
            }
        }
    }
}

#[cfg(test)]
mod tests;
