//! What plays to a leg, and the digits it presses.
//!
//! One thing plays to a leg at a time; a new one takes its place. Gathering:
//!
//! ```text
//!  Prompt ──done, cut──▶ First ──digit──▶ Between ──digit──▶ Between …
//!     └──digit (barge-in)──────────────────▲   │ max, terminator ──▶ digits
//!                            └── time over ────┴── time over ─────▶ timeout
//! ```

use std::time::Duration;

use contract::{
    Cause, Digit, Event, GatherOptions, GatherOutcome, LegId, OutcomeKind, PlayOptions, PlayOutcome,
    SessionId, Sound, Tag, Tone,
};
use media::{Command, PlayEnd, PlayId, PortId};

use super::custody::CustodyId;
use super::dial::DialId;
use super::records::{AudioCommand, AudioRecord};
use super::timers::TimerKey;
use super::{Due, Exchange};

/// Announcement that plays to a party on hold, where there is one.
const HOLD_MUSIC: &str = "hold";
/// Announcement for callers whom nothing else can be done for.
const COURTESY: &str = "courtesy";
/// Sounds of one `play`.
const MAX_SOUNDS: usize = 64;

/// What plays.
#[derive(Debug)]
pub(crate) struct Audio {
    /// None once the prompt of a `gather` is over.
    play: Option<PlayId>,
    pub owner: AudioOwner,
    kind: Kind,
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
}

#[derive(Debug)]
enum Kind {
    /// What a behaviour asked for, to begin it again after a restart; none for the exchange's own.
    Play(Option<Box<(Vec<Sound>, PlayOptions)>>),
    Gather(Box<Gather>),
    /// For recordings, after a restart.
    Waiting,
}

#[derive(Debug)]
struct Gather {
    digits: String,
    options: GatherOptions,
    timer: Option<TimerKey>,
}

/// Commands of behaviours.
impl Exchange {
    pub(super) fn play(
        &mut self,
        session: SessionId,
        tag: Tag,
        leg: LegId,
        sounds: &[Sound],
        options: PlayOptions,
    ) {
        let custody = self.custody_of(session, leg);
        let owner = AudioOwner::Session {
            session,
            tag,
            custody,
        };
        let asked = Some(Box::new((sounds.to_vec(), options)));
        let end = match self.sounds(leg, sounds) {
            Err(missing) => Some(OutcomeKind::Played(PlayOutcome::Missing(missing))),
            Ok(sounds) => {
                let PlayOptions { times, barge_in } = options;
                match self.begin_audio(leg, sounds, times, barge_in, owner, Kind::Play(asked)) {
                    Ok(()) => None,
                    Err(Cause::Cancelled) => Some(OutcomeKind::Played(PlayOutcome::Gone)),
                    Err(cause) => Some(OutcomeKind::Failed(cause)),
                }
            }
        };
        if let Some(end) = end {
            self.outcome(session, tag, end);
        }
    }

    /// `digits` are those pressed already, before a restart.
    pub(super) fn gather(
        &mut self,
        session: SessionId,
        tag: Tag,
        leg: LegId,
        mut options: GatherOptions,
        digits: String,
    ) {
        options.max_digits = options.max_digits.clamp(1, 64);
        let custody = self.custody_of(session, leg);
        let owner = AudioOwner::Session {
            session,
            tag,
            custody,
        };
        let end = match self.sounds(leg, &options.prompt) {
            Err(missing) => Some(OutcomeKind::Gathered(GatherOutcome::Missing(missing))),
            Ok(sounds) => {
                let barge_in = options.barge_in;
                let gather = Kind::Gather(Box::new(Gather {
                    digits,
                    options,
                    timer: None,
                }));
                let silent = sounds.is_empty();
                match self.begin_audio(leg, sounds, 1, barge_in, owner, gather) {
                    Ok(()) if silent => {
                        self.await_digit(leg);
                        None
                    }
                    Ok(()) => None,
                    Err(Cause::Cancelled) => Some(OutcomeKind::Gathered(GatherOutcome::Gone)),
                    Err(cause) => Some(OutcomeKind::Failed(cause)),
                }
            }
        };
        if let Some(end) = end {
            self.outcome(session, tag, end);
        }
    }

