//! Ranges of what commands carry, as `wit/` states them.
//!
//! Everything here may end up in a SIP header, a file name or a timer, and comes from a
//! tenant's code: text is bounded and free of control characters.

use contract::{Command, CommandError, DialOptions, GatherOptions, Page, Shown, Sound, Stage, Target};

/// Names, numbers and header values, in bytes.
const NAME_BYTES: usize = 256;
const DIGITS: usize = 64;
const SOUNDS: usize = 64;
const STAGES: usize = 64;
const TARGETS: usize = 64;
const MESSAGE_BYTES: usize = 16 << 10;
/// A page must fit into a text message (RFC 3428 §8) with its headers.
const CHOICES: usize = 9;
const TITLE_BYTES: usize = 64;
const PAGE_BYTES: usize = 400;
/// An hour, in milliseconds.
const LONGEST_PAGE: u64 = 3_600_000;
/// 31 days, in milliseconds.
const LONGEST_WATCH: u64 = 31 * 24 * 3_600_000;
const RESERVED: usize = 64;
/// Milliseconds.
const LONGEST_LEASE: u64 = 600_000;
const FIGURES_BYTES: usize = 48 << 10;

/// Whether all arguments are in range.
///
/// # Errors
///
/// [`CommandError::Invalid`], saying which one is not and what would be right.
pub(crate) fn check(command: &Command) -> Result<(), CommandError> {
    use Command as C;
    match command {
        C::SendDigits { digits, .. } => {
            count("digits", digits.len(), 1, DIGITS)?;
            keys("digits", digits)
        }
        C::Dial { stages, options, .. } => dial(stages, options),
        C::Play { sounds, .. } => {
            count("sounds", sounds.len(), 1, SOUNDS)?;
            sounds.iter().try_for_each(sound)
        }
        C::Gather { options, .. } => gather(options),
        C::Send {
            behaviour,
            number,
            body,
            ..
        } => {
            name("behaviour", behaviour)?;
            name("number", number)?;
            count("bytes of the message", body.len(), 0, MESSAGE_BYTES)
        }
        C::Watch { line, expiry, .. } => {
            name("line", line)?;
            if *expiry <= LONGEST_WATCH {
                return Ok(());
            }
            Err(CommandError::Invalid(
                "expiry: at most 31 days are allowed".into(),
            ))
        }
        C::Reserve { lines, lease } => {
            if *lease > LONGEST_LEASE {
                let message = format!("lease: at most {LONGEST_LEASE} ms are allowed");
                return Err(CommandError::Invalid(message));
            }
            reserved(lines)
        }
        C::Release { lines } => reserved(lines),
        C::Join { room, .. } => name("room", room),
        C::Publish { json } => figures(json),
        C::Show { line, page, .. } => {
            name("line", line)?;
            shown(page)
        }
        C::Ring { .. }
        | C::Answer { .. }
        | C::Reject { .. }
        | C::HangUp { .. }
        | C::Hold { .. }
        | C::Resume { .. }
        | C::Bridge { .. }
        | C::Unbridge { .. }
        | C::CancelDial { .. }
        | C::StopAudio { .. }
        | C::SetTimer { .. }
        | C::CancelTimer { .. }
        | C::CancelWatch { .. }
        | C::Leave { .. }
        | C::Dismiss { .. }
        | C::Finish => Ok(()),
    }
}

fn reserved(lines: &[String]) -> Result<(), CommandError> {
    count("lines", lines.len(), 1, RESERVED)?;
    lines.iter().try_for_each(|line| name("line", line))
}

/// That it is JSON is looked at by the exchange, which reads it once.
fn figures(json: &str) -> Result<(), CommandError> {
    count("bytes of figures", json.len(), 2, FIGURES_BYTES)?;
    match (json.starts_with('{'), json.ends_with('}')) {
        (true, true) => Ok(()),
        _ => Err(CommandError::Invalid("figures: a JSON object is wanted".into())),
    }
}

fn dial(stages: &[Stage], options: &DialOptions) -> Result<(), CommandError> {
    count("stages", stages.len(), 1, STAGES)?;
    for stage in stages {
        count("targets of a stage", stage.targets.len(), 1, TARGETS)?;
        stage.targets.iter().try_for_each(target)?;
    }
    if let Shown::Number(number) = &options.shown {
        name("shown number", number)?;
    }
    for (what, text) in [("alert", &options.alert), ("whisper", &options.whisper)] {
        text.as_deref().map_or(Ok(()), |text| name(what, text))?;
    }
    Ok(())
}

