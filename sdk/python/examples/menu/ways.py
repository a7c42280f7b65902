"""Where callers go."""

from cordboard.audio import play
from cordboard.dialling import dial
from cordboard.explain import explain
from cordboard.legs import hang_up, reject
from cordboard.outside import NotAllowed, destination


def for_good(target):
    """Dials, for good: the way the dial ends is the way the call ends."""
    failed = yield dial(target)
    return None if failed is None else reject(failed)


def lead(settings, by, number):
    """Sends the caller on, if R42 lets us."""
    try:
        target = destination(number)
    except NotAllowed as why:
        explain("R42", f"{by} leads to {number}: {why}")
        return (yield from say_goodbye(settings))
    explain("keys", f"{by} leads to {number}")
    return (yield from for_good(target))


def give_up(settings):
    """The attempts are used up: the fallback number, else good-bye."""
    if settings.fallback is None:
        return (yield from say_goodbye(settings))
    try:
        target = destination(settings.fallback)
    except NotAllowed as why:
        explain("R42", f"the fallback is {settings.fallback}: {why}")
        return (yield from say_goodbye(settings))
    explain("fallback", f"the caller goes on to {settings.fallback}")
    return (yield from for_good(target))


def say_goodbye(settings):
    explain("goodbye", "good-bye, and the call ends")
    yield play(settings.goodbye)
    return hang_up()
