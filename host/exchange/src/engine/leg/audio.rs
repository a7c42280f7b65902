//! What plays to a leg, and for whom; and how that is stored.

use contract::{Cause, GatherOptions, PlayOptions, SessionId, Sound, Tag};
use media::PlayId;

use crate::engine::timers::TimerKey;
use crate::ids::{CustodyId, DialId};

/// What plays.
#[derive(Debug)]
pub(crate) struct Audio {
    /// None once the prompt of a `gather` is over.
    pub play: Option<PlayId>,
    pub owner: AudioOwner,
    pub kind: Kind,
}

impl Audio {
    /// It begins once its recordings are there.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.kind, Kind::Waiting)
    }

    /// The command of a behaviour's that it carries out.
    pub(crate) fn record(&self) -> Option<AudioRecord> {
        let AudioOwner::Session { session, tag, .. } = self.owner else {
            return None;
        };
        let command = match &self.kind {
            Kind::Play(asked) => {
                let (sounds, options) = asked.as_deref()?.clone();
                AudioCommand::Play(sounds, options)
            }
            Kind::Gather(gather) => AudioCommand::Gather(gather.options.clone(), gather.digits.clone()),
            Kind::Waiting => return None,
        };
        Some(AudioRecord {
            session,
            tag,
            command,
        })
    }
}

/// On whose behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AudioOwner {
    Session {
        session: SessionId,
        tag: Tag,
        custody: Option<CustodyId>,
    },
    Ringback(DialId),
    HoldMusic,
    /// Before the leg is given back.
    Courtesy(CustodyId),
    /// Before an answered caller is hung up.
    Farewell(Cause),
    /// To whoever answered a dial, before the caller is connected.
    Whisper,
}

/// What it is that plays.
#[derive(Debug)]
pub(crate) enum Kind {
    /// What a behaviour asked for, to begin it again after a restart; none for the exchange's own.
    Play(Option<Box<(Vec<Sound>, PlayOptions)>>),
    Gather(Box<Gather>),
    /// For recordings, after a restart.
    Waiting,
}

/// Digits that a behaviour waits for.
#[derive(Debug)]
pub(crate) struct Gather {
    pub digits: String,
    pub options: GatherOptions,
    pub timer: Option<TimerKey>,
}

/// What played to a leg on a behaviour's command; it begins again.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct AudioRecord {
    pub session: SessionId,
    pub tag: Tag,
    pub command: AudioCommand,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) enum AudioCommand {
    Play(Vec<Sound>, PlayOptions),
    /// With the digits so far.
    Gather(GatherOptions, String),
}
