"""What a script did and what came of it, so that it can be run again from the top at each event.

A line of entries: a step *began* (with a print of what it did), a question was *answered*, an outcome *came*. A run that
would do something else than what is on the tape is found out.
"""

from cordboard.guest import Refusal

# More than any conversation needs; what gets here is a script that loops for ever.
_MOST = 2048


class Tape:
    def __init__(self, offer, entries):
        self.offer, self.entries, self.cursor = offer, entries, 0

    @property
    def is_live(self):
        """Everything on the tape has been gone through: from here on things happen for the first time."""
        return self.cursor >= len(self.entries)

    def next(self, kind, print_, make):
        """The next entry, or the one that ``make`` adds."""
        if self.is_live:
            if len(self.entries) >= _MOST:
                raise Refusal("the script has done too much for one call")
            self.entries.append([kind, print_, make()])
        found, before, value = self.entries[self.cursor]
        if (found, before) != (kind, print_):
            raise Refusal(f"the script took another way than before, at entry {self.cursor}")
        self.cursor += 1
        return value


_current = None


def running():
    """The tape of the script that runs, if one does."""
    return _current


def run_on(tape):
    global _current
    _current = tape


def ask(print_, question):
    """Asks, or repeats the answer that was given before; answers are what JSON can hold."""
    return question() if _current is None else _current.next("answered", print_, question)


def once(say):
    """Says something the first time that the script gets there."""
    if _current is None or _current.is_live:
        say()
