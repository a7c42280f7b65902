"""A voice menu (R41 to R43): always answers, two levels, keys 1 to 9, day and night. The same as guests/menu."""

from cordboard import script
from cordboard.audio import gather
from cordboard.calendars import is_open
from cordboard.dialling import following
from cordboard.explain import explain
from cordboard.legs import Cause, answer, reject
from cordboard.numbers import NumberClass, classify

from by_name import by_name
from settings import SETTINGS, check
from ways import for_good, give_up, lead


@script(
    name="menu",
    version="0.1.0",
    summary="Voice menu with two levels, opening hours and retries, in Python.",
    settings=SETTINGS,
    check=check,
)
def menu(call, settings):
    if not settings.enabled:
        return (yield from _pass(call))
    yield answer()
    level = _now_offered(settings)
    names = settings.by_name.key
    chosen = yield from _choose(settings, level, names, settings.extension_digits)
    if chosen is None:
        return (yield from give_up(settings))
    if chosen == names:
        return (yield from by_name(settings))
    if isinstance(chosen, str):
        return (yield from lead(settings, f"the short number {chosen}", chosen))
    if chosen.number:
        return (yield from lead(settings, _named(chosen), chosen.number))
    if chosen.submenu:
        return (yield from _second_level(settings, chosen.submenu, _named(chosen)))
    return (yield from give_up(settings))


def _named(entry):
    """A key with its label, for those who read why."""
    return f"key {entry.key} ({entry.label})" if entry.label else f"key {entry.key}"


def _pass(call):
    """The switch of R41 is off."""
    explain("enabled", "the menu is switched off")
    if call.has_next:
        return (yield from for_good(following()))
    return reject(Cause.UNREACHABLE)


def _now_offered(settings):
    """R43: day and night have an announcement and keys of their own."""
    if settings.calendar is None:
        explain("calendar", "the menu has no calendar: it is always open")
        return settings.open
    if is_open(settings.calendar):
        explain("calendar", "open now: the menu for opening hours")
        return settings.open
    explain("calendar", "closed now: the menu for closing time")
    return settings.closed


def _choose(settings, level, other, extension):
    """Plays the menu until one of its keys is pressed, or the other one, or a short number that somebody has."""
    for _ in range(settings.attempts):
        how, pressed = yield gather(level.greeting, digits=extension or 1, within=settings.wait, between=2)
        if how == "missing":
            explain("greeting", f"there is no announcement {pressed}")
            return None
        if how not in ("digits", "timeout") or not pressed:
            explain("wait", "no key was pressed: the menu plays again")
            continue
        for entry in level.keys:
            if entry.key == pressed:
                return entry
        if pressed == other or extension > 0 and classify(pressed) is NumberClass.INTERNAL:
            return pressed
        explain("keys", f"key {pressed} leads nowhere: the menu plays again")
    explain("attempts", "the menu has played as often as it should")
    return None


def _second_level(settings, submenu, by):
    explain("submenu", f"{by} opens the second level")
    chosen = yield from _choose(settings, submenu, None, 0)
    if chosen is None:
        return (yield from give_up(settings))
    return (yield from lead(settings, _named(chosen), chosen.number))
