"""Wake-ups."""

from wit_world.imports import timers

from cordboard.step import Step


def wait(seconds):
    """In a script: goes on after so long."""
    return Step("wait", seconds, queue=lambda tag, leg: timers.after(tag, round(seconds * 1000)))


def wake_at(tag, instant):
    """In a keyed behaviour: wakes it at that moment, with this tag."""
    timers.at(tag, instant)


def forget(tag):
    timers.cancel(tag)