    /// Whether every recording that a command needs is there.
    pub(super) fn can_play(&self, leg: LegId, command: &AudioCommand) -> bool {
        let sounds = match command {
            AudioCommand::Play(sounds, _) => sounds,
            AudioCommand::Gather(options, _) => &options.prompt,
        };
        self.sounds(leg, sounds).is_ok()
    }

    /// Keeps a place for what cannot play yet.
    pub(super) fn await_recordings(&mut self, leg: LegId, audio: &AudioRecord) {
        let (session, tag) = (audio.session, audio.tag);
        let owner = AudioOwner::Session {
            session,
            tag,
            custody: self.custody_of(session, leg),
        };
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.audio = Some(Box::new(Audio {
                play: None,
                owner,
                kind: Kind::Waiting,
            }));
        }
    }

    /// The sounds in the engine's words, or the name of an announcement that there is not.
    fn sounds(&self, leg: LegId, sounds: &[Sound]) -> Result<Vec<media::Sound>, String> {
        let Some(tenant) = self.legs.get(&leg).map(|leg| &leg.tenant) else {
            return Ok(Vec::new());
        };
        let prompts = self.prompts_of(tenant);
        let country = self.tones_of(tenant);
        let mut list = Vec::with_capacity(sounds.len());
        for sound in sounds.iter().take(MAX_SOUNDS) {
            match sound {
                Sound::Announcement(name) => {
                    list.push(media::Sound::Prompt(
                        prompts.get(name).ok_or_else(|| name.clone())?,
                    ));
                }
                Sound::Tone(kind) => list.push(media::Sound::Tone(country, tone(*kind))),
                Sound::Digits(digits) => list.extend(prompts.digits(digits).map_err(|missing| missing.0)?),
                Sound::Silence(millis) => list.push(media::Sound::Silence(Duration::from_millis(*millis))),
            }
        }
        Ok(list)
    }

    fn begin_audio(
        &mut self,
        leg: LegId,
        sounds: Vec<media::Sound>,
        times: u32,
        barge_in: bool,
        owner: AudioOwner,
        kind: Kind,
    ) -> Result<(), Cause> {
        let port = self.open_early(leg)?;
        self.stop_audio(leg);
        let play = (!sounds.is_empty()).then(|| PlayId(self.ids.next()));
        if let Some(play) = play {
            self.media(Command::Play {
                port,
                play,
                sounds,
                times,
                barge_in,
            });
        }
        self.keep_leg(leg);
        let nothing = play.is_none() && matches!(kind, Kind::Play(_));
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.audio = Some(Box::new(Audio { play, owner, kind }));
        }
        if nothing {
            self.audio_over(leg, PlayEnd::Finished);
        }
        Ok(())
    }
}

/// What the exchange plays by itself.
impl Exchange {
    pub(super) fn play_tone(&mut self, leg: LegId, tone_kind: Tone, owner: AudioOwner) {
        let Ok(sounds) = self.sounds(leg, &[Sound::Tone(tone_kind)]) else {
            return;
        };
        // A caller without a way for sound hears nothing; there is nobody to tell.
        let _ = self.begin_audio(leg, sounds, 0, false, owner, Kind::Play(None));
    }

    pub(super) fn play_hold_music(&mut self, leg: LegId) {
        if let Ok(sounds) = self.sounds(leg, &[Sound::Announcement(HOLD_MUSIC.into())]) {
            let _ = self.begin_audio(leg, sounds, 0, false, AudioOwner::HoldMusic, Kind::Play(None));
        }
    }

    /// "The number cannot be reached at the moment", else a tone that says the same.
    pub(super) fn play_courtesy(&mut self, leg: LegId, custody: CustodyId) -> Result<(), Cause> {
        let owner = AudioOwner::Courtesy(custody);
        match self.sounds(leg, &[Sound::Announcement(COURTESY.into())]) {
            Ok(sounds) => self.begin_audio(leg, sounds, 1, false, owner, Kind::Play(None)),
            Err(_) => {
                let sounds = self
                    .sounds(leg, &[Sound::Tone(Tone::Congestion)])
                    .unwrap_or_default();
                self.begin_audio(leg, sounds, 8, false, owner, Kind::Play(None))
            }
        }
    }

