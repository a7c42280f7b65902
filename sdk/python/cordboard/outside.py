"""Where calls may be sent on to (R24, R42). Importing this is the permission to dial outside."""

from componentize_py_types import Err
from wit_world.imports import dialling, trunk

from cordboard.numbers import NumberClass, classify, normalise
from cordboard.tape import ask

_NO_NUMBER = "this is not a number that can be dialled"

_WHY = {
    NumberClass.EMERGENCY: "calls are not sent on to emergency numbers",
    NumberClass.FEATURE: "calls are not sent on to feature codes",
    NumberClass.FREE: "calls are not sent on to special numbers",
    NumberClass.PREMIUM: "calls are not sent on to special numbers",
    NumberClass.WORLD: "calls are not sent on to countries that are not near",
    NumberClass.INVALID: _NO_NUMBER,
}

_NO_ROUTE = {
    "Invalid": _NO_NUMBER,
    "Forbidden": "this tenant's behaviours may not call numbers of this kind",
    "NoTrunk": "there is no trunk that takes this number",
}


class NotAllowed(Exception):
    """Calls are not sent there; its text says why."""


def destination(typed):
    """The target to dial for a number that a call is to be sent on to."""
    number = normalise(typed)
    if number is None:
        raise NotAllowed(_NO_NUMBER)
    kind = classify(number)
    if kind is NumberClass.INTERNAL:
        return dialling.Target_Number(number)
    if kind in _WHY:
        raise NotAllowed(_WHY[kind])
    refused = ask(f"route {number}", lambda: _route(number))
    if refused is not None:
        raise NotAllowed(_NO_ROUTE[refused])
    return dialling.Target_Outside(dialling.Outside(number, None))


def _route(number):
    """None, or why there is no way."""
    try:
        trunk.route(number)
    except Err as error:
        return type(error.value).__name__.removeprefix("RouteError_")
