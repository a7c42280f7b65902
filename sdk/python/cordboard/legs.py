"""The caller's leg."""

from wit_world.imports import events, legs
from wit_world.imports.types import Cause

from cordboard.step import Step
from cordboard.tape import running

__all__ = ["Cause", "answer", "bridge", "hang_up", "hold", "reject", "resume", "ring"]


def _done(kind):
    return isinstance(kind, events.OutcomeKind_Done)


def _whether(*print_, queue):
    """A step that tells whether it did what it says."""
    return Step(*print_, queue=queue, read=_done, give=lambda came: came is True)


def ring():
    """Tells the caller that it rings."""
    return _whether("ring", queue=legs.ring)


def answer():
    """Answers the caller; true once the caller has confirmed. A behaviour in front may have done so already."""

    def queue(tag, leg):
        if running() is not None and running().offer["answered"]:
            return True
        return legs.answer(tag, leg)

    return _whether("answer", queue=queue)


def reject(cause):
    """Gives the caller back with a cause; ends a script."""
    return Step("reject", cause.name, queue=lambda tag, leg: legs.reject(tag, leg, cause))


def hang_up():
    """Ends the leg; ends a script."""
    return Step("hang-up", queue=lambda tag, leg: legs.hang_up(tag, leg, Cause.NORMAL))


def hold():
    return _whether("hold", queue=legs.hold)


def resume():
    return _whether("resume", queue=legs.resume)


def bridge(other):
    """Connects it with another."""
    return _whether("bridge", other, queue=lambda tag, leg: legs.bridge(tag, leg, other))
