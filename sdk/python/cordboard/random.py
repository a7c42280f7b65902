"""Randomness, seeded by the host for each event. The ``random`` module's own state is the same in every instance."""

from wit_world.imports import random

from cordboard.tape import ask


def chance():
    """From 0 up to, not including, 1."""
    return ask("random", random.next) / 2**64
