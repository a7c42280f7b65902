"""The contract's four functions, for scripts and keyed behaviours alike."""

import json

from componentize_py_types import Err
from wit_world.exports import guest

Problem = guest.Problem


class Refusal(Exception):
    """An event cannot be handled: no command of it is carried out, and the host takes the next best."""


_defined = []


def define(about, scope, handle, migrate):
    """Makes the class that the component exports. ``handle`` and ``migrate`` take and give states as bytes."""

    class Guest:
        def describe(self):
            return guest.Manifest(
                name=about["name"],
                version=about.get("version", "0.1.0"),
                summary=about["summary"],
                settings_schema=json.dumps(about["settings"].schema(), ensure_ascii=False, separators=(",", ":")),
                scope=scope,
                interests=about.get("interests", guest.Interests(0)),
                schedules=[guest.Schedule(name, cron) for name, cron in about.get("schedules", {}).items()],
            )

        def check(self, settings):
            check = about.get("check")
            return [] if check is None else list(check(about["settings"].read(settings)))

        def handle(self, session, state, event):
            return _refusing(lambda: handle(session, state, event))

        def migrate(self, from_version, state):
            return _refusing(lambda: migrate(state))

    _defined.append(Guest)
    return Guest


def defined():
    """The behaviour of the project; there is one."""
    (behaviour,) = _defined
    return behaviour


def _refusing(work):
    try:
        return work()
    except Refusal as refusal:
        raise Err(guest.Refusal(str(refusal))) from refusal