    /// The tone of a cause, then the end.
    pub(super) fn play_farewell(&mut self, leg: LegId, why: Cause) {
        let kind = match why {
            Cause::Busy | Cause::Declined | Cause::NoAnswer => Tone::Busy,
            _ => Tone::Congestion,
        };
        let sounds = self.sounds(leg, &[Sound::Tone(kind)]).unwrap_or_default();
        if self
            .begin_audio(leg, sounds, 8, false, AudioOwner::Farewell(why), Kind::Play(None))
            .is_err()
        {
            self.hang_up(leg, why);
        }
    }
}

/// Ends.
impl Exchange {
    /// Stops whatever plays; its owner hears that it was stopped.
    pub(super) fn stop_audio(&mut self, leg: LegId) {
        let Some(audio) = self.legs.get_mut(&leg).and_then(|leg| leg.audio.take()) else {
            return;
        };
        if audio.play.is_some()
            && let Some(port) = self.port_of(leg)
        {
            self.media(Command::Stop { port });
        }
        self.audio_ended(leg, *audio, Stop::Stopped);
    }

    /// Stops what was played through a custody that is over.
    pub(super) fn stop_audio_of(&mut self, leg: LegId, custody: CustodyId) {
        let audio = self.legs.get(&leg).and_then(|leg| leg.audio.as_ref());
        let of_it = audio.is_some_and(|audio| match audio.owner {
            AudioOwner::Session {
                custody: Some(of), ..
            }
            | AudioOwner::Courtesy(of) => of == custody,
            AudioOwner::Session { custody: None, .. }
            | AudioOwner::Ringback(_)
            | AudioOwner::HoldMusic
            | AudioOwner::Farewell(_) => false,
        });
        if of_it {
            self.stop_audio(leg);
        }
    }

    /// The leg is gone, and with it what played.
    pub(super) fn audio_gone(&mut self, leg: LegId, audio: Audio) {
        self.audio_ended(leg, audio, Stop::Gone);
    }

    /// The engine says that a play ended.
    pub(super) fn play_done(&mut self, port: PortId, play: PlayId, end: PlayEnd) {
        let Some(leg) = self.by_port.get(&port).copied() else {
            return;
        };
        let current = self
            .legs
            .get(&leg)
            .and_then(|leg| leg.audio.as_ref())
            .and_then(|audio| audio.play);
        if current == Some(play) {
            self.audio_over(leg, end);
        }
    }

    fn audio_over(&mut self, leg_id: LegId, end: PlayEnd) {
        let Some(leg) = self.legs.get_mut(&leg_id) else {
            return;
        };
        let Some(audio) = leg.audio.as_mut() else {
            return;
        };
        audio.play = None;
        if let (Kind::Gather(_), PlayEnd::Finished | PlayEnd::Interrupted(_)) = (&audio.kind, end) {
            self.await_digit(leg_id);
            return;
        }
        if let Some(audio) = leg.audio.take() {
            let stop = match end {
                PlayEnd::Finished => Stop::Finished,
                PlayEnd::Interrupted(digit) => Stop::Interrupted(digit),
                PlayEnd::Stopped => Stop::Stopped,
                PlayEnd::Gone => Stop::Gone,
            };
            self.audio_ended(leg_id, *audio, stop);
        }
    }