fn target(target: &Target) -> Result<(), CommandError> {
    match target {
        Target::Line(line) => name("line", line),
        Target::Number(number) => name("number", number),
        Target::Device(device) => name("device", device),
        Target::Outside { number, trunk } => {
            name("outside number", number)?;
            trunk.as_deref().map_or(Ok(()), |trunk| name("trunk", trunk))
        }
        Target::Next => Ok(()),
    }
}

fn shown(page: &Page) -> Result<(), CommandError> {
    count("choices", page.choices.len(), 0, CHOICES)?;
    let titles = page.choices.iter().chain([&page.title]);
    for title in titles {
        count("bytes of a title or choice", title.len(), 0, TITLE_BYTES)?;
        printable(title)?;
    }
    count("bytes of the text", page.text.len(), 0, PAGE_BYTES)?;
    printable(&page.text)?;
    if (1_000..=LONGEST_PAGE).contains(&page.expiry) {
        return Ok(());
    }
    Err(CommandError::Invalid("expiry: 1 s to an hour are allowed".into()))
}

fn printable(text: &str) -> Result<(), CommandError> {
    if text.chars().any(|c| c.is_control() && c != '\n') {
        let message = "a page has no control characters but line feeds";
        return Err(CommandError::Invalid(message.into()));
    }
    Ok(())
}

fn gather(options: &GatherOptions) -> Result<(), CommandError> {
    count("sounds of the prompt", options.prompt.len(), 0, SOUNDS)?;
    options.prompt.iter().try_for_each(sound)?;
    let digits = usize::try_from(options.max_digits).unwrap_or(usize::MAX);
    count("max-digits", digits, 1, DIGITS)?;
    count("terminators", options.terminators.len(), 0, 16)?;
    keys("terminators", &options.terminators)
}

fn sound(sound: &Sound) -> Result<(), CommandError> {
    match sound {
        Sound::Announcement(announcement) => name("announcement", announcement),
        Sound::Digits(digits) => {
            count("spoken digits", digits.len(), 1, DIGITS)?;
            keys("spoken digits", digits)
        }
        Sound::Tone(_) | Sound::Silence(_) => Ok(()),
    }
}

fn count(what: &str, found: usize, least: usize, most: usize) -> Result<(), CommandError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    let message = format!("{what}: {found} given, {least} to {most} allowed");
    Err(CommandError::Invalid(message))
}

pub(crate) fn name(what: &str, text: &str) -> Result<(), CommandError> {
    let fits = (1..=NAME_BYTES).contains(&text.len());
    if fits && !text.chars().any(char::is_control) {
        return Ok(());
    }
    let message = format!("{what}: 1 to {NAME_BYTES} bytes without control characters are allowed");
    Err(CommandError::Invalid(message))
}

fn keys(what: &str, text: &str) -> Result<(), CommandError> {
    let is_key = |c: char| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D');
    if text.chars().all(is_key) {
        return Ok(());
    }
    let message = format!("{what}: only 0-9, *, #, A-D are keys");
    Err(CommandError::Invalid(message))
}

#[cfg(test)]
mod tests {
    use contract::LegId;

    use super::*;

    fn refusal(command: &Command) -> String {
        check(command).unwrap_err().to_string()
    }

    #[test]
    fn a_line_break_cannot_reach_a_header() {
        let stages = vec![Stage {
            targets: vec![Target::Next],
            ring_for: 0,
        }];
        let options = DialOptions {
            alert: Some("internal\r\nContact: <sip:me>".into()),
            ..DialOptions::default()
        };
        let dial = Command::Dial {
            tag: 1,
            caller: None,
            stages,
            options,
        };
        assert!(refusal(&dial).starts_with("alert: "));
    }

    #[test]
    fn digits_are_counted_and_must_be_keys() {
        let send = |digits: &str| Command::SendDigits {
            tag: 1,
            leg: LegId(1),
            digits: digits.into(),
        };
        assert_eq!(check(&send("12*#A")), Ok(()));
        assert_eq!(refusal(&send("1x")), "digits: only 0-9, *, #, A-D are keys");
        assert_eq!(refusal(&send("")), "digits: 0 given, 1 to 64 allowed");
        assert_eq!(
            refusal(&send(&"1".repeat(65))),
            "digits: 65 given, 1 to 64 allowed"
        );
    }

    #[test]
    fn a_dial_without_targets_is_refused() {
        let dial = Command::Dial {
            tag: 1,
            caller: None,
            stages: vec![Stage {
                targets: vec![],
                ring_for: 0,
            }],
            options: DialOptions::default(),
        };
        assert_eq!(refusal(&dial), "targets of a stage: 0 given, 1 to 64 allowed");
    }
}
