"""Time, as the exchange sees it: it stands still while an event is handled. ``time.time()`` traps."""

from wit_world.imports import clock

from cordboard.tape import ask


def now():
    """Milliseconds since 1970-01-01T00:00:00Z."""
    return ask("now", clock.now)
