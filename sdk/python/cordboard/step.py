"""What a behaviour can do, once: scripts ``yield`` it, keyed behaviours ``tell`` a leg."""

import json

from componentize_py_types import Err


class Step:
    """``queue(tag, leg)`` asks the host, or returns what came of it where there is nothing to wait for.

    ``read`` makes of an outcome's kind something that JSON can hold, and ``give`` of that what a script gets.
    """

    def __init__(self, *print_, queue, read=lambda kind: None, give=lambda value: value):
        self.what = print_
        self.queue, self.read, self.give = queue, read, give

    @property
    def print(self):
        """Tells it from other steps; only scripts look."""
        return json.dumps(self.what, default=repr)

    def begin(self, tag, leg):
        """Nothing, what came of it at once, or why it was not queued."""
        try:
            return self.queue(tag, leg)
        except Err as error:
            return {"refused": type(error.value).__name__.removeprefix("CommandError_")}
