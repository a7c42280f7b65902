//! Events and commands in words, short enough for a line.

use contract::{
    Command, Condition, DialResult, Event, GatherOutcome, OutcomeKind, Part, PlayOutcome, Sound, Stage,
    Target,
};
use journal::Answer;

/// What a session was told: `outcome of 2: answered by 203`.
pub fn event(event: &Event) -> String {
    match event {
        Event::CallOffered(offer) => {
            let caller = offer.caller.number.as_deref().unwrap_or("a hidden number");
            format!("a call from {caller} to {}", offer.called)
        }
        Event::LegRinging(ringing) => format!("target {} of dial {} rings", ringing.target, ringing.tag),
        Event::LegAnswered(answered) => format!("{} answered", answered.leg),
        Event::LegEnded(ended) => format!("{} ended: {}", ended.leg, ended.cause),
        Event::LegHeld(leg) => format!("{leg} is put on hold"),
        Event::LegResumed(leg) => format!("{leg} is taken back"),
        Event::Digit(digit) => format!("digit {}", digit.digit),
        Event::TransferRequested(asked) => format!("{} asks for a transfer to {}", asked.leg, asked.to),
        Event::Outcome(outcome) => format!("outcome of {}: {}", outcome.tag, kind(&outcome.kind)),
        Event::Timer(tag) => format!("timer {tag}"),
        Event::Schedule(name) => format!("schedule {name}"),
        Event::LineChanged(line) => format!("line {} changed", line.line),
        Event::Message(_) => "a message".to_owned(),
        Event::SettingsChanged => "settings changed".to_owned(),
    }
}

fn kind(kind: &OutcomeKind) -> String {
    match kind {
        OutcomeKind::Done => "done".to_owned(),
        OutcomeKind::Failed(cause) => format!("failed: {cause}"),
        OutcomeKind::Played(played) => match played {
            PlayOutcome::Finished => "played".to_owned(),
            PlayOutcome::Interrupted(digit) => format!("interrupted by {digit}"),
            PlayOutcome::Stopped => "stopped".to_owned(),
            PlayOutcome::Missing(name) => format!("there is no announcement {name}"),
            PlayOutcome::Gone => "the leg is gone".to_owned(),
        },
        OutcomeKind::Gathered(gathered) => match gathered {
            GatherOutcome::Digits(digits) => format!("digits {digits}"),
            GatherOutcome::Timeout(digits) => format!("no more digits after `{digits}`"),
            GatherOutcome::Missing(name) => format!("there is no announcement {name}"),
            GatherOutcome::Stopped(_) => "stopped".to_owned(),
            GatherOutcome::Gone => "the leg is gone".to_owned(),
        },
        OutcomeKind::Dialled(dialled) => match &dialled.result {
            DialResult::Answered(answer) => match &answer.line {
                Some(line) => format!("answered by {line}"),
                None => "answered".to_owned(),
            },
            DialResult::Failed(cause) => cause.to_string(),
        },
    }
}

/// What came of an event.
pub fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Decided(decided, _) => commands(decided),
        Answer::Failed(failure) => format!("fails: {failure}"),
        Answer::None => "no answer before the session ended".to_owned(),
    }
}

/// What it wants done; `does nothing` when that is nothing.
pub fn commands(commands: &[Command]) -> String {
    match commands {
        [] => "does nothing".to_owned(),
        commands => commands.iter().map(command).collect::<Vec<_>>().join(", "),
    }
}

fn command(command: &Command) -> String {
    match command {
        Command::Ring { leg, .. } => format!("ring {leg}"),
        Command::Answer { leg, .. } => format!("answer {leg}"),
        Command::Reject { leg, cause, .. } => format!("reject {leg}: {cause}"),
        Command::HangUp { leg, cause, .. } => format!("hang up {leg}: {cause}"),
        Command::Hold { leg, .. } => format!("hold {leg}"),
        Command::Resume { leg, .. } => format!("resume {leg}"),
        Command::Bridge { a, b, .. } => format!("bridge {a} and {b}"),
        Command::Unbridge { leg, .. } => format!("unbridge {leg}"),
        Command::SendDigits { leg, digits, .. } => format!("send {digits} to {leg}"),
        Command::Dial { stages, .. } => {
            let stages: Vec<_> = stages.iter().map(stage).collect();
            format!("dial {}", stages.join(", then "))
        }
        Command::CancelDial { tag } => format!("cancel dial {tag}"),
        Command::Play { sounds, .. } => format!("play {}", self::sounds(sounds)),
        Command::Gather { options, .. } => format!(
            "gather up to {} digits after {}",
            options.max_digits,
            sounds(&options.prompt)
        ),
        Command::StopAudio { leg } => format!("stop the sound of {leg}"),
        Command::SetTimer { tag, .. } => format!("set timer {tag}"),
        Command::CancelTimer { tag } => format!("cancel timer {tag}"),
        Command::Send {
            behaviour, number, ..
        } => format!("send a message to {behaviour} of {number}"),
        Command::Watch { line, condition, .. } => {
            format!("watch {line} until it is {}", self::condition(*condition))
        }
        Command::CancelWatch { tag } => format!("cancel watch {tag}"),
        Command::Show { line, page, .. } => format!("show \"{}\" on the displays of {line}", page.title),
        Command::Dismiss { tag } => format!("dismiss page {tag}"),
        Command::Finish => "finish".to_owned(),
        Command::Reserve { lines, .. } => format!("reserve {}", lines.join(" + ")),
        Command::Release { lines } => format!("release {}", lines.join(" + ")),
        Command::Join { leg, room, part, .. } => match part {
            Part::Speaker => format!("{leg} joins {room}"),
            Part::Listener => format!("{leg} listens to {room}"),
            Part::Whisperer(to) => format!("{leg} whispers to {to} in {room}"),
        },
        Command::Leave { leg, .. } => format!("{leg} leaves its room"),
        Command::Publish { json } => format!("publish {} bytes of figures", json.len()),
    }
}

fn condition(condition: Condition) -> &'static str {
    match condition {
        Condition::Idle => "free",
        Condition::OffHook => "in a call",
        Condition::OnHook => "in no call",
        Condition::Registered => "registered",
    }
}

fn stage(stage: &Stage) -> String {
    let targets: Vec<_> = stage.targets.iter().map(target).collect();
    let targets = targets.join(" + ");
    match stage.ring_for {
        0 => targets,
        millis => format!("{targets} for {} s", millis.div_ceil(1_000)),
    }
}

fn target(target: &Target) -> String {
    match target {
        Target::Line(name) => format!("line {name}"),
        Target::Number(number) => number.clone(),
        Target::Next => "the next behaviour".to_owned(),
        Target::Device(name) => format!("device {name}"),
        Target::Outside { number, .. } => format!("{number} outside"),
    }
}

fn sounds(sounds: &[Sound]) -> String {
    let words = sounds.iter().map(|sound| match sound {
        Sound::Announcement(name) => name.clone(),
        Sound::Tone(tone) => format!("{tone:?} tone").to_lowercase(),
        Sound::Digits(digits) => format!("digits {digits}"),
        Sound::Silence(_) => "silence".to_owned(),
    });
    let words: Vec<_> = words.take(5).collect();
    if words.is_empty() {
        "nothing".to_owned()
    } else {
        words.join(" ")
    }
}
