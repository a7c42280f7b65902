"""What a party hears, and the keys it presses."""

from typing import NamedTuple

from wit_world.imports import audio, events
from wit_world.imports.audio import Tone

from cordboard.step import Step

__all__ = ["Gathered", "Tone", "announcement", "digits", "gather", "play", "silence", "stop", "tone"]


def announcement(name):
    return audio.Sound_Announcement(name)


def tone(which):
    return audio.Sound_Tone(which)


def digits(spoken):
    return audio.Sound_Digits(spoken)


def silence(seconds):
    return audio.Sound_Silence(round(seconds * 1000))


def _sounds(said):
    """A name is an announcement's."""
    said = said if isinstance(said, list) else [said]
    return [announcement(sound) if isinstance(sound, str) else sound for sound in said]


def play(said, *, times=1, barge_in=False):
    """Plays one sound, or several in a list, so often; 0: for ever."""
    sounds = _sounds(said)
    options = audio.PlayOptions(times, barge_in)
    return Step("play", sounds, times, queue=lambda tag, leg: audio.play(tag, leg, sounds, options))


class Gathered(NamedTuple):
    """``how`` is ``digits`` or ``timeout`` with the ``keys`` that were pressed, ``missing`` with the name of an
    announcement that is not there, ``stopped`` or ``gone``."""

    how: str
    keys: str


def gather(prompt, *, digits=1, until="", within=5, between=None):
    """Takes keys, at most so many; any cuts the prompt. Times are in seconds."""
    sounds = _sounds(prompt)
    first = round(within * 1000)
    later = first if between is None else round(between * 1000)
    options = audio.GatherOptions(sounds, True, digits, until, first, later)
    queue = lambda tag, leg: audio.gather(tag, leg, options)
    return Step("gather", sounds, digits, until, first, later, queue=queue, read=_read, give=_give)


def _read(kind):
    if not isinstance(kind, events.OutcomeKind_Gathered):
        return ["gone", ""]
    how = type(kind.value).__name__.removeprefix("GatherOutcome_").lower()
    return [how, getattr(kind.value, "value", "")]


def _give(read):
    return Gathered(*read) if isinstance(read, list) else Gathered("gone", "")


def stop():
    """Stops what plays."""
    return Step("stop", queue=lambda tag, leg: audio.stop(leg))
