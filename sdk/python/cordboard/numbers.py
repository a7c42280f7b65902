"""The tenant's numbering plan."""

from wit_world.imports import numbers
from wit_world.imports.types import NumberClass

from cordboard.tape import ask

__all__ = ["NumberClass", "classify", "matches", "normalise"]


def normalise(typed):
    """What was typed as E.164, a short number or a feature code; none when it is no number."""
    return ask(f"normalise {typed}", lambda: numbers.normalise(typed))


def classify(number):
    return NumberClass[ask(f"classify {number}", lambda: numbers.classify(number).name)]


def matches(number, pattern):
    """Whether a number falls under a pattern: a number in any spelling, or a prefix ending in ``*``."""
    return ask(f"matches {number} {pattern}", lambda: numbers.matches(number, pattern))
