"""Lines for the behaviour's developer, in the session's trace."""

from wit_world.imports import log as _log

from cordboard.tape import once


def log(line):
    once(lambda: _log.write(_log.Level.INFO, line))
