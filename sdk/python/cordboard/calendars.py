"""Opening hours."""

from wit_world.imports import calendars

from cordboard.tape import ask


def _open(name):
    def question():
        state = calendars.now(name)
        return None if state is None else state.open

    return ask(f"calendar {name}", question)


def is_open(name):
    """A calendar that does not exist is never closed."""
    return _open(name) is not False


def exists(name):
    return _open(name) is not None
