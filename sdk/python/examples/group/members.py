"""What the group knows of its members (R30, R31, R35), and who is free (R32)."""

from itertools import islice
from types import SimpleNamespace

from cordboard import directory

# As many as may ring together.
TOGETHER = 64

_NOWHERE = SimpleNamespace(registered=False, calls=0, idle_since=None)


class Members:
    """``list`` is part of the state: a member is a dictionary with its name and what is out of the ordinary."""

    def __init__(self, state, names, now):
        known = {member["name"]: member for member in state["members"]}
        # R30: the list is that of the settings; who is added (again) is present.
        self.list = state["members"] = [known.get(name, {"name": name}) for name in names]
        self.state, self.now, self.lines = state, now, {}

    def named(self, name):
        return next((member for member in self.list if member["name"] == name), None)

    def _called(self, name):
        """The member with this line, by whichever of its names."""
        line = None if self.named(name) else directory.find(name)
        names = [name] if line is None else [line.name, line.number]
        return next((member for member in self.list if member["name"] in names), None)

    def hear(self, text):
        """A word about a member: ``absent 201``, ``present 201``, ``disconnect 201``, ``connect 201``. False when it is
        none of these."""
        word, _, name = text.partition(" ")
        member = self._called(name)
        changes = {
            "absent": ("absent", True),
            "present": ("absent", False),
            "disconnect": ("disconnected", True),
            "connect": ("disconnected", False),
        }
        if member is None or word not in changes:
            return False
        what, value = changes[word]
        member[what] = value
        return True

    def registered(self, line, registered):
        """R31: who registers is connected again. That a line stays registered while its calls change is none."""
        member = self._called(line)
        if member is None:
            return
        if registered and member.get("unregistered"):
            member["disconnected"] = False
        member["unregistered"] = not registered

    def _line(self, member):
        """What the directory says, asked once an event at most."""
        name = member["name"]
        if name not in self.lines:
            self.lines[name] = directory.find(name) or _NOWHERE
        return self.lines[name]

    def anybody_takes_part(self):
        """R31: registered, connected and present."""
        return any(_is_in(member) and self._line(member).registered for member in self.list)

    def free(self, mode):
        """R32, without those whom a call of this group rings or has; in the order in which they are rung (R33)."""
        occupied = set()
        for call in self.state["calls"]:
            occupied.update(call.get("rings", [call.get("member")]))
        free = [member for member in self.list if member["name"] not in occupied and self._is_free(member)]
        if mode == "free-line":
            # A pause is not being free.
            free.sort(key=lambda member: max(self._line(member).idle_since or 0, member.get("resting_until", 0)))
        elif mode == "cyclic":
            places = {member["name"]: place for place, member in enumerate(self.list)}
            last = places.get(self.state["last"], -1)
            free.sort(key=lambda member: places[member["name"]] <= last)
        return free

    def _is_free(self, member):
        if not _is_in(member) or member.get("resting_until", 0) > self.now:
            return False
        line = self._line(member)
        return line.registered and line.calls == 0

    def chosen(self, mode, free, tried):
        """R33: who is rung, of those who are free and were not tried."""
        untried = (member for member in free if member["name"] not in tried)
        return list(islice(untried, TOGETHER if mode == "parallel" else 1))

    def ends_of_rest(self):
        rests = (member.get("resting_until", 0) for member in self.list)
        return [until for until in rests if until > self.now]


def _is_in(member):
    return not (member.get("absent") or member.get("disconnected"))
