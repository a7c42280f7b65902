//! What plays to a leg on a behaviour's command: one thing at a time; a new one takes its place.
//!
//! Digits are gathered in `digits`; what the exchange plays by itself lies in `tones`.

use std::time::Duration;

use contract::{
    Cause, GatherOptions, GatherOutcome, LegId, OutcomeKind, PlayOptions, PlayOutcome, SessionId, Sound, Tag,
    Tone,
};
use media::{Command, PlayEnd, PlayId, PortId};

use crate::engine::leg::{Audio, AudioCommand, AudioOwner, AudioRecord, Gather, Kind};
use crate::engine::{Exchange, Step};
use crate::ids::CustodyId;

/// Sounds of one `play`.
const MAX_SOUNDS: usize = 64;

/// Commands of behaviours.
impl Exchange {
    pub(in crate::engine) fn play(
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
    pub(in crate::engine) fn gather(
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
    pub(in crate::engine) fn can_play(&self, leg: LegId, command: &AudioCommand) -> bool {
        let sounds = match command {
            AudioCommand::Play(sounds, _) => sounds,
            AudioCommand::Gather(options, _) => &options.prompt,
        };
        self.sounds(leg, sounds).is_ok()
    }

    /// Keeps a place for what cannot play yet.
    pub(in crate::engine) fn await_recordings(&mut self, leg: LegId, audio: &AudioRecord) {
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
    pub(in crate::engine) fn sounds(
        &self,
        leg: LegId,
        sounds: &[Sound],
    ) -> Result<Vec<media::Sound>, String> {
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

    pub(in crate::engine) fn begin_audio(
        &mut self,
        leg: LegId,
        sounds: Vec<media::Sound>,
        times: u32,
        barge_in: bool,
        owner: AudioOwner,
        kind: Kind,
    ) -> Result<(), Cause> {
        let port = self.open_early(leg)?;
        if let AudioOwner::Session { session, custody, .. } = owner {
            self.take_sound(leg, session, custody, true);
        }
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
/// Ends.
impl Exchange {
    /// A session stops what plays to a leg.
    pub(in crate::engine) fn stop_audio_for(&mut self, session: SessionId, leg: LegId) {
        let custody = self.custody_of(session, leg);
        self.take_sound(leg, session, custody, false);
        self.stop_audio(leg);
    }

    /// What a session plays or stops takes the place of what plays. One further inside may have meant that for ever: only
    /// what that one `plays` next is what the leg is meant to hear.
    fn take_sound(&mut self, id: LegId, by: SessionId, custody: Option<CustodyId>, plays: bool) {
        let Some(leg) = self.legs.get(&id) else {
            return;
        };
        let decides = self.decider(leg).is_none_or(|decider| Some(decider) == custody);
        let owner = leg.audio.as_ref().map(|audio| audio.owner);
        let of_another = matches!(owner, Some(AudioOwner::Session { session, .. }) if session != by);
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.missed = match decides {
                true => leg.missed && !plays,
                false => leg.missed || of_another,
            };
        }
    }

    /// Stops whatever plays; its owner hears that it was stopped.
    pub(in crate::engine) fn stop_audio(&mut self, leg: LegId) {
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
    pub(in crate::engine) fn stop_audio_of(&mut self, leg: LegId, custody: CustodyId) {
        let audio = self.legs.get(&leg).and_then(|leg| leg.audio.as_ref());
        let of_it = audio.is_some_and(|audio| match audio.owner {
            AudioOwner::Session {
                custody: Some(of), ..
            }
            | AudioOwner::Courtesy(of) => of == custody,
            AudioOwner::Session { custody: None, .. }
            | AudioOwner::Ringback(_)
            | AudioOwner::HoldMusic
            | AudioOwner::Farewell(_)
            | AudioOwner::Whisper => false,
        });
        if of_it {
            self.stop_audio(leg);
        }
    }

    /// A session is over, and its leg goes on without it: nobody waits for the end of what it played.
    pub(in crate::engine) fn stop_audio_by(&mut self, leg: LegId, by: SessionId) {
        let audio = self.legs.get(&leg).and_then(|leg| leg.audio.as_ref());
        let of_it = audio
            .is_some_and(|audio| matches!(audio.owner, AudioOwner::Session { session, .. } if session == by));
        if of_it {
            self.stop_audio(leg);
        }
    }

    /// The leg is gone, and with it what played.
    pub(in crate::engine) fn audio_gone(&mut self, leg: LegId, audio: Audio) {
        self.audio_ended(leg, audio, Stop::Gone);
    }

    /// The engine says that a play ended.
    pub(in crate::engine) fn play_done(&mut self, port: PortId, play: PlayId, end: PlayEnd) {
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
            AudioOwner::Whisper if how == Stop::Finished => self.whispered(leg),
            // Something else plays in its place, and it will not go on: the leg is given back all the same.
            AudioOwner::Courtesy(custody) if self.custodies.contains_key(&custody) => {
                self.later(Step::Alone(leg));
            }
            AudioOwner::Courtesy(_)
            | AudioOwner::Farewell(_)
            | AudioOwner::Ringback(_)
            | AudioOwner::HoldMusic
            | AudioOwner::Whisper => {}
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
