"""What a manager configures, and what the schema cannot say of it."""

from cordboard import Problem, calendars, choice, directory, flag, number, record, several, text
from cordboard.outside import NotAllowed, destination


def _announcement(**more):
    return text(kind="announcement", **more)


def _target(help):
    return text(optional=True, kind="number", max_length=64, help=help)


SETTINGS = record(
    members=several(text(kind="line", max_length=32), help="Lines of the group, in the order in which they are rung."),
    mode=choice("free-line", "linear", "cyclic", "parallel", help="Who is rung first."),
    rings=number(min=1, max=10, default=5, help="How often a member's phone rings before the next one's does."),
    wrap_up=number(min=0, max=3600, unit="s", help="Pause for a member after each call."),
    queue_length=number(min=0, max=50, default=20, help="How many callers may wait."),
    max_wait=number(min=10, max=3600, default=300, unit="s", help="How long a caller may wait."),
    greeting=_announcement(optional=True, default="welcome", help="Heard first; none: nothing."),
    greeting_interruptive=flag(default=True, help="The phones ring during the greeting, and an answer cuts it."),
    waiting=_announcement(optional=True, default="please-wait", help="Heard by callers who wait; none: ringback."),
    overflow=choice("dissuasion", "hang-up", "number", help="What becomes of callers nobody can take."),
    dissuasion=_announcement(default="all-busy", help="Heard by callers nobody can take."),
    overflow_number=_target("Where callers go that nobody can take."),
    calendar=text(optional=True, kind="calendar", help="Opening hours."),
    closed_number=_target("Where calls go outside of opening hours; none: as if nobody could take them."),
)


def check(settings):
    members = settings.members
    for index, member in enumerate(members):
        if member in members[:index]:
            yield Problem(f"/members/{index}", "this line is a member already")
        elif directory.find(member) is None:
            yield Problem(f"/members/{index}", "there is no such line")
    if settings.overflow_number is not None:
        yield from _check_number("/overflow-number", settings.overflow_number)
    elif settings.overflow == "number":
        yield Problem("/overflow-number", "the overflow goes to a number, and there is none")
    if settings.closed_number is not None:
        yield from _check_number("/closed-number", settings.closed_number)
    if settings.calendar is not None and not calendars.exists(settings.calendar):
        yield Problem("/calendar", "there is no calendar of this name")


def _check_number(path, typed):
    try:
        destination(typed)
    except NotAllowed as why:
        yield Problem(path, str(why))
