"""What a manager configures, and what the schema cannot say of it."""

from cordboard import Problem, flag, number, record, several, text
from cordboard import calendars
from cordboard.outside import NotAllowed, destination

from keypad import keys_of


def _announcement(**more):
    return text(kind="announcement", max_length=128, **more)


def _number(**more):
    return text(kind="number", max_length=64, **more)


def _key():
    return text(required=True, pattern="^[1-9]$")


def _label():
    return text(max_length=64, help="What it is for, for those who read why a call went where it went.")


_SUBMENU = record(
    optional=True,
    help="Or the menu that it opens.",
    greeting=_announcement(required=True, min_length=1),
    keys=several(record(key=_key(), label=_label(), number=_number(required=True, min_length=1)), max_items=9),
)


def _level(help):
    key = record(key=_key(), label=_label(), number=_number(optional=True), submenu=_SUBMENU)
    greeting = _announcement(help="Announcement that tells the keys.")
    return record(help=help, greeting=greeting, keys=several(key, max_items=9))


SETTINGS = record(
    enabled=flag(default=True, help="Off: calls pass to whatever is next on the number."),
    calendar=text(optional=True, kind="calendar", help="Opening hours; none: open day and night."),
    open=_level("What callers are offered while it is open."),
    closed=_level("What callers are offered while it is closed; only with a calendar."),
    attempts=number(min=1, max=10, default=3, help="How often a menu plays in all."),
    wait=number(min=1, max=60, default=5, unit="s", help="How long callers may think."),
    goodbye=_announcement(default="goodbye"),
    fallback=_number(optional=True, help="Where callers go when the attempts are used up; none: the call ends."),
    extension_digits=number(min=0, max=9, help="Callers may dial a short number of so many digits; 0: they may not."),
    by_name=record(
        key=text(optional=True, pattern="^[1-9]$", help="The key of the first level that leads here."),
        prompt=_announcement(default="spell-the-name"),
        unknown=_announcement(default="nobody-of-that-name"),
        people=several(
            record(
                name=text(required=True, min_length=1, max_length=64),
                number=_number(required=True, min_length=1),
                spoken=_announcement(optional=True),
            ),
            max_items=200,
        ),
    ),
)


def check(settings):
    levels = [("/open", settings.open)]
    if not settings.open.greeting:
        yield Problem("/open/greeting", "a menu needs an announcement that tells its keys")
    yield from _check_level(*levels[0])
    if settings.calendar is not None:
        levels.append(("/closed", settings.closed))
        if not calendars.exists(settings.calendar):
            yield Problem("/calendar", "there is no calendar of this name")
        if not settings.closed.greeting:
            why = "with a calendar there has to be an announcement for closing time"
            yield Problem("/closed/greeting", why)
        yield from _check_level(*levels[1])
    if settings.fallback is not None:
        yield from _check_number("/fallback", settings.fallback)
    if settings.by_name.key is not None:
        yield from _check_by_name(settings.by_name, [level for _, level in levels])


def _check_number(path, typed):
    try:
        destination(typed)
    except NotAllowed as why:
        yield Problem(path, str(why))


def _check_level(path, level):
    for index, entry in enumerate(level.keys):
        here = f"{path}/keys/{index}"
        submenu = getattr(entry, "submenu", None)
        if any(other.key == entry.key for other in level.keys[:index]):
            yield Problem(f"{here}/key", "this key has an entry already")
        if entry.number and submenu:
            yield Problem(here, "a key leads to a number or to a menu, not to both")
        elif entry.number:
            yield from _check_number(f"{here}/number", entry.number)
        elif submenu:
            yield from _check_level(f"{here}/submenu", submenu)
        else:
            yield Problem(here, "a key leads to a number or to a menu; leave it out otherwise")


def _check_by_name(by_name, levels):
    if any(entry.key == by_name.key for level in levels for entry in level.keys):
        yield Problem("/by-name/key", "this key has an entry already")
    if not by_name.people:
        yield Problem("/by-name/people", "there is nobody to be found")
    for index, person in enumerate(by_name.people):
        yield from _check_number(f"/by-name/people/{index}/number", person.number)
        if len(keys_of(person.name)) < 2:
            yield Problem(f"/by-name/people/{index}/name", "a name has letters that can be spelt on the keys")
