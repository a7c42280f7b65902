"""Ringing others."""

from wit_world.imports import dialling, events
from wit_world.imports.types import Cause

from cordboard.step import Step


def line(name):
    """A line's devices and nothing else."""
    return dialling.Target_Line(name)


def number(dialled):
    """Through the dial plan, as if somebody had dialled it."""
    return dialling.Target_Number(dialled)


def following():
    """The next behaviour on the same number."""
    return dialling.Target_Next()


def dial(targets, *, seconds=0, playing=False):
    """Rings one target, or several in a list together, for so long; 0: as long as the caller waits. ``playing``: what
    plays to the caller goes on. A script gets none once somebody answered, else the cause."""
    targets = targets if isinstance(targets, list) else [targets]
    stages = [dialling.Stage(targets, round(seconds * 1000))]
    hears = dialling.Hears.UNCHANGED if playing else dialling.Hears.RINGBACK
    options = dialling.Options(hears, dialling.Shown_Caller(), None)
    queue = lambda tag, leg: dialling.dial(tag, leg, stages, options)
    return Step("dial", targets, seconds, playing, queue=queue, read=_read, give=_give)


def cancel_dial():
    """Ends the dial that runs for a leg; an answer may have come first, and the outcome tells."""
    return Step("cancel", queue=lambda tag, leg: dialling.cancel(leg))


def _read(kind):
    match kind:
        case events.OutcomeKind_Dialled(outcome):
            match outcome.result:
                case events.DialResult_Failed(cause):
                    return cause.name
                case _:
                    return "answered"
        case events.OutcomeKind_Failed(cause):
            return cause.name
    return Cause.FAILED.name


def _give(read):
    if read == "answered":
        return None
    return Cause[read] if isinstance(read, str) else Cause.FAILED
