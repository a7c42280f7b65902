//! Commands in plain words.

use contract::{Command, DialOptions, Hears, Part, Shown, Sound, Stage, Target, Tone};

/// What a command does; none for timers, watches, reservations and figures, which a flow keeps itself.
pub fn sentence(command: &Command) -> Option<String> {
    Some(match command {
        Command::Ring { .. } => "ring".to_owned(),
        Command::Answer { .. } => "answer".to_owned(),
        Command::Reject { cause, .. } => format!("reject {cause}"),
        Command::HangUp { .. } => "hang up".to_owned(),
        Command::Hold { .. } => "hold".to_owned(),
        Command::Resume { .. } => "resume".to_owned(),
        Command::Bridge { a, b, .. } => format!("bridge {a} with {b}"),
        Command::Unbridge { .. } => "unbridge".to_owned(),
        Command::SendDigits { digits, .. } => format!("send digits {digits}"),
        Command::Dial { stages, options, .. } => format!("dial {}{}", plan(stages), manner(options)),
        Command::CancelDial { .. } => "cancel the dial".to_owned(),
        Command::Play { sounds, options, .. } => match options.times {
            0 => format!("play {} for ever", names(sounds)),
            1 => format!("play {}", names(sounds)),
            times => format!("play {} {times} times", names(sounds)),
        },
        Command::Gather { options, .. } => match options.max_digits {
            1 => format!("gather a key {}", names(&options.prompt))
                .trim_end()
                .to_owned(),
            digits => format!("gather {digits} keys {}", names(&options.prompt))
                .trim_end()
                .to_owned(),
        },
        Command::StopAudio { .. } => "stop playing".to_owned(),
        Command::SetTimer { .. }
        | Command::CancelTimer { .. }
        | Command::Watch { .. }
        | Command::CancelWatch { .. } => return None,
        Command::Show { line, page, .. } => match page.choices.as_slice() {
            [] => format!("show {line}: {}", page.title),
            choices => format!("show {line}: {}: {}", page.title, choices.join(", ")),
        },
        Command::Dismiss { .. } => "dismiss the page".to_owned(),
        Command::Send {
            behaviour, number, ..
        } => format!("send to {behaviour} {number}"),
        Command::Finish => "finish".to_owned(),
        Command::Reserve { .. } | Command::Release { .. } | Command::Publish { .. } => return None,
        Command::Join { room, part, .. } => match part {
            Part::Speaker => format!("join {room}"),
            Part::Listener => format!("listen to {room}"),
            Part::Whisperer(to) => format!("whisper to {to} in {room}"),
        },
        Command::Leave { .. } => "leave the room".to_owned(),
    })
}

fn plan(stages: &[Stage]) -> String {
    let stages = stages.iter().map(|stage| {
        let targets: Vec<_> = stage.targets.iter().map(target).collect();
        match stage.ring_for {
            0 => targets.join(" + "),
            length => format!("{} for {} s", targets.join(" + "), length / 1_000),
        }
    });
    stages.collect::<Vec<_>>().join(", then ")
}

fn target(target: &Target) -> String {
    match target {
        Target::Line(name) => format!("line {name}"),
        Target::Number(number) => format!("number {number}"),
        Target::Next => "next".to_owned(),
        Target::Device(name) => format!("device {name}"),
        Target::Outside { number, .. } => format!("outside {number}"),
    }
}

fn manner(options: &DialOptions) -> String {
    let mut manner = String::new();
    if options.hears == Hears::Unchanged {
        manner.push_str(", playing on");
    }
    match &options.shown {
        Shown::Caller => {}
        Shown::Anonymous => manner.push_str(", anonymous"),
        Shown::Number(number) => manner.push_str(&format!(", as {number}")),
    }
    if let Some(alert) = &options.alert {
        manner.push_str(&format!(", {alert} ring"));
    }
    if let Some(announcement) = &options.whisper {
        manner.push_str(&format!(", whispering {announcement}"));
    }
    manner
}

fn names(sounds: &[Sound]) -> String {
    let name = |sound: &Sound| match sound {
        Sound::Announcement(name) => name.clone(),
        Sound::Tone(tone) => format!("{} tone", tone_name(*tone)),
        Sound::Digits(digits) => format!("digits {digits}"),
        Sound::Silence(length) => format!("{length} ms of silence"),
    };
    sounds.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn tone_name(tone: Tone) -> &'static str {
    match tone {
        Tone::Ringback => "ringback",
        Tone::Busy => "busy",
        Tone::Congestion => "congestion",
        Tone::Dial => "dial",
        Tone::Waiting => "waiting",
        Tone::Beep => "beep",
    }
}
