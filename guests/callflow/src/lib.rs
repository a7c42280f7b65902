//! A callflow (R11): does with a call what its steps say, in their order, and nothing else.
//!
//! No service of a line applies, and no voicemail is implied: when the last step is done the call ends. Bound to several numbers it is
//! one flow with several public numbers and extensions.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

use cordboard::prelude::*;
use cordboard::{line, number};

/// What happens, step by step.
#[derive(Settings, Serialize, Deserialize)]
#[settings(check)]
#[serde(default, rename_all = "kebab-case")]
pub struct Callflow {
    #[settings(max_items = 32)]
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Step {
    pub what: What,
    /// Lines or devices that ring together, or numbers; the first answer wins.
    #[settings(max_items = 16)]
    pub targets: Vec<String>,
    /// How often it rings (5 s each).
    #[settings(default = 4, min = 1, max = 60)]
    pub rings: u32,
    /// What plays.
    #[settings(kind = "announcement")]
    pub announcement: Option<String>,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Rings all devices of these lines.
    Lines,
    /// Rings these devices and no other.
    Devices,
    /// Rings numbers, as if somebody had dialled them.
    Numbers,
    /// Answers the call.
    Answer,
    /// Plays an announcement; before the answer if nobody answered.
    Play,
    /// Hands the call to what stands next on the number, such as voicemail.
    Next,
    /// Ends the call.
    HangUp,
}

impl Callflow {
    fn check(&self, view: &View, problems: &mut Problems) {
        for (index, step) in self.steps.iter().enumerate() {
            let at = |field: &str| ["/steps/", &index.to_string(), field].concat();
            let rings = matches!(step.what, What::Lines | What::Devices | What::Numbers);
            if rings && step.targets.is_empty() {
                problems.at(at("/targets"), "this step rings somebody, and nobody is named");
            }
            if step.what == What::Play && step.announcement.is_none() {
                problems.at(
                    at("/announcement"),
                    "this step plays an announcement, and none is named",
                );
            }
            for (position, target) in step.targets.iter().enumerate() {
                let wrong = match step.what {
                    What::Lines => view
                        .line(target)
                        .is_none()
                        .then_some("there is no line of this name"),
                    What::Numbers => view.destination(target).err().map(|why| why.sentence()),
                    What::Devices | What::Answer | What::Play | What::Next | What::HangUp => None,
                };
                if let Some(wrong) = wrong {
                    problems.at(at(&["/targets/", &position.to_string()].concat()), wrong);
                }
            }
        }
    }
}

/// Does with a call what its steps say, in their order, and nothing else.
#[cordboard::script]
pub async fn callflow(call: Call, settings: Callflow) -> Outcome {
    let mut last = Cause::NoAnswer;
    for step in &settings.steps {
        match step.what {
            What::Lines => {
                let targets = step.targets.iter().map(line).collect();
                match ring(&call, step, targets).await {
                    Ok(()) => return call.connected(),
                    Err(cause) => last = cause,
                }
            }
            What::Devices => {
                let targets = step.targets.iter().map(cordboard::device).collect();
                match ring(&call, step, targets).await {
                    Ok(()) => return call.connected(),
                    Err(cause) => last = cause,
                }
            }
            What::Numbers => {
                let targets = step.targets.iter().map(number).collect();
                match ring(&call, step, targets).await {
                    Ok(()) => return call.connected(),
                    Err(cause) => last = cause,
                }
            }
            What::Answer => {
                call.answer().await;
            }
            What::Play => {
                if let Some(announcement) = &step.announcement {
                    call.play(announcement).await;
                }
            }
            What::Next => return call.continue_next().await,
            What::HangUp => {
                call.explain("R11 hang-up", "the flow ends the call");
                return call.hang_up();
            }
        }
    }
    call.explain(
        "R11",
        "the last step is done, and nothing is implied: the call ends",
    );
    call.reject(last)
}

async fn ring(call: &Call, step: &Step, targets: Vec<Target>) -> Result<(), Cause> {
    if targets.is_empty() {
        return Err(Cause::UnknownNumber);
    }
    let dial = call.dial(Stages::one(targets).for_rings(step.rings));
    dial.await.map(|_| ()).map_err(|nobody| nobody.cause)
}

#[cfg(test)]
mod tests;
