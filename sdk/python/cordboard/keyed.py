"""Keyed behaviours: one session for a number, with all its calls.

    @keyed(name="desk", summary="…", settings=SETTINGS, state=lambda: {"callers": []})
    class Desk:
        def call_offered(self, offer):
            self.state["callers"].append(offer.leg)
            tell(offer.leg, play("please-wait", times=0))

``self.state`` is plain data, kept as JSON; ``self.settings`` and ``self.session`` are there too. Outcomes carry the leg as
their tag.
"""

import json
import re

from wit_world.exports import guest

from cordboard.guest import Refusal, define


def keyed(**about):
    """Makes a behaviour of a class with a method for each event that it wants, and perhaps ``before`` and ``after``."""

    def decorate(behaviour):
        def handle(session, state, event):
            one = behaviour()
            one.state = about["state"]() if state is None else _read(state)
            one.session = session
            one.settings = about["settings"].read(session.settings)
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__.removeprefix("Event_")).lower()
            for method, *values in (("before",), (name, *vars(event).values()), ("after",)):
                if hasattr(one, method):
                    getattr(one, method)(*values)
            return json.dumps(one.state, ensure_ascii=False, separators=(",", ":")).encode()

        def migrate(state):
            _read(state)
            return state

        return define(about, guest.SessionScope_PerNumber(), handle, migrate)

    return decorate


def _read(state):
    try:
        return json.loads(state)
    except ValueError as error:
        raise Refusal("the state is not of a behaviour in Python") from error


def tell(leg, step):
    """Has a leg do something. False where it has ended meanwhile: its end is told by an event of its own."""
    refused = step.begin(leg, leg)
    if refused is None:
        return True
    if refused == {"refused": "UnknownLeg"}:
        return False
    raise Refusal(f"a command was not queued: {refused}")
