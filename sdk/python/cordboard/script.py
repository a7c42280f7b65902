"""Scripts: one call, told as a story.

    @script(name="door", summary="…", settings=SETTINGS)
    def door(call, settings):
        yield answer()
        pressed = yield gather("welcome")
        …
        return hang_up()

A script never waits: at each event it runs from the top, with what came of its steps before. So it asks about nothing
but the call, its settings and what the SDK answers.
"""

import json
from types import SimpleNamespace

from wit_world.exports import guest
from wit_world.imports import events

from cordboard.guest import Refusal, define
from cordboard.tape import Tape, run_on

_OVER = b"over"


def script(**about):
    """Makes a behaviour of a generator function, which gets the call and its settings."""

    def decorate(story):
        def handle(session, state, event):
            if state is not None:
                return _go_on(story, about, state, event)
            if not isinstance(event, events.Event_CallOffered):
                raise Refusal("a script begins with a call")
            saved = {"settings": json.loads(session.settings), "offer": _plain(event.value), "entries": []}
            return _run(story, about, saved)

        def migrate(state):
            saved = _read(state)
            return _OVER if saved is None else _run(story, about, saved)

        return define(about, guest.SessionScope_PerCall(), handle, migrate)

    return decorate


def _plain(offer):
    """As JSON can hold it."""
    return {**vars(offer), "caller": vars(offer.caller)}


def _read(state):
    """What is kept of a call; none once its script is over."""
    if state == _OVER:
        return None
    try:
        return json.loads(state)
    except ValueError as error:
        raise Refusal("the state is not of a script in Python") from error


def _go_on(story, about, state, event):
    saved = _read(state)
    if saved is None:
        return _OVER
    steps = sum(kind == "began" for kind, _, _ in saved["entries"])
    match event:
        case events.Event_LegEnded(ended) if ended.leg == saved["offer"]["leg"]:
            return _OVER
        case events.Event_Outcome(outcome) if outcome.tag == steps:
            return _run(story, about, saved, outcome.kind)
        case events.Event_Timer(tag) if tag == steps:
            return _run(story, about, saved, events.OutcomeKind_Done())
    return state


def _run(story, about, saved, arrival=None):
    """Runs from the top, through what is on the tape and ``arrival``, to where the script waits or ends."""
    offer = saved["offer"]
    tape = Tape(offer, saved["entries"])
    run_on(tape)
    call = SimpleNamespace(**{**offer, "caller": SimpleNamespace(**offer["caller"])})
    telling = story(call, about["settings"].give(saved["settings"]))
    came, steps = None, 0
    while True:
        try:
            step = telling.send(came)
        except StopIteration as stop:
            return _end(tape, stop.value, offer["leg"])
        steps += 1
        at_once = tape.next("began", step.print, lambda: step.begin(steps, offer["leg"]))
        if tape.is_live and at_once is None:
            if arrival is None:
                return json.dumps(saved, ensure_ascii=False, separators=(",", ":")).encode()
            read = step.read(arrival)
            arrival = None
            tape.next("came", "", lambda: read)
            came = step.give(read)
        elif at_once is None:
            came = step.give(tape.next("came", "", lambda: None))
        else:
            came = step.give(at_once)


def _end(tape, ending, leg):
    """A script ends by hanging up, by giving the caller back, or, with nothing, by leaving the two who talk alone."""
    if not tape.is_live:
        raise Refusal(f"the script took another way than before, at entry {tape.cursor}")
    if ending is not None:
        ending.begin(0, leg)
    return _OVER