    fn audio_ended(&mut self, leg: LegId, audio: Audio, how: Stop) {
        self.keep_leg(leg);
        match audio.owner {
            AudioOwner::Session { session, tag, .. } => {
                let kind = match audio.kind {
                    Kind::Play(_) | Kind::Waiting => OutcomeKind::Played(match how {
                        Stop::Finished => PlayOutcome::Finished,
                        Stop::Interrupted(digit) => PlayOutcome::Interrupted(digit),
                        Stop::Stopped => PlayOutcome::Stopped,
                        Stop::Gone => PlayOutcome::Gone,
                    }),
                    Kind::Gather(gather) => {
                        if let Some(timer) = gather.timer {
                            self.timers.cancel(timer);
                        }
                        OutcomeKind::Gathered(match how {
                            Stop::Gone => GatherOutcome::Gone,
                            Stop::Finished | Stop::Interrupted(_) | Stop::Stopped => {
                                GatherOutcome::Stopped(gather.digits)
                            }
                        })
                    }
                };
                self.outcome(session, tag, kind);
            }
            AudioOwner::Courtesy(custody) if how == Stop::Finished => self.give_back(custody, Cause::Failed),
            AudioOwner::Farewell(cause) if how == Stop::Finished => self.hang_up(leg, cause),
            AudioOwner::Courtesy(_)
            | AudioOwner::Farewell(_)
            | AudioOwner::Ringback(_)
            | AudioOwner::HoldMusic => {}
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Finished,
    Interrupted(char),
    Stopped,
    Gone,
}

/// Digits.
impl Exchange {
    /// A party pressed a key.
    pub(super) fn digit(&mut self, leg_id: LegId, digit: char, held: Duration) {
        let Some(leg) = self.legs.get_mut(&leg_id) else {
            return;
        };
        let Some(Audio {
            play,
            kind: Kind::Gather(gather),
            ..
        }) = leg.audio.as_deref_mut()
        else {
            self.digit_outside(leg_id, digit, held);
            return;
        };
        if play.is_some() {
            if !gather.options.barge_in {
                return;
            }
            *play = None;
            if let Some(port) = self.port_of(leg_id) {
                self.media(Command::Stop { port });
            }
        }
        self.gathered(leg_id, digit);
    }

    fn gathered(&mut self, leg_id: LegId, digit: char) {
        let Some(Kind::Gather(gather)) = self
            .legs
            .get_mut(&leg_id)
            .and_then(|leg| leg.audio.as_mut())
            .map(|audio| &mut audio.kind)
        else {
            return;
        };
        if let Some(timer) = gather.timer.take() {
            self.timers.cancel(timer);
        }
        let ended = gather.options.terminators.contains(digit);
        if !ended {
            gather.digits.push(digit);
        }
        if ended || gather.digits.len() >= gather.options.max_digits as usize {
            self.gather_over(leg_id, GatherOutcome::Digits);
        } else {
            let at = self.now + Duration::from_millis(gather.options.between_digits);
            let timer = self.timers.set(at, Due::DigitOver(leg_id));
            gather.timer = Some(timer);
        }
    }

    /// The prompt is over: the clock for the first digit runs.
    fn await_digit(&mut self, leg_id: LegId) {
        let Some(Kind::Gather(gather)) = self
            .legs
            .get_mut(&leg_id)
            .and_then(|leg| leg.audio.as_mut())
            .map(|audio| &mut audio.kind)
        else {
            return;
        };
        if gather.timer.is_none() {
            gather.timer = Some(self.timers.set(
                self.now + Duration::from_millis(gather.options.first_digit),
                Due::DigitOver(leg_id),
            ));
        }
    }

    /// No (further) digit came in time.
    pub(super) fn digit_over(&mut self, leg: LegId) {
        self.gather_over(leg, GatherOutcome::Timeout);
    }

    fn gather_over(&mut self, leg_id: LegId, outcome: fn(String) -> GatherOutcome) {
        let Some(audio) = self.legs.get_mut(&leg_id).and_then(|leg| leg.audio.take()) else {
            return;
        };
        if let (Kind::Gather(gather), AudioOwner::Session { session, tag, .. }) = (audio.kind, audio.owner) {
            if let Some(timer) = gather.timer {
                self.timers.cancel(timer);
            }
            self.outcome(session, tag, OutcomeKind::Gathered(outcome(gather.digits)));
        }
    }

    fn digit_outside(&mut self, leg: LegId, digit: char, held: Duration) {
        let Some(session) = self.innermost(leg) else {
            return;
        };
        let event = Digit {
            leg,
            digit,
            held: u64::try_from(held.as_millis()).unwrap_or(u64::MAX),
        };
        self.deliver_if(session, |wants| wants.digits, Event::Digit(event));
    }

    /// No sound came for too long: the call is ended on both sides, unless the party is meant to be silent.
    pub(super) fn silence(&mut self, port: PortId) {
        let Some(leg_id) = self.by_port.get(&port).copied() else {
            return;
        };
        let talks = self
            .legs
            .get(&leg_id)
            .is_some_and(|leg| leg.is_answered() && !leg.held && !leg.holding);
        if talks {
            self.hang_up(leg_id, Cause::MediaTimeout);
        }
    }
}

fn tone(tone: Tone) -> media::Tone {
    match tone {
        Tone::Ringback => media::Tone::Ringback,
        Tone::Busy => media::Tone::Busy,
        Tone::Congestion => media::Tone::Congestion,
        Tone::Dial => media::Tone::Dial,
        Tone::Waiting => media::Tone::Waiting,
        Tone::Beep => media::Tone::Beep,
    }
}
